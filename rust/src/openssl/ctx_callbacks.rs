//! Which of OpenSSL's callbacks an SSL_CTX uses. Each is there from the first time the user wants it.

use super::callbacks::*;
use super::ffi;
use super::ssl_ctx::SslCtx;
use std::ptr::null_mut;

impl SslCtx {
    pub fn enable_keylog(&self) {
        // SAFETY: a live SSL_CTX, a function of the right type; so below.
        unsafe { ffi::SSL_CTX_set_keylog_callback(self.as_ptr(), Some(on_keylog)) }
    }

    /// Each SSL_CTX has this one: the connection settles its rules there.
    pub fn enable_client_hello(&self) {
        // SAFETY: as above.
        unsafe { ffi::SSL_CTX_set_client_hello_cb(self.as_ptr(), Some(on_client_hello), null_mut()) }
    }

    pub fn enable_server_name(&self) {
        // SAFETY: as above.
        unsafe {
            ffi::SSL_CTX_set_tlsext_servername_callback__fixed_rust(self.as_ptr(), Some(on_server_name));
        }
    }

    pub fn enable_alpn_select(&self) {
        // SAFETY: as above.
        unsafe { ffi::SSL_CTX_set_alpn_select_cb__fixed_rust(self.as_ptr(), Some(on_alpn_select), null_mut()) }
    }

    pub fn enable_ocsp(&self) {
        // SAFETY: as above.
        unsafe {
            ffi::SSL_CTX_set_tlsext_status_cb(self.as_ptr(), Some(on_ocsp));
        }
    }

    pub fn enable_cookies(&self) {
        // SAFETY: as above.
        unsafe {
            ffi::SSL_CTX_set_cookie_generate_cb(self.as_ptr(), Some(on_cookie_generate));
            ffi::SSL_CTX_set_cookie_verify_cb(self.as_ptr(), Some(on_cookie_verify));
        }
    }
}
