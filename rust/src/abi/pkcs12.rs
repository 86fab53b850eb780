//! pyssl_pkcs12_*: a key, its certificate and others in one file (RFC 7292).

use super::arg::{bytes, handles, opt_bytes, opt_word, put_bytes, put_handle, put_handle_opt, put_handles};
use super::gate::{gate, pyssl_status};
use super::handle::{object, Object};
use super::types::{pyssl_pkcs12, pyssl_pkey, pyssl_x509};
use crate::core::pkcs12::{Pkcs12, Protection};
use crate::core::pkey::PKey;
use crate::core::x509::X509;
use crate::error::Error;
use crate::status::Status;
use libc::{c_char, c_int};

object!(Pkcs12, pyssl_pkcs12, 11, "pkcs12");

/// One without any part.
/// @param out  receives a new handle, to be freed with pyssl_pkcs12_free()
/// @return PYSSL_OK
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkcs12_new(out: *mut *mut pyssl_pkcs12) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a writable out.
        unsafe { put_handle(out, || Ok(Pkcs12::new())) }
    })
}

/// Reads a file, with the algorithms of today (AES) or of the past (triple DES, RC2).
/// @param data            its content
/// @param data_len        in bytes; what follows the structure in it is ignored
/// @param passphrase      in UTF-8; NULL for none, which is tried as an empty one too, and the other way around
/// @param passphrase_len  in bytes
/// @param out             receives a new handle, to be freed with pyssl_pkcs12_free()
/// @return PYSSL_OK, PYSSL_ERROR, or PYSSL_ERR_ARGUMENT for a NUL in the passphrase
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkcs12_load(
    data: *const u8,
    data_len: usize,
    passphrase: *const u8,
    passphrase_len: usize,
    out: *mut *mut pyssl_pkcs12,
) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for readable bytes and a writable out.
        unsafe { put_handle(out, || Pkcs12::load(bytes(data, data_len)?, opt_bytes(passphrase, passphrase_len)?)) }
    })
}

/// Writes a file.
/// @param p12             the parts
/// @param passphrase      in UTF-8; NULL for none
/// @param passphrase_len  in bytes
/// @param cipher          NUL-terminated name of a cipher for PBES2 (RFC 8018; "aes-128-cbc"), or "PBE-SHA1-3DES" for
///                        PKCS#12's own scheme, which readers of before 2010 need; NULL for AES-256-CBC
/// @param rounds          for deriving the keys that encrypt; 0 for 100,000
/// @param mac_rounds      for deriving the key of the MAC (SHA-256); 0 for 100,000, -1 for no MAC
/// @param buf             receives the content
/// @param buf_size        of buf, in bytes
/// @param len_out         receives the content's length
/// @return PYSSL_OK; PYSSL_ERROR when there is no part, or key and certificate do not match; PYSSL_ERR_ARGUMENT for
///         an unknown cipher or a NUL in a text; PYSSL_ERR_BUFFER; PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkcs12_export(
    p12: *mut pyssl_pkcs12,
    passphrase: *const u8,
    passphrase_len: usize,
    cipher: *const c_char,
    rounds: c_int,
    mac_rounds: c_int,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        let content = || {
            let p12 = Pkcs12::lookup(p12)?;
            // SAFETY: the header asks for NUL-terminated text or NULL, and readable bytes.
            let (cipher, passphrase) = unsafe { (opt_word(cipher), opt_bytes(passphrase, passphrase_len)?) };
            p12.export(passphrase, &Protection { cipher, rounds, mac_rounds })
        };
        // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
        unsafe { put_bytes(buf, buf_size, len_out, content) }
    })
}

/// The private key.
/// @param p12  the parts
/// @param out  receives a new handle, to be freed with pyssl_pkey_free(), or NULL when there is none
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkcs12_key(p12: *mut pyssl_pkcs12, out: *mut *mut pyssl_pkey) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a writable out.
        unsafe { put_handle_opt(out, || Ok(Pkcs12::lookup(p12)?.key())) }
    })
}

