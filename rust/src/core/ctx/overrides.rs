//! Changes of a context that has connections already.
//!
//! Most settings OpenSSL copies into an SSL when it makes one. A few an SSL looks up in its SSL_CTX when it needs them, on
//! whatever thread: these never change in the SSL_CTX once it has SSLs. Their later values stand here, and each SSL made
//! after that gets them for its own.

use super::Ctx;
use crate::error::Result;
use crate::openssl::record_bio::RecordBio;
use crate::openssl::ssl::Ssl;
use crate::openssl::ssl_ctx::SslCtx;
use crate::openssl::store::share;
use openssl::stack::{Stack, StackRef};
use openssl::x509::store::X509Store;
use openssl::x509::{X509Name, X509 as Cert};
use std::ffi::CString;

#[derive(Default)]
pub(super) struct Overrides {
    /// An SSL was made.
    pub served: bool,
    pub ciphers: Option<CString>,
    pub suites: Option<CString>,
    pub srtp: Option<CString>,
    pub chain: Option<Vec<Cert>>,
    pub client_cas: Option<Stack<X509Name>>,
    pub store: Option<X509Store>,
}

impl Overrides {
    /// Gives the values to a new SSL.
    pub fn dress(&self, ssl: &Ssl) -> Result<()> {
        if let Some(list) = &self.ciphers {
            ssl.set_cipher_list(list)?;
        }
        if let Some(list) = &self.suites {
            ssl.set_ciphersuites(list)?;
        }
        if let Some(profiles) = &self.srtp {
            ssl.set_srtp_profiles(profiles)?;
        }
        if let Some(chain) = &self.chain {
            let stack = stack_of(chain)?;
            ssl.set_chain(&stack)?;
        }
        if let Some(names) = &self.client_cas {
            ssl.set_client_ca_list(copy(names)?);
        }
        if let Some(store) = &self.store {
            ssl.set_verify_store(store)?;
        }
        Ok(())
    }
}

/// The lists that can be set late, in one place each: in the SSL_CTX, or here for SSLs to come.
type Setting =
    (fn(&SslCtx, &CString) -> Result<()>, fn(&Ssl, &CString) -> Result<()>, fn(&mut Overrides) -> &mut Option<CString>);

pub(super) const CIPHERS: Setting =
    (|ctx, list| ctx.set_cipher_list(list), |ssl, list| ssl.set_cipher_list(list), |late| &mut late.ciphers);
pub(super) const SUITES: Setting =
    (|ctx, list| ctx.set_ciphersuites(list), |ssl, list| ssl.set_ciphersuites(list), |late| &mut late.suites);
pub(super) const SRTP: Setting =
    (|ctx, list| ctx.set_srtp_profiles(list), |ssl, list| ssl.set_srtp_profiles(list), |late| &mut late.srtp);

impl Ctx {
    pub(super) fn set_list(&self, (early, trial, place): Setting, list: CString) -> Result<()> {
        let mut late = self.change.lock();
        // OpenSSL puts a list of unknown suites in place before it refuses it; the trial keeps the context as it was.
        trial(&Ssl::new(&self.ssl, RecordBio::buffers(true))?, &list)?;
        if !late.served {
            return early(&self.ssl, &list);
        }
        *place(&mut late) = Some(list);
        Ok(())
    }

    /// Gives an SSL of another context this one's certificate, key and trust.
    pub(in crate::core) fn take_over(&self, ssl: &Ssl) -> Result<()> {
        let mut late = self.change.lock();
        late.served = true;
        ssl.set_ctx(&self.ssl)?;
        late.dress(ssl)
    }

    /// The certificates after the context's own.
    pub(super) fn change_chain(&self, change: impl FnOnce(&mut Vec<Cert>)) -> Result<()> {
        let mut late = self.change.lock();
        let mut chain = late.chain.take().unwrap_or_else(|| self.ssl.extra_chain_certs());
        change(&mut chain);
        if late.served {
            late.chain = Some(chain);
            return Ok(());
        }
        self.ssl.clear_extra_chain_certs();
        chain.into_iter().try_for_each(|cert| self.ssl.add_extra_chain_cert(cert))
    }

    pub(super) fn change_client_cas(
        &self,
        change: impl FnOnce(Stack<X509Name>) -> Result<Stack<X509Name>>,
    ) -> Result<()> {
        let mut late = self.change.lock();
        let names = match &late.client_cas {
            Some(names) => copy(names)?,
            None => self.ssl.client_ca_list()?,
        };
        let names = change(names)?;
        if late.served {
            late.client_cas = Some(names);
        } else {
            self.ssl.set_client_ca_list(names);
        }
        Ok(())
    }

    pub(super) fn put_store(&self, store: X509Store) {
        let mut late = self.change.lock();
        if late.served {
            late.store = Some(store);
        } else {
            self.ssl.set_cert_store(&store);
        }
    }

    /// The store of connections to come.
    pub(super) fn store(&self) -> X509Store {
        let late = self.change.lock();
        late.store.as_deref().map_or_else(|| self.ssl.cert_store(), share)
    }
}

fn copy(names: &StackRef<X509Name>) -> Result<Stack<X509Name>> {
    let mut copy = Stack::new()?;
    for name in names {
        copy.push(name.to_owned()?)?;
    }
    Ok(copy)
}

fn stack_of(certs: &[Cert]) -> Result<Stack<Cert>> {
    let mut stack = Stack::new()?;
    for cert in certs {
        stack.push(cert.clone())?;
    }
    Ok(stack)
}
