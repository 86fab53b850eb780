//! Whom a context trusts.

use super::Ctx;
use crate::core::error::{Error, Result};
use crate::core::files;
use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

impl Ctx {
    /// Trusts the certificates of a PEM file, or of a directory with OpenSSL's hashed names, or of both.
    pub fn load_verify_locations(&self, file: Option<&CStr>, directory: Option<&CStr>) -> Result<()> {
        if let Some(file) = file {
            files::check("cannot read the file of trusted certificates", file)?;
        }
        if file.is_none() && directory.is_none() {
            return Err(Error::openssl().doing("neither a file nor a directory of trusted certificates is named"));
        }
        self.change(|ssl| ssl.load_verify_locations(file, directory)).map_err(|error| match file.or(directory) {
            Some(path) => files::bad("trusted certificates", path, error),
            None => error,
        })
    }

    /// Trusts what the system trusts: SSL_CERT_FILE and SSL_CERT_DIR where set, else the places where distributions
    /// keep their bundles.
    pub fn load_system_trust(&self) -> Result<()> {
        let found = openssl_probe::probe();
        let mut loaded = false;
        if let Some(file) = found.cert_file.as_deref().and_then(c_path) {
            self.load_verify_locations(Some(&file), None)?;
            loaded = true;
        }
        for directory in found.cert_dir.iter().filter_map(|path| c_path(path)) {
            self.load_verify_locations(None, Some(&directory))?;
            loaded = true;
        }
        if loaded {
            return Ok(());
        }
        let why = "no system trust store was found: neither SSL_CERT_FILE nor SSL_CERT_DIR is set, and no known bundle exists";
        Err(Error::openssl().doing(why))
    }
}

fn c_path(path: &Path) -> Option<CString> {
    CString::new(path.as_os_str().as_bytes()).ok()
}