/// Sets the private key.
/// @param p12  the parts
/// @param key  kept, not copied; may be NULL, for none
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_pkcs12_set_key(p12: *mut pyssl_pkcs12, key: *mut pyssl_pkey) -> pyssl_status {
    gate(|| {
        let key = PKey::lookup_opt(key)?.map(|key| key.clone());
        Pkcs12::lookup(p12)?.set_key(key);
        Ok(())
    })
}

/// The key's certificate.
/// @param p12  the parts
/// @param out  receives a new handle, to be freed with pyssl_x509_free(), or NULL when there is none
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkcs12_cert(p12: *mut pyssl_pkcs12, out: *mut *mut pyssl_x509) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a writable out.
        unsafe { put_handle_opt(out, || Ok(Pkcs12::lookup(p12)?.cert())) }
    })
}

/// Sets the key's certificate.
/// @param p12   the parts
/// @param cert  kept, not copied; may be NULL, for none
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_pkcs12_set_cert(p12: *mut pyssl_pkcs12, cert: *mut pyssl_x509) -> pyssl_status {
    gate(|| {
        let cert = X509::lookup_opt(cert)?.map(|cert| cert.clone());
        Pkcs12::lookup(p12)?.set_cert(cert);
        Ok(())
    })
}

/// The other certificates, in the order of the file.
/// @param p12        the parts
/// @param buf        receives new handles, each to be freed with pyssl_x509_free()
/// @param buf_size   how many handles there is room for
/// @param count_out  receives how many there are; with PYSSL_ERR_BUFFER how many are needed
/// @return PYSSL_OK, PYSSL_ERR_ABSENT when there are none, PYSSL_ERR_BUFFER or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkcs12_ca_certs(
    p12: *mut pyssl_pkcs12,
    buf: *mut *mut pyssl_x509,
    buf_size: usize,
    count_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        let others = || Pkcs12::lookup(p12)?.others().ok_or_else(|| Error::bare(Status::Absent));
        // SAFETY: the header asks for room for buf_size handles and a writable count_out.
        unsafe { put_handles(buf, buf_size, count_out, others) }
    })
}

/// Sets the other certificates, in place of those that were there.
/// @param p12    the parts
/// @param certs  handles; kept, not copied; may be NULL, for none at all
/// @param count  how many
/// @return PYSSL_OK or PYSSL_ERR_HANDLE, and then nothing is changed
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkcs12_set_ca_certs(
    p12: *mut pyssl_pkcs12,
    certs: *const *mut pyssl_x509,
    count: usize,
) -> pyssl_status {
    gate(|| {
        let p12 = Pkcs12::lookup(p12)?;
        // SAFETY: the header asks for count readable handles.
        let others = (!certs.is_null()).then(|| unsafe { handles(certs, count) }).transpose()?;
        p12.set_others(others);
        Ok(())
    })
}

/// The friendly name: the key's and its certificate's attribute of that name.
/// @param p12       the parts
/// @param buf       receives UTF-8, without a NUL
/// @param buf_size  of buf, in bytes
/// @param len_out   receives the length
/// @return PYSSL_OK, PYSSL_ERR_ABSENT when there is none, PYSSL_ERR_BUFFER or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkcs12_friendly_name(
    p12: *mut pyssl_pkcs12,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        let name = || Pkcs12::lookup(p12)?.friendly_name().ok_or_else(|| Error::bare(Status::Absent));
        // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
        unsafe { put_bytes(buf, buf_size, len_out, name) }
    })
}

/// Sets the friendly name.
/// @param p12       the parts
/// @param name      UTF-8; NULL for none
/// @param name_len  in bytes
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkcs12_set_friendly_name(
    p12: *mut pyssl_pkcs12,
    name: *const u8,
    name_len: usize,
) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for name_len readable bytes.
        Pkcs12::lookup(p12)?.set_friendly_name(unsafe { opt_bytes(name, name_len) }?)
    })
}

/// Frees a handle.
/// @param p12  or NULL
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_pkcs12_free(p12: *mut pyssl_pkcs12) -> pyssl_status {
    gate(|| Pkcs12::free(p12))
}
