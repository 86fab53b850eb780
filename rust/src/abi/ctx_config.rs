//! pyssl_ctx_*: protocol versions, suites, groups, options, sessions.

use super::arg::{bytes, path, put, put_opt, word};
use super::gate::{gate, pyssl_status};
use super::handle::Object;
use super::types::pyssl_ctx;
use crate::core::ctx::Ctx;
use libc::{c_char, c_int};

/// Adds options (SSL_OP_*); none is ever removed.
/// @param options  bits to add, 0 for none
/// @param out      receives the bits as they are then; may be NULL
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_set_options(ctx: *mut pyssl_ctx, options: u64, out: *mut u64) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_opt(out, || Ok(Ctx::lookup(ctx)?.set_options(options))) })
}

/// Adds modes (SSL_MODE_*).
/// @param mode  bits to add, 0 for none
/// @param out  receives the bits as they are then; may be NULL
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_ARGUMENT for SSL_MODE_ASYNC, whose jobs no call of this library could
///         be resumed in; no bit is added then
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_set_mode(ctx: *mut pyssl_ctx, mode: i64, out: *mut i64) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_opt(out, || Ctx::lookup(ctx)?.set_mode(mode)) })
}

/// Takes modes (SSL_MODE_*) off.
/// @param mode  bits to take off
/// @param out  receives the bits as they are then; may be NULL
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_clear_mode(ctx: *mut pyssl_ctx, mode: i64, out: *mut i64) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_opt(out, || Ok(Ctx::lookup(ctx)?.clear_mode(mode))) })
}

/// Sets the lowest protocol version.
/// @param version  0x0301 is TLS 1.0, 0x0304 TLS 1.3, 0xfefd DTLS 1.2; 0 the lowest the library has
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR for a version that the context cannot have
#[no_mangle]
pub extern "C" fn pyssl_ctx_set_min_proto_version(ctx: *mut pyssl_ctx, version: c_int) -> pyssl_status {
    gate(|| Ctx::lookup(ctx)?.set_min_version(version))
}

/// Sets the highest protocol version.
/// @param version  0x0301 is TLS 1.0, 0x0304 TLS 1.3, 0xfefd DTLS 1.2; 0 the highest the library has
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR for a version that the context cannot have
#[no_mangle]
pub extern "C" fn pyssl_ctx_set_max_proto_version(ctx: *mut pyssl_ctx, version: c_int) -> pyssl_status {
    gate(|| Ctx::lookup(ctx)?.set_max_version(version))
}

/// Sets the cipher suites up to TLS 1.2. Those of TLS 1.3 stay as they are.
/// @param list      OpenSSL's list syntax (`openssl ciphers`), without NUL
/// @param list_len  how many bytes that is
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR ("no cipher match")
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_set_cipher_list(
    ctx: *mut pyssl_ctx,
    list: *const u8,
    list_len: usize,
) -> pyssl_status {
    // SAFETY: the header asks for list_len readable bytes.
    gate(|| Ctx::lookup(ctx)?.set_cipher_list(unsafe { bytes(list, list_len) }?))
}

/// Sets the cipher suites of TLS 1.3.
/// @param list      their names in RFC 8446 with colons between, without NUL
/// @param list_len  how many bytes that is
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR ("no cipher match")
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_set_tls13_ciphersuites(
    ctx: *mut pyssl_ctx,
    list: *const u8,
    list_len: usize,
) -> pyssl_status {
    // SAFETY: the header asks for list_len readable bytes.
    gate(|| Ctx::lookup(ctx)?.set_ciphersuites(unsafe { bytes(list, list_len) }?))
}

/// Sets the key exchange groups, the preferred first.
/// @param list      OpenSSL's list syntax (SSL_CTX_set1_groups_list): "X25519MLKEM768:X25519:P-256", without NUL
/// @param list_len  how many bytes that is
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_set_groups(ctx: *mut pyssl_ctx, list: *const u8, list_len: usize) -> pyssl_status {
    // SAFETY: the header asks for list_len readable bytes.
    gate(|| Ctx::lookup(ctx)?.set_groups(unsafe { bytes(list, list_len) }?))
}

/// Allows one curve and no other group for the key exchange.
/// @param curve  OpenSSL's short name ("prime256v1") or dotted numbers
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT for an unknown curve, or PYSSL_ERROR for one that TLS does not use
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_set_tmp_ecdh(ctx: *mut pyssl_ctx, curve: *const c_char) -> pyssl_status {
    // SAFETY: the header asks for NUL-terminated text.
    gate(|| Ctx::lookup(ctx)?.set_curve(unsafe { word(curve, "curve") }?))
}

