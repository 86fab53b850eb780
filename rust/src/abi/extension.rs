//! pyssl_ext_*: extensions of certificates and requests.

use super::arg::{put, put_bytes, put_handle, put_text, word};
use super::gate::{gate, pyssl_status};
use super::handle::{object, Object};
use super::types::{pyssl_ext, pyssl_x509};
use crate::core::extension::Extension;
use crate::core::x509::X509;
use libc::{c_char, c_int};

object!(Extension, pyssl_ext, 4, "ext");

/// An extension by name and value in the syntax of OpenSSL's configuration files (x509v3_config). There is no
/// configuration behind it: "@section" is refused.
/// @param name      OpenSSL's short name ("basicConstraints"); also dotted numbers, with a "DER:" or "ASN1:" value
/// @param critical  not 0 marks it critical
/// @param value     "CA:TRUE, pathlen:0"
/// @param subject   the certificate that "hash" and "email:copy" look at; may be NULL
/// @param issuer    the certificate that "keyid", "issuer" and "issuer:copy" look at; may be NULL
/// @param out       receives a new handle, to be freed with pyssl_ext_free()
/// @return PYSSL_OK, or PYSSL_ERROR
#[no_mangle]
pub unsafe extern "C" fn pyssl_ext_new(
    name: *const c_char,
    critical: c_int,
    value: *const c_char,
    subject: *mut pyssl_x509,
    issuer: *mut pyssl_x509,
    out: *mut *mut pyssl_ext,
) -> pyssl_status {
    gate(|| {
        let made = || {
            let (subject, issuer) = (X509::lookup_opt(subject)?, X509::lookup_opt(issuer)?);
            // SAFETY: the header asks for NUL-terminated text.
            let (name, value) = unsafe { (word(name, "name")?, word(value, "value")?) };
            X509::with_two(subject.as_deref(), issuer.as_deref(), |subject, issuer| {
                Extension::by_name(name, critical != 0, value, subject, issuer)
            })
        };
        // SAFETY: the header asks for a writable out.
        unsafe { put_handle(out, made) }
    })
}

/// Frees a handle.
/// @param ext  NULL is fine
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_ext_free(ext: *mut pyssl_ext) -> pyssl_status {
    gate(|| Extension::free(ext))
}

/// Whether the extension is critical.
/// @param out  receives 1 or 0
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_ext_critical(ext: *mut pyssl_ext, out: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(c_int::from(Extension::lookup(ext)?.is_critical()))) })
}

/// The type of the extension.
/// @param buf       receives OpenSSL's short name, "UNDEF" for a type it does not know, NUL-terminated
/// @param buf_size  buf's size in bytes
/// @param len_out   receives the length without the NUL
/// @return PYSSL_OK, or PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_ext_short_name(
    ext: *mut pyssl_ext,
    buf: *mut c_char,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
    gate(|| unsafe { put_text(buf, buf_size, len_out, || Ok(Extension::lookup(ext)?.short_name())) })
}

/// The DER of the value: what is inside the OCTET STRING.
/// @param buf       receives the bytes
/// @param buf_size  buf's size in bytes
/// @param len_out   receives the length
/// @return PYSSL_OK, or PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_ext_data(
    ext: *mut pyssl_ext,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
    gate(|| unsafe { put_bytes(buf, buf_size, len_out, || Extension::lookup(ext)?.data()) })
}

/// The value for people, as `openssl x509 -text` has it; a hexadecimal dump for a type OpenSSL does not know.
/// @param buf       receives NUL-terminated UTF-8, in which a subjectAltName may have NULs
/// @param buf_size  buf's size in bytes
/// @param len_out   receives the length without the NUL
/// @return PYSSL_OK; PYSSL_ERROR when the value cannot be decoded; PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_ext_text(
    ext: *mut pyssl_ext,
    buf: *mut c_char,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
    gate(|| unsafe { put_text(buf, buf_size, len_out, || Extension::lookup(ext)?.text()) })
}
