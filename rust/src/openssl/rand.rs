//! OpenSSL's RAND_* functions.

use super::ffi;
use libc::c_int;
use std::ptr;

/// `share` is the entropy in a byte of `bytes`, 0.0 to 1.0 (bytes, not bits).
pub fn add(bytes: &[u8], share: f64) {
    ffi::init();
    for part in bytes.chunks(c_int::MAX as usize) {
        // SAFETY: `part` is readable for its length, which fits an int.
        unsafe { ffi::RAND_add(part.as_ptr().cast(), part.len() as c_int, share * part.len() as f64) };
    }
}

pub fn status() -> bool {
    ffi::init();
    // SAFETY: no arguments; the generator has locks of its own.
    unsafe { ffi::RAND_status() == 1 }
}

pub fn fill(room: &mut [u8]) -> Result<(), ()> {
    ffi::init();
    for part in room.chunks_mut(c_int::MAX as usize) {
        // SAFETY: `part` is writable for its length, which fits an int.
        if unsafe { ffi::RAND_bytes(part.as_mut_ptr(), part.len() as c_int) } != 1 {
            return Err(());
        }
    }
    Ok(())
}

/// Reseeds the primary generator and this thread's two from the system's entropy, with prediction resistance.
pub fn reseed() -> Result<(), ()> {
    ffi::init();
    // SAFETY: the default library context's generators live as long as the process; each has its lock, or belongs to
    // this thread.
    unsafe {
        let generators = [
            ffi::RAND_get0_primary(ptr::null_mut()),
            ffi::RAND_get0_public(ptr::null_mut()),
            ffi::RAND_get0_private(ptr::null_mut()),
        ];
        let renewed = generators
            .iter()
            .all(|&rng| !rng.is_null() && ffi::EVP_RAND_reseed(rng, 1, ptr::null(), 0, ptr::null(), 0) == 1);
        if renewed {
            Ok(())
        } else {
            Err(())
        }
    }
}