/// Sets the parameters of ephemeral Diffie-Hellman up to TLS 1.2. Without them a server takes a group that is as strong as
/// its key, or one that the client names (RFC 7919).
/// @param file  PEM ("DH PARAMETERS")
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR (the error names the file and the errno)
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_load_tmp_dh(ctx: *mut pyssl_ctx, file: *const c_char) -> pyssl_status {
    // SAFETY: the header asks for a NUL-terminated name.
    gate(|| Ctx::lookup(ctx)?.load_tmp_dh(unsafe { path(file, "file") }?))
}

/// Sets the parameters of ephemeral Diffie-Hellman up to TLS 1.2, from memory.
/// @param pem      PEM ("DH PARAMETERS") of pem_len bytes
/// @param pem_len  how many bytes that is
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_set_tmp_dh(ctx: *mut pyssl_ctx, pem: *const u8, pem_len: usize) -> pyssl_status {
    // SAFETY: the header asks for pem_len readable bytes.
    gate(|| Ctx::lookup(ctx)?.set_tmp_dh(unsafe { bytes(pem, pem_len) }?))
}

/// Says whether clients answer a server that asks for their certificate after the handshake (TLS 1.3,
/// SSL_CTX_set_post_handshake_auth). It is off at first. Connections that exist keep what they have.
/// @param enabled  1 to answer, 0 not to tell servers that this client could
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_ctx_set_post_handshake_auth(ctx: *mut pyssl_ctx, enabled: c_int) -> pyssl_status {
    gate(|| {
        Ctx::lookup(ctx)?.set_post_handshake_auth(enabled != 0);
        Ok(())
    })
}

/// Names the application whose sessions these are, so that no other's are resumed here.
/// @param id      up to 32 bytes
/// @param id_len  how many bytes that is
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR when there are more
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_set_session_id(ctx: *mut pyssl_ctx, id: *const u8, id_len: usize) -> pyssl_status {
    // SAFETY: the header asks for id_len readable bytes.
    gate(|| Ctx::lookup(ctx)?.set_session_id_context(unsafe { bytes(id, id_len) }?))
}

/// Says which sessions are cached (SSL_SESS_CACHE_*).
/// @param mode  the bits
/// @param out  receives the bits as they were; may be NULL
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_set_session_cache_mode(
    ctx: *mut pyssl_ctx,
    mode: i64,
    out: *mut i64,
) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_opt(out, || Ok(Ctx::lookup(ctx)?.set_session_cache_mode(mode))) })
}

/// The SSL_SESS_CACHE_* bits.
/// @param out  receives it
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_session_cache_mode(ctx: *mut pyssl_ctx, out: *mut i64) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(Ctx::lookup(ctx)?.session_cache_mode())) })
}

/// Says how long sessions live.
/// @param seconds  their life
/// @param out  receives the seconds as they were; may be NULL
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_set_timeout(ctx: *mut pyssl_ctx, seconds: i64, out: *mut i64) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_opt(out, || Ok(Ctx::lookup(ctx)?.set_timeout(seconds))) })
}

/// How long sessions live, in seconds.
/// @param out  receives it
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_timeout(ctx: *mut pyssl_ctx, out: *mut i64) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(Ctx::lookup(ctx)?.timeout())) })
}

/// Sets the protocols that clients offer (RFC 7301).
/// @param protocols      each of 1 to 255 bytes, behind a byte with its length
/// @param protocols_len  how many bytes that is
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR for what is not of that form
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_set_alpn_protos(
    ctx: *mut pyssl_ctx,
    protocols: *const u8,
    protocols_len: usize,
) -> pyssl_status {
    // SAFETY: the header asks for protocols_len readable bytes.
    gate(|| Ctx::lookup(ctx)?.set_alpn_protos(unsafe { bytes(protocols, protocols_len) }?))
}

/// Sets the SRTP profiles to negotiate (RFC 5764).
/// @param profiles      their names with colons between, without NUL
/// @param profiles_len  how many bytes that is
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR for an unknown one
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_set_tlsext_use_srtp(
    ctx: *mut pyssl_ctx,
    profiles: *const u8,
    profiles_len: usize,
) -> pyssl_status {
    // SAFETY: the header asks for profiles_len readable bytes.
    gate(|| Ctx::lookup(ctx)?.set_srtp_profiles(unsafe { bytes(profiles, profiles_len) }?))
}

/// The PYSSL_VERIFY_* bits.
/// @param out  receives it
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_verify_mode(ctx: *mut pyssl_ctx, out: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(Ctx::lookup(ctx)?.verify_mode())) })
}

/// Limits how many certificates may stand between the peer's own and a trusted one.
/// @param depth  that number
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_ctx_set_verify_depth(ctx: *mut pyssl_ctx, depth: c_int) -> pyssl_status {
    gate(|| {
        Ctx::lookup(ctx)?.set_verify_depth(depth);
        Ok(())
    })
}

/// The limit of pyssl_ctx_set_verify_depth(), -1 when it was never set.
/// @param out  receives it
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_verify_depth(ctx: *mut pyssl_ctx, out: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(Ctx::lookup(ctx)?.verify_depth())) })
}
