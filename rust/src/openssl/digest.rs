//! Digests as OpenSSL's providers have them.

use super::ffi;
use crate::error::{Error, Result};
use crate::runtime::memory;
use foreign_types::{ForeignType, ForeignTypeRef};
use libc::c_uint;
use openssl::md::{Md, MdRef};
use std::ffi::CStr;
use std::ptr;

pub type Digest = Md;

/// Providers know a digest by its own names; those of signatures made with it ("RSA-SHA256") are an older table's.
pub fn by_name(name: &CStr) -> Option<Digest> {
    // SAFETY: NUL-terminated names, that of the table static as the digest it belongs to. The digest fetched is ours to
    // drop. A name that is unknown leaves an entry in the queue, which the call gate clears.
    unsafe {
        let mut md = ffi::EVP_MD_fetch(ptr::null_mut(), name.as_ptr(), ptr::null());
        if md.is_null() {
            let alias = ffi::EVP_get_digestbyname(name.as_ptr());
            if !alias.is_null() {
                md = ffi::EVP_MD_fetch(ptr::null_mut(), ffi::EVP_MD_get0_name(alias), ptr::null());
            }
        }
        (!md.is_null()).then(|| Md::from_ptr(md))
    }
}

pub fn of(digest: &MdRef, data: &[u8]) -> Result<Vec<u8>> {
    let mut room = [0u8; 64];
    let mut len: c_uint = 0;
    // SAFETY: EVP_MAX_MD_SIZE bytes of room, `data` readable, a live digest.
    let ok = unsafe {
        ffi::EVP_Digest(data.as_ptr().cast(), data.len(), room.as_mut_ptr(), &mut len, digest.as_ptr(), ptr::null_mut())
    };
    if ok != 1 {
        return Err(Error::openssl());
    }
    Ok(memory::copy_few(room.get(..len as usize).unwrap_or_default()))
}
