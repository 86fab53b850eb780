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

    /// Sets the certificates that go out after the one that was set last; None for none of its own.
    pub fn set_chain(&self, chain: Option<&StackRef<X509>>) -> Result<()> {
        let chain = chain.map_or(std::ptr::null_mut(), |chain| chain.as_ptr());
        // SAFETY: a live SSL and a stack or NULL; OpenSSL makes a copy (1).
        check(unsafe { ffi::SSL_ctrl(self.as_ptr(), SSL_CTRL_CHAIN, 1, chain.cast::<c_void>()) } as c_int)
    }

    /// Sets the certificates that go out after each of this end's own that has no chain.
    pub fn set_extra_chain(&self, chain: &StackRef<X509>) -> Result<()> {
        const SSL_CTRL_GET_CHAIN_CERTS: c_int = 115;
        const SSL_CTRL_SELECT_CURRENT_CERT: c_int = 116;
        const SSL_CTRL_SET_CURRENT_CERT: c_int = 117;
        const SSL_CERT_SET_FIRST: libc::c_long = 1;
        const SSL_CERT_SET_NEXT: libc::c_long = 2;
        let mut done = Ok(());
        // SAFETY: a live SSL; chains and certificate are borrowed from it. The commands step through its certificates,
        // and the one that was the current becomes it again.
        unsafe {
            let ssl = self.as_ptr();
            let current = ffi::SSL_get_certificate(ssl);
            let mut more = self.ctrl(SSL_CTRL_SET_CURRENT_CERT, SSL_CERT_SET_FIRST) == 1;
            while more && done.is_ok() {
                let mut own: *mut ffi::stack_st_X509 = std::ptr::null_mut();
                ffi::SSL_ctrl(ssl, SSL_CTRL_GET_CHAIN_CERTS, 0, (&raw mut own).cast());
                if own.is_null() {
                    done = self.set_chain(Some(chain));
                }
                more = self.ctrl(SSL_CTRL_SET_CURRENT_CERT, SSL_CERT_SET_NEXT) == 1;
            }
            if !current.is_null() {
                ffi::SSL_ctrl(ssl, SSL_CTRL_SELECT_CURRENT_CERT, 0, current.cast());
            }
        }
        crate::openssl::errors::clear();
        done
    }

    pub fn set_client_ca_list(&self, names: Stack<X509Name>) {
        // SAFETY: the SSL takes over the stack.
        unsafe { ffi::SSL_set_client_CA_list(self.as_ptr(), names.as_ptr()) }
        std::mem::forget(names);
    }

    /// Names the authorities of the SSL_CTX again.
    pub fn forget_client_ca_list(&self) {
        // SAFETY: a live SSL, which frees its own list.
        unsafe { ffi::SSL_set_client_CA_list(self.as_ptr(), std::ptr::null_mut()) }
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
