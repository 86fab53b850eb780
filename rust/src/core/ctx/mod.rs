//! What connections have in common: protocol, keys, trust, callbacks.
//!
//! A context may be changed at any time; connections keep what they took when they were made. Changes and the making of
//! connections exclude each other, so that an SSL is never copied from a half-changed SSL_CTX.

mod keys;
mod trust;

use super::conn::Conn;
use super::error::Result;
use super::sys::ssl::{c_string, Ssl};
use super::sys::ssl_ctx::{Method, SslCtx};
use super::sys::wire::Wire;
use libc::c_int;
use openssl::x509::X509StoreContextRef;
use openssl_sys as ffi;
use parking_lot::Mutex;
use std::sync::Arc;

pub struct Ctx {
    ssl: SslCtx,
    /// Held while the context changes or an SSL is made from it.
    change: Mutex<()>,
    callbacks: Mutex<Arc<Callbacks>>,
}

/// A callback failed for a reason of its own, which its language keeps: the call that ran it ends with CALLBACK.
pub struct Raised;

/// `ok` is OpenSSL's verdict on the certificate at hand; the answer is the user's.
pub type Verify = dyn Fn(&Conn, &mut X509StoreContextRef, bool) -> Result<bool, Raised> + Send + Sync;
/// SSL_CB_* bits, and a value that depends on them.
pub type Info = dyn Fn(&Conn, c_int, c_int) -> Result<(), Raised> + Send + Sync;
/// A line in SSLKEYLOGFILE format, without its line end.
pub type KeyLog = dyn Fn(&Conn, &str) -> Result<(), Raised> + Send + Sync;

/// The user's callbacks. A connection takes the set that is there when it is made.
#[derive(Clone, Default)]
pub struct Callbacks {
    pub verify: Option<Arc<Verify>>,
    pub info: Option<Arc<Info>>,
    pub keylog: Option<Arc<KeyLog>>,
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
        Ok(Arc::new(Ctx { ssl, change: Mutex::new(()), callbacks: Mutex::default() }))
    }

    /// The SSL under a new connection.
    pub(super) fn new_ssl(&self, wire: Wire) -> Result<Ssl> {
        let _changing = self.change.lock();
        let ssl = Ssl::new(&self.ssl, wire)?;
        // An idle connection gives its record buffers back.
        ssl.ctrl(ffi::SSL_CTRL_MODE, ffi::SSL_MODE_RELEASE_BUFFERS);
        Ok(ssl)
    }

    pub fn callbacks(&self) -> Arc<Callbacks> {
        self.callbacks.lock().clone()
    }

    /// Changes the set of callbacks for connections yet to be made.
    pub fn set_callbacks(&self, change: impl FnOnce(&mut Callbacks)) {
        // The old set goes after the lock: it may be the last to hold a callback, whose destructor is the user's.
        let _before = {
            let mut current = self.callbacks.lock();
            let mut next = Callbacks::clone(&current);
            change(&mut next);
            std::mem::replace(&mut *current, Arc::new(next))
        };
    }

    /// VERIFY_* bits, and the callback that has the last word on each certificate.
    pub fn set_verify(&self, mode: c_int, callback: Option<Arc<Verify>>) {
        self.change(|ssl| ssl.set_verify(mode));
        self.set_callbacks(|callbacks| callbacks.verify = callback);
    }

    pub fn verify_mode(&self) -> c_int {
        self.change(|ssl| ssl.verify_mode())
    }

    /// OP_* bits to add; the bits as they are then.
    pub fn set_options(&self, options: u64) -> u64 {
        self.change(|ssl| ssl.set_options(options))
    }

    pub fn options(&self) -> u64 {
        self.change(|ssl| ssl.options())
    }

    /// The cipher suites up to TLS 1.2, in OpenSSL's list syntax.
    pub fn set_cipher_list(&self, list: &[u8]) -> Result<()> {
        let list = c_string(list, "the cipher list")?;
        self.change(|ssl| ssl.set_cipher_list(&list))
            .map_err(|error| error.doing(&format!("cannot use the cipher list {list:?}")))
    }

    pub fn set_min_version(&self, version: u16) -> Result<()> {
        self.change(|ssl| ssl.set_proto_versions(Some(version), None))
            .map_err(|error| error.doing(&format!("cannot set the minimum protocol version to {version:#06x}")))
    }

    pub fn set_max_version(&self, version: u16) -> Result<()> {
        self.change(|ssl| ssl.set_proto_versions(None, Some(version)))
            .map_err(|error| error.doing(&format!("cannot set the maximum protocol version to {version:#06x}")))
    }

    /// Marks the sessions of this context (RFC 5246: up to 32 bytes).
    pub fn set_session_id_context(&self, id: &[u8]) -> Result<()> {
        self.change(|ssl| ssl.set_session_id_context(id))
            .map_err(|error| error.doing("cannot set the session id context"))
    }

    pub fn set_keylog(&self, callback: Option<Arc<KeyLog>>) {
        if callback.is_some() {
            self.change(SslCtx::enable_keylog);
        }
        self.set_callbacks(|callbacks| callbacks.keylog = callback);
    }

    fn change<T>(&self, change: impl FnOnce(&SslCtx) -> T) -> T {
        let _changing = self.change.lock();
        change(&self.ssl)
    }
}
