//! Trusted certificates and revocation lists, and verifying a chain against them (RFC 5280, 6).

use super::crl::Crl;
use super::x509::X509;
use crate::error::{Detail, Error, Result, VerifyFailure};
use crate::openssl::store as raw;
use crate::runtime::mutex::Mutex;
use crate::status::Status;
use openssl::x509::store::{X509Store, X509StoreRef};
use std::any::Any;
use std::ffi::CStr;
use std::sync::Arc;

pub struct Store {
    store: X509Store,
    /// What `store` is a part of.
    _owner: Option<Arc<dyn Any + Send + Sync>>,
}

impl Store {
    pub fn new() -> Result<Arc<Self>> {
        Ok(Self::holding(raw::empty()?, None))
    }

    /// The store inside another object (a TLS context), which it keeps alive. `store` is a reference of its own.
    pub fn of_owner(owner: Arc<dyn Any + Send + Sync>, store: X509Store) -> Arc<Self> {
        Self::holding(store, Some(owner))
    }

    /// The store itself, for what verifies with it.
    pub fn shared(&self) -> &X509StoreRef {
        &self.store
    }

    /// Trusts a certificate as it is now: later changes of it do not reach the store. One that is there already is fine.
    pub fn add_cert(&self, cert: &X509) -> Result<()> {
        let cert = cert.shared()?;
        raw::add_cert(&self.store, &cert)
    }

    pub fn add_crl(&self, crl: &Crl) -> Result<()> {
        let crl = crl.to_openssl()?;
        raw::add_crl(&self.store, &crl)
    }

    /// Adds X509_V_FLAG_* to those that are set; there is no way to take one off.
    pub fn set_flags(&self, flags: u64) -> Result<()> {
        raw::set_flags(&self.store, flags)
    }

    /// Verifies as of this moment (seconds since 1970), not as of now.
    pub fn set_time(&self, seconds: i64) -> Result<()> {
        raw::set_time(&self.store, seconds)
    }

    /// Trusts the certificates (and takes the revocation lists) in a PEM file, and those in a directory that
    /// `openssl rehash` prepared, which are looked up there when needed.
    pub fn load_locations(&self, file: Option<&CStr>, directory: Option<&CStr>) -> Result<()> {
        if file.is_none() && directory.is_none() {
            return Err(Error::new(Status::Error, "neither a file nor a directory to load certificates from"));
        }
        raw::load_locations(&self.store, file, directory).map_err(|error| match file.or(directory) {
            Some(path) => unloadable(error, path),
            None => error,
        })
    }

    /// Trusts the certificates of a PEM text, and takes its revocation lists.
    pub fn load_pem(&self, pem: &[u8]) -> Result<()> {
        raw::load_pem(&self.store, pem).map_err(|error| error.while_doing("cannot load the trusted certificates"))
    }

    fn holding(store: X509Store, owner: Option<Arc<dyn Any + Send + Sync>>) -> Arc<Self> {
        Arc::new(Store { store, _owner: owner })
    }
}

/// A certificate, the certificates that may lead from it to a trusted one, and the store of those.
pub struct StoreContext {
    store: Mutex<Arc<Store>>,
    cert: Arc<X509>,
    untrusted: Vec<Arc<X509>>,
}

/// Why a certificate was not accepted.
pub struct Refusal {
    pub error: Error,
    /// A copy of the certificate in the chain that is at fault, where one is.
    pub culprit: Option<Arc<X509>>,
}

impl StoreContext {
    pub fn new(store: Arc<Store>, cert: Arc<X509>, untrusted: Vec<Arc<X509>>) -> Arc<Self> {
        Arc::new(StoreContext { store: Mutex::new(store), cert, untrusted })
    }

    /// Later verifications are against another store.
    pub fn set_store(&self, store: Arc<Store>) {
        *self.store.lock() = store;
    }

    /// With store and certificates as they are now.
    pub fn verify(&self) -> std::result::Result<(), Refusal> {
        self.verified()?;
        Ok(())
    }

    /// Verifies and gives the chain: the certificate first, the trusted one last.
    pub fn verified_chain(&self) -> std::result::Result<Vec<Arc<X509>>, Refusal> {
        let chain = self.verified()?.chain();
        Ok(chain.iter().map(|cert| X509::copy_of(cert)).collect::<Result<_>>()?)
    }

    fn verified(&self) -> std::result::Result<raw::Verification, Refusal> {
        let store = self.store.lock().clone();
        let cert = self.cert.shared()?;
        let untrusted = self.untrusted.iter().map(|cert| cert.shared()).collect::<Result<Vec<_>>>()?;
        let mut verification = raw::Verification::new(&store.store, cert, untrusted)?;
        match verification.run() {
            Ok(()) => Ok(verification),
            Err(refused) => Err(Refusal {
                culprit: refused.culprit.and_then(|cert| X509::copy_of(&cert).ok()),
                error: refusal(refused.failure),
            }),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal { error, culprit: None }
    }
}

fn refusal(failure: VerifyFailure) -> Error {
    let message = failure.message.clone().into();
    Error::with(Status::Error, Detail { message, verify: Some(failure), ..Detail::default() })
}

fn unloadable(error: Error, path: &CStr) -> Error {
    let path = path.to_string_lossy();
    let errno = std::fs::metadata(&*path).err().and_then(|error| error.raw_os_error()).unwrap_or(0);
    let mut error = error.doing(&format!("cannot load certificates from {path:?}")).at_path(&path);
    if let Some(detail) = &mut error.detail {
        detail.errno = errno;
    }
    error
}
