//! What an SSL otherwise looks up in its SSL_CTX, set on the SSL itself.

use super::super::check::check;
use super::Ssl;
use crate::error::{Error, Result};
use crate::openssl::ffi;
use foreign_types::ForeignTypeRef;
use libc::{c_int, c_void};
use openssl::stack::{Stack, StackRef};
use openssl::x509::store::X509StoreRef;
use openssl::x509::{X509Name, X509};
use std::ffi::CStr;

impl Ssl {
    pub fn set_cipher_list(&self, list: &CStr) -> Result<()> {
        // SAFETY: a live SSL and a NUL-terminated string; so below.
        check(unsafe { ffi::SSL_set_cipher_list(self.as_ptr(), list.as_ptr()) })
    }

    pub fn set_ciphersuites(&self, list: &CStr) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { ffi::SSL_set_ciphersuites(self.as_ptr(), list.as_ptr()) })
    }

    pub fn set_srtp_profiles(&self, profiles: &CStr) -> Result<()> {
        // SAFETY: as above. This one returns 0 for success.
        match unsafe { ffi::SSL_set_tlsext_use_srtp(self.as_ptr(), profiles.as_ptr()) } {
            0 => Ok(()),
            _ => Err(Error::openssl()),
        }
    }

    /// The certificates that go out after each of this end's own.
    pub fn set_chain(&self, chain: &StackRef<X509>) -> Result<()> {
        // SAFETY: a live SSL and a stack, of which OpenSSL makes a copy (1).
        let done = unsafe { ffi::SSL_ctrl(self.as_ptr(), SSL_CTRL_CHAIN, 1, chain.as_ptr().cast::<c_void>()) };
        check(done as c_int)
    }

    pub fn set_client_ca_list(&self, names: Stack<X509Name>) {
        // SAFETY: the SSL takes over the stack.
        unsafe { ffi::SSL_set_client_CA_list(self.as_ptr(), names.as_ptr()) }
        std::mem::forget(names);
    }

    /// Verifies the peer, and builds this end's chain, with another store than the SSL_CTX's.
    pub fn set_verify_store(&self, store: &X509StoreRef) -> Result<()> {
        for command in [ffi::SSL_CTRL_SET_VERIFY_CERT_STORE, SSL_CTRL_SET_CHAIN_CERT_STORE] {
            // SAFETY: a live SSL and store, of which OpenSSL counts a reference (1).
            check(unsafe { ffi::SSL_ctrl(self.as_ptr(), command, 1, store.as_ptr().cast::<c_void>()) } as c_int)?;
        }
        Ok(())
    }
}

const SSL_CTRL_CHAIN: c_int = 88;
const SSL_CTRL_SET_CHAIN_CERT_STORE: c_int = 107;
