//! A certificate.

use super::digest;
use super::extension::Extension;
use super::filetype::FileType;
use super::name::{dead, Holder, Name, Part};
use super::pem_text;
use super::pkey::PKey;
use crate::error::{Error, Result};
use crate::openssl::{asn1, pem, x509 as raw};
use crate::runtime::mutex::Mutex;
use crate::status::Status;
use libc::c_long;
use openssl::x509::{X509Name, X509NameRef, X509Ref, X509 as Cert};
use std::ffi::CStr;
use std::sync::Arc;

pub use crate::openssl::x509::Limit;

pub struct X509 {
    inner: Mutex<Inner>,
}

struct Inner {
    cert: Cert,
    /// How often subject and issuer were replaced as a whole: views made before are dead.
    stamps: [u32; 2],
    /// Whether someone else holds this very certificate and reads it: it is never written to again, see `own`.
    shared: bool,
}

impl Inner {
    /// The certificate, to be written to: another one when this one is shared.
    fn own(&mut self) -> Result<&mut Cert> {
        if self.shared {
            self.cert = raw::duplicate(&self.cert)?;
            self.shared = false;
        }
        Ok(&mut self.cert)
    }
}

impl X509 {
    /// An empty certificate: version 0, serial 0, no times, no names, no key.
    pub fn new() -> Result<Arc<Self>> {
        Ok(Self::from_openssl(raw::empty()?))
    }

    /// Takes a certificate that nobody else holds a reference to; for one that OpenSSL goes on using (a peer's, one in
    /// a chain) see `copy_of`.
    pub fn from_openssl(cert: Cert) -> Arc<Self> {
        Arc::new(X509 { inner: Mutex::new(Inner { cert, stamps: [0; 2], shared: false }) })
    }

    /// A certificate that stays with someone else, who only reads it; it is duplicated when this one is written to.
    pub fn copy_of(cert: &X509Ref) -> Result<Arc<Self>> {
        // What cannot be encoded could not be duplicated later either.
        cert.to_der()?;
        Ok(Arc::new(X509 { inner: Mutex::new(Inner { cert: cert.to_owned(), stamps: [0; 2], shared: true }) }))
    }

    /// A duplicate that shares nothing, to be handed into a store, a context or a chain.
    pub fn to_openssl(&self) -> Result<Cert> {
        self.with(raw::duplicate)
    }

    /// The certificate as it is now, for those who only read it: later changes are made to another. Costs next to
    /// nothing. An unfinished certificate cannot be shared.
    pub fn shared(&self) -> Result<Cert> {
        let mut inner = self.inner.lock();
        // What cannot be encoded could not be duplicated later either.
        inner.cert.to_der()?;
        inner.shared = true;
        Ok(inner.cert.clone())
    }

    /// Lends the certificate, locked.
    pub fn with<T>(&self, read: impl FnOnce(&X509Ref) -> T) -> T {
        read(&self.inner.lock().cert)
    }

    /// Lends two certificates, which may be one and the same, both locked.
    pub fn with_two<T>(
        a: Option<&Arc<Self>>,
        b: Option<&Arc<Self>>,
        read: impl FnOnce(Option<&X509Ref>, Option<&X509Ref>) -> T,
    ) -> T {
        match (a, b) {
            (None, None) => read(None, None),
            (Some(a), None) => a.with(|a| read(Some(a), None)),
            (None, Some(b)) => b.with(|b| read(None, Some(b))),
            (Some(a), Some(b)) if Arc::ptr_eq(a, b) => a.with(|cert| read(Some(cert), Some(cert))),
            // In the order of their addresses, whoever asks: no two threads can wait for each other.
            (Some(a), Some(b)) if Arc::as_ptr(a) < Arc::as_ptr(b) => a.with(|a| b.with(|b| read(Some(a), Some(b)))),
            (Some(a), Some(b)) => b.with(|b| a.with(|a| read(Some(a), Some(b)))),
        }
    }

    pub fn load(filetype: FileType, data: &[u8]) -> Result<Arc<Self>> {
        let cert = match filetype {
            FileType::Der => Cert::from_der(data).map_err(Error::from),
            _ => match pem_text::body(data, "CERTIFICATE").and_then(|der| Cert::from_der(&der).ok()) {
                Some(cert) => Ok(cert),
                None => pem::read(data, openssl_sys::PEM_read_bio_X509),
            },
        };
        cert.map(Self::from_openssl).map_err(|error| error.while_doing("cannot load the certificate"))
    }

    /// Reads all certificates of a PEM text, in its order. None at all is an error, as is a damaged one.
    pub fn load_chain(pem: &[u8]) -> Result<Vec<Arc<Self>>> {
        let doing = "cannot load the certificates";
        let certs = Cert::stack_from_pem(pem).map_err(|error| Error::from(error).while_doing(doing))?;
        if certs.is_empty() {
            // Asked for one certificate, OpenSSL says what it misses.
            return Ok(vec![Self::load(FileType::Pem, pem)?]);
        }
        Ok(certs.into_iter().map(Self::from_openssl).collect())
    }

    pub fn dump(&self, filetype: FileType) -> Result<Vec<u8>> {
        let dumped = self.with(|cert| match filetype {
            FileType::Pem => cert.to_pem().map_err(Error::from),
            FileType::Der => cert.to_der().map_err(Error::from),
            FileType::Text => raw::text(cert),
        });
        dumped.map_err(|error| error.while_doing("cannot write the certificate"))
    }

    /// A live view of a name: writing to it changes this certificate.
    pub fn name(self: &Arc<Self>, part: Part) -> Arc<Name> {
        let stamp = self.inner.lock().stamps[part as usize];
        Name::view(self.clone(), part, stamp)
    }

