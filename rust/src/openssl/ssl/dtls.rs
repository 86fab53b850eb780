//! What only DTLS has: the stateless first exchange, retransmission, datagram sizes.

use super::{Blocked, Ssl};
use crate::error::Error;
use crate::openssl::ffi;
use libc::{c_int, c_long};
use std::time::Duration;

impl Ssl {
    /// Waits for a ClientHello with a good cookie, keeping no state for any other (RFC 6347, 4.2.1).
    pub fn dtls_listen(&self) -> Result<(), Blocked> {
        // SAFETY: a live SSL; the address is ours and freed here.
        let done = unsafe {
            let address = ffi::BIO_ADDR_new();
            if address.is_null() {
                return Err(Blocked::Failed(Error::openssl()));
            }
            let done = ffi::DTLSv1_listen(self.as_ptr(), address);
            ffi::BIO_ADDR_free(address);
            done
        };
        match done {
            1.. => Ok(()),
            // Nothing came, or something that is no such ClientHello and counts for nothing.
            0 => Err(Blocked::WantRead),
            _ => Err(self.failure()),
        }
    }

    /// How long until the last flight is to be sent again; None when no answer is awaited.
    pub fn dtls_timeout(&self) -> Option<Duration> {
        const DTLS_CTRL_GET_TIMEOUT: c_int = 73;
        let mut left = libc::timeval { tv_sec: 0, tv_usec: 0 };
        // SAFETY: the command fills a timeval.
        let known =
            unsafe { ffi::SSL_ctrl(self.as_ptr(), DTLS_CTRL_GET_TIMEOUT, 0, (&mut left as *mut libc::timeval).cast()) };
        let micros = u64::try_from(left.tv_usec).ok()? + u64::try_from(left.tv_sec).ok()?.saturating_mul(1_000_000);
        (known == 1).then(|| Duration::from_micros(micros))
    }

    /// Sends the last flight again when its time has come; whether it had.
    pub fn dtls_handle_timeout(&self) -> Result<bool, Blocked> {
        const DTLS_CTRL_HANDLE_TIMEOUT: c_int = 74;
        match self.ctrl(DTLS_CTRL_HANDLE_TIMEOUT, 0) {
            0 => Ok(false),
            1.. => Ok(true),
            _ => Err(self.failure()),
        }
    }

    /// Bytes of UDP payload that the path takes.
    pub fn set_ciphertext_mtu(&self, mtu: c_long) -> bool {
        const SSL_CTRL_SET_MTU: c_int = 17;
        self.ctrl(SSL_CTRL_SET_MTU, mtu) > 0
    }

    /// Bytes of data that fit one datagram; 0 before the handshake. For DTLS only.
    pub fn cleartext_mtu(&self) -> usize {
        // SAFETY: a live SSL; the layer above asks DTLS alone.
        unsafe { ffi::DTLS_get_data_mtu(self.as_ptr()) }
    }
}
