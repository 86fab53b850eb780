//! A server and the client hello: whom to trust is settled before OpenSSL chooses a session.
//!
//! OpenSSL resumes a session if its label (the session id context) is the one of the connection. The user's server name
//! callback may give the connection another context or another verify mode, so it runs first, at the client hello. The
//! label is then computed from the rules in force. A session that was made under other rules has another label: its
//! client gets a full handshake and is asked for its certificate.
//!
//! The label is the same in every process with the same configuration, so that tickets and sessions can be shared.

use super::callbacks::Refusal;
use super::{Conn, Engine};
use crate::core::ctx::Callbacks;
use crate::error::Result;
use crate::openssl::callbacks::{ClientHello, HelloRefused, SSL_AD_ILLEGAL_PARAMETER, SSL_AD_INTERNAL_ERROR};
use crate::openssl::ssl::{Blocked, Ssl};
use crate::openssl::store_fingerprint::fingerprint;
use libc::c_int;
use openssl::sha::Sha256;
use std::sync::Arc;

const VERIFY_PEER: c_int = 1;
const VERIFY_FAIL_IF_NO_PEER_CERT: c_int = 2;
const VERIFY_POST_HANDSHAKE: c_int = 8;

/// The client hello of the last handshake on a server.
pub(super) struct Hello {
    server_name: Option<Vec<u8>>,
    random: Vec<u8>,
    /// A server name callback accepted it.
    acknowledged: bool,
    /// The rules by which OpenSSL chose the session; None while the server name callback runs, and once the handshake is
    /// done.
    chosen_by: Option<ServerRules>,
}

/// What a server demands of its clients' certificates.
#[derive(Clone)]
pub(super) struct ServerRules {
    /// VERIFY_PEER, VERIFY_FAIL_IF_NO_PEER_CERT and VERIFY_POST_HANDSHAKE, or 0 if no certificate is asked for.
    mode: c_int,
    /// A digest of all that a client's certificate is verified by; 0 if none is asked for.
    trust: [u8; 32],
    /// The session id of the user's.
    user_id: Arc<[u8]>,
}

impl ServerRules {
    /// Returns the rules that are in force on a server.
    fn of(engine: &Engine, callbacks: &Callbacks) -> Result<Self> {
        let ssl = &engine.ssl;
        let inherited = engine.inherited.borrow();
        let mode = match ssl.verify_mode() {
            mode if mode & VERIFY_PEER != 0 => {
                mode & (VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT | VERIFY_POST_HANDSHAKE)
            }
            _ => 0,
        };
        let callback = match (&callbacks.verify, engine.has_own_verify.get()) {
            (None, _) => Judge::OpenSsl,
            (Some(_), false) => Judge::OfContext(inherited.judge),
            (Some(_), true) => Judge::OfConnection(engine.judge.get()),
        };
        let trust = if mode == 0 { [0; 32] } else { trust(ssl, callback)? };
        Ok(ServerRules { mode, trust, user_id: inherited.session_id.clone() })
    }

    /// Returns the label of the sessions that are made under these rules.
    fn label(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(b"pyssl session id context 1");
        digest.update(&self.mode.to_be_bytes());
        digest.update(&self.trust);
        digest.update(&self.user_id);
        digest.finish()
    }

    /// Returns true if a session that was made under the rules `earlier` may serve a connection under these.
    fn are_met_by(&self, earlier: &ServerRules, ssl: &Ssl) -> bool {
        match ssl.peer_certificate() {
            _ if self.mode & VERIFY_PEER == 0 => true,
            Some(_) => self.trust == earlier.trust,
            None => !self.demand_certificate(ssl),
        }
    }

    /// Returns true if a handshake must not end without a certificate. One that is asked for after the handshake is not
    /// missing yet; up to TLS 1.2 there is no such request, and VERIFY_POST_HANDSHAKE has no meaning.
    fn demand_certificate(&self, ssl: &Ssl) -> bool {
        const DEMAND: c_int = VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT;
        let later = self.mode & VERIFY_POST_HANDSHAKE != 0 && ssl.is_tls1_3();
        self.mode & DEMAND == DEMAND && !later
    }
}

/// Who has the last word on a client's certificate.
enum Judge {
    OpenSsl,
    /// The callback of a context, by its number.
    OfContext(u64),
    /// The callback of one connection, by its random number: no other connection resumes what it accepted.
    OfConnection([u8; 16]),
}

fn trust(ssl: &Ssl, judge: Judge) -> Result<[u8; 32]> {
    let rules = ssl.verify_rules();
    let mut digest = Sha256::new();
    digest.update(&rules.flags.to_be_bytes());
    for number in [rules.depth, rules.purpose, rules.auth_level] {
        digest.update(&number.to_be_bytes());
    }
    let names = rules.name.hosts.iter().chain(&rules.name.address);
    names.for_each(|name| digest.update(name.to_bytes_with_nul()));
    match judge {
        Judge::OpenSsl => digest.update(&[0]),
        Judge::OfConnection(number) => {
            digest.update(&[1]);
            digest.update(&number);
        }
        Judge::OfContext(number) => {
            digest.update(&[2]);
            digest.update(&number.to_be_bytes());
        }
    }
    digest.update(&fingerprint(&ssl.verify_store())?);
    ssl.each_client_ca(|der| {
        digest.update(&der.len().to_be_bytes());
        digest.update(der);
    })?;
    Ok(digest.finish())
}

