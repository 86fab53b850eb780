//! What this library and the OpenSSL under it are.

use super::files;
use crate::error::Result;
use crate::openssl::library as raw;
use libc::c_int;
use std::ffi::CStr;

/// The crate's version, for C.
pub const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("a version without NUL"),
};

pub fn openssl_version_number() -> u64 {
    raw::version_number()
}

/// Reads an OpenSSL configuration file and applies it to the process.
pub fn load_config(path: &CStr) -> Result<()> {
    files::check("cannot read the configuration file", path)?;
    raw::load_config(path).map_err(|error| files::bad("configuration", path, error))
}

/// OpenSSL's words for an X509_V_* code.
pub fn verify_error_text(code: c_int) -> &'static CStr {
    raw::verify_error_text(code)
}

pub fn openssl_version(what: c_int) -> &'static CStr {
    raw::version_text(what)
}
