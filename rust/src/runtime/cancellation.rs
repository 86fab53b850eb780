//! pthread_cancel() of a thread that is inside the library.
//!
//! No frame of Rust or OpenSSL can be left by a cancellation, and what they hold may be half done. So a request stays pending
//! until the call has returned.

use libc::c_int;

const PTHREAD_CANCEL_DISABLE: c_int = 1;

extern "C" {
    fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
}

/// Holds cancellation of the calling thread back until the result is dropped.
#[inline]
pub fn hold_back() -> HeldBack {
    let mut before = PTHREAD_CANCEL_DISABLE;
    // SAFETY: a valid state and a writable int.
    unsafe { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &mut before) };
    HeldBack(before)
}

#[must_use]
pub struct HeldBack(c_int);

impl Drop for HeldBack {
    #[inline]
    fn drop(&mut self) {
        if self.0 != PTHREAD_CANCEL_DISABLE {
            // SAFETY: a state that pthread_setcancelstate() gave; NULL is allowed by glibc and musl.
            unsafe { pthread_setcancelstate(self.0, std::ptr::null_mut()) };
        }
    }
}
