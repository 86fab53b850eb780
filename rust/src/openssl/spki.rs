//! NETSCAPE_SPKI_*, which neither the `openssl` crate nor openssl-sys has.

use super::check::check;
use super::ffi;
use crate::error::{Error, Result};
use crate::runtime::memory;
use foreign_types::{ForeignType, ForeignTypeRef};
use libc::c_int;
use openssl::md::MdRef;
use openssl::pkey::{PKey, PKeyRef, Private, Public};
use std::ffi::CStr;

pub struct Spki(*mut ffi::NETSCAPE_SPKI);

// SAFETY: the structure belongs to this value alone, and nothing in it is bound to a thread.
unsafe impl Send for Spki {}

impl Spki {
    pub fn new() -> Result<Self> {
        ffi::init();
        // SAFETY: no arguments; what is returned is owned by us.
        owned(unsafe { ffi::NETSCAPE_SPKI_new() })
    }

    pub fn from_base64(text: &[u8]) -> Result<Self> {
        ffi::init();
        // OpenSSL would take a length of 0 for "up to the NUL".
        let len = c_int::try_from(text.len()).ok().filter(|len| *len > 0);
        let len = len.ok_or_else(|| Error::new(crate::status::Status::Error, "no base64 text"))?;
        // SAFETY: `len` readable bytes.
        owned(unsafe { ffi::NETSCAPE_SPKI_b64_decode(text.as_ptr().cast(), len) })
    }

    pub fn to_base64(&self) -> Result<Vec<u8>> {
        // SAFETY: a live structure; the text made is copied and freed.
        unsafe {
            let text = ffi::NETSCAPE_SPKI_b64_encode(self.0);
            if text.is_null() {
                return Err(Error::openssl());
            }
            let copy = memory::copy(CStr::from_ptr(text).to_bytes());
            ffi::OPENSSL_free(text.cast());
            Ok(copy?)
        }
    }

    pub fn public_key(&self) -> Result<PKey<Public>> {
        // SAFETY: a live structure; the key returned is a reference of our own.
        unsafe {
            let key = ffi::NETSCAPE_SPKI_get_pubkey(self.0);
            if key.is_null() {
                return Err(Error::openssl());
            }
            Ok(PKey::from_ptr(key))
        }
    }

    pub fn set_public_key(&mut self, key: &PKeyRef<Public>) -> Result<()> {
        // SAFETY: live objects; the key is copied into the structure.
        check(unsafe { ffi::NETSCAPE_SPKI_set_pubkey(self.0, key.as_ptr()) })
    }

    pub fn sign(&mut self, key: &PKeyRef<Private>, digest: &MdRef) -> Result<()> {
        // SAFETY: live objects and a live digest.
        check(unsafe { ffi::NETSCAPE_SPKI_sign(self.0, key.as_ptr(), digest.as_ptr()) })
    }

    pub fn verify(&self, key: &PKeyRef<Public>) -> Result<()> {
        // SAFETY: live objects, which the check only reads.
        check(unsafe { ffi::NETSCAPE_SPKI_verify(self.0, key.as_ptr()) })
    }
}

impl Drop for Spki {
    fn drop(&mut self) {
        // SAFETY: owned since it was made.
        unsafe { ffi::NETSCAPE_SPKI_free(self.0) };
    }
}

fn owned(spki: *mut ffi::NETSCAPE_SPKI) -> Result<Spki> {
    if spki.is_null() {
        Err(Error::openssl())
    } else {
        Ok(Spki(spki))
    }
}
