//! The certificates that an end shows, each with its key and its chain: one for each kind of key, as OpenSSL keeps them.
//!
//! OpenSSL drops the private key when a certificate is set that it does not belong to, so that handshakes fail until the
//! new key is set. Here the new certificate waits for its key, and both take effect at once.

use crate::error::{Detail, Entry, Error, Result};
use crate::openssl::pkey::kind;
use crate::openssl::record_bio::RecordBio;
use crate::openssl::ssl::Ssl;
use crate::openssl::ssl_ctx::SslCtx;
use crate::status::Status;
use openssl::pkey::{PKey, Private};
use openssl::stack::{Stack, StackRef};
use openssl::x509::{X509Ref, X509VerifyResult, X509 as Cert};
use std::sync::Arc;

/// Where certificates take effect: a context, or one connection.
pub(super) trait Shows {
    fn use_certificate(&self, cert: &X509Ref) -> Result<()>;
    fn use_private_key(&self, key: &PKey<Private>) -> Result<()>;
    /// Replaces certificate, key and chain of one kind, or nothing.
    fn use_identity(&self, cert: &X509Ref, key: &PKey<Private>, chain: Option<&StackRef<Cert>>) -> Result<()>;
    /// Sets the chain of the certificate that was set last.
    fn set_chain(&self, chain: Option<&StackRef<Cert>>) -> Result<()>;
    /// Returns an SSL to try a change with.
    fn trial(&self) -> Result<Ssl>;
}

impl Shows for SslCtx {
    fn use_certificate(&self, cert: &X509Ref) -> Result<()> {
        self.use_certificate(cert)
    }

    fn use_private_key(&self, key: &PKey<Private>) -> Result<()> {
        self.use_private_key(key)
    }

    fn use_identity(&self, cert: &X509Ref, key: &PKey<Private>, chain: Option<&StackRef<Cert>>) -> Result<()> {
        self.use_identity(cert, key, chain)
    }

    fn set_chain(&self, chain: Option<&StackRef<Cert>>) -> Result<()> {
        self.set_chain(chain)
    }

    fn trial(&self) -> Result<Ssl> {
        Ssl::new(self, RecordBio::buffers(true))
    }
}

impl Shows for Ssl {
    fn use_certificate(&self, cert: &X509Ref) -> Result<()> {
        self.use_certificate(cert)
    }

    fn use_private_key(&self, key: &PKey<Private>) -> Result<()> {
        self.use_private_key(key)
    }

    fn use_identity(&self, cert: &X509Ref, key: &PKey<Private>, chain: Option<&StackRef<Cert>>) -> Result<()> {
        self.use_identity(cert, key, chain)
    }

    fn set_chain(&self, chain: Option<&StackRef<Cert>>) -> Result<()> {
        self.set_chain(chain)
    }

    fn trial(&self) -> Result<Ssl> {
        self.sibling(RecordBio::buffers(true))
    }
}

#[derive(Clone, Default)]
pub(super) struct Identities(Vec<Identity>);

#[derive(Clone)]
struct Identity {
    /// OpenSSL's name of the kind of key.
    kind: String,
    cert: Option<Cert>,
    key: Option<PKey<Private>>,
    chain: Chain,
    /// A certificate that waits for its key, with its chain; without one, what fits of the present chain stays.
    next: Option<(Cert, Option<Chain>)>,
}

/// The certificates that are sent after an end's own. None: those of the context that belong to no certificate.
pub(super) type Chain = Option<Arc<[Cert]>>;

impl Identities {
    /// Sets a certificate and, if one is given, its chain. Where another certificate and its key are in use, the new one
    /// waits for its own key.
    pub fn use_certificate(&mut self, place: &impl Shows, cert: Cert, chain: Option<Chain>) -> Result<()> {
        let own = self.of_kind(kind(&*cert.public_key()?)?);
        match &own.key {
            Some(key) if belong_together(&cert, key)? => {
                let chain = chain.unwrap_or_else(|| own.chain_for(&cert));
                place.use_identity(&cert, key, stack(&chain)?.as_deref())?;
                own.chain = chain;
            }
            Some(_) if own.cert.is_none() => {
                return Err(mismatch("the certificate does not belong to the private key that was set before it"));
            }
            Some(_) => {
                try_out(place, &cert, chain.as_ref())?;
                own.next = Some((cert, chain));
                return Ok(());
            }
            None => {
                let chain = chain.unwrap_or_else(|| own.chain_for(&cert));
                if chain.is_some() {
                    try_out(place, &cert, Some(&chain))?;
                }
                place.use_certificate(&cert)?;
                if chain.is_some() || own.chain.is_some() {
                    place.set_chain(stack(&chain)?.as_deref())?;
                }
                own.chain = chain;
            }
        }
        own.cert = Some(cert);
        own.next = None;
        Ok(())
    }

    /// Sets a private key. A certificate that waits for it takes effect with it.
    pub fn use_private_key(&mut self, place: &impl Shows, key: PKey<Private>) -> Result<()> {
        let own = self.of_kind(kind(&*key)?);
        let Some((cert, chain)) = own.next.clone() else {
            place.use_private_key(&key)?;
            own.key = Some(key);
            return Ok(());
        };
        if !belong_together(&cert, &key)? {
            return Err(mismatch("the private key does not belong to the certificate that was set before it"));
        }
        let chain = chain.unwrap_or_else(|| own.chain_for(&cert));
        place.use_identity(&cert, &key, stack(&chain)?.as_deref())?;
        *own = Identity { kind: std::mem::take(&mut own.kind), cert: Some(cert), key: Some(key), chain, next: None };
        Ok(())
    }

    /// Returns true if a certificate waits for its key.
    pub fn is_incomplete(&self) -> bool {
        self.0.iter().any(|own| own.next.is_some())
    }

    fn of_kind(&mut self, kind: String) -> &mut Identity {
        let at = self.0.iter().position(|own| own.kind == kind).unwrap_or_else(|| {
            self.0.push(Identity { kind, cert: None, key: None, chain: None, next: None });
            self.0.len() - 1
        });
        &mut self.0[at]
    }
}

impl Identity {
    /// Returns the present chain if it leads on from a new certificate: a chain belongs to its certificate.
    fn chain_for(&self, cert: &X509Ref) -> Chain {
        let issuer = self.chain.as_ref()?.first()?;
        let fits = issuer.issued(cert) == X509VerifyResult::OK;
        self.chain.clone().filter(|_| fits)
    }
}

/// Refuses what OpenSSL refuses, before anything changes.
fn try_out(place: &impl Shows, cert: &X509Ref, chain: Option<&Chain>) -> Result<()> {
    let trial = place.trial()?;
    trial.use_certificate(cert)?;
    match chain {
        Some(chain) => trial.set_chain(stack(chain)?.as_deref()),
        None => Ok(()),
    }
}

fn belong_together(cert: &X509Ref, key: &PKey<Private>) -> Result<bool> {
    let same = cert.public_key()?.public_eq(key);
    crate::openssl::errors::clear();
    Ok(same)
}

pub(super) fn stack(chain: &Chain) -> Result<Option<Stack<Cert>>> {
    let Some(certs) = chain else { return Ok(None) };
    let mut stack = Stack::new()?;
    for cert in certs.iter() {
        stack.push(cert.clone())?;
    }
    Ok(Some(stack))
}

fn mismatch(why: &'static str) -> Error {
    let entry =
        Entry { library: "x509 certificate routines".into(), reason: "key values mismatch".into(), ..Entry::default() };
    Error::with(Status::Error, Detail { message: why.into(), entries: vec![entry], ..Detail::default() })
}
