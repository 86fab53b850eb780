//! Certificate revocation lists (RFC 5280, 5).

use super::digest;
use super::filetype::FileType;
use super::name::Name;
use super::pkey::PKey;
use super::revoked::Revoked;
use super::x509::X509;
use crate::error::{Error, Result};
use crate::openssl::{crl as raw, pem};
use crate::runtime::mutex::Mutex;
use crate::status::Status;
use openssl::asn1::Asn1Time;
use openssl::x509::X509Crl;
use std::ffi::CStr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

pub struct Crl {
    crl: Mutex<X509Crl>,
}

impl Crl {
    pub fn new() -> Result<Arc<Self>> {
        raw::empty().map(Self::from_openssl)
    }

    pub fn load(filetype: FileType, data: &[u8]) -> Result<Arc<Self>> {
        let crl = match filetype {
            FileType::Der => X509Crl::from_der(data).map_err(Error::from),
            _ => pem::read(data, openssl_sys::PEM_read_bio_X509_CRL),
        };
        crl.map(Self::from_openssl).map_err(|error| error.doing("cannot load the revocation list"))
    }

    pub fn dump(&self, filetype: FileType) -> Result<Vec<u8>> {
        let crl = self.crl.lock();
        let dumped = match filetype {
            FileType::Pem => crl.to_pem().map_err(Error::from),
            FileType::Der => crl.to_der().map_err(Error::from),
            FileType::Text => raw::text(&crl),
        };
        dumped.map_err(|error| error.doing("cannot write the revocation list"))
    }

    /// An independent copy, to be handed to OpenSSL.
    pub fn to_openssl(&self) -> Result<X509Crl> {
        raw::duplicate(&self.crl.lock()).map_err(|error| error.doing("cannot copy the revocation list"))
    }

    /// A copy of the issuer's name.
    pub fn issuer(&self) -> Result<Arc<Name>> {
        raw::issuer(&self.crl.lock()).map(Name::from_openssl)
    }

    /// The number as it is encoded: 0 is v1, 1 is v2.
    pub fn set_version(&self, version: i64) -> Result<()> {
        raw::set_version(&mut self.crl.lock(), version)
    }

    pub fn set_last_update(&self, when: &CStr) -> Result<()> {
        raw::set_last_update(&mut self.crl.lock(), when)
    }

    pub fn set_next_update(&self, when: &CStr) -> Result<()> {
        raw::set_next_update(&mut self.crl.lock(), when)
    }

    pub fn revoked_count(&self) -> usize {
        raw::entry_count(&mut self.crl.lock())
    }

    /// A copy of an entry.
    pub fn revoked_at(&self, index: usize) -> Result<Arc<Revoked>> {
        raw::entry_at(&mut self.crl.lock(), index).map(Revoked::from_openssl)
    }

    /// Adds a copy of an entry.
    pub fn add_revoked(&self, revoked: &Revoked) -> Result<()> {
        let entry = revoked.to_openssl()?;
        raw::add_entry(&mut self.crl.lock(), entry)
    }

    /// Takes the issuer's name from its certificate and signs. No digest name is for keys that bring their own (Ed25519,
    /// Ed448).
    pub fn sign(&self, issuer: &X509, key: &PKey, digest: Option<&CStr>) -> Result<()> {
        let digest = digest.map(digest::by_name).transpose();
        let digest = digest.map_err(|error| Error { status: Status::Error, ..error })?;
        let (name, key) = (issuer.with(|cert| cert.subject_name().to_owned())?, key.private()?);
        let mut crl = self.crl.lock();
        raw::set_issuer(&mut crl, &name)?;
        raw::sign(&mut crl, &key, digest.as_deref())
            .map_err(|error| error.while_doing("cannot sign the revocation list"))
    }

    /// As `sign`, after setting the times to now and so many days from now.
    pub fn issue(&self, issuer: &X509, key: &PKey, days: i32, digest: Option<&CStr>) -> Result<()> {
        digest.map(digest::by_name).transpose()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
        let (last, next) = (Asn1Time::from_unix(now)?, Asn1Time::from_unix(now + i64::from(days) * 86_400)?);
        {
            let mut crl = self.crl.lock();
            raw::set_times(&mut crl, &last, &next)?;
        }
        self.sign(issuer, key, digest)
    }

    fn from_openssl(crl: X509Crl) -> Arc<Self> {
        Arc::new(Crl { crl: Mutex::new(crl) })
    }
}
