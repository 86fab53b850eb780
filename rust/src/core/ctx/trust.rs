//! Whom a context trusts, and whom a server asks its clients to be certified by.

use super::Ctx;
use crate::core::files;
use crate::core::name::Name;
use crate::core::store::Store;
use crate::core::x509::X509;
use crate::error::{Error, Result};
use crate::openssl::store as raw;
use openssl::stack::Stack;
use openssl::x509::{X509Name, X509 as Cert};
use std::env;
use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

impl Ctx {
    /// Trusts the certificates of a PEM file, or of a directory with OpenSSL's hashed names, or of both.
    pub fn load_verify_locations(&self, file: Option<&CStr>, directory: Option<&CStr>) -> Result<()> {
        if let Some(file) = file {
            files::check("cannot read the file of trusted certificates", file)?;
        }
        if file.is_none() && directory.is_none() {
            return Err(Error::openssl().doing("neither a file nor a directory of trusted certificates is named"));
        }
        raw::load_locations(&self.store(), file, directory).map_err(|error| match file.or(directory) {
            Some(path) => files::bad("trusted certificates", path, error),
            None => error,
        })
    }

    /// Trusts the certificates of a PEM text, and takes its revocation lists.
    pub fn load_verify_pem(&self, pem: &[u8]) -> Result<()> {
        raw::load_pem(&self.store(), pem).map_err(|error| error.while_doing("cannot load the trusted certificates"))
    }

    /// As `load_system_trust`, and what is missing or cannot be used is passed over, as OpenSSL does.
    pub fn set_default_verify_paths(&self) {
        let places = Places::find();
        for (file, directory) in places.pairs() {
            let _ = self.load_verify_locations(file, directory);
        }
    }

    /// Trusts what the system trusts: what SSL_CERT_FILE and SSL_CERT_DIR name where one is set, else what the
    /// distribution keeps in one of the known places.
    pub fn load_system_trust(&self) -> Result<()> {
        let places = Places::find();
        if places.file.is_none() && places.directories.is_empty() {
            let why = "no system trust store was found: neither SSL_CERT_FILE nor SSL_CERT_DIR is set, and no known bundle exists";
            return Err(Error::openssl().doing(why));
        }
        let load = |(file, directory)| self.load_verify_locations(file, directory);
        let loaded = places.pairs().try_for_each(load);
        loaded
    }

    /// The store that the context verifies with, live; it keeps the context alive.
    pub fn cert_store(self: &Arc<Self>) -> Arc<Store> {
        Store::of_owner(self.clone(), self.store())
    }

    /// Verifies with another store, which is shared and not copied.
    pub fn set_cert_store(&self, store: &Store) {
        self.put_store(raw::share(store.shared()));
    }

    /// The authorities named to clients are the subjects in a PEM file.
    pub fn load_client_ca(&self, path: &CStr) -> Result<()> {
        let pem = files::read("cannot read the file of client authorities", path)?;
        let bad = |error| files::bad("client authorities", path, error);
        let certs = Cert::stack_from_pem(&pem).map_err(|error| bad(error.into()))?;
        if certs.is_empty() {
            return Err(bad(Error::openssl().doing("there is no certificate in it")));
        }
        let mut seen = Vec::new();
        let mut names = Stack::new()?;
        for cert in certs {
            let der = cert.subject_name().to_der()?;
            if !seen.contains(&der) {
                names.push(cert.subject_name().to_owned()?)?;
                seen.push(der);
            }
        }
        self.change_client_cas(|_| Ok(names))
    }

    /// The authorities named to clients.
    pub fn set_client_ca_list(&self, names: &[Arc<Name>]) -> Result<()> {
        let mut stack = Stack::new()?;
        for name in names {
            stack.push(name.to_openssl()?)?;
        }
        self.change_client_cas(|_| Ok(stack))
    }

    /// Names one authority more to clients.
    pub fn add_client_ca(&self, cert: &X509) -> Result<()> {
        let cert = cert.to_openssl()?;
        let add = |mut names: Stack<X509Name>| {
            names.push(cert.subject_name().to_owned()?)?;
            Ok(names)
        };
        self.change_client_cas(add).map_err(|error| error.doing("cannot add the client authority"))
    }
}

/// Where the system keeps whom it trusts. OPENSSLDIR tells nothing about it: OpenSSL is built in.
struct Places {
    file: Option<CString>,
    directories: Vec<CString>,
}

impl Places {
    fn find() -> Self {
        let (file, directory) = (env::var_os("SSL_CERT_FILE"), env::var_os("SSL_CERT_DIR"));
        if file.is_some() || directory.is_some() {
            // Whoever sets one of them means it and nothing else, also where it is wrong. A directory may be a list.
            let path = |path: &OsStr| CString::new(path.as_bytes()).ok().filter(|path| !path.is_empty());
            return Places {
                file: file.as_deref().and_then(path),
                directories: directory.as_deref().and_then(path).into_iter().collect(),
            };
        }
        let found = openssl_probe::probe();
        Places {
            file: found.cert_file.as_deref().and_then(c_path),
            directories: found.cert_dir.iter().filter_map(|path| c_path(path)).collect(),
        }
    }

    /// As load_verify_locations() takes them.
    fn pairs(&self) -> impl Iterator<Item = (Option<&CStr>, Option<&CStr>)> {
        let file = self.file.as_deref().map(|file| (Some(file), None));
        file.into_iter().chain(self.directories.iter().map(|directory| (None, Some(directory.as_c_str()))))
    }
}

fn c_path(path: &Path) -> Option<CString> {
    CString::new(path.as_os_str().as_bytes()).ok()
}
