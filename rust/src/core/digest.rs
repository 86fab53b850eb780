//! Message digests by OpenSSL's names, aliases included.

use crate::error::{Error, Result};
use crate::openssl::digest as raw;
use std::ffi::CStr;

pub use raw::Digest;

/// A digest by name ("sha256", "SHA1", "sha512-256", dotted numbers).
pub fn by_name(name: &CStr) -> Result<Digest> {
    raw::by_name(name).ok_or_else(|| {
        let name = name.to_bytes().escape_ascii();
        Error::argument(format!("No such digest method: \"{name}\"; \"sha256\" is one"))
    })
}

pub fn of(digest: &Digest, data: &[u8]) -> Result<Vec<u8>> {
    raw::of(digest, data)
}
