//! Message digests by OpenSSL's names, aliases included.

use super::error::{Error, Result};
use super::sys::digest as sys;
use std::ffi::CStr;

pub use sys::Digest;

/// A digest by name ("sha256", "SHA1", "sha512-256", dotted numbers).
pub fn by_name(name: &CStr) -> Result<Digest> {
    sys::by_name(name).ok_or_else(|| Error::argument("No such digest method"))
}

pub fn of(digest: &Digest, data: &[u8]) -> Result<Vec<u8>> {
    sys::of(digest, data)
}
