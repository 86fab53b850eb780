//! pyssl_pkcs7_*: PKCS#7 messages (RFC 2315).

use super::arg::{bytes, put, put_handle, put_text};
use super::gate::{gate, pyssl_status};
use super::handle::{object, Object};
use super::types::pyssl_pkcs7;
use crate::core::filetype::FileType;
use crate::core::pkcs7::Pkcs7;
use libc::{c_char, c_int};

object!(Pkcs7, pyssl_pkcs7, 10, "pkcs7");

/// Reads a message.
/// @param filetype  PYSSL_FILETYPE_PEM ("BEGIN PKCS7") or PYSSL_FILETYPE_ASN1
/// @param data      the encoding
/// @param data_len  its length in bytes; what follows the message in it is ignored
/// @param out       receives a new handle, to be freed with pyssl_pkcs7_free()
/// @return PYSSL_OK, PYSSL_ERROR, or PYSSL_ERR_ARGUMENT for another filetype
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkcs7_load(
    filetype: c_int,
    data: *const u8,
    data_len: usize,
    out: *mut *mut pyssl_pkcs7,
) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for data_len readable bytes and a writable out.
        unsafe { put_handle(out, || Pkcs7::load(FileType::to_load(filetype)?, bytes(data, data_len)?)) }
    })
}

/// Is the content type data: bytes as they are?
/// @param message  the message
/// @param out      receives 1 or 0
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkcs7_type_is_data(message: *mut pyssl_pkcs7, out: *mut c_int) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a writable out.
        unsafe { put(out, || Ok(Pkcs7::lookup(message)?.is_data().into())) }
    })
}

/// Is the content type signedData: content of any type with any number of signatures, none for a mere bundle of
/// certificates?
/// @param message  the message
/// @param out      receives 1 or 0
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkcs7_type_is_signed(message: *mut pyssl_pkcs7, out: *mut c_int) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a writable out.
        unsafe { put(out, || Ok(Pkcs7::lookup(message)?.is_signed().into())) }
    })
}

/// Is the content type envelopedData: content encrypted for one recipient or more?
/// @param message  the message
/// @param out      receives 1 or 0
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkcs7_type_is_enveloped(message: *mut pyssl_pkcs7, out: *mut c_int) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a writable out.
        unsafe { put(out, || Ok(Pkcs7::lookup(message)?.is_enveloped().into())) }
    })
}

/// Is the content type signedAndEnvelopedData: encrypted content with encrypted signatures?
/// @param message  the message
/// @param out      receives 1 or 0
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkcs7_type_is_signed_and_enveloped(
    message: *mut pyssl_pkcs7,
    out: *mut c_int,
) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a writable out.
        unsafe { put(out, || Ok(Pkcs7::lookup(message)?.is_signed_and_enveloped().into())) }
    })
}

/// OpenSSL's short name of the content type: "pkcs7-data", "pkcs7-signedData", "pkcs7-envelopedData",
/// "pkcs7-signedAndEnvelopedData", "pkcs7-digestData", "pkcs7-encryptedData"; "UNDEF" for a type it does not know.
/// @param message   the message
/// @param buf       receives the text
/// @param buf_size  of buf
/// @param len_out   receives the text's length
/// @return PYSSL_OK, PYSSL_ERR_BUFFER or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkcs7_type_name(
    message: *mut pyssl_pkcs7,
    buf: *mut c_char,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
        unsafe { put_text(buf, buf_size, len_out, || Pkcs7::lookup(message)?.type_name()) }
    })
}

/// Frees a handle.
/// @param message  or NULL
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_pkcs7_free(message: *mut pyssl_pkcs7) -> pyssl_status {
    gate(|| Pkcs7::free(message))
}
