//! OpenSSL about itself.

use crate::openssl::ffi;
use libc::c_int;
use std::ffi::CStr;
use std::sync::Once;

/// Before anything else of OpenSSL: it is not to tear itself down at exit, when threads may still be at work.
pub fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        #[cfg(feature = "embedded")]
        super::memory::serve();
        ffi::init();
    });
}

pub fn version_number() -> u64 {
    // SAFETY: no arguments, no state.
    unsafe { ffi::OpenSSL_version_num() as u64 }
}

pub fn version_text(what: c_int) -> &'static CStr {
    // SAFETY: OpenSSL returns a static string for any number.
    unsafe { CStr::from_ptr(ffi::OpenSSL_version(what)) }
}

/// OpenSSL's words for an X509_V_ERR_* code.
pub fn verify_error_text(code: c_int) -> &'static CStr {
    // SAFETY: a static string for any number ("unknown certificate verification error" at worst).
    unsafe { CStr::from_ptr(ffi::X509_verify_cert_error_string(code.into())) }
}
