//! What calls return, and the opaque types behind handles.
//!
//! A handle is a key, not an address (see `handle.rs`).

use libc::c_int;

/// What a call came to: PYSSL_OK (0) or one of the negative PYSSL_ERR_* values.
pub type pyssl_status = c_int;

/// A key: empty, public only, or private. Thread safe.
pub struct pyssl_pkey {
    _private: [u8; 0],
}

/// A distinguished name. Thread safe. A view keeps alive what it looks into; once the name there was replaced as a
/// whole (pyssl_x509_set_subject() and its kin), every call with the view returns PYSSL_ERR_HANDLE.
pub struct pyssl_name {
    _private: [u8; 0],
}

/// A certificate. Thread safe.
pub struct pyssl_x509 {
    _private: [u8; 0],
}

/// An extension; it never changes once made. Thread safe.
pub struct pyssl_ext {
    _private: [u8; 0],
}

/// A certificate request. Thread safe.
pub struct pyssl_req {
    _private: [u8; 0],
}

/// A certificate revocation list.
pub struct pyssl_crl {
    _private: [u8; 0],
}

/// An entry of a revocation list: a serial number, a date, and perhaps a reason.
pub struct pyssl_revoked {
    _private: [u8; 0],
}

/// Trusted certificates and revocation lists, on their own or of a TLS context.
pub struct pyssl_store {
    _private: [u8; 0],
}

/// A certificate to be verified, with the store and the certificates that may lead to it.
pub struct pyssl_store_ctx {
    _private: [u8; 0],
}

/// A PKCS#7 message.
pub struct pyssl_pkcs7 {
    _private: [u8; 0],
}

/// The parts of a PKCS#12 file.
pub struct pyssl_pkcs12 {
    _private: [u8; 0],
}

/// A signed public key and challenge.
pub struct pyssl_spki {
    _private: [u8; 0],
}

/// A TLS or DTLS context. It may be changed at any time; connections keep what they took when they were made.
pub struct pyssl_ctx {
    _private: [u8; 0],
}

/// A TLS or DTLS connection. One thread may read while another writes and a third closes.
pub struct pyssl_conn {
    _private: [u8; 0],
}

/// A TLS session. It never changes and belongs to the context of the connection it came from.
pub struct pyssl_session {
    _private: [u8; 0],
}
