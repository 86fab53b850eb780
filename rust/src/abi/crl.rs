//! pyssl_crl_*: certificate revocation lists (RFC 5280, 5).

use super::arg::{bytes, opt_word, put, put_bytes, put_handle, word};
use super::gate::{gate, pyssl_status};
use super::handle::{object, Object};
use super::types::{pyssl_crl, pyssl_name, pyssl_pkey, pyssl_revoked, pyssl_x509};
use crate::core::crl::Crl;
use crate::core::filetype::FileType;
use crate::core::pkey::PKey;
use crate::core::revoked::Revoked;
use crate::core::x509::X509;
use libc::{c_char, c_int};

object!(Crl, pyssl_crl, 6, "crl");

/// An empty list.
/// @param out  receives a new handle, to be freed with pyssl_crl_free()
/// @return PYSSL_OK or PYSSL_ERROR
#[no_mangle]
pub unsafe extern "C" fn pyssl_crl_new(out: *mut *mut pyssl_crl) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a writable out.
        unsafe { put_handle(out, Crl::new) }
    })
}

/// Reads a list.
/// @param filetype  PYSSL_FILETYPE_PEM or PYSSL_FILETYPE_ASN1
/// @param data      the encoding
/// @param data_len  its length in bytes; what follows the list in it is ignored
/// @param out       receives a new handle, to be freed with pyssl_crl_free()
/// @return PYSSL_OK, PYSSL_ERROR, or PYSSL_ERR_ARGUMENT for another filetype
#[no_mangle]
pub unsafe extern "C" fn pyssl_crl_load(
    filetype: c_int,
    data: *const u8,
    data_len: usize,
    out: *mut *mut pyssl_crl,
) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for data_len readable bytes and a writable out.
        unsafe { put_handle(out, || Crl::load(FileType::to_load(filetype)?, bytes(data, data_len)?)) }
    })
}

/// Writes a list.
/// @param crl       the list
/// @param filetype  PYSSL_FILETYPE_PEM, PYSSL_FILETYPE_ASN1 or PYSSL_FILETYPE_TEXT
/// @param buf       receives the encoding
/// @param buf_size  of buf, in bytes
/// @param len_out   receives the encoding's length
/// @return PYSSL_OK, PYSSL_ERROR for a list that is not complete, PYSSL_ERR_ARGUMENT for another filetype,
///         PYSSL_ERR_BUFFER or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_crl_dump(
    crl: *mut pyssl_crl,
    filetype: c_int,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        let dumped = || Crl::lookup(crl)?.dump(FileType::to_dump(filetype)?);
        // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
        unsafe { put_bytes(buf, buf_size, len_out, dumped) }
    })
}

/// The issuer's name, as a copy: writing to it does not change the list.
/// @param crl  the list
/// @param out  receives a new handle, to be freed with pyssl_name_free()
/// @return PYSSL_OK, PYSSL_ERROR or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_crl_issuer(crl: *mut pyssl_crl, out: *mut *mut pyssl_name) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a writable out.
        unsafe { put_handle(out, || Crl::lookup(crl)?.issuer()) }
    })
}

/// Sets the version as it is encoded.
/// @param crl      the list
/// @param version  0 for v1, 1 for v2 (which a list with reasons has to be)
/// @return PYSSL_OK, PYSSL_ERROR or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_crl_set_version(crl: *mut pyssl_crl, version: i64) -> pyssl_status {
    gate(|| Crl::lookup(crl)?.set_version(version))
}

/// Sets when this list was issued.
/// @param crl   the list
/// @param when  NUL-terminated: YYYYMMDDhhmmssZ or any other form of UTCTime or GeneralizedTime
/// @return PYSSL_OK, PYSSL_ERR_ARGUMENT for no legal time, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_crl_set_last_update(crl: *mut pyssl_crl, when: *const c_char) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for NUL-terminated text.
        Crl::lookup(crl)?.set_last_update(unsafe { word(when, "when") }?)
    })
}

