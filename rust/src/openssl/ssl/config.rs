//! Setting up one SSL: what its context gave it, changed for it alone.

use super::super::check::{check, length32};
use super::Ssl;
use crate::error::{Error, Result};
use crate::openssl::callbacks::on_verify;
use crate::openssl::ffi;
use crate::openssl::ssl_ctx::SslCtx;
use foreign_types::{ForeignType, ForeignTypeRef};
use libc::c_int;
use openssl::pkey::{PKey, Private};
use openssl::stack::StackRef;
use openssl::x509::{X509Ref, X509};

impl Ssl {
    /// Gives the SSL another context: its certificate, key, trust and callbacks, not its options or versions.
    pub fn set_ctx(&self, ctx: &SslCtx) -> Result<()> {
        // SAFETY: two live objects; the SSL takes a reference.
        match unsafe { ffi::SSL_set_SSL_CTX(self.as_ptr(), ctx.as_ptr()) }.is_null() {
            true => Err(Error::openssl()),
            false => Ok(()),
        }
    }

    pub fn set_verify(&self, mode: c_int) {
        // SAFETY: a live SSL, a function of the right type.
        unsafe { ffi::SSL_set_verify(self.as_ptr(), mode, Some(on_verify)) }
    }

    pub fn verify_mode(&self) -> c_int {
        // SAFETY: a live SSL.
        unsafe { ffi::SSL_get_verify_mode(self.as_ptr()) }
    }

    pub fn set_options(&self, options: u64) -> u64 {
        // SAFETY: a live SSL.
        unsafe { ffi::SSL_set_options(self.as_ptr(), options) }
    }

    pub fn use_certificate(&self, cert: &X509Ref) -> Result<()> {
        // SAFETY: OpenSSL takes a reference of its own.
        check(unsafe { ffi::SSL_use_certificate(self.as_ptr(), cert.as_ptr()) })
    }

    /// Replaces certificate, key and chain of one kind of key, or nothing.
    pub fn use_identity(&self, cert: &X509Ref, key: &PKey<Private>, chain: Option<&StackRef<X509>>) -> Result<()> {
        let chain = chain.map_or(std::ptr::null_mut(), |chain| chain.as_ptr());
        // SAFETY: live objects; OpenSSL counts references of its own.
        check(unsafe { ffi::SSL_use_cert_and_key(self.as_ptr(), cert.as_ptr(), key.as_ptr(), chain, 1) })
    }

    pub fn use_private_key(&self, key: &PKey<Private>) -> Result<()> {
        // SAFETY: OpenSSL takes a reference of its own.
        check(unsafe { ffi::SSL_use_PrivateKey(self.as_ptr(), key.as_ptr()) })
    }

    /// The protocols to offer, in wire format (RFC 7301: each after a byte with its length).
    pub fn set_alpn_protos(&self, wire: &[u8]) -> Result<()> {
        let len = length32(wire.len(), "the list of protocols")?;
        // SAFETY: OpenSSL copies the bytes. 0 is success here.
        let failed = unsafe { ffi::SSL_set_alpn_protos(self.as_ptr(), wire.as_ptr(), len) };
        check(c_int::from(failed == 0))
    }

    /// Has a TLS 1.3 server send another certificate request with the next call that moves bytes.
    pub fn verify_client_post_handshake(&self) -> Result<()> {
        // SAFETY: a live SSL.
        check(unsafe { ffi::SSL_verify_client_post_handshake(self.as_ptr()) })
    }

    /// Asks the server for an OCSP response with its certificate (RFC 6066, 8).
    pub fn request_ocsp(&self) -> Result<()> {
        const SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE: c_int = 65;
        const TLSEXT_STATUSTYPE_OCSP: libc::c_long = 1;
        check(self.ctrl(SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE, TLSEXT_STATUSTYPE_OCSP) as c_int)
    }
}
