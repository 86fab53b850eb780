//! Counts the system calls under way on a descriptor, so that its owner can close it once none is left.

use super::fork;
use std::sync::atomic::{AtomicU32, Ordering};

/// One word: a bit that says closed, and the number of system calls under way.
#[derive(Default)]
pub struct InFlight(AtomicU32);

const CLOSED: u32 = 1 << 31;

impl InFlight {
    /// Counts a system call until the result is dropped. Returns None once `close` was called.
    ///
    /// The count covers nothing but the system call: no lock is taken and no code of the user's runs before it ends.
    #[inline]
    pub fn enter(&self) -> Option<Call<'_>> {
        let before = self.0.fetch_add(1, Ordering::SeqCst);
        let call = Call(self);
        (before & CLOSED == 0).then_some(call)
    }

    /// Refuses system calls from now on.
    pub fn close(&self) {
        self.0.fetch_or(CLOSED, Ordering::SeqCst);
    }

    /// Waits until no system call is under way. Call after `close`.
    pub fn wait_until_none(&self) {
        loop {
            let now = self.0.load(Ordering::SeqCst);
            if now & !CLOSED == 0 {
                return;
            }
            fork::outside(|| fork::futex_wait(&self.0, now, None));
        }
    }

    /// Sets the count to zero. In a forked child the calls that were under way are those of the parent's threads.
    pub fn forget_calls(&self) {
        self.0.fetch_and(CLOSED, Ordering::SeqCst);
    }
}

/// A system call under way.
pub struct Call<'a>(&'a InFlight);

impl Drop for Call<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.0 .0.fetch_sub(1, Ordering::SeqCst) == CLOSED | 1 {
            fork::futex_wake(&self.0 .0, libc::c_int::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    #[test]
    fn the_closing_thread_waits_for_calls_under_way_and_no_call_begins_after_it() {
        let (calls, over) = (InFlight::default(), AtomicBool::new(false));
        let (first, second) = (calls.enter().unwrap(), calls.enter().unwrap());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                calls.close();
                calls.wait_until_none();
                assert!(over.load(Ordering::SeqCst));
            });
            while calls.enter().is_some() {
                std::thread::yield_now();
            }
            drop(first);
            std::thread::sleep(Duration::from_millis(20));
            over.store(true, Ordering::SeqCst);
            drop(second);
        });
        assert!(calls.enter().is_none());
        calls.wait_until_none();
    }

    #[test]
    fn calls_of_a_parents_threads_are_not_waited_for() {
        let calls = InFlight::default();
        std::mem::forget(calls.enter());
        calls.forget_calls();
        calls.close();
        calls.wait_until_none();
    }
}
