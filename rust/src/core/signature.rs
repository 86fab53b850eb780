//! Signatures over bytes.

use super::digest;
use super::pkey::PKey;
use crate::error::{Error, Result};
use openssl::md_ctx::MdCtx;
use std::ffi::CStr;

/// Signs with one key and digest.
pub struct Signer {
    key: openssl::pkey::PKey<openssl::pkey::Private>,
    digest: Option<openssl::md::Md>,
}

impl Signer {
    /// Fails for a key without its private part and for an unknown digest. No digest name means the digest that the kind
    /// of key brings along (Ed25519, Ed448).
    pub fn new(key: &PKey, digest: Option<&CStr>) -> Result<Self> {
        Ok(Signer { key: key.private()?, digest: digest.map(digest::by_name).transpose()? })
    }

    /// Returns the length of the longest signature of the key. Those of DSA and ECDSA vary by a few bytes.
    pub fn max_len(&self) -> usize {
        self.key.size()
    }

    pub fn sign(&self, data: &[u8]) -> Result<Vec<u8>> {
        let sign = || {
            let (mut ctx, mut signature) = (MdCtx::new()?, Vec::new());
            ctx.digest_sign_init(self.digest.as_deref(), &self.key)?;
            ctx.digest_sign_to_vec(data, &mut signature)?;
            Ok(signature)
        };
        sign().map_err(|error: Error| error.doing("cannot sign"))
    }
}

/// Fails when the signature was not made with this key over these bytes.
pub fn verify(key: &PKey, digest: Option<&CStr>, signature: &[u8], data: &[u8]) -> Result<()> {
    let key = key.public()?;
    let digest = digest.map(digest::by_name).transpose()?;
    let verify = || {
        let mut ctx = MdCtx::new()?;
        ctx.digest_verify_init(digest.as_deref(), &key)?;
        if ctx.digest_verify(data, signature)? {
            return Ok(());
        }
        Err(Error::openssl())
    };
    verify().map_err(|error: Error| error.doing("the signature does not fit"))
}
