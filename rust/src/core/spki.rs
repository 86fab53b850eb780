//! Netscape's signed public key and challenge (SPKAC): what `<keygen>` sent.

use super::digest;
use super::pkey::PKey;
use crate::error::Result;
use crate::openssl::spki as raw;
use crate::runtime::mutex::Mutex;
use std::ffi::CStr;
use std::sync::Arc;

pub struct Spki {
    spki: Mutex<raw::Spki>,
}

impl Spki {
    pub fn new() -> Result<Arc<Self>> {
        Ok(Self::holding(raw::Spki::new()?))
    }

    /// From base64; blanks and line ends in it are passed over.
    pub fn from_base64(text: &[u8]) -> Result<Arc<Self>> {
        let text: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        raw::Spki::from_base64(&text)
            .map(Self::holding)
            .map_err(|error| error.doing("cannot load the signed public key and challenge"))
    }

    pub fn to_base64(&self) -> Result<Vec<u8>> {
        self.spki.lock().to_base64()
    }

    pub fn public_key(&self) -> Result<Arc<PKey>> {
        self.spki.lock().public_key().map(PKey::from_public)
    }

    pub fn set_public_key(&self, key: &PKey) -> Result<()> {
        let key = key.public()?;
        self.spki.lock().set_public_key(&key)
    }

    pub fn sign(&self, key: &PKey, digest: &CStr) -> Result<()> {
        let (key, digest) = (key.private()?, digest::by_name(digest)?);
        self.spki.lock().sign(&key, &digest)
    }

    /// Was it signed with the private part of this key?
    pub fn verify(&self, key: &PKey) -> Result<()> {
        let key = key.public()?;
        self.spki.lock().verify(&key)
    }

    fn holding(spki: raw::Spki) -> Arc<Self> {
        Arc::new(Spki { spki: Mutex::new(spki) })
    }
}
