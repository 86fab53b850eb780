//! Looking at a connection, and setting it up. Works inside its callbacks too.

use super::Conn;
use crate::core::error::Result;
use crate::core::sys::ssl::{c_string, Cipher};
use openssl::x509::X509;

impl Conn {
    pub fn set_connect_state(&self) {
        self.look().ssl.set_connect_state();
    }

    pub fn set_accept_state(&self) {
        self.look().ssl.set_accept_state();
    }

    /// The name a client asks for (SNI, RFC 6066).
    pub fn set_host_name(&self, name: &[u8]) -> Result<()> {
        let name = c_string(name, "the host name")?;
        self.look().ssl.set_host_name(&name)
    }

    /// Decrypted bytes that can be received without asking the peer.
    pub fn pending(&self) -> usize {
        self.look().ssl.pending()
    }

    pub fn is_init_finished(&self) -> bool {
        self.look().ssl.is_init_finished()
    }

    /// SENT_SHUTDOWN (1) and RECEIVED_SHUTDOWN (2) bits.
    pub fn shutdown_state(&self) -> i32 {
        self.look().ssl.shutdown_state()
    }

    pub fn set_shutdown_state(&self, state: i32) {
        self.look().ssl.set_shutdown_state(state);
    }

    pub fn verify_result(&self) -> i32 {
        self.look().ssl.verify_result()
    }

    pub fn version(&self) -> i32 {
        self.look().ssl.version()
    }

    pub fn version_name(&self) -> &'static str {
        self.look().ssl.version_name()
    }

    pub fn cipher(&self) -> Option<Cipher> {
        self.look().ssl.cipher()
    }

    pub fn group_name(&self) -> Option<String> {
        self.look().ssl.group_name()
    }

    pub fn alpn_selected(&self) -> Vec<u8> {
        self.look().ssl.alpn_selected().to_vec()
    }

    pub fn peer_certificate(&self) -> Option<X509> {
        self.look().ssl.peer_certificate()
    }

    pub fn peer_chain(&self) -> Option<Vec<X509>> {
        self.look().ssl.peer_chain()
    }

    pub fn verified_chain(&self) -> Option<Vec<X509>> {
        self.look().ssl.verified_chain()
    }
}
