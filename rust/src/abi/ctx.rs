//! pyssl_ctx_*: what connections have in common: protocol, keys, trust, callbacks.

use super::arg::{bytes, opt_path, path, put, put_handle};
use super::callback::{pyssl_destructor, UserData};
use super::conn::pyssl_conn;
use super::gate::{gate, pyssl_status};
use super::handle::{object, Object};
use super::pkey::{ask, pyssl_passphrase_fn, pyssl_pkey};
use super::x509::pyssl_x509;
use crate::core::ctx::{Ctx, Raised, Verify};
use crate::core::error::{Error, Result};
use crate::core::filetype::FileType;
use crate::core::passphrase::Passphrase;
use crate::core::pkey::PKey;
use crate::core::sys::ssl_ctx::Method;
use crate::core::x509::X509;
use libc::{c_char, c_int, c_void};
use std::sync::Arc;

/// A TLS or DTLS context. It may be changed at any time; connections keep what they took when they were made.
pub struct pyssl_ctx {
    _private: [u8; 0],
}
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

/// The peer's certificate is not asked for (server) or not judged (client).
pub const PYSSL_VERIFY_NONE: c_int = 0;
/// The peer's certificate is asked for and its chain verified.
pub const PYSSL_VERIFY_PEER: c_int = 1;
/// With PYSSL_VERIFY_PEER on a server: a client without a certificate is refused.
pub const PYSSL_VERIFY_FAIL_IF_NO_PEER_CERT: c_int = 2;
/// With PYSSL_VERIFY_PEER on a server: no second request at renegotiation.
pub const PYSSL_VERIFY_CLIENT_ONCE: c_int = 4;

/// Has the last word on each certificate of the peer's chain (SSL_CTX_set_verify).
/// @param userdata  as given with the callback
/// @param conn      the connection, lent for the length of the call: state may be read, bytes not moved (PYSSL_ERR_BUSY)
/// @param cert      the certificate, a new handle that the callback owns; NULL when there is none
/// @param error     X509_V_OK or X509_V_ERR_*
/// @param depth     0 is the peer's own certificate
/// @param ok        OpenSSL's verdict, 1 or 0
/// @return 1 accepts, 0 refuses, a negative value refuses and makes the call that led here return PYSSL_ERR_CALLBACK
pub type pyssl_verify_callback = Option<
    unsafe extern "C" fn(
        userdata: *mut c_void,
        conn: *mut pyssl_conn,
        cert: *mut pyssl_x509,
        error: c_int,
        depth: c_int,
        ok: c_int,
    ) -> c_int,
>;

/// A new context.
/// @param method  PYSSL_TLS_METHOD or another PYSSL_*_METHOD
/// @param out     receives a new handle, to be freed with pyssl_ctx_free()
/// @return PYSSL_OK; PYSSL_ERR_ARGUMENT for an unknown or withdrawn protocol
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_new(method: c_int, out: *mut *mut pyssl_ctx) -> pyssl_status {
    gate(|| {
        let (method, version) = method_of(method)?;
        // SAFETY: the header asks for a writable out.
        unsafe { put_handle(out, Ctx::new(method, version)?) }
    })
}

/// Frees a context; its connections keep what they need of it.
/// @param ctx  may be NULL
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_ctx_free(ctx: *mut pyssl_ctx) -> pyssl_status {
    gate(|| Ctx::free(ctx))
}

/// Sets the certificate that this end shows. It is copied.
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR
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
        // SAFETY: the header asks for a NUL-terminated name.
        let file = unsafe { path(file, "file") }?;
        Ctx::lookup(ctx)?.use_certificate_file(file, FileType::to_load(r#type)?)
    })
}

/// Sets the certificate that this end shows and the chain above it, from a PEM file that holds them in this order.
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

/// Adds a certificate to the chain that is sent after this end's own. It is copied.
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR
#[no_mangle]
pub extern "C" fn pyssl_ctx_add_extra_chain_cert(ctx: *mut pyssl_ctx, cert: *mut pyssl_x509) -> pyssl_status {
    gate(|| Ctx::lookup(ctx)?.add_extra_chain_cert(&*X509::lookup(cert)?))
}

/// Sets the private key of this end. If a certificate is set already they must belong together.
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
        // SAFETY: the header asks for a NUL-terminated name.
        let file = unsafe { path(file, "file") }?;
        let mut asking = |room: &mut [u8], writing| ask(callback, userdata, room, writing);
        let passphrase = if callback.is_some() { Passphrase::Ask(&mut asking) } else { Passphrase::None };
        Ctx::lookup(ctx)?.use_private_key_file(file, FileType::to_load(r#type)?, passphrase)
    })
}

/// Tells whether private key and certificate belong together.
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR
#[no_mangle]
pub extern "C" fn pyssl_ctx_check_privatekey(ctx: *mut pyssl_ctx) -> pyssl_status {
    gate(|| Ctx::lookup(ctx)?.check_private_key())
}

