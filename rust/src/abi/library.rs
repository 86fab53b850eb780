//! pyssl_version and its kin: what this library is.

use super::gate::gate_value;
use super::handle;
use crate::core::library;
use libc::{c_char, c_int};

/// The library's own version, "0.1.0".
/// @return a static string
#[no_mangle]
pub extern "C" fn pyssl_version() -> *const c_char {
    gate_value(c"".as_ptr(), || library::VERSION.as_ptr())
}

/// OpenSSL's version number as OPENSSL_VERSION_NUMBER has it (0xMNN00PP0).
#[no_mangle]
pub extern "C" fn pyssl_openssl_version_number() -> u64 {
    gate_value(0, library::openssl_version_number)
}

/// What the linked OpenSSL says of itself (OpenSSL_version).
/// @param what  PYSSL_OPENSSL_VERSION, _CFLAGS, _BUILT_ON, _PLATFORM, _DIR
/// @return a static string; "not available" for an unknown number
#[no_mangle]
pub extern "C" fn pyssl_openssl_version(what: c_int) -> *const c_char {
    gate_value(c"".as_ptr(), || library::openssl_version(what).as_ptr())
}

/// OpenSSL's words for a result of verifying (X509_V_*).
/// @param code  X509_V_*
/// @return a static string, never NULL
#[no_mangle]
pub extern "C" fn pyssl_verify_error_string(code: c_int) -> *const c_char {
    gate_value(c"".as_ptr(), || library::verify_error_text(code).as_ptr())
}

/// How many handles of all kinds are alive in this process.
#[no_mangle]
pub extern "C" fn pyssl_handle_count() -> usize {
    gate_value(0, handle::live)
}

/// For pyssl_openssl_version(): name and date of the release.
pub const PYSSL_OPENSSL_VERSION: c_int = 0;
/// For pyssl_openssl_version(): the compiler's flags.
pub const PYSSL_OPENSSL_CFLAGS: c_int = 1;
/// For pyssl_openssl_version(): the date of the build.
pub const PYSSL_OPENSSL_BUILT_ON: c_int = 2;
/// For pyssl_openssl_version(): the platform.
pub const PYSSL_OPENSSL_PLATFORM: c_int = 3;
/// For pyssl_openssl_version(): OPENSSLDIR.
pub const PYSSL_OPENSSL_DIR: c_int = 4;
