//! The user's callbacks: what they are told, what they answer, and where a context keeps them.

use super::Ctx;
use crate::core::conn::Conn;
use crate::openssl::ssl_ctx::SslCtx;
use libc::c_int;
use openssl::x509::X509StoreContextRef;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

/// The number of the next verify callback that a context is given.
static JUDGES: AtomicU64 = AtomicU64::new(1);

/// A callback failed for a reason of its own, which its language keeps: the call that ran it ends with CALLBACK.
pub struct Raised;

pub type Answer<T = ()> = Result<T, Raised>;

/// `ok` is OpenSSL's verdict on the certificate at hand; the answer is the user's.
pub type Verify = dyn Fn(&Conn, &mut X509StoreContextRef, bool) -> Answer<bool> + Send + Sync;
/// SSL_CB_* bits, and a value that depends on them.
pub type Info = dyn Fn(&Conn, c_int, c_int) -> Answer + Send + Sync;
/// A line in SSLKEYLOGFILE format, without its line end.
pub type KeyLog = dyn Fn(&Conn, &str) -> Answer + Send + Sync;
/// A client hello came, with a server name or without: the time to switch contexts.
pub type ServerName = dyn Fn(&Conn) -> Answer + Send + Sync;
/// Selects from the offered protocols, which are in the form of RFC 7301 (each behind a length byte).
pub type AlpnSelect = dyn Fn(&Conn, &[u8]) -> Answer<Alpn> + Send + Sync;
/// The DER of an OCSPResponse to staple; empty for none.
pub type OcspServer = dyn Fn(&Conn) -> Answer<Vec<u8>> + Send + Sync;
/// Judges what was stapled; empty when nothing was.
pub type OcspClient = dyn Fn(&Conn, &[u8]) -> Answer<bool> + Send + Sync;
/// A cookie for the DTLS client at the other end, 1 to 255 bytes.
pub type CookieGenerate = dyn Fn(&Conn) -> Answer<Vec<u8>> + Send + Sync;
/// Whether a cookie is the one that was made for this client.
pub type CookieVerify = dyn Fn(&Conn, &[u8]) -> Answer<bool> + Send + Sync;

/// What an ALPN callback decided.
pub enum Alpn {
    Selected(Vec<u8>),
    /// Go on without a protocol.
    None,
    /// End the handshake with no_application_protocol.
    Refused,
}

/// A connection takes the set that is there when it is made.
#[derive(Clone, Default)]
pub struct Callbacks {
    pub verify: Option<Arc<Verify>>,
    pub info: Option<Arc<Info>>,
    pub keylog: Option<Arc<KeyLog>>,
    pub server_name: Option<Arc<ServerName>>,
    pub alpn_select: Option<Arc<AlpnSelect>>,
    pub ocsp_server: Option<Arc<OcspServer>>,
    pub ocsp_client: Option<Arc<OcspClient>>,
    pub cookie_generate: Option<Arc<CookieGenerate>>,
    pub cookie_verify: Option<Arc<CookieVerify>>,
}

/// Which callbacks were set on a connection itself.
pub struct Own {
    pub verify: bool,
    pub info: bool,
}

impl Callbacks {
    /// Returns the set of a connection that moves from this context to another one: those that were set on the connection
    /// itself stay, the others are the new context's.
    pub fn moved_to(&self, other: &Callbacks, own: Own) -> Callbacks {
        let mut moved = other.clone();
        if own.verify {
            moved.verify.clone_from(&self.verify);
        }
        if own.info {
            moved.info.clone_from(&self.info);
        }
        moved
    }
}

impl Ctx {
    pub fn callbacks(&self) -> Arc<Callbacks> {
        self.callbacks.lock().clone()
    }

    /// Changes the set of callbacks for connections yet to be made.
    pub fn set_callbacks(&self, change: impl FnOnce(&mut Callbacks)) {
        drop(self.replace_callbacks(change));
    }

    /// Returns the set as it was. Drop it outside of every lock: it may be the last to hold a callback, whose destructor
    /// is the user's.
    fn replace_callbacks(&self, change: impl FnOnce(&mut Callbacks)) -> Arc<Callbacks> {
        let mut current = self.callbacks.lock();
        let mut next = Callbacks::clone(&current);
        change(&mut next);
        std::mem::replace(&mut *current, Arc::new(next))
    }

    /// VERIFY_* bits, and the callback that has the last word on each certificate.
    pub fn set_verify(&self, mode: c_int, callback: Option<Arc<Verify>>) {
        let _before = {
            let mut late = self.change.lock();
            self.ssl.set_verify(mode);
            if callback.is_some() {
                late.judge = JUDGES.fetch_add(1, Ordering::Relaxed);
            }
            self.replace_callbacks(|callbacks| callbacks.verify = callback)
        };
    }

    pub fn set_info(&self, callback: Option<Arc<Info>>) {
        self.set_callbacks(|callbacks| callbacks.info = callback);
    }

    pub fn set_keylog(&self, callback: Option<Arc<KeyLog>>) {
        self.hook(callback.is_some(), SslCtx::enable_keylog);
        self.set_callbacks(|callbacks| callbacks.keylog = callback);
    }

    pub fn set_server_name(&self, callback: Option<Arc<ServerName>>) {
        self.hook(callback.is_some(), SslCtx::enable_server_name);
        self.set_callbacks(|callbacks| callbacks.server_name = callback);
    }

    pub fn set_alpn_select(&self, callback: Option<Arc<AlpnSelect>>) {
        self.hook(callback.is_some(), SslCtx::enable_alpn_select);
        self.set_callbacks(|callbacks| callbacks.alpn_select = callback);
    }

    pub fn set_ocsp_server(&self, callback: Option<Arc<OcspServer>>) {
        self.hook(callback.is_some(), SslCtx::enable_ocsp);
        self.set_callbacks(|callbacks| callbacks.ocsp_server = callback);
    }

    pub fn set_ocsp_client(&self, callback: Option<Arc<OcspClient>>) {
        self.hook(callback.is_some(), SslCtx::enable_ocsp);
        self.set_callbacks(|callbacks| callbacks.ocsp_client = callback);
    }

    pub fn set_cookie_generate(&self, callback: Option<Arc<CookieGenerate>>) {
        self.hook(callback.is_some(), SslCtx::enable_cookies);
        self.set_callbacks(|callbacks| callbacks.cookie_generate = callback);
    }

    pub fn set_cookie_verify(&self, callback: Option<Arc<CookieVerify>>) {
        self.hook(callback.is_some(), SslCtx::enable_cookies);
        self.set_callbacks(|callbacks| callbacks.cookie_verify = callback);
    }

    /// Has OpenSSL call back from now on. Connections made before have no callback and answer as if there were no hook.
    fn hook(&self, wanted: bool, enable: fn(&SslCtx)) {
        if wanted {
            self.change(enable);
        }
    }
}
