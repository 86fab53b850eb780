//! pyssl_spki_*: Netscape's signed public key and challenge (SPKAC).

use super::arg::{bytes, put_bytes, put_handle, word};
use super::gate::{gate, pyssl_status};
use super::handle::{object, Object};
use super::types::{pyssl_pkey, pyssl_spki};
use crate::core::pkey::PKey;
use crate::core::spki::Spki;
use libc::c_char;

object!(Spki, pyssl_spki, 12, "spki");

/// An empty one.
/// @param out  receives a new handle, to be freed with pyssl_spki_free()
/// @return PYSSL_OK or PYSSL_ERROR
#[no_mangle]
pub unsafe extern "C" fn pyssl_spki_new(out: *mut *mut pyssl_spki) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a writable out.
        unsafe { put_handle(out, Spki::new) }
    })
}

/// Reads one from base64, as `openssl spkac` writes it after "SPKAC=".
/// @param data      the base64 text; blanks and line ends in it are passed over
/// @param data_len  its length in bytes
/// @param out       receives a new handle, to be freed with pyssl_spki_free()
/// @return PYSSL_OK or PYSSL_ERROR
#[no_mangle]
pub unsafe extern "C" fn pyssl_spki_from_base64(
    data: *const u8,
    data_len: usize,
    out: *mut *mut pyssl_spki,
) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for data_len readable bytes and a writable out.
        unsafe { put_handle(out, || Spki::from_base64(bytes(data, data_len)?)) }
    })
}

/// Its encoding in base64, without line ends.
/// @param spki      the object
/// @param buf       receives the text, without a NUL
/// @param buf_size  of buf, in bytes
/// @param len_out   receives the text's length
/// @return PYSSL_OK, PYSSL_ERROR, PYSSL_ERR_BUFFER or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_spki_to_base64(
    spki: *mut pyssl_spki,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
        unsafe { put_bytes(buf, buf_size, len_out, || Spki::lookup(spki)?.to_base64()) }
    })
}

/// The public key in it.
/// @param spki  the object
/// @param out   receives a new handle, to be freed with pyssl_pkey_free()
/// @return PYSSL_OK; PYSSL_ERROR when none was set; PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_spki_pubkey(spki: *mut pyssl_spki, out: *mut *mut pyssl_pkey) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a writable out.
        unsafe { put_handle(out, || Spki::lookup(spki)?.public_key()) }
    })
}

/// Puts the public part of a key in it.
/// @param spki  the object
/// @param key   the key; it is copied
/// @return PYSSL_OK, PYSSL_ERROR, PYSSL_ERR_ARGUMENT for an empty key, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_spki_set_pubkey(spki: *mut pyssl_spki, key: *mut pyssl_pkey) -> pyssl_status {
    gate(|| Spki::lookup(spki)?.set_public_key(&*PKey::lookup(key)?))
}

/// Signs it.
/// @param spki    the object
/// @param key     a private key
/// @param digest  NUL-terminated name of the digest ("sha256")
/// @return PYSSL_OK, PYSSL_ERROR, PYSSL_ERR_ARGUMENT for a key without private part or an unknown digest, or
///         PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_spki_sign(
    spki: *mut pyssl_spki,
    key: *mut pyssl_pkey,
    digest: *const c_char,
) -> pyssl_status {
    gate(|| {
        let (spki, key) = (Spki::lookup(spki)?, PKey::lookup(key)?);
        // SAFETY: the header asks for a NUL-terminated name.
        spki.sign(&key, unsafe { word(digest, "digest") }?)
    })
}

/// Checks the signature with a key.
/// @param spki  the object
/// @param key   a key with a public part
/// @return PYSSL_OK when the signature is the key's; PYSSL_ERROR when it is not, or there is none; PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_spki_verify(spki: *mut pyssl_spki, key: *mut pyssl_pkey) -> pyssl_status {
    gate(|| Spki::lookup(spki)?.verify(&*PKey::lookup(key)?))
}

/// Frees a handle.
/// @param spki  or NULL
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_spki_free(spki: *mut pyssl_spki) -> pyssl_status {
    gate(|| Spki::free(spki))
}
