//! The one gate between C and the core. Every exported function is one call of it.
//!
//! It marks the thread as inside (so that a fork waits for it), holds pthread_cancel() back, starts and ends with OpenSSL's
//! queue for this thread empty, catches panics, runs the destructors of userdata that the call left, turns a `Result` into a
//! status and keeps the error for `pyssl_error_*`.

use crate::error::{Error, Result};
use crate::openssl::{errors, library};
use crate::runtime::{cancellation, fork, user_code};
use crate::status::Status;
use std::panic::{catch_unwind, AssertUnwindSafe};

use super::last_error::keep;
pub use super::types::pyssl_status;

pub(crate) const OK: pyssl_status = 0;

/// A call that succeeds or fails.
pub fn gate(body: impl FnOnce() -> Result<()>) -> pyssl_status {
    match guarded(body) {
        Ok(()) => OK,
        Err(error) => keep(error),
    }
}

/// A call that moves bytes: how many, or a negative status.
pub fn gate_count(body: impl FnOnce() -> Result<usize>) -> isize {
    match guarded(body) {
        Ok(count) => isize::try_from(count).unwrap_or(isize::MAX),
        Err(error) => keep(error) as isize,
    }
}

/// As `gate_count`, for a body that calls nothing of OpenSSL and makes no system call that is a cancellation point: neither
/// OpenSSL's error queue nor pthread_cancel() needs any care.
pub fn gate_moved(body: impl FnOnce() -> Result<usize>) -> isize {
    let _inside = fork::inside();
    let result = caught(body);
    user_code::run_destructors();
    match result {
        Ok(count) => isize::try_from(count).unwrap_or(isize::MAX),
        Err(error) => keep(error) as isize,
    }
}

/// A call that only tells something, cannot fail, and leaves the kept error as it is.
pub fn gate_value<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    let _inside = fork::inside();
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

fn guarded<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    let _held_back = cancellation::hold_back();
    let _inside = fork::inside();
    library::start();
    errors::clear();
    let result = caught(body);
    user_code::run_destructors();
    if cfg!(feature = "system") || result.as_ref().is_err_and(may_leave_entries) {
        errors::clear();
    }
    result
}

/// Looking at the queue costs as much as the rest of the gate. Embedded, it is nobody's but this library's, and the next
/// call clears it; the system's OpenSSL is shared with the rest of the process. OpenSSL itself has looked when it says
/// that an operation would have to wait.
fn may_leave_entries(error: &Error) -> bool {
    !matches!(error.status, Status::WantRead | Status::WantWrite)
}

fn caught<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| Err(panicked(&*panic)))
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Error {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    Error::new(Status::Panic, format!("libpyssl panicked, which is a defect of the library: {text}"))
}

#[cfg(test)]
mod tests {
    use super::super::last_error::{forget_last, with_last};
    use super::*;
    use crate::openssl::ffi;

    #[test]
    fn a_panic_becomes_a_status_with_its_message() {
        let status = gate(|| panic!("boom {}", 7));
        assert_eq!(status, Status::Panic as pyssl_status);
        with_last(|last| assert!(last.unwrap().0.message().contains("boom 7")));
        assert_eq!(gate_count(|| panic!("static")), Status::Panic as isize);
    }

    #[test]
    fn junk_in_the_queue_or_errno_changes_nothing_and_does_not_reach_the_next_call() {
        let junk = || {
            // SAFETY: a failing parse of no bytes leaves entries in this thread's queue.
            unsafe {
                let mut p = [0u8; 1].as_ptr();
                assert!(ffi::d2i_X509(std::ptr::null_mut(), &mut p, 1).is_null());
                assert_ne!(ffi::ERR_peek_error(), 0);
                *libc::__errno_location() = libc::ECONNRESET;
            }
        };
        junk();
        let status = gate(|| {
            // SAFETY: reads this thread's queue.
            assert_eq!(unsafe { ffi::ERR_peek_error() }, 0);
            junk();
            Ok(())
        });
        assert_eq!(status, OK);
        gate(|| {
            // SAFETY: reads this thread's queue.
            assert_eq!(unsafe { ffi::ERR_peek_error() }, 0);
            Ok(())
        });
    }

    #[test]
    fn the_last_error_stays_until_the_next_failure() {
        gate(|| Err(Error::argument("first")));
        assert_eq!(gate(|| Ok(())), OK);
        with_last(|last| assert_eq!(last.unwrap().0.message(), "first"));
        gate(|| Err(Error::bare(Status::Timeout)));
        with_last(|last| assert_eq!(last.unwrap().0.status, Status::Timeout));
        forget_last();
        with_last(|error| assert!(error.is_none()));
    }

    #[test]
    fn an_answer_leaves_the_last_failure() {
        gate(|| Err(Error::argument("first")));
        for answer in
            [Status::WantRead, Status::WantWrite, Status::WantX509Lookup, Status::ZeroReturn, Status::Interrupted]
        {
            assert_eq!(gate(|| Err(Error::bare(answer))), answer as pyssl_status);
            with_last(|last| assert_eq!(last.unwrap().0.message(), "first"));
        }
    }

    #[test]
    fn openssl_failures_keep_their_entries_oldest_first() {
        gate(|| {
            let mut p = [0u8; 1].as_ptr();
            // SAFETY: one readable byte.
            assert!(unsafe { ffi::d2i_X509(std::ptr::null_mut(), &mut p, 1) }.is_null());
            Err(Error::openssl())
        });
        with_last(|last| {
            let detail = last.unwrap().0.detail.as_ref().unwrap();
            assert!(!detail.entries.is_empty());
            assert_eq!(detail.entries[0].library, "asn1 encoding routines");
        });
    }
}
