//! OpenSSL's return values as Results.

use crate::error::{Error, Result};
use foreign_types::ForeignType;
use libc::{c_int, c_uint};

/// Turns a positive return value into Ok, and anything else into an error with OpenSSL's queue.
pub fn check(result: c_int) -> Result<()> {
    if result > 0 {
        Ok(())
    } else {
        Err(Error::openssl())
    }
}

/// A length for a parameter of 32 bits; longer input is an argument error that names it.
pub fn length32(len: usize, name: &str) -> Result<c_uint> {
    c_uint::try_from(len).map_err(|_| Error::argument(format!("{name} of {len} bytes is too long")))
}

/// Takes ownership of a new object; NULL is an error with OpenSSL's queue.
///
/// # Safety
/// `object` must be NULL or owned by the caller, who gives it away.
pub unsafe fn owned<T: ForeignType>(object: *mut T::CType) -> Result<T> {
    if object.is_null() {
        return Err(Error::openssl());
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { T::from_ptr(object) })
}
