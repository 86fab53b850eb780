//! What only DTLS connections have.

use super::io::Flush;
use super::Conn;
use crate::error::{Error, Result};
use std::time::Duration;

impl Conn {
    /// Waits for a ClientHello with a cookie that the context's callback accepts; the handshake comes after it. No state
    /// is kept for peers that did not prove their address.
    pub fn dtls_listen(&self) -> Result<()> {
        self.drive(Flush::Needed, |engine| engine.ssl.dtls_listen())
    }

    /// How long until `dtls_handle_timeout` has something to do; None when no answer is awaited.
    pub fn dtls_timeout(&self) -> Option<Duration> {
        if !self.is_dtls {
            return None;
        }
        self.inspect().ssl.dtls_timeout()
    }

    /// Sends again what got no answer in time; whether it was time.
    pub fn dtls_handle_timeout(&self) -> Result<bool> {
        if !self.is_dtls {
            return Ok(false);
        }
        let (done, ..) = self.step(Flush::Tried, &mut |engine| engine.ssl.dtls_handle_timeout())?;
        done.map_err(|stop| self.explain(stop))
    }

    /// How many bytes of UDP payload the path takes.
    pub fn set_ciphertext_mtu(&self, mtu: libc::c_long) -> bool {
        const SSL_OP_NO_QUERY_MTU: u64 = 1 << 12;
        if !self.is_dtls {
            return false;
        }
        let engine = self.inspect();
        let taken = engine.ssl.set_ciphertext_mtu(mtu);
        if taken {
            // Without this the handshake would ask the transport after all, and forget what was said here.
            engine.ssl.set_options(SSL_OP_NO_QUERY_MTU);
        }
        taken
    }

    /// How many bytes of data fit one datagram; 0 before the handshake.
    pub fn cleartext_mtu(&self) -> Result<usize> {
        if !self.is_dtls {
            return Err(Error::argument("the connection does not speak DTLS: it has no MTU"));
        }
        Ok(self.inspect().ssl.cleartext_mtu())
    }
}
