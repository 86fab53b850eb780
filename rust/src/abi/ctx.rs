//! pyssl_ctx_*: what connections have in common, here: protocol, certificates, keys.

use super::arg::{bytes, opt_path, path, put_handle};
use super::gate::{gate, pyssl_status};
use super::handle::{object, Object};
use super::pkey::{ask, pyssl_passphrase_fn};
use super::types::{pyssl_ctx, pyssl_pkey, pyssl_x509};
use crate::core::ctx::{file_type, Ctx, Method};
use crate::core::pkey::PKey;
use crate::core::pkey::Passphrase;
use crate::core::x509::X509;
use crate::error::{Error, Result};

use libc::{c_char, c_int, c_void};

object!(Ctx, pyssl_ctx, 20, "ctx");

/// SSL 2.0: no OpenSSL in use has it; pyssl_ctx_new() says so.
pub const PYSSL_SSLV2_METHOD: c_int = 1;
/// SSL 3.0: refused, RFC 7568.
pub const PYSSL_SSLV3_METHOD: c_int = 2;
/// The old name of PYSSL_TLS_METHOD.
pub const PYSSL_SSLV23_METHOD: c_int = 3;
/// TLS 1.0 and nothing else.
pub const PYSSL_TLSV1_METHOD: c_int = 4;
/// TLS 1.1 and nothing else.
pub const PYSSL_TLSV1_1_METHOD: c_int = 5;
/// TLS 1.2 and nothing else.
pub const PYSSL_TLSV1_2_METHOD: c_int = 6;
/// The highest TLS version that both ends have.
pub const PYSSL_TLS_METHOD: c_int = 7;
/// As PYSSL_TLS_METHOD, for servers only.
pub const PYSSL_TLS_SERVER_METHOD: c_int = 8;
/// As PYSSL_TLS_METHOD, for clients only.
pub const PYSSL_TLS_CLIENT_METHOD: c_int = 9;
/// The highest DTLS version that both ends have.
pub const PYSSL_DTLS_METHOD: c_int = 10;
/// As PYSSL_DTLS_METHOD, for servers only.
pub const PYSSL_DTLS_SERVER_METHOD: c_int = 11;
/// As PYSSL_DTLS_METHOD, for clients only.
pub const PYSSL_DTLS_CLIENT_METHOD: c_int = 12;

/// A new context that verifies nothing and trusts nobody, like OpenSSL's own; for clients there is pyssl_ctx_new_client().
/// Connections of it accept any peer until pyssl_ctx_set_verify() says PYSSL_VERIFY_PEER, and any certificate of a trusted
/// chain until pyssl_conn_set_verify_host() names the peer.
/// @param method  PYSSL_TLS_METHOD or another PYSSL_*_METHOD
/// @param out     receives a new handle, to be freed with pyssl_ctx_free()
/// @return PYSSL_OK; PYSSL_ERR_ARGUMENT for an unknown or withdrawn protocol
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_new(method: c_int, out: *mut *mut pyssl_ctx) -> pyssl_status {
    gate(|| {
        let made = || {
            let (method, version) = method_of(method)?;
            Ctx::new(method, version)
        };
        // SAFETY: the header asks for a writable out.
        unsafe { put_handle(out, made) }
    })
}

/// A new context for TLS clients that verifies servers: PYSSL_VERIFY_PEER is on, and the trust is loaded. With
/// pyssl_conn_set_client() on each connection the server is verified by its chain and its name.
/// @param cafile  NUL-terminated name of a PEM file with the trusted certificates; NULL for what the system trusts, as
///                pyssl_ctx_load_system_trust() finds it; an empty name for none yet (see pyssl_ctx_load_verify_pem())
/// @param out     receives a new handle, to be freed with pyssl_ctx_free()
/// @return PYSSL_OK, or PYSSL_ERROR when the trust cannot be loaded (the error names the file and the errno)
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_new_client(cafile: *const c_char, out: *mut *mut pyssl_ctx) -> pyssl_status {
    // SAFETY: the header asks for a NUL-terminated name or NULL, and a writable out.
    gate(|| unsafe { put_handle(out, || Ctx::client(opt_path(cafile))) })
}

