//! pyssl_x509_*: certificates.

use super::arg::{bytes, objects, opt_word, put, put_bytes, put_handle, put_handles, put_text, word};
use super::gate::{gate, pyssl_status};
use super::handle::{object, Object};
use super::types::{pyssl_ext, pyssl_name, pyssl_pkey, pyssl_x509};
use crate::core::filetype::FileType;
use crate::core::name::{Name, Part};
use crate::core::pkey::PKey;
use crate::core::x509::{Limit, X509};
use libc::{c_char, c_int};

object!(X509, pyssl_x509, 2, "x509");

/// An empty certificate: version 0, serial 0, no times, names or key.
/// @param out  receives a new handle, to be freed with pyssl_x509_free()
/// @return PYSSL_OK
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_new(out: *mut *mut pyssl_x509) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_handle(out, X509::new) })
}

/// Frees a handle.
/// @param cert  NULL is fine
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_x509_free(cert: *mut pyssl_x509) -> pyssl_status {
    gate(|| X509::free(cert))
}

/// Loads a certificate.
/// @param filetype  PYSSL_FILETYPE_PEM (the first certificate in the text) or PYSSL_FILETYPE_ASN1
/// @param data      the encoded certificate
/// @param out       receives a new handle
/// @return PYSSL_OK, or PYSSL_ERROR
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_load(
    filetype: c_int,
    data: *const u8,
    data_len: usize,
    out: *mut *mut pyssl_x509,
) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for readable bytes and a writable out.
        unsafe { put_handle(out, || X509::load(FileType::to_load(filetype)?, bytes(data, data_len)?)) }
    })
}

/// Loads all certificates of a PEM text, as of a chain or a bundle, in its order. What is not a certificate is passed over.
/// @param pem        the text
/// @param pem_len    how many bytes that is
/// @param buf        receives new handles, each to be freed with pyssl_x509_free()
/// @param buf_size   how many handles there is room for
/// @param count_out  receives how many there are; with PYSSL_ERR_BUFFER how many are needed
/// @return PYSSL_OK; PYSSL_ERR_BUFFER, with no handle made; PYSSL_ERROR when there is none or one is damaged
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_load_chain(
    pem: *const u8,
    pem_len: usize,
    buf: *mut *mut pyssl_x509,
    buf_size: usize,
    count_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for pem_len readable bytes, room for buf_size handles and a writable count_out.
    gate(|| unsafe { put_handles(buf, buf_size, count_out, || X509::load_chain(bytes(pem, pem_len)?)) })
}

/// Writes a certificate.
/// @param filetype  PYSSL_FILETYPE_PEM, _ASN1 or _TEXT (as `openssl x509 -text` prints it)
/// @param buf       receives the encoded certificate
/// @param buf_size  buf's size in bytes
/// @param len_out   receives the length
/// @return PYSSL_OK; PYSSL_ERR_BUFFER, with the length needed in len_out; PYSSL_ERROR when parts are missing
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_dump(
    cert: *mut pyssl_x509,
    filetype: c_int,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        let dumped = || X509::lookup(cert)?.dump(FileType::to_dump(filetype)?);
        // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
        unsafe { put_bytes(buf, buf_size, len_out, dumped) }
    })
}

/// The certificate's subject, as a live view: writing to it changes the certificate, which it keeps alive.
/// @param out  receives a new handle, to be freed with pyssl_name_free()
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_subject(cert: *mut pyssl_x509, out: *mut *mut pyssl_name) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_handle(out, || Ok(X509::lookup(cert)?.name(Part::Subject))) })
}

/// The certificate's issuer, as pyssl_x509_subject().
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_issuer(cert: *mut pyssl_x509, out: *mut *mut pyssl_name) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_handle(out, || Ok(X509::lookup(cert)?.name(Part::Issuer))) })
}

/// Copies a name into the certificate as its subject. Views of the subject made before are dead from now on.
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_x509_set_subject(cert: *mut pyssl_x509, name: *mut pyssl_name) -> pyssl_status {
    gate(|| X509::lookup(cert)?.set_name(Part::Subject, &*Name::lookup(name)?))
}

