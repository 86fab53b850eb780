//! Setting a connection up: what its context gave it, changed for it alone. Works inside its callbacks too.

use super::{Conn, Transport};
use crate::core::ctx::{Callbacks, Ctx, Info, Verify};
use crate::core::pkey::PKey;
use crate::core::session::Session;
use crate::core::x509::X509;
use crate::error::Result;
use libc::c_int;
use std::sync::atomic::Ordering;
use std::sync::Arc;

impl Conn {
    pub fn set_connect_state(&self) {
        self.inspect().ssl.set_connect_state();
    }

    pub fn set_accept_state(&self) {
        self.inspect().ssl.set_accept_state();
    }

    /// Another context's certificate, key, trust and callbacks, as a server does once it knows the name asked for. What
    /// was set on the connection itself stays: options, verification mode and callback, info callback.
    pub fn set_ctx(&self, ctx: &Arc<Ctx>) -> Result<()> {
        let engine = self.inspect();
        ctx.take_over(&engine.ssl).map_err(|error| error.doing("cannot change the context"))?;
        let theirs = ctx.callbacks();
        self.change_callbacks(|own| {
            let info = own.info.take();
            *own = own.moved_to(&theirs);
            if self.has_own_info.load(Ordering::Relaxed) {
                own.info = info;
            }
        });
        *self.ctx.lock() = ctx.clone();
        Ok(())
    }

    /// VERIFY_* bits, and the callback that has the last word on each certificate.
    pub fn set_verify(&self, mode: c_int, callback: Option<Arc<Verify>>) {
        self.inspect().ssl.set_verify(mode);
        self.change_callbacks(|own| own.verify = callback);
    }

    pub fn verify_mode(&self) -> c_int {
        self.inspect().ssl.verify_mode()
    }

    pub fn set_info(&self, callback: Option<Arc<Info>>) {
        self.inspect().ssl.enable_info();
        self.has_own_info.store(true, Ordering::Relaxed);
        self.change_callbacks(|own| own.info = callback);
    }

    /// OP_* bits to add; the bits as they are then.
    pub fn set_options(&self, options: u64) -> u64 {
        self.inspect().ssl.set_options(options)
    }

    pub fn use_certificate(&self, cert: &X509) -> Result<()> {
        let cert = cert.to_openssl()?;
        self.inspect().ssl.use_certificate(&cert).map_err(|error| error.doing("cannot use the certificate"))
    }

    pub fn use_private_key(&self, key: &PKey) -> Result<()> {
        let key = key.private()?;
        self.inspect().ssl.use_private_key(&key).map_err(|error| error.doing("cannot use the private key"))
    }

    /// The protocols a client offers, in wire format (RFC 7301).
    pub fn set_alpn_protos(&self, wire: &[u8]) -> Result<()> {
        self.inspect().ssl.set_alpn_protos(wire).map_err(|error| error.doing("cannot offer the ALPN protocols"))
    }

    pub fn request_ocsp(&self) -> Result<()> {
        self.inspect().ssl.request_ocsp()
    }

    /// Offers a session to be taken up again.
    pub fn set_session(&self, session: &Session) -> Result<()> {
        let session = session.for_ctx(&self.ctx())?;
        self.inspect().ssl.set_session(session).map_err(|error| error.doing("cannot use the session"))
    }

    pub fn set_shutdown_state(&self, state: c_int) {
        let engine = self.inspect();
        engine.ssl.set_shutdown_state(state);
        if let Transport::Socket(descriptor) = &self.transport {
            // What comes next may be an answer of SSL's own, not a record.
            descriptor.flow.stopped(false);
        }
    }

    /// TLS 1.2 and earlier: asks for another handshake, which the next call that moves bytes begins. False when one is
    /// pending already.
    pub fn renegotiate(&self) -> Result<bool> {
        let engine = self.inspect();
        if engine.ssl.renegotiate_pending() {
            return Ok(false);
        }
        engine.ssl.renegotiate()?;
        engine.asked_again.set(true);
        Ok(true)
    }

    /// TLS 1.3: new keys for what this end sends, from the next call that moves bytes on; for the peer's side as well
    /// when `peer_too`.
    pub fn key_update(&self, peer_too: bool) -> Result<()> {
        self.inspect().ssl.key_update(peer_too)
    }

    /// TLS 1.3 servers: asks for the client's certificate after the handshake. The next call that moves bytes sends the
    /// request; the answer is verified by a later one that reads.
    pub fn verify_client_post_handshake(&self) -> Result<()> {
        let done = self.inspect().ssl.verify_client_post_handshake();
        done.map_err(|error| error.doing("cannot ask for a certificate after the handshake"))
    }

    fn change_callbacks(&self, change: impl FnOnce(&mut Callbacks)) {
        // The old set goes after the lock: it may be the last to hold a callback, whose destructor is the user's.
        let _before = {
            let mut current = self.callbacks.lock();
            let mut next = Callbacks::clone(&current);
            change(&mut next);
            std::mem::replace(&mut *current, Arc::new(next))
        };
    }
}
