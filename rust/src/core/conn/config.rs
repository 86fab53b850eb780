//! Setting a connection up: what its context gave it, changed for it alone. Works inside its callbacks too.

use super::{Conn, Transport};
use crate::core::ctx::{Callbacks, Ctx, Info, Own, Verify};
use crate::core::identity::{stack, Identities};
use crate::core::pkey::PKey;
use crate::core::session::Session;
use crate::core::x509::X509;
use crate::error::{Error, Result};
use crate::openssl::ssl::Ssl;
use libc::c_int;
use std::sync::atomic::Ordering;
use std::sync::Arc;

impl Conn {
    pub fn set_connect_state(&self) {
        let engine = self.inspect();
        engine.ssl.set_connect_state();
        if !engine.busy.get() {
            engine.handshake.starts_over();
        }
    }

    pub fn set_accept_state(&self) {
        let engine = self.inspect();
        engine.ssl.set_accept_state();
        if !engine.busy.get() {
            engine.handshake.starts_over();
        }
    }

    /// Gives the connection another context's certificate, key, trust and callbacks, as a server does once it knows the
    /// name asked for. What was set on the connection itself stays: options, verify mode and callback, info callback.
    ///
    /// A verify mode that was not is the stricter one of both contexts. Fails in the middle of a client's handshake.
    pub fn set_ctx(&self, ctx: &Arc<Ctx>) -> Result<()> {
        let engine = self.inspect();
        self.rules_may_change(&engine, "the context")?;
        let unchanged = |error: Error| error.doing("cannot change the context");
        let inherited = ctx.take_over(&engine.ssl).map_err(unchanged)?;
        let own = Own { verify: engine.has_own_verify.get(), info: self.has_own_info.load(Ordering::Relaxed) };
        if !own.verify {
            engine.ssl.set_verify(stricter(engine.ssl.verify_mode(), inherited.verify_mode));
        }
        let theirs = inherited.callbacks.clone();
        engine.inherited.replace(inherited);
        let before = self.replace_callbacks(|callbacks| *callbacks = callbacks.moved_to(&theirs, own));
        let earlier_ctx = std::mem::replace(&mut *self.ctx.lock(), ctx.clone());
        let relabelled = self.relabel_session(&engine);
        drop(engine);
        drop((before, earlier_ctx));
        relabelled
    }

    /// VERIFY_* bits, and the callback that has the last word on each certificate. Fails in the middle of a client's
    /// handshake.
    pub fn set_verify(&self, mode: c_int, callback: Option<Arc<Verify>>) -> Result<()> {
        let engine = self.inspect();
        self.rules_may_change(&engine, "the verification")?;
        let mut judge = [0; 16];
        if callback.is_some() {
            openssl::rand::rand_bytes(&mut judge)?;
        }
        engine.judge.set(judge);
        engine.ssl.set_verify(mode);
        engine.has_own_verify.set(true);
        let before = self.replace_callbacks(|own| own.verify = callback);
        let relabelled = self.relabel_session(&engine);
        drop(engine);
        drop(before);
        relabelled
    }

    pub fn verify_mode(&self) -> c_int {
        self.inspect().ssl.verify_mode()
    }

    pub fn set_info(&self, callback: Option<Arc<Info>>) {
        self.has_own_info.store(true, Ordering::Relaxed);
        drop(self.replace_callbacks(|own| own.info = callback));
    }

    /// OP_* bits to add; the bits as they are then.
    pub fn set_options(&self, options: u64) -> u64 {
        self.inspect().ssl.set_options(options)
    }

    pub fn use_certificate(&self, cert: &X509) -> Result<()> {
        let cert = cert.to_openssl()?;
        self.change_identities(|own, ssl| own.use_certificate(ssl, cert, None))
            .map_err(|error| error.doing("cannot use the certificate"))
    }

    pub fn use_private_key(&self, key: &PKey) -> Result<()> {
        let key = key.private()?;
        self.change_identities(|own, ssl| own.use_private_key(ssl, key))
            .map_err(|error| error.doing("cannot use the private key"))
    }

    fn change_identities(&self, change: impl FnOnce(&mut Identities, &Ssl) -> Result<()>) -> Result<()> {
        let engine = self.inspect();
        let mut inherited = engine.inherited.borrow_mut();
        change(Arc::make_mut(&mut inherited.identities), &engine.ssl)?;
        // A certificate of a new kind is to have the context's chain too.
        match stack(&inherited.extra_chain)? {
            Some(chain) => engine.ssl.set_extra_chain(&chain),
            None => Ok(()),
        }
    }

    /// The protocols a client offers, in wire format (RFC 7301).
    pub fn set_alpn_protos(&self, wire: &[u8]) -> Result<()> {
        self.inspect().ssl.set_alpn_protos(wire).map_err(|error| error.doing("cannot offer the ALPN protocols"))
    }

    /// Asks a server for an OCSP response. Fails in the middle of a client's handshake.
    pub fn request_ocsp(&self) -> Result<()> {
        let engine = self.inspect();
        self.rules_may_change(&engine, "the request for an OCSP response")?;
        engine.ssl.request_ocsp()
    }

    /// Offers a session to be resumed. Where this connection verifies its server and the session's was not verified by the
    /// same rules, the handshake does not offer it and is a full one. Fails once a handshake has begun.
    pub fn set_session(&self, session: &Session) -> Result<()> {
        let session = session.for_ctx(&self.ctx())?;
        let engine = self.inspect();
        self.has_not_begun(&engine, "a session")?;
        engine.ssl.set_session(session).map_err(|error| error.doing("cannot use the session"))
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
        let engine = self.inspect();
        self.guard_tickets(&engine)?;
        let done = engine.ssl.verify_client_post_handshake();
        done.map_err(|error| error.doing("cannot ask for a certificate after the handshake"))
    }

    /// Returns the set as it was. Drop it outside of every lock: it may be the last to hold a callback, whose destructor
    /// is the user's.
    fn replace_callbacks(&self, change: impl FnOnce(&mut Callbacks)) -> Arc<Callbacks> {
        let mut current = self.callbacks.lock();
        let mut next = Callbacks::clone(&current);
        change(&mut next);
        std::mem::replace(&mut *current, Arc::new(next))
    }
}

/// Returns the verify mode of a connection that moves from one context to another: what either demands, and only the
/// reliefs that both grant.
fn stricter(one: c_int, other: c_int) -> c_int {
    const VERIFY_PEER: c_int = 1;
    const VERIFY_FAIL_IF_NO_PEER_CERT: c_int = 2;
    const DEMANDS: c_int = VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT;
    (one | other) & DEMANDS | (one & other) & !DEMANDS
}
