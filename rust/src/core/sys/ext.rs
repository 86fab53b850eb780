//! OpenSSL functions that neither the `openssl` crate nor openssl-sys declares. Signatures from OpenSSL's headers.
#![allow(non_camel_case_types)]

use libc::{c_char, c_int, c_uchar, c_ulong, size_t};
use openssl_sys as ffi;

/// <openssl/types.h>
pub enum EVP_RAND_CTX {}

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

    /// <openssl/rand.h>, OpenSSL 3.0: the generators of a library context (NULL: the default one), never to be freed.
    pub fn RAND_get0_primary(ctx: *mut ffi::OSSL_LIB_CTX) -> *mut EVP_RAND_CTX;
    pub fn RAND_get0_public(ctx: *mut ffi::OSSL_LIB_CTX) -> *mut EVP_RAND_CTX;
    pub fn RAND_get0_private(ctx: *mut ffi::OSSL_LIB_CTX) -> *mut EVP_RAND_CTX;
    /// <openssl/evp.h>, OpenSSL 3.0: new entropy for a generator.
    pub fn EVP_RAND_reseed(
        ctx: *mut EVP_RAND_CTX,
        prediction_resistance: c_int,
        entropy: *const c_uchar,
        entropy_len: size_t,
        addin: *const c_uchar,
        addin_len: size_t,
    ) -> c_int;
}