impl Conn {
    /// Runs the server name callback and settles the rules of the handshake, once for each handshake.
    pub(super) fn take_client_hello(&self, hello: ClientHello) -> Result<(), HelloRefused> {
        let internal = HelloRefused { alert: SSL_AD_INTERNAL_ERROR };
        let engine = self.inspect();
        if let Some(first) = &*engine.hello.borrow() {
            // No handshake has come to its end: this hello answers a HelloRetryRequest, and must repeat the first one
            // (RFC 8446, 4.1.2).
            if !engine.ssl.has_sent_finished() {
                let repeats = first.server_name == hello.server_name;
                return if repeats { Ok(()) } else { Err(HelloRefused { alert: SSL_AD_ILLEGAL_PARAMETER }) };
            }
        }
        let ClientHello { server_name, random } = hello;
        engine.hello.replace(Some(Hello { server_name, random, acknowledged: false, chosen_by: None }));
        if let Some(callback) = &self.current().server_name {
            self.run(|| callback(self)).map_err(|_| HelloRefused { alert: SSL_AD_INTERNAL_ERROR })?;
            self.with_hello(&engine, |hello| hello.acknowledged = true);
        }
        let rules = ServerRules::of(&engine, &self.current());
        let settled = rules.and_then(|rules| engine.ssl.set_session_id_context(&rules.label()).map(|()| rules));
        let rules = settled.map_err(|_| internal)?;
        self.with_hello(&engine, |hello| hello.chosen_by = Some(rules));
        Ok(())
    }

    fn with_hello<T>(&self, engine: &Engine, change: impl FnOnce(&mut Hello) -> T) -> Option<T> {
        engine.hello.borrow_mut().as_mut().map(change)
    }

    /// Returns true if a server name callback accepted the name of this handshake.
    pub(super) fn has_acknowledged_name(&self) -> bool {
        self.with_hello(&self.inspect(), |hello| hello.acknowledged).unwrap_or(false)
    }

    /// Labels the session of a full handshake anew. Call when a rule was changed, in case a handshake is under way.
    pub(super) fn relabel_session(&self, engine: &Engine) -> Result<()> {
        self.guard_tickets(engine)?;
        if !engine.has_open_hello() || engine.ssl.session_reused() {
            return Ok(());
        }
        let rules = ServerRules::of(engine, &self.current())?;
        engine.ssl.set_session_id_context(&rules.label())?;
        engine.ssl.label_session(&rules.label())?;
        self.with_hello(engine, |hello| hello.chosen_by = Some(rules));
        Ok(())
    }

    /// Sends no tickets after the handshake where the rules are not those of the session's label. The tickets that follow
    /// post-handshake authentication contain the client's certificate, and would show it where other rules hold.
    pub(super) fn guard_tickets(&self, engine: &Engine) -> Result<()> {
        let ssl = &engine.ssl;
        if !ssl.is_server() || !ssl.is_init_finished() || !ssl.is_tls1_3() {
            return Ok(());
        }
        match ssl.has_session_label(&ServerRules::of(engine, &self.current())?.label()) {
            true => Ok(()),
            false => ssl.send_no_tickets(),
        }
    }

    /// Ends the connection if a server's handshake has not met its rules: it resumed a session that they do not allow, or
    /// they demand a certificate that there is not. Call after each operation, before any of its data is used.
    pub(super) fn conclude_hello(&self, engine: &Engine) {
        if !engine.has_open_hello() || !engine.ssl.is_init_finished() {
            return;
        }
        let Some(earlier) = self.with_hello(engine, |hello| hello.chosen_by.take()).flatten() else { return };
        let ssl = &engine.ssl;
        let has_certificate = ssl.peer_certificate().is_some();
        if !ssl.session_reused() && has_certificate {
            return;
        }
        let allows = |rules: ServerRules| rules.are_met_by(&earlier, ssl);
        if !ServerRules::of(engine, &self.current()).is_ok_and(allows) {
            engine.refusal.set(Some(match (ssl.session_reused(), has_certificate) {
                (true, true) => OTHER_TRUST,
                (true, false) => NO_CERTIFICATE,
                (false, _) => NOT_ASKED,
            }));
            self.force_alert(engine);
        }
    }

    /// Finishes a server's handshake before the first data is sent: SSL_write would send it to a client whose session
    /// is not allowed.
    pub(super) fn finish_handshake(&self, engine: &Engine) -> Result<(), Blocked> {
        if !engine.has_open_hello() || engine.established.get() {
            return Ok(());
        }
        engine.ssl.do_handshake()?;
        self.conclude_hello(engine);
        match engine.refusal.get() {
            Some(refusal) => Err(Blocked::Failed(refusal.error())),
            None => Ok(()),
        }
    }
}

impl Engine {
    /// Returns true from a client hello to the end of its handshake.
    fn has_open_hello(&self) -> bool {
        self.hello.borrow().as_ref().is_some_and(|hello| hello.chosen_by.is_some())
    }
}

impl Hello {
    pub fn server_name(&self) -> Option<Vec<u8>> {
        self.server_name.clone()
    }

    pub fn random(&self) -> Vec<u8> {
        self.random.clone()
    }
}

/// Where OpenSSL verifies, these are its reasons.
const NO_CERTIFICATE: Refusal = Refusal {
    why: "the client resumed a session that has no client certificate, and a rule that was set after the session was \
          chosen demands one: set it in the server name callback at the latest",
    reason: "peer did not return a certificate",
};
const NOT_ASKED: Refusal = Refusal {
    why: "the client was not asked for a certificate, and a rule that was set after the request was due demands one: set \
          it in the server name callback at the latest",
    reason: "peer did not return a certificate",
};
const OTHER_TRUST: Refusal = Refusal {
    why:
        "the client resumed a session whose certificate was verified by other rules than those that were set after the \
          session was chosen: set them in the server name callback at the latest",
    reason: "certificate verify failed",
};