/// Trusts the certificates of a file, or of a directory, or of both.
/// @param cafile  PEM; may be NULL
/// @param capath  a directory with OpenSSL's hashed names; may be NULL
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR (the error names the file and the errno)
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_load_verify_locations(
    ctx: *mut pyssl_ctx,
    cafile: *const c_char,
    capath: *const c_char,
) -> pyssl_status {
    // SAFETY: the header asks for NUL-terminated names or NULL.
    gate(|| Ctx::lookup(ctx)?.load_verify_locations(unsafe { opt_path(cafile) }, unsafe { opt_path(capath) }))
}

/// Trusts what the system trusts: SSL_CERT_FILE and SSL_CERT_DIR where set, else the distribution's bundle.
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR
#[no_mangle]
pub extern "C" fn pyssl_ctx_load_system_trust(ctx: *mut pyssl_ctx) -> pyssl_status {
    gate(|| Ctx::lookup(ctx)?.load_system_trust())
}

/// Says whether and how peers are verified.
/// @param mode      PYSSL_VERIFY_* bits
/// @param callback  has the last word on each certificate; NULL leaves it to OpenSSL
/// @param userdata  for the callback
/// @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_ctx_set_verify(
    ctx: *mut pyssl_ctx,
    mode: c_int,
    callback: pyssl_verify_callback,
    userdata: *mut c_void,
    destroy: pyssl_destructor,
) -> pyssl_status {
    gate(|| {
        let callback = verify_from(callback, UserData::new(userdata, destroy));
        Ctx::lookup(ctx)?.set_verify(mode, callback);
        Ok(())
    })
}

/// The PYSSL_VERIFY_* bits.
/// @param out  receives them
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_get_verify_mode(ctx: *mut pyssl_ctx, out: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, Ctx::lookup(ctx)?.verify_mode()) })
}

/// Adds options (SSL_OP_*); none is ever removed.
/// @param options  bits to add, 0 for none
/// @param out      receives the bits as they are then
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_set_options(ctx: *mut pyssl_ctx, options: u64, out: *mut u64) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, Ctx::lookup(ctx)?.set_options(options)) })
}

/// Sets the cipher suites up to TLS 1.2, in OpenSSL's list syntax (`openssl ciphers`).
/// @param list  text of len bytes, without NUL
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR ("no cipher match")
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_set_cipher_list(ctx: *mut pyssl_ctx, list: *const u8, len: usize) -> pyssl_status {
    // SAFETY: the header asks for len readable bytes.
    gate(|| Ctx::lookup(ctx)?.set_cipher_list(unsafe { bytes(list, len) }?))
}

/// Sets the lowest protocol version.
/// @param version  0x0301 is TLS 1.0, 0x0304 TLS 1.3; 0 the lowest the library has
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR
#[no_mangle]
pub extern "C" fn pyssl_ctx_set_min_proto_version(ctx: *mut pyssl_ctx, version: c_int) -> pyssl_status {
    gate(|| Ctx::lookup(ctx)?.set_min_version(version_of(version)?))
}

/// Sets the highest protocol version.
/// @param version  as for pyssl_ctx_set_min_proto_version(); 0 the highest the library has
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR
#[no_mangle]
pub extern "C" fn pyssl_ctx_set_max_proto_version(ctx: *mut pyssl_ctx, version: c_int) -> pyssl_status {
    gate(|| Ctx::lookup(ctx)?.set_max_version(version_of(version)?))
}

/// Names the application whose sessions these are, so that no other's are resumed here.
/// @param id  up to 32 bytes
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR when there are more
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_set_session_id(ctx: *mut pyssl_ctx, id: *const u8, len: usize) -> pyssl_status {
    // SAFETY: the header asks for len readable bytes.
    gate(|| Ctx::lookup(ctx)?.set_session_id_context(unsafe { bytes(id, len) }?))
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

fn version_of(version: c_int) -> Result<u16> {
    u16::try_from(version).map_err(|_| Error::argument(format!("{version} is no protocol version")))
}

fn verify_from(callback: pyssl_verify_callback, userdata: UserData) -> Option<Arc<Verify>> {
    let callback = callback?;
    Some(Arc::new(move |conn, at, ok| {
        let cert = match at.current_cert() {
            Some(cert) => X509::copy_of(cert).and_then(Object::register).map_err(|_| Raised)?,
            None => std::ptr::null_mut(),
        };
        let (error, depth) = (at.error().as_raw(), at.error_depth() as c_int);
        // SAFETY: the function and its userdata were given together.
        match unsafe { callback(userdata.get(), conn.handle() as *mut pyssl_conn, cert, error, depth, c_int::from(ok)) }
        {
            0 => Ok(false),
            1.. => Ok(true),
            _ => Err(Raised),
        }
    }))
}
