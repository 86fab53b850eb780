//! PKCS#12 (RFC 7292): a key, its certificate and others, under a passphrase.

use super::pkey::PKey;
use super::x509::X509;
use crate::error::{Error, Result};
use crate::openssl::pkcs12 as raw;
use crate::runtime::memory;
use crate::runtime::mutex::Mutex;
use std::ffi::CString;
use std::sync::Arc;

pub use crate::openssl::pkcs12::Protection;

/// Holds its parts; files are only read from and written to.
#[derive(Default)]
pub struct Pkcs12 {
    parts: Mutex<Parts>,
}

#[derive(Clone, Default)]
struct Parts {
    key: Option<Arc<PKey>>,
    cert: Option<Arc<X509>>,
    others: Option<Vec<Arc<X509>>>,
    name: Option<Vec<u8>>,
}

impl Pkcs12 {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// An empty passphrase and none are tried as each other, for writers mix them up.
    pub fn load(der: &[u8], passphrase: Option<&[u8]>) -> Result<Arc<Self>> {
        let passphrase = c_string(passphrase.filter(|phrase| !phrase.is_empty()), "passphrase")?;
        let opened =
            raw::open(der, passphrase.as_deref()).map_err(|error| error.doing("cannot load the PKCS#12 file"))?;
        let others: Vec<_> = opened.others.into_iter().map(X509::from_openssl).collect();
        let parts = Parts {
            key: opened.key.map(PKey::from_private),
            cert: opened.cert.map(X509::from_openssl),
            others: (!others.is_empty()).then_some(others),
            name: opened.name,
        };
        Ok(Arc::new(Pkcs12 { parts: Mutex::new(parts) }))
    }

    pub fn export(&self, passphrase: Option<&[u8]>, protection: &Protection) -> Result<Vec<u8>> {
        let parts = self.parts.lock().clone();
        self.seal(&parts, passphrase, protection).map_err(|error| error.doing("cannot write the PKCS#12 file"))
    }

    pub fn key(&self) -> Option<Arc<PKey>> {
        self.parts.lock().key.clone()
    }

    pub fn set_key(&self, key: Option<Arc<PKey>>) {
        self.parts.lock().key = key;
    }

    pub fn cert(&self) -> Option<Arc<X509>> {
        self.parts.lock().cert.clone()
    }

    pub fn set_cert(&self, cert: Option<Arc<X509>>) {
        self.parts.lock().cert = cert;
    }

    /// The certificates beside the key's own; None when they were never set.
    pub fn others(&self) -> Option<Vec<Arc<X509>>> {
        self.parts.lock().others.clone()
    }

    pub fn set_others(&self, others: Option<Vec<Arc<X509>>>) {
        self.parts.lock().others = others;
    }

    pub fn friendly_name(&self) -> Option<Vec<u8>> {
        self.parts.lock().name.clone()
    }

    pub fn set_friendly_name(&self, name: Option<&[u8]>) -> Result<()> {
        let name = name.map(memory::copy).transpose()?;
        self.parts.lock().name = name;
        Ok(())
    }

    fn seal(&self, parts: &Parts, passphrase: Option<&[u8]>, protection: &Protection) -> Result<Vec<u8>> {
        let others = parts.others.iter().flatten().map(|cert| cert.to_openssl()).collect::<Result<Vec<_>>>()?;
        let contents = raw::Contents {
            key: parts.key.as_ref().map(|key| key.private()).transpose()?,
            cert: parts.cert.as_ref().map(|cert| cert.to_openssl()).transpose()?,
            others,
            name: c_string(parts.name.as_deref(), "friendly name")?,
        };
        let passphrase = c_string(passphrase, "passphrase")?;
        raw::seal(&contents, passphrase.as_deref(), protection)
    }
}

/// OpenSSL takes these texts NUL-terminated; cutting one at a NUL inside would be a lie.
fn c_string(bytes: Option<&[u8]>, what: &str) -> Result<Option<CString>> {
    bytes.map(|bytes| CString::new(bytes).map_err(|_| Error::argument(format!("a NUL in the {what}")))).transpose()
}