/// Sets when the next list is issued at the latest.
/// @param crl   the list
/// @param when  NUL-terminated: YYYYMMDDhhmmssZ or any other form of UTCTime or GeneralizedTime
/// @return PYSSL_OK, PYSSL_ERR_ARGUMENT for no legal time, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_crl_set_next_update(crl: *mut pyssl_crl, when: *const c_char) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for NUL-terminated text.
        Crl::lookup(crl)?.set_next_update(unsafe { word(when, "when") }?)
    })
}

/// How many entries the list has.
/// @param crl  the list
/// @param out  receives the number
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_crl_revoked_count(crl: *mut pyssl_crl, out: *mut usize) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a writable out.
        unsafe { put(out, || Ok(Crl::lookup(crl)?.revoked_count())) }
    })
}

/// An entry, as a copy: writing to it does not change the list.
/// @param crl    the list
/// @param index  below pyssl_crl_revoked_count()
/// @param out    receives a new handle, to be freed with pyssl_revoked_free()
/// @return PYSSL_OK, PYSSL_ERR_ARGUMENT when index is too large, PYSSL_ERROR or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_crl_revoked_at(
    crl: *mut pyssl_crl,
    index: usize,
    out: *mut *mut pyssl_revoked,
) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a writable out.
        unsafe { put_handle(out, || Crl::lookup(crl)?.revoked_at(index)) }
    })
}

/// Adds a copy of an entry.
/// @param crl      the list
/// @param revoked  the entry
/// @return PYSSL_OK, PYSSL_ERROR for an entry without serial number or date, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_crl_add_revoked(crl: *mut pyssl_crl, revoked: *mut pyssl_revoked) -> pyssl_status {
    gate(|| Crl::lookup(crl)?.add_revoked(&*Revoked::lookup(revoked)?))
}

/// Takes the issuer's name from its certificate, brings the entries into order and signs.
/// @param crl     the list
/// @param issuer  the issuer's certificate
/// @param key     the issuer's private key
/// @param digest  NUL-terminated name of the digest ("sha256"); NULL for Ed25519 and Ed448 keys, which bring their own
/// @return PYSSL_OK, PYSSL_ERROR (for an unknown digest too), PYSSL_ERR_ARGUMENT for a key without private part, or
///         PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_crl_sign(
    crl: *mut pyssl_crl,
    issuer: *mut pyssl_x509,
    key: *mut pyssl_pkey,
    digest: *const c_char,
) -> pyssl_status {
    gate(|| {
        let (crl, issuer, key) = (Crl::lookup(crl)?, X509::lookup(issuer)?, PKey::lookup(key)?);
        // SAFETY: the header asks for NUL-terminated text.
        crl.sign(&issuer, &key, unsafe { opt_word(digest) })
    })
}

/// As pyssl_crl_sign(), after setting the times: issued now, the next list so many days from now.
/// @param crl     the list
/// @param issuer  the issuer's certificate
/// @param key     the issuer's private key
/// @param days    until the next list is issued
/// @param digest  NUL-terminated name of the digest ("sha256"); NULL for Ed25519 and Ed448 keys, which bring their own
/// @return PYSSL_OK, PYSSL_ERROR, PYSSL_ERR_ARGUMENT for an unknown digest or a key without private part, or
///         PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_crl_issue(
    crl: *mut pyssl_crl,
    issuer: *mut pyssl_x509,
    key: *mut pyssl_pkey,
    days: c_int,
    digest: *const c_char,
) -> pyssl_status {
    gate(|| {
        let (crl, issuer, key) = (Crl::lookup(crl)?, X509::lookup(issuer)?, PKey::lookup(key)?);
        // SAFETY: the header asks for NUL-terminated text.
        crl.issue(&issuer, &key, days, unsafe { opt_word(digest) })
    })
}

/// Frees a handle.
/// @param crl  or NULL
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_crl_free(crl: *mut pyssl_crl) -> pyssl_status {
    gate(|| Crl::free(crl))
}
