//! An X.509 v3 extension. It never changes once made.

use crate::error::{Error, Result};
use crate::openssl::extension as raw;
use crate::runtime::memory;
use openssl::x509::{X509Extension, X509ExtensionRef, X509Ref};
use std::ffi::CStr;
use std::sync::Arc;

pub struct Extension {
    extension: X509Extension,
}

impl Extension {
    pub fn from_openssl(extension: X509Extension) -> Arc<Self> {
        Arc::new(Extension { extension })
    }

    pub fn as_openssl(&self) -> &X509ExtensionRef {
        &self.extension
    }

    /// From a name and a value in the syntax of OpenSSL's configuration files (x509v3_config). Subject and issuer are
    /// the certificates that "hash", "keyid", "issuer:copy" and their kin look at.
    pub fn by_name(
        name: &CStr,
        critical: bool,
        value: &CStr,
        subject: Option<&X509Ref>,
        issuer: Option<&X509Ref>,
    ) -> Result<Arc<Self>> {
        let extension = raw::by_name(name, critical, value, subject, issuer);
        extension.map(Self::from_openssl).map_err(|error| error.while_doing("cannot make the extension"))
    }

    pub fn is_critical(&self) -> bool {
        raw::is_critical(&self.extension)
    }

    /// OpenSSL's short name, "UNDEF" for a type it does not know.
    pub fn short_name(&self) -> String {
        raw::short_name(&self.extension)
    }

    /// The DER of the value: what is inside the OCTET STRING.
    pub fn data(&self) -> Result<Vec<u8>> {
        raw::data(&self.extension)
    }

    /// For people, as `openssl x509 -text` has it. A subjectAltName keeps whatever bytes its names have, NULs too, so
    /// that none can hide behind another; a type that OpenSSL does not know is a hexadecimal dump.
    pub fn text(&self) -> Result<String> {
        let text = if raw::is_alt_name(&self.extension) {
            raw::alt_names(&self.extension)
        } else {
            raw::text(&self.extension)
        };
        let text = text.map_err(|error: Error| error.while_doing("cannot read the extension"))?;
        Ok(memory::text(&text)?)
    }
}
