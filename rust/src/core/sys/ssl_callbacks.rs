//! From OpenSSL's callbacks to the connection they concern.

use foreign_types::ForeignTypeRef;
use libc::{c_char, c_int, c_void};
use openssl::x509::{X509StoreContextRef, X509VerifyResult};
use openssl_sys as ffi;
use std::ffi::CStr;
use std::sync::{Arc, OnceLock, Weak};

/// What OpenSSL calls back: implemented by the connection in the layer above.
///
/// Every function runs inside an SSL operation of the connection, on its thread, under its lock.
pub trait Host: Send + Sync {
    /// A certificate of the peer's chain was looked at. True lets the verification go on.
    fn verify(&self, ok: bool, at: &mut X509StoreContextRef) -> bool;
    /// The state machine moved: SSL_CB_* bits and a value that depends on them.
    fn info(&self, at: c_int, value: c_int);
    /// A line for a key log file (SSLKEYLOGFILE format).
    fn keylog(&self, line: &str);
}

/// Tells an SSL whom to call back: 1 on success.
///
/// # Safety
/// `ssl` must be live, and `host` live as long as it.
pub unsafe fn set_host(ssl: *mut ffi::SSL, host: &Weak<dyn Host>) -> c_int {
    let host: *const Weak<dyn Host> = host;
    // SAFETY: the caller's promise.
    unsafe { ffi::SSL_set_ex_data(ssl, host_index(), host as *mut c_void) }
}

/// Where an SSL keeps its host.
fn host_index() -> c_int {
    static INDEX: OnceLock<c_int> = OnceLock::new();
    *INDEX.get_or_init(|| {
        // SAFETY: no callbacks are registered with the index.
        unsafe { ffi::SSL_get_ex_new_index(0, std::ptr::null_mut(), None, None, None) }
    })
}

/// The host of the SSL that calls back; None while that SSL is being freed.
///
/// # Safety
/// `ssl` must be one of ours.
unsafe fn host_of(ssl: *const ffi::SSL) -> Option<Arc<dyn Host>> {
    // SAFETY: set_host() put the address of a Weak that lives as long as the SSL.
    unsafe {
        let host = ffi::SSL_get_ex_data(ssl, host_index()) as *const Weak<dyn Host>;
        host.as_ref()?.upgrade()
    }
}

pub extern "C" fn on_verify(ok: c_int, at: *mut ffi::X509_STORE_CTX) -> c_int {
    // SAFETY: called by OpenSSL with a live X509_STORE_CTX whose ex data holds the SSL.
    unsafe {
        let ssl = ffi::X509_STORE_CTX_get_ex_data(at, ffi::SSL_get_ex_data_X509_STORE_CTX_idx());
        let Some(host) = host_of(ssl as *const ffi::SSL) else { return ok };
        let at = X509StoreContextRef::from_ptr_mut(at);
        let accepted = host.verify(ok == 1, at);
        if accepted && ok != 1 {
            at.set_error(X509VerifyResult::OK);
        }
        c_int::from(accepted)
    }
}

pub unsafe extern "C" fn on_keylog(ssl: *const ffi::SSL, line: *const c_char) {
    // SAFETY: called by OpenSSL with one of our SSLs and a NUL-terminated line.
    unsafe {
        if let Some(host) = host_of(ssl) {
            host.keylog(&CStr::from_ptr(line).to_string_lossy());
        }
    }
}
