//! pyssl_version and its kin: what this library is.

use super::arg::path;
use super::gate::{gate, gate_value, pyssl_status};
use super::handle;
use crate::core::library;
use libc::{c_char, c_int};

/// The library's own version, "0.1.0".
/// @return a static string
#[no_mangle]
pub extern "C" fn pyssl_version() -> *const c_char {
    gate_value(c"".as_ptr(), || library::VERSION.as_ptr())
}

/// The library's own version as one number, to be compared with PYSSL_VERSION_NUMBER, the version of the header that a
/// program was built with.
/// @return major << 16 | minor << 8 | patch
#[no_mangle]
pub extern "C" fn pyssl_version_number() -> c_int {
    gate_value(0, || PYSSL_VERSION_NUMBER)
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

/// Reads an OpenSSL configuration file (openssl.cnf) and applies it to the process, before other threads use the library. The
/// embedded OpenSSL reads none unless this is called: neither OPENSSL_CONF nor a default place counts, and modules are
/// loaded by their full path alone. The system's OpenSSL has read its own by then.
/// @param file  NUL-terminated name of the file
/// @return PYSSL_OK, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR (the error names the file); parts of the file may have taken effect
#[no_mangle]
pub unsafe extern "C" fn pyssl_load_openssl_config(file: *const c_char) -> pyssl_status {
    // SAFETY: the header asks for a NUL-terminated name.
    gate(|| library::load_config(unsafe { path(file, "file") }?))
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

/// The version of this header, as pyssl_version_number() has it for the library: major << 16 | minor << 8 | patch.
pub const PYSSL_VERSION_NUMBER: c_int = 0x000100;
/// The major version of this header.
pub const PYSSL_VERSION_MAJOR: c_int = 0;
/// The minor version of this header.
pub const PYSSL_VERSION_MINOR: c_int = 1;
/// The patch level of this header.
pub const PYSSL_VERSION_PATCH: c_int = 0;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_macros_are_the_packages_version() {
        let [major, minor, patch] = [PYSSL_VERSION_MAJOR, PYSSL_VERSION_MINOR, PYSSL_VERSION_PATCH];
        assert_eq!(format!("{major}.{minor}.{patch}"), env!("CARGO_PKG_VERSION"));
        assert_eq!(PYSSL_VERSION_NUMBER, major << 16 | minor << 8 | patch);
    }
}
