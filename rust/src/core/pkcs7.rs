//! PKCS#7 (RFC 2315): what kind of content a message has.

use super::filetype::FileType;
use crate::error::Result;
use crate::openssl::pem;
use openssl::nid::Nid;
use openssl::pkcs7::Pkcs7 as Message;
use std::sync::Arc;

/// Read once and never changed, so threads share it without a lock.
pub struct Pkcs7 {
    content_type: Nid,
}

impl Pkcs7 {
    pub fn load(filetype: FileType, data: &[u8]) -> Result<Arc<Self>> {
        let message = match filetype {
            FileType::Der => Message::from_der(data).map_err(Into::into),
            _ => pem::read::<Message>(data, openssl_sys::PEM_read_bio_PKCS7),
        };
        let message = message.map_err(|error| error.doing("cannot load the PKCS#7 message"))?;
        Ok(Arc::new(Pkcs7 { content_type: message.type_().map_or(Nid::UNDEF, |object| object.nid()) }))
    }

    pub fn is_data(&self) -> bool {
        self.content_type == Nid::PKCS7_DATA
    }

    pub fn is_signed(&self) -> bool {
        self.content_type == Nid::PKCS7_SIGNED
    }

    pub fn is_enveloped(&self) -> bool {
        self.content_type == Nid::PKCS7_ENVELOPED
    }

    pub fn is_signed_and_enveloped(&self) -> bool {
        self.content_type == Nid::PKCS7_SIGNEDANDENVELOPED
    }

    /// OpenSSL's short name of the content type, "UNDEF" when it knows none.
    pub fn type_name(&self) -> Result<&'static str> {
        Ok(self.content_type.short_name()?)
    }
}
