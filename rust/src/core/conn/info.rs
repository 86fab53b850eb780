//! Looking at a connection. Works inside its callbacks too.

use super::hello::Hello;
use super::Conn;
use crate::core::session::Session;
use crate::error::{Error, Result};
use crate::openssl::ssl::info;
use crate::openssl::ssl::info::Wants;
use crate::openssl::ssl::Cipher;
use crate::runtime::memory;
use crate::status::Status;
use openssl::x509::{X509Name, X509};
use std::sync::Arc;

impl Conn {
    /// Decrypted bytes that can be received without asking the peer.
    pub fn pending(&self) -> usize {
        let engine = self.inspect();
        engine.ssl.pending() + engine.renegotiation_backlog.try_borrow().map_or(0, |bytes| bytes.len())
    }

    pub fn is_init_finished(&self) -> bool {
        self.inspect().ssl.is_init_finished()
    }

    /// SENT_SHUTDOWN (1) and RECEIVED_SHUTDOWN (2) bits.
    pub fn shutdown_state(&self) -> i32 {
        self.inspect().ssl.shutdown_state()
    }

    /// What the last operation waits for; output that the transport has not taken counts as writing.
    pub fn wants(&self) -> Wants {
        let engine = self.inspect();
        let backlog = engine.ssl.wire().try_borrow().is_ok_and(|wire| wire.backlog() || wire.is_choked());
        if backlog {
            return Wants::Writing;
        }
        engine.ssl.wants()
    }

    pub fn renegotiate_pending(&self) -> bool {
        self.inspect().ssl.renegotiate_pending()
    }

    pub fn total_renegotiations(&self) -> i64 {
        self.inspect().ssl.total_renegotiations()
    }

    pub fn verify_result(&self) -> i32 {
        self.inspect().ssl.verify_result()
    }

    pub fn version(&self) -> i32 {
        self.inspect().ssl.version()
    }

    pub fn version_name(&self) -> &'static str {
        self.inspect().ssl.version_name()
    }

    /// What the handshake is at, in OpenSSL's words.
    pub fn state_text(&self) -> &'static str {
        self.inspect().ssl.state_text()
    }

    pub fn cipher(&self) -> Option<Cipher> {
        self.inspect().ssl.cipher()
    }

    /// The cipher suites that may be used, those of TLS 1.3 first.
    pub fn cipher_names(&self) -> Vec<&'static str> {
        self.inspect().ssl.cipher_names()
    }

    pub fn group_name(&self) -> Option<String> {
        self.inspect().ssl.group_name()
    }

    pub fn alpn_selected(&self) -> Vec<u8> {
        memory::copy_few(self.inspect().ssl.alpn_selected())
    }

    pub fn srtp_profile(&self) -> Option<&'static str> {
        self.inspect().ssl.srtp_profile()
    }

    /// The name the client asked for; on a client, the one it set itself.
    pub fn server_name(&self) -> Option<Vec<u8>> {
        let engine = self.inspect();
        if let Some(hello) = &*engine.hello.borrow() {
            return hello.server_name();
        }
        engine.ssl.server_name()
    }

    /// On a client, the authorities the server named; on a server, those it names.
    pub fn client_cas(&self) -> Result<Vec<X509Name>> {
        self.inspect().ssl.client_cas()
    }

    /// This end's own certificate.
    pub fn certificate(&self) -> Option<X509> {
        self.inspect().ssl.certificate()
    }

    pub fn peer_certificate(&self) -> Option<X509> {
        self.inspect().ssl.peer_certificate()
    }

    pub fn peer_chain(&self) -> Option<Vec<X509>> {
        self.inspect().ssl.peer_chain()
    }

    pub fn verified_chain(&self) -> Option<Vec<X509>> {
        self.inspect().ssl.verified_chain()
    }

    pub fn session(&self) -> Option<Arc<Session>> {
        let ctx = self.ctx();
        self.inspect().ssl.session().map(|session| Session::of(&ctx, session))
    }

    pub fn session_reused(&self) -> bool {
        self.inspect().ssl.session_reused()
    }

    /// None before there is a session, and on a server before the client hello.
    pub fn client_random(&self) -> Option<Vec<u8>> {
        let engine = self.inspect();
        match engine.ssl.session() {
            Some(_) => Some(engine.ssl.client_random()),
            None => engine.hello.borrow().as_ref().map(Hello::random),
        }
    }

    /// None before there is a session.
    pub fn server_random(&self) -> Option<Vec<u8>> {
        let engine = self.inspect();
        engine.ssl.session().map(|_| engine.ssl.server_random())
    }

    /// None before there is a session.
    pub fn master_key(&self) -> Option<Vec<u8>> {
        self.inspect().ssl.session().map(|session| info::master_key(&session))
    }

    /// This end's last Finished message.
    pub fn finished(&self) -> Option<Vec<u8>> {
        Some(self.inspect().ssl.finished()).filter(|message| !message.is_empty())
    }

    pub fn peer_finished(&self) -> Option<Vec<u8>> {
        Some(self.inspect().ssl.peer_finished()).filter(|message| !message.is_empty())
    }

    /// Keying material for another protocol (RFC 5705; RFC 8446, 7.5).
    pub fn export_keying_material(&self, label: &[u8], context: Option<&[u8]>, out: &mut [u8]) -> Result<()> {
        let engine = self.inspect();
        if !engine.ssl.is_init_finished() {
            let why = "keying material can be exported once the handshake is done";
            return Err(Error::new(Status::Error, why));
        }
        let done = engine.ssl.export_keying_material(label, context, out);
        done.map_err(|error| error.doing("cannot export keying material"))
    }
}