    /// Copies a name into the certificate. Views of the name that was there are dead from now on.
    pub fn set_name(&self, part: Part, name: &Name) -> Result<()> {
        let name = name.to_openssl()?;
        let mut inner = self.inner.lock();
        raw::set_name(inner.own()?, part, &name)?;
        let stamp = &mut inner.stamps[part as usize];
        *stamp = stamp.wrapping_add(1);
        Ok(())
    }

    /// The hash of the subject, as `Name::hash`.
    pub fn subject_name_hash(self: &Arc<Self>) -> Result<u32> {
        self.name(Part::Subject).hash()
    }

    /// Zero based: 2 means v3.
    pub fn version(&self) -> c_long {
        self.with(raw::version)
    }

    pub fn set_version(&self, version: c_long) -> Result<()> {
        raw::set_version(self.inner.lock().own()?, version)
    }

    /// Big endian, two's complement, as short as can be.
    pub fn serial(&self) -> Result<Vec<u8>> {
        self.with(raw::serial)
    }

    pub fn set_serial(&self, serial: &[u8]) -> Result<()> {
        raw::set_serial(self.inner.lock().own()?, serial)
    }

    /// GeneralizedTime text whatever the encoding inside is; Status::Absent when never set.
    pub fn time(&self, limit: Limit) -> Result<Vec<u8>> {
        self.with(|cert| raw::time_text(cert, limit))?.ok_or_else(|| Error::bare(Status::Absent))
    }

    /// Any text ASN.1 allows: "YYYYMMDDhhmmssZ" (kept as GeneralizedTime), "YYMMDDhhmmssZ" (UTCTime), with fractions or
    /// offsets.
    pub fn set_time(&self, limit: Limit, text: &CStr) -> Result<()> {
        let mut inner = self.inner.lock();
        asn1::with_time(text, |time| raw::set_time(inner.own()?, limit, time))
            .unwrap_or_else(|| Err(asn1::no_time(text)))
    }

    /// So many seconds from now. A moment that ASN.1 cannot express changes nothing, which is no failure.
    pub fn adjust_time(&self, limit: Limit, seconds: c_long) -> Result<()> {
        let mut inner = self.inner.lock();
        asn1::with_time_from_now(seconds, |time| raw::set_time(inner.own()?, limit, time)).unwrap_or(Ok(()))
    }

    /// Whether notAfter lies in the past. RFC 5280: the second notAfter names is still valid.
    pub fn has_expired(&self) -> Result<bool> {
        let not_after = self
            .with(|cert| raw::time_seconds(cert, Limit::NotAfter))
            .map_err(|error| Error::argument(format!("Unable to determine notAfter: {}", error.message())))?;
        let not_after =
            not_after.ok_or_else(|| Error::argument("Unable to determine notAfter: the certificate has none"))?;
        Ok(not_after < now())
    }

    pub fn public_key(&self) -> Result<Arc<PKey>> {
        let key = self.with(|cert| Ok::<_, Error>(cert.public_key()?));
        key.map(PKey::from_public).map_err(|error| error.while_doing("cannot use the certificate's public key"))
    }

    pub fn set_public_key(&self, key: &PKey) -> Result<()> {
        let key = key.to_be_certified()?;
        raw::set_public_key(self.inner.lock().own()?, &key)
    }

    /// Signs with the key; no digest name means the digest that the kind of key brings along (Ed25519, Ed448).
    pub fn sign(&self, key: &PKey, digest: Option<&CStr>) -> Result<()> {
        let key = key.private()?;
        let digest = digest.map(digest::by_name).transpose()?;
        let signed = raw::sign(self.inner.lock().own()?, &key, digest.as_deref());
        signed.map_err(|error| error.while_doing("cannot sign the certificate"))
    }

    /// Long name of the algorithm that the signed part names.
    pub fn signature_algorithm(&self) -> Result<String> {
        self.with(raw::signature_algorithm).ok_or_else(|| Error::argument("Undefined signature algorithm"))
    }

    pub fn extension_count(&self) -> usize {
        self.with(raw::extension_count)
    }

    /// A copy of an extension; Status::Absent when there is none with this index.
    pub fn extension(&self, index: usize) -> Result<Arc<Extension>> {
        let found = self.with(|cert| raw::extension(cert, index))?;
        found.map(Extension::from_openssl).ok_or_else(|| Error::bare(Status::Absent))
    }

    pub fn add_extensions(&self, extensions: &[Arc<Extension>]) -> Result<()> {
        let mut inner = self.inner.lock();
        extensions.iter().try_for_each(|extension| raw::add_extension(inner.own()?, extension.as_openssl()))
    }

    /// The digest over the DER.
    pub fn digest(&self, digest: &CStr) -> Result<Vec<u8>> {
        let digest = digest::by_name(digest)?;
        self.with(|cert| raw::with_der(cert, |der| digest::of(&digest, der)))?
    }
}

impl Holder for X509 {
    fn read_name(&self, part: Part, stamp: u32, read: &mut dyn FnMut(&X509NameRef) -> Result<()>) -> Result<()> {
        let inner = self.inner.lock();
        if inner.stamps[part as usize] != stamp {
            return Err(dead());
        }
        read(match part {
            Part::Subject => inner.cert.subject_name(),
            Part::Issuer => inner.cert.issuer_name(),
        })
    }

    fn change_name(&self, part: Part, stamp: u32, change: &mut dyn FnMut(&mut X509Name) -> Result<()>) -> Result<()> {
        let mut inner = self.inner.lock();
        if inner.stamps[part as usize] != stamp {
            return Err(dead());
        }
        raw::change_name(inner.own()?, part, change)
    }
}

fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
}
