//! Changes of a context that has connections already.
//!
//! Most settings OpenSSL copies into an SSL when it makes one. A few an SSL looks up in its SSL_CTX when it needs them, on
//! whatever thread: these never change in the SSL_CTX once it has SSLs. Their later values stand here, and each SSL made
//! after that gets them for its own.

use super::{Callbacks, Ctx};
use crate::core::identity::{stack, Chain, Identities};
use crate::error::Result;
use crate::openssl::record_bio::RecordBio;
use crate::openssl::ssl::Ssl;
use crate::openssl::ssl_ctx::SslCtx;
use crate::openssl::store::share;
use libc::c_int;
use openssl::stack::{Stack, StackRef};
use openssl::x509::store::X509Store;
use openssl::x509::{X509Name, X509 as Cert};
use std::ffi::CString;
use std::sync::Arc;

/// What a connection takes from its context beside its SSL: when it is made, or when it is given another context.
#[derive(Clone)]
pub(in crate::core) struct Inherited {
    pub callbacks: Arc<Callbacks>,
    pub verify_mode: c_int,
    /// The number of the verify callback. The contexts of a process number theirs as they are set, so that processes
    /// with the same configuration number them alike.
    pub judge: u64,
    /// The session id that the user set.
    pub session_id: Arc<[u8]>,
    pub identities: Arc<Identities>,
    pub extra_chain: Chain,
}

#[derive(Default)]
pub(super) struct Overrides {
    /// An SSL was made.
    pub served: bool,
    pub ciphers: Option<CString>,
    pub suites: Option<CString>,
    pub srtp: Option<CString>,
    /// The chain of certificates that have none of their own.
    pub extra_chain: Chain,
    pub client_cas: Option<Stack<X509Name>>,
    pub store: Option<X509Store>,
    pub judge: u64,
    pub session_id: Arc<[u8]>,
    pub identities: Arc<Identities>,
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
        if let Some(chain) = stack(&self.extra_chain)? {
            ssl.set_extra_chain(&chain)?;
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

    /// Gives an SSL of another context this one's certificate, key and trust. The verify mode is for the connection to set.
    pub(in crate::core) fn take_over(&self, ssl: &Ssl) -> Result<Inherited> {
        let mut late = self.change.lock();
        late.served = true;
        ssl.set_ctx(&self.ssl)?;
        ssl.take_verify_params(&self.ssl)?;
        ssl.forget_client_ca_list();
        late.dress(ssl)?;
        Ok(self.inherited(&late))
    }

    pub(super) fn inherited(&self, late: &Overrides) -> Inherited {
        Inherited {
            callbacks: self.callbacks(),
            verify_mode: self.ssl.verify_mode(),
            judge: late.judge,
            session_id: late.session_id.clone(),
            identities: late.identities.clone(),
            extra_chain: late.extra_chain.clone(),
        }
    }

    /// Adds a certificate to those that are sent with certificates that have no chain of their own.
    pub(super) fn add_to_extra_chain(&self, cert: Cert) -> Result<()> {
        let mut late = self.change.lock();
        if !late.served {
            return self.ssl.add_extra_chain_cert(cert);
        }
        // References to certificates of the caller's.
        #[allow(clippy::disallowed_methods)]
        let mut chain = late.extra_chain.as_deref().map_or_else(|| self.ssl.extra_chain_certs(), <[Cert]>::to_vec);
        chain.push(cert);
        late.extra_chain = Some(chain.into());
        Ok(())
    }

    /// Changes the certificates that connections to come show.
    pub(super) fn change_identities(&self, change: impl FnOnce(&mut Identities, &SslCtx) -> Result<()>) -> Result<()> {
        let mut late = self.change.lock();
        change(Arc::make_mut(&mut late.identities), &self.ssl)
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
