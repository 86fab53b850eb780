//! Message digests by OpenSSL's names, aliases included.

use crate::error::{Error, Result};
use crate::openssl::digest as raw;
use std::ffi::CStr;

pub use raw::Digest;

/// A digest by name ("sha256", "SHA1", "sha512-256", dotted numbers).
pub fn by_name(name: &CStr) -> Result<Digest> {
    raw::by_name(name).ok_or_else(|| Error::argument("No such digest method"))
}

pub fn of(digest: &Digest, data: &[u8]) -> Result<Vec<u8>> {
    raw::of(digest, data)
}