/// Frees a context; its connections keep what they need of it.
/// @param ctx  may be NULL
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_ctx_free(ctx: *mut pyssl_ctx) -> pyssl_status {
    gate(|| Ctx::free(ctx))
}

/// Sets the certificate that this end shows. A context has one for each kind of key. In place of a certificate and key that
/// are in use, a certificate of another key waits for that key: connections show the earlier pair until
/// pyssl_ctx_use_privatekey(), and no handshake fails meanwhile.
/// @param cert  it is copied
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR ("key values mismatch" if a key of this kind was set without a
///         certificate, and is another one)
#[no_mangle]
pub extern "C" fn pyssl_ctx_use_certificate(ctx: *mut pyssl_ctx, cert: *mut pyssl_x509) -> pyssl_status {
    gate(|| Ctx::lookup(ctx)?.use_certificate(&*X509::lookup(cert)?))
}

/// Sets the certificate that this end shows, from a file.
/// @param file  its name
/// @param type  PYSSL_FILETYPE_PEM or PYSSL_FILETYPE_ASN1
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR (the error names the file and the errno)
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_use_certificate_file(
    ctx: *mut pyssl_ctx,
    file: *const c_char,
    r#type: c_int,
) -> pyssl_status {
    gate(|| {
        let ctx = Ctx::lookup(ctx)?;
        // SAFETY: the header asks for a NUL-terminated name.
        let file = unsafe { path(file, "file") }?;
        ctx.use_certificate_file(file, file_type(r#type)?)
    })
}

/// Sets the certificate that this end shows and the chain above it, from a PEM file that holds them in this order. The
/// chain belongs to this certificate and is sent with no other. Certificate and chain may wait for a key, as with
/// pyssl_ctx_use_certificate().
/// @param file  its name
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR (the error names the file and the errno)
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_use_certificate_chain_file(
    ctx: *mut pyssl_ctx,
    file: *const c_char,
) -> pyssl_status {
    // SAFETY: the header asks for a NUL-terminated name.
    gate(|| Ctx::lookup(ctx)?.use_certificate_chain_file(unsafe { path(file, "file") }?))
}

/// As pyssl_ctx_use_certificate_chain_file(), from memory.
/// @param pem      the certificate and the chain above it, in this order
/// @param pem_len  how many bytes that is
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_use_certificate_chain_pem(
    ctx: *mut pyssl_ctx,
    pem: *const u8,
    pem_len: usize,
) -> pyssl_status {
    // SAFETY: the header asks for pem_len readable bytes.
    gate(|| Ctx::lookup(ctx)?.use_certificate_chain_pem(unsafe { bytes(pem, pem_len) }?))
}

/// Adds a certificate to the chain of those of this end's certificates that have none from a chain file. It is copied.
/// @param cert  it is copied
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR
#[no_mangle]
pub extern "C" fn pyssl_ctx_add_extra_chain_cert(ctx: *mut pyssl_ctx, cert: *mut pyssl_x509) -> pyssl_status {
    gate(|| Ctx::lookup(ctx)?.add_extra_chain_cert(&*X509::lookup(cert)?))
}

/// Sets the private key of this end. It must belong to the certificate of its kind that was set last, if any. A certificate
/// that waits for it takes effect with it.
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR ("key values mismatch")
#[no_mangle]
pub extern "C" fn pyssl_ctx_use_privatekey(ctx: *mut pyssl_ctx, key: *mut pyssl_pkey) -> pyssl_status {
    gate(|| Ctx::lookup(ctx)?.use_private_key(&*PKey::lookup(key)?))
}

/// Sets the private key of this end, from a file. Nothing is ever asked for on a terminal.
/// @param file      its name
/// @param type      PYSSL_FILETYPE_PEM or PYSSL_FILETYPE_ASN1
/// @param callback  gives the passphrase of an encrypted key; may be NULL
/// @param userdata  for the callback, which is not used after the call
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, PYSSL_ERR_CALLBACK, or PYSSL_ERROR (the error names the file
///         and the errno, or says that the passphrase is missing or wrong)
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_use_privatekey_file(
    ctx: *mut pyssl_ctx,
    file: *const c_char,
    r#type: c_int,
    callback: pyssl_passphrase_fn,
    userdata: *mut c_void,
) -> pyssl_status {
    gate(|| {
        let ctx = Ctx::lookup(ctx)?;
        // SAFETY: the header asks for a NUL-terminated name.
        let file = unsafe { path(file, "file") }?;
        let mut asking = |room: &mut [u8], writing| ask(callback, userdata, room, writing);
        let passphrase = if callback.is_some() { Passphrase::Ask(&mut asking) } else { Passphrase::None };
        ctx.use_private_key_file(file, file_type(r#type)?, passphrase)
    })
}

/// As pyssl_ctx_use_privatekey_file(), from PEM in memory.
/// @param pem       the key, in any PEM form
/// @param pem_len   how many bytes that is
/// @param callback  gives the passphrase of an encrypted key; may be NULL
/// @param userdata  for the callback, which is not used after the call
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, PYSSL_ERR_CALLBACK, or PYSSL_ERROR
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_use_privatekey_pem(
    ctx: *mut pyssl_ctx,
    pem: *const u8,
    pem_len: usize,
    callback: pyssl_passphrase_fn,
    userdata: *mut c_void,
) -> pyssl_status {
    gate(|| {
        let ctx = Ctx::lookup(ctx)?;
        // SAFETY: the header asks for pem_len readable bytes.
        let pem = unsafe { bytes(pem, pem_len) }?;
        let mut asking = |room: &mut [u8], writing| ask(callback, userdata, room, writing);
        let passphrase = if callback.is_some() { Passphrase::Ask(&mut asking) } else { Passphrase::None };
        ctx.use_private_key_pem(pem, passphrase)
    })
}

/// Tells whether private key and certificate belong together.
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR, also while a certificate waits for its key
#[no_mangle]
pub extern "C" fn pyssl_ctx_check_privatekey(ctx: *mut pyssl_ctx) -> pyssl_status {
    gate(|| Ctx::lookup(ctx)?.check_private_key())
}

fn method_of(method: c_int) -> Result<(Method, Option<u16>)> {
    Ok(match method {
        PYSSL_SSLV23_METHOD | PYSSL_TLS_METHOD => (Method::Tls, None),
        PYSSL_TLSV1_METHOD => (Method::Tls, Some(0x0301)),
        PYSSL_TLSV1_1_METHOD => (Method::Tls, Some(0x0302)),
        PYSSL_TLSV1_2_METHOD => (Method::Tls, Some(0x0303)),
        PYSSL_TLS_SERVER_METHOD => (Method::TlsServer, None),
        PYSSL_TLS_CLIENT_METHOD => (Method::TlsClient, None),
        PYSSL_DTLS_METHOD => (Method::Dtls, None),
        PYSSL_DTLS_SERVER_METHOD => (Method::DtlsServer, None),
        PYSSL_DTLS_CLIENT_METHOD => (Method::DtlsClient, None),
        PYSSL_SSLV2_METHOD => {
            return Err(Error::argument("No such protocol: OpenSSL has no SSL 2.0 any more (RFC 6176)"))
        }
        PYSSL_SSLV3_METHOD => {
            return Err(Error::argument("No such protocol: OpenSSL is built without SSL 3.0 (RFC 7568)"))
        }
        _ => return Err(Error::argument("No such protocol")),
    })
}
