//! Memory BIOs, for the OpenSSL calls that read from one or write into one.

use crate::error::{Error, Result};
use crate::openssl::ffi;
use crate::runtime::memory;
use libc::{c_int, c_long, c_void};
use std::marker::PhantomData;
use std::ptr;

/// Reads from bytes that it borrows.
pub struct Source<'a>(*mut ffi::BIO, PhantomData<&'a [u8]>);

impl<'a> Source<'a> {
    pub fn new(bytes: &'a [u8]) -> Result<Self> {
        let len = c_int::try_from(bytes.len()).map_err(|_| Error::argument("more than 2 GiB of data"))?;
        // SAFETY: the bytes live as long as 'a, hence longer than the BIO, which only reads them.
        let bio = unsafe { ffi::BIO_new_mem_buf(bytes.as_ptr().cast::<c_void>(), len) };
        if bio.is_null() {
            return Err(Error::openssl());
        }
        Ok(Source(bio, PhantomData))
    }

    pub fn as_ptr(&self) -> *mut ffi::BIO {
        self.0
    }
}

impl Drop for Source<'_> {
    fn drop(&mut self) {
        // SAFETY: owned since new().
        unsafe { ffi::BIO_free_all(self.0) };
    }
}

/// Collects what is written.
pub struct Sink(*mut ffi::BIO);

impl Sink {
    pub fn new() -> Result<Self> {
        // SAFETY: BIO_s_mem() is a static method table.
        let bio = unsafe { ffi::BIO_new(ffi::BIO_s_mem()) };
        if bio.is_null() {
            return Err(Error::openssl());
        }
        Ok(Sink(bio))
    }

    pub fn as_ptr(&self) -> *mut ffi::BIO {
        self.0
    }

    pub fn bytes(&self) -> Result<Vec<u8>> {
        const BIO_CTRL_INFO: c_int = 3;
        let mut data: *mut c_void = ptr::null_mut();
        // SAFETY: for a memory BIO this control stores a pointer to its bytes and returns how many there are; they
        // are copied before anything else can touch the BIO.
        unsafe {
            let len: c_long = ffi::BIO_ctrl(self.0, BIO_CTRL_INFO, 0, (&raw mut data).cast());
            match usize::try_from(len) {
                Ok(len) if len > 0 && !data.is_null() => {
                    Ok(memory::copy(std::slice::from_raw_parts(data.cast::<u8>(), len))?)
                }
                _ => Ok(Vec::new()),
            }
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // SAFETY: owned since new().
        unsafe { ffi::BIO_free_all(self.0) };
    }
}

/// What a call writes into a BIO; the call returns 0 or less when it fails, as OpenSSL's printers do.
pub fn collect(write: impl FnOnce(*mut ffi::BIO) -> c_int) -> Result<Vec<u8>> {
    let sink = Sink::new()?;
    if write(sink.as_ptr()) <= 0 {
        return Err(Error::openssl());
    }
    sink.bytes()
}
