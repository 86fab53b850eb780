//! A certificate request (PKCS#10).

use super::digest;
use super::extension::Extension;
use super::filetype::FileType;
use super::name::{dead, Holder, Name, Part};
use super::pkey::PKey;
use crate::error::{Error, Result};
use crate::openssl::{pem, request as raw};
use crate::runtime::mutex::Mutex;
use libc::c_long;
use openssl::x509::{X509Name, X509NameRef, X509Req};
use std::ffi::CStr;
use std::sync::Arc;

pub struct Request {
    inner: Mutex<Inner>,
}

struct Inner {
    request: X509Req,
    /// How often the subject was replaced as a whole: views made before are dead.
    stamp: u32,
}

impl Request {
    /// An empty request: version 0 (which means v1), no name, no key.
    pub fn new() -> Result<Arc<Self>> {
        Ok(Self::from_openssl(raw::empty()?))
    }

    /// Takes a request that nobody else holds a reference to.
    pub fn from_openssl(request: X509Req) -> Arc<Self> {
        Arc::new(Request { inner: Mutex::new(Inner { request, stamp: 0 }) })
    }

    pub fn load(filetype: FileType, data: &[u8]) -> Result<Arc<Self>> {
        let request = match filetype {
            FileType::Der => X509Req::from_der(data).map_err(Error::from),
            _ => pem::read(data, openssl_sys::PEM_read_bio_X509_REQ),
        };
        request.map(Self::from_openssl).map_err(|error| error.while_doing("cannot load the certificate request"))
    }

    pub fn dump(&self, filetype: FileType) -> Result<Vec<u8>> {
        let inner = self.inner.lock();
        let dumped = match filetype {
            FileType::Pem => inner.request.to_pem().map_err(Error::from),
            FileType::Der => inner.request.to_der().map_err(Error::from),
            FileType::Text => raw::text(&inner.request),
        };
        dumped.map_err(|error| error.while_doing("cannot write the certificate request"))
    }

    /// A live view of the subject: writing to it changes this request.
    pub fn subject(self: &Arc<Self>) -> Arc<Name> {
        let stamp = self.inner.lock().stamp;
        Name::view(self.clone(), Part::Subject, stamp)
    }

    /// Copies a name into the request. Views of the name that was there are dead from now on.
    pub fn set_subject(&self, name: &Name) -> Result<()> {
        let name = name.to_openssl()?;
        let mut inner = self.inner.lock();
        raw::set_subject(&mut inner.request, &name)?;
        inner.stamp = inner.stamp.wrapping_add(1);
        Ok(())
    }

    pub fn version(&self) -> c_long {
        raw::version(&self.inner.lock().request)
    }

    /// PKCS#10 has one version, v1, written 0.
    pub fn set_version(&self, version: c_long) -> Result<()> {
        if version != 0 {
            return Err(Error::argument("Invalid version. The only valid version for X509Req is 0."));
        }
        raw::set_version(&mut self.inner.lock().request, version)
    }

    pub fn public_key(&self) -> Result<Arc<PKey>> {
        let key = self.inner.lock().request.public_key().map_err(Error::from);
        key.map(PKey::from_public).map_err(|error| error.while_doing("cannot use the request's public key"))
    }

    pub fn set_public_key(&self, key: &PKey) -> Result<()> {
        let key = key.to_be_certified()?;
        raw::set_public_key(&mut self.inner.lock().request, &key)
    }

    /// Adds to the extensions that are asked for.
    pub fn add_extensions(&self, extensions: &[Arc<Extension>]) -> Result<()> {
        let extensions: Vec<_> = extensions.iter().map(|extension| extension.as_openssl()).collect();
        raw::add_extensions(&mut self.inner.lock().request, &extensions)
    }

    pub fn extensions(&self) -> Result<Vec<Arc<Extension>>> {
        let found = raw::extensions(&self.inner.lock().request)?;
        Ok(found.into_iter().map(Extension::from_openssl).collect())
    }

    /// As `X509::sign`.
    pub fn sign(&self, key: &PKey, digest: Option<&CStr>) -> Result<()> {
        if key.is_public_only() {
            return Err(Error::argument("Key has only public part"));
        }
        let key = key.private()?;
        let digest = digest.map(digest::by_name).transpose()?;
        let signed = raw::sign(&mut self.inner.lock().request, &key, digest.as_deref());
        signed.map_err(|error| error.while_doing("cannot sign the certificate request"))
    }

    /// Fails when the signature was not made with this key.
    pub fn verify(&self, key: &PKey) -> Result<()> {
        let key = key.public()?;
        let verified = raw::verify(&self.inner.lock().request, &key);
        verified.map_err(|error| error.while_doing("the request's signature is not of this key"))
    }
}

impl Holder for Request {
    fn read_name(&self, _: Part, stamp: u32, read: &mut dyn FnMut(&X509NameRef) -> Result<()>) -> Result<()> {
        let inner = self.inner.lock();
        if inner.stamp != stamp {
            return Err(dead());
        }
        read(inner.request.subject_name())
    }

    fn change_name(&self, _: Part, stamp: u32, change: &mut dyn FnMut(&mut X509Name) -> Result<()>) -> Result<()> {
        let mut inner = self.inner.lock();
        if inner.stamp != stamp {
            return Err(dead());
        }
        let mut name = inner.request.subject_name().to_owned()?;
        change(&mut name)?;
        raw::set_subject(&mut inner.request, &name)
    }
}
