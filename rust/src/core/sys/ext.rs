//! OpenSSL functions that neither the `openssl` crate nor openssl-sys declares. Signatures from OpenSSL's headers.
#![allow(non_camel_case_types)]

use libc::{c_char, c_int, c_ulong};
use openssl_sys as ffi;

extern "C" {
    /// <openssl/err.h>: the oldest entry's code, left in the queue; 0 when it is empty.
    pub fn ERR_peek_error() -> c_ulong;
    /// <openssl/bio.h>: a BIO type number of our own.
    pub fn BIO_get_new_index() -> c_int;
    /// <openssl/err.h>, OpenSSL 3.0: the oldest entry with all its parts, removed from the queue.
    pub fn ERR_get_error_all(
        file: *mut *const c_char,
        line: *mut c_int,
        func: *mut *const c_char,
        data: *mut *const c_char,
        flags: *mut c_int,
    ) -> c_ulong;
    /// <openssl/x509.h>
    pub fn X509_NAME_print_ex(
        out: *mut ffi::BIO,
        name: *const ffi::X509_NAME,
        indent: c_int,
        flags: c_ulong,
    ) -> c_int;
    /// <openssl/ssl.h>: the name of a group by the number SSL_get_negotiated_group() gives.
    pub fn SSL_group_to_name(ssl: *mut ffi::SSL, id: c_int) -> *const c_char;
}
