//! Signatures over bytes.

use super::digest;
use super::pkey::PKey;
use crate::error::{Error, Result};
use openssl::md_ctx::MdCtx;
use std::ffi::CStr;

/// Signs; no digest name means the digest that the kind of key brings along (Ed25519, Ed448).
pub fn sign(key: &PKey, digest: Option<&CStr>, data: &[u8]) -> Result<Vec<u8>> {
    let key = key.private()?;
    let digest = digest.map(digest::by_name).transpose()?;
    let sign = || {
        let (mut ctx, mut signature) = (MdCtx::new()?, Vec::new());
        ctx.digest_sign_init(digest.as_deref(), &key)?;
        ctx.digest_sign_to_vec(data, &mut signature)?;
        Ok(signature)
    };
    sign().map_err(|error: Error| error.doing("cannot sign"))
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