/// As pyssl_x509_set_subject(), for the issuer.
#[no_mangle]
pub extern "C" fn pyssl_x509_set_issuer(cert: *mut pyssl_x509, name: *mut pyssl_name) -> pyssl_status {
    gate(|| X509::lookup(cert)?.set_name(Part::Issuer, &*Name::lookup(name)?))
}

/// The hash of the subject, as pyssl_name_hash().
/// @param out  receives it
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_subject_name_hash(cert: *mut pyssl_x509, out: *mut u32) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || X509::lookup(cert)?.subject_name_hash()) })
}

/// The version field.
/// @param out  receives it, zero based: 2 means v3
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_version(cert: *mut pyssl_x509, out: *mut i64) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(X509::lookup(cert)?.version())) })
}

/// Sets the version field.
/// @param version  zero based: 2 means v3; stored as it is
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_x509_set_version(cert: *mut pyssl_x509, version: i64) -> pyssl_status {
    gate(|| X509::lookup(cert)?.set_version(version))
}

/// The serial number: big endian, two's complement, as few bytes as can be.
/// @param buf       receives the bytes, at least one
/// @param buf_size  buf's size in bytes
/// @param len_out   receives the length
/// @return PYSSL_OK, or PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_serial(
    cert: *mut pyssl_x509,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
    gate(|| unsafe { put_bytes(buf, buf_size, len_out, || X509::lookup(cert)?.serial()) })
}

/// Sets the serial number, of any size and sign.
/// @param serial  big endian, two's complement; no bytes mean 0
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_set_serial(
    cert: *mut pyssl_x509,
    serial: *const u8,
    serial_len: usize,
) -> pyssl_status {
    // SAFETY: the header asks for readable bytes.
    gate(|| X509::lookup(cert)?.set_serial(unsafe { bytes(serial, serial_len) }?))
}

/// The start of the validity period, as GeneralizedTime text "YYYYMMDDhhmmssZ" whatever the encoding inside is.
/// @param buf       receives the text, without a NUL
/// @param buf_size  buf's size in bytes
/// @param len_out   receives the length
/// @return PYSSL_OK; PYSSL_ERR_ABSENT when it was never set; PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_not_before(
    cert: *mut pyssl_x509,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
    gate(|| unsafe { put_bytes(buf, buf_size, len_out, || X509::lookup(cert)?.time(Limit::NotBefore)) })
}

/// The end of the validity period, as pyssl_x509_not_before().
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_not_after(
    cert: *mut pyssl_x509,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
    gate(|| unsafe { put_bytes(buf, buf_size, len_out, || X509::lookup(cert)?.time(Limit::NotAfter)) })
}

/// Sets the start of the validity period.
/// @param when  any legal ASN.1 time: YYYYMMDDhhmmssZ (kept as GeneralizedTime), YYMMDDhhmmssZ (UTCTime), with
///              fractions or offsets
/// @return PYSSL_OK, or PYSSL_ERR_ARGUMENT when it is none
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_set_not_before(cert: *mut pyssl_x509, when: *const c_char) -> pyssl_status {
    // SAFETY: the header asks for NUL-terminated text.
    gate(|| X509::lookup(cert)?.set_time(Limit::NotBefore, unsafe { word(when, "when") }?))
}

/// Sets the end of the validity period, as pyssl_x509_set_not_before().
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_set_not_after(cert: *mut pyssl_x509, when: *const c_char) -> pyssl_status {
    // SAFETY: the header asks for NUL-terminated text.
    gate(|| X509::lookup(cert)?.set_time(Limit::NotAfter, unsafe { word(when, "when") }?))
}

/// Sets the start of the validity period to a moment relative to now. One that ASN.1 cannot express (after the year
/// 9999) changes nothing.
/// @param seconds  from now; negative for the past
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_x509_adjust_not_before(cert: *mut pyssl_x509, seconds: i64) -> pyssl_status {
    gate(|| X509::lookup(cert)?.adjust_time(Limit::NotBefore, seconds))
}

/// Sets the end of the validity period, as pyssl_x509_adjust_not_before().
#[no_mangle]
pub extern "C" fn pyssl_x509_adjust_not_after(cert: *mut pyssl_x509, seconds: i64) -> pyssl_status {
    gate(|| X509::lookup(cert)?.adjust_time(Limit::NotAfter, seconds))
}

