//! pyssl_constant: the header's and OpenSSL's macros by name, for languages without a preprocessor.

use super::arg::{put, text};
use super::gate::{gate, pyssl_status};
use crate::core::constant;
use crate::error::{Error, Result};
use crate::status::Status;
use libc::c_char;

/// The value of a constant by its name: the PYSSL_* macros of this header, and OpenSSL's SSL_OP_*, SSL_MODE_*,
/// SSL_CB_*, SSL_ST_*, SSL_VERIFY_*, SSL_SESS_CACHE_*, X509_V_*, *_VERSION and their kin with the values of the linked
/// OpenSSL.
/// @param name  NUL-terminated
/// @param out   receives the value
/// @return PYSSL_OK; PYSSL_ERR_ABSENT when there is no such constant
#[no_mangle]
pub unsafe extern "C" fn pyssl_constant(name: *const c_char, out: *mut i64) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a NUL-terminated name and a writable out.
        unsafe { put(out, || by_name(text(name, "name")?)) }
    })
}

fn by_name(name: &str) -> Result<i64> {
    let own = OWN.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    own.or_else(|| constant::by_name(name))
        .ok_or_else(|| Error::new(Status::Absent, format!("there is no constant {name:?}")))
}

/// `own![module: A, B]` lists constants under their own names.
macro_rules! own {
    ($($module:ident: $($name:ident),+ $(,)?;)+) => { &[$($((stringify!($name), super::$module::$name as i64)),+),+] };
}

/// Every PYSSL_* constant; a test compares this with the header.
const OWN: &[(&str, i64)] = own![
    error: PYSSL_OK, PYSSL_ERROR, PYSSL_ERR_WANT_READ, PYSSL_ERR_WANT_WRITE, PYSSL_ERR_WANT_X509_LOOKUP,
        PYSSL_ERR_ZERO_RETURN, PYSSL_ERR_SYSCALL, PYSSL_ERR_EOF, PYSSL_ERR_INTERRUPTED, PYSSL_ERR_TIMEOUT,
        PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, PYSSL_ERR_BUSY, PYSSL_ERR_CALLBACK, PYSSL_ERR_PANIC, PYSSL_ERR_BUFFER,
        PYSSL_ERR_CLOSED, PYSSL_ERR_ABSENT, PYSSL_ERR_UNSUPPORTED, PYSSL_ERR_MEMORY;
    library: PYSSL_VERSION_NUMBER, PYSSL_VERSION_MAJOR, PYSSL_VERSION_MINOR, PYSSL_VERSION_PATCH, PYSSL_OPENSSL_VERSION, PYSSL_OPENSSL_CFLAGS, PYSSL_OPENSSL_BUILT_ON, PYSSL_OPENSSL_PLATFORM,
        PYSSL_OPENSSL_DIR;
    pkey: PYSSL_FILETYPE_PEM, PYSSL_FILETYPE_ASN1, PYSSL_FILETYPE_TEXT, PYSSL_KEY_RSA, PYSSL_KEY_DH, PYSSL_KEY_DSA,
        PYSSL_KEY_EC, PYSSL_KEY_ED25519, PYSSL_KEY_ED448;
    conn: PYSSL_MSG_PEEK, PYSSL_TRANSPORT_LATER, PYSSL_TRANSPORT_FAILED;
    conn_info: PYSSL_WANT_NOTHING, PYSSL_WANT_WRITE, PYSSL_WANT_READ, PYSSL_WANT_OTHER;
    user_data: PYSSL_ALPN_REFUSE;
    ctx: PYSSL_SSLV2_METHOD, PYSSL_SSLV3_METHOD, PYSSL_SSLV23_METHOD, PYSSL_TLSV1_METHOD, PYSSL_TLSV1_1_METHOD,
        PYSSL_TLSV1_2_METHOD, PYSSL_TLS_METHOD, PYSSL_TLS_SERVER_METHOD, PYSSL_TLS_CLIENT_METHOD, PYSSL_DTLS_METHOD,
        PYSSL_DTLS_SERVER_METHOD, PYSSL_DTLS_CLIENT_METHOD;
    ctx_callback: PYSSL_VERIFY_NONE, PYSSL_VERIFY_PEER, PYSSL_VERIFY_FAIL_IF_NO_PEER_CERT, PYSSL_VERIFY_CLIENT_ONCE;
];
