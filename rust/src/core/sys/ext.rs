//! OpenSSL functions that neither the `openssl` crate nor openssl-sys declares. Signatures from OpenSSL's headers.
#![allow(non_camel_case_types)]

use libc::{c_char, c_int, c_ulong};

extern "C" {
    /// <openssl/err.h>: the oldest entry's code, left in the queue; 0 when it is empty.
    pub fn ERR_peek_error() -> c_ulong;
    /// <openssl/err.h>, OpenSSL 3.0: the oldest entry with all its parts, removed from the queue.
    pub fn ERR_get_error_all(
        file: *mut *const c_char,
        line: *mut c_int,
        func: *mut *const c_char,
        data: *mut *const c_char,
        flags: *mut c_int,
    ) -> c_ulong;
}
