//! What connections have in common: protocol, keys, trust, callbacks.
//!
//! A context may be changed at any time; connections keep what they took when they were made. Changes and the making of
//! connections exclude each other, so that an SSL is never copied from a half-changed SSL_CTX.

mod callbacks;
mod config;
mod credentials;
mod overrides;
mod trust;

use crate::error::Result;
use crate::openssl::ffi;
use crate::openssl::record_bio::RecordBio;
use crate::openssl::ssl::Ssl;
use crate::openssl::ssl_ctx::SslCtx;
use crate::runtime::mutex::Mutex;
use overrides::Overrides;
use std::ffi::CStr;
use std::sync::Arc;

pub use crate::openssl::ssl_ctx::Method;
pub use callbacks::*;
pub use credentials::file_type;
pub(super) use overrides::Inherited;

pub struct Ctx {
    ssl: SslCtx,
    /// Held while the context changes or an SSL is made from it.
    change: Mutex<Overrides>,
    callbacks: Mutex<Arc<Callbacks>>,
}

impl Ctx {
    /// A context for a protocol family; `version` (0x0301 ...) pins one version of it.
    pub fn new(method: Method, version: Option<u16>) -> Result<Arc<Self>> {
        let ssl = SslCtx::new(method)?;
        let modes =
            ffi::SSL_MODE_ENABLE_PARTIAL_WRITE | ffi::SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | ffi::SSL_MODE_AUTO_RETRY;
        ssl.ctrl(ffi::SSL_CTRL_MODE, modes);
        ssl.set_proto_versions(version, version)?;
        ssl.set_verify(ffi::SSL_VERIFY_NONE);
        ssl.enable_client_hello();
        ssl.set_dh_auto(true);
        Ok(Arc::new(Ctx { ssl, change: Mutex::default(), callbacks: Mutex::default() }))
    }

    /// Returns a context for TLS clients that verifies servers. It trusts the certificates of a PEM file; without one, what the
    /// system trusts. An empty name of a file is for no trust yet.
    pub fn client(trusted: Option<&CStr>) -> Result<Arc<Self>> {
        let ctx = Self::new(Method::TlsClient, None)?;
        match trusted {
            None => ctx.load_system_trust()?,
            Some(file) if file.is_empty() => {}
            file => ctx.load_verify_locations(file, None)?,
        }
        ctx.set_verify(ffi::SSL_VERIFY_PEER, None);
        Ok(ctx)
    }

    /// The SSL under a new connection, and what the connection keeps of the context.
    pub(super) fn new_ssl(&self, wire: RecordBio) -> Result<(Ssl, Inherited)> {
        let mut late = self.change.lock();
        late.served = true;
        let ssl = Ssl::new(&self.ssl, wire)?;
        late.dress(&ssl)?;
        // An idle connection gives its record buffers back.
        ssl.ctrl(ffi::SSL_CTRL_MODE, ffi::SSL_MODE_RELEASE_BUFFERS);
        let inherited = self.inherited(&late);
        Ok((ssl, inherited))
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&SslCtx) -> T) -> T {
        let _changing = self.change.lock();
        change(&self.ssl)
    }
}