/// Whether the end of the validity period lies in the past, by this machine's clock.
/// @param out  receives 1 or 0
/// @return PYSSL_OK; PYSSL_ERR_ARGUMENT when the end was never set
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_has_expired(cert: *mut pyssl_x509, out: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(c_int::from(X509::lookup(cert)?.has_expired()?))) })
}

/// The certified public key.
/// @param out  receives a new handle of a public-only key
/// @return PYSSL_OK; PYSSL_ERROR when there is none, or OpenSSL cannot use it
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_pubkey(cert: *mut pyssl_x509, out: *mut *mut pyssl_pkey) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_handle(out, || X509::lookup(cert)?.public_key()) })
}

/// Sets the certified public key.
/// @param key  its public part is copied
/// @return PYSSL_OK; PYSSL_ERROR for an empty key
#[no_mangle]
pub extern "C" fn pyssl_x509_set_pubkey(cert: *mut pyssl_x509, key: *mut pyssl_pkey) -> pyssl_status {
    gate(|| X509::lookup(cert)?.set_public_key(&*PKey::lookup(key)?))
}

/// Signs the certificate.
/// @param key     the issuer's private key
/// @param digest  OpenSSL's name ("sha256"); NULL for kinds of key that bring their own (Ed25519, Ed448)
/// @return PYSSL_OK; PYSSL_ERR_ARGUMENT for a public or empty key or an unknown digest; PYSSL_ERROR
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_sign(
    cert: *mut pyssl_x509,
    key: *mut pyssl_pkey,
    digest: *const c_char,
) -> pyssl_status {
    // SAFETY: the header asks for NUL-terminated text or NULL.
    gate(|| X509::lookup(cert)?.sign(&*PKey::lookup(key)?, unsafe { opt_word(digest) }))
}

/// The signature algorithm that the signed part names.
/// @param buf       receives its long name, NUL-terminated
/// @param buf_size  buf's size in bytes
/// @param len_out   receives the length without the NUL
/// @return PYSSL_OK; PYSSL_ERR_ARGUMENT when there is none or OpenSSL does not know it; PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_signature_algorithm(
    cert: *mut pyssl_x509,
    buf: *mut c_char,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
    gate(|| unsafe { put_text(buf, buf_size, len_out, || X509::lookup(cert)?.signature_algorithm()) })
}

/// How many extensions the certificate has.
/// @param out  receives the number
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_extension_count(cert: *mut pyssl_x509, out: *mut usize) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(X509::lookup(cert)?.extension_count())) })
}

/// A copy of an extension.
/// @param index  0 is the first
/// @param out    receives a new handle, to be freed with pyssl_ext_free()
/// @return PYSSL_OK; PYSSL_ERR_ABSENT when there is no such extension
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_extension(
    cert: *mut pyssl_x509,
    index: usize,
    out: *mut *mut pyssl_ext,
) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_handle(out, || X509::lookup(cert)?.extension(index)) })
}

/// Copies extensions into the certificate, after those it has.
/// @param extensions  count handles in a row
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_add_extensions(
    cert: *mut pyssl_x509,
    extensions: *const *mut pyssl_ext,
    count: usize,
) -> pyssl_status {
    // SAFETY: the header asks for readable handles.
    gate(|| X509::lookup(cert)?.add_extensions(&unsafe { objects(extensions, count) }?))
}

/// A digest over the certificate's DER, also called its fingerprint.
/// @param digest    OpenSSL's name ("sha256")
/// @param buf       receives the bytes
/// @param buf_size  buf's size in bytes; 64 are always enough
/// @param len_out   receives the length
/// @return PYSSL_OK; PYSSL_ERR_ARGUMENT for an unknown digest; PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_x509_digest(
    cert: *mut pyssl_x509,
    digest: *const c_char,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for NUL-terminated text, buf of `buf_size` bytes and a writable len_out.
    gate(|| unsafe { put_bytes(buf, buf_size, len_out, || X509::lookup(cert)?.digest(word(digest, "digest")?)) })
}
