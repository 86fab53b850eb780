//! OpenSSL about itself.

use super::check::check;
use crate::error::Result;
use crate::openssl::ffi;
use libc::c_int;
use std::ffi::CStr;
use std::sync::Once;

/// Before anything else of OpenSSL: it is not to tear itself down at exit, when threads may still be at work.
pub fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        #[cfg(feature = "embedded")]
        {
            if crate::runtime::caches::are_on() {
                super::memory::serve();
            }
            stand_alone();
        }
        ffi::init();
    });
}

/// Keeps the embedded OpenSSL apart from another one's files. It reads no configuration file by itself: openssl.cnf and
/// OPENSSL_CONF are written for the system's OpenSSL. It loads no module from the directory of its build, or from the one in
/// OPENSSL_MODULES.
#[cfg(feature = "embedded")]
fn stand_alone() {
    const OPENSSL_INIT_NO_LOAD_CONFIG: u64 = 0x80;
    // SAFETY: no settings; the first initialisation decides about the configuration for good. The path is copied.
    unsafe {
        let options = ffi::OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_NO_LOAD_CONFIG;
        ffi::OPENSSL_init_ssl(options, std::ptr::null());
        load_no_modules(std::ptr::null_mut());
    }
}

/// Has providers of a library context (NULL for the default one) loaded from no directory, with a full path alone.
///
/// # Safety
/// `context` must be live or NULL.
#[cfg(feature = "embedded")]
pub unsafe fn load_no_modules(context: *mut ffi::OSSL_LIB_CTX) {
    // SAFETY: the caller's promise. Below a device nothing can be.
    unsafe { ffi::OSSL_PROVIDER_set_default_search_path(context, c"/dev/null".as_ptr()) };
}

/// Reads a configuration file (openssl.cnf) and applies it to the process, as OpenSSL does at its start.
pub fn load_config(path: &CStr) -> Result<()> {
    // SAFETY: NUL-terminated names; NULL is for the usual section, 0 for no leniency.
    check(unsafe { ffi::CONF_modules_load_file(path.as_ptr(), std::ptr::null(), 0) })
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
