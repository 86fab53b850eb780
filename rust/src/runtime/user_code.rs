//! Running the functions that the user gave: callbacks, transports, destructors.

use super::language::Language;
use super::{cancellation, fork, mutex, unwinding};
use libc::c_void;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

/// Calls a function of the user's, which may take any time, and fork. `language` is the one that the function belongs to,
/// if any: when that has ended, the thread stays here until the process ends.
///
/// A fork does not wait for a thread that runs it.
/// The function has to return: see `unwinding` for what happens where it does not.
pub fn run<T>(language: Option<&'static Language>, function: impl FnOnce() -> T) -> T {
    apart(|| {
        let _call = language.map(|language| language.enter().unwrap_or_else(|| unwinding::stay()));
        unwinding::fence(function)
    })
}

/// Frees what the user gave along with a function.
pub type Destructor = unsafe extern "C-unwind" fn(userdata: *mut c_void);

/// Has a destructor run at the end of the call, when the thread holds no lock: it may call the library. When its language
/// has ended by then, there is nothing left to free.
///
/// # Safety
/// `destroy` must be callable with `data`, once, on any thread.
pub unsafe fn destroy_later(language: Option<&'static Language>, destroy: Destructor, data: *mut c_void) {
    let destruction = Destruction { language, destroy, data };
    let queued = LEFT.try_with(|left| {
        let mut queue = left.queue.borrow_mut();
        let fits = queue.try_reserve(1).is_ok();
        if fits {
            queue.push_back(destruction);
        }
        fits
    });
    if queued != Ok(true) {
        // The thread is ending, or there is no memory.
        destruction.run();
    }
}

/// Runs the destructors that `destroy_later` left. Nothing happens while the thread holds a lock, or runs one of them: the
/// call that is under way then runs the others.
#[inline]
pub fn run_destructors() {
    let is_time = LEFT.try_with(|left| !left.queue.borrow().is_empty() && !left.running.get());
    if is_time == Ok(true) && !mutex::holds_any() {
        run_each();
    }
}

#[cold]
fn run_each() {
    let _held_back = cancellation::hold_back();
    let next = || LEFT.with(|left| left.queue.borrow_mut().pop_front());
    LEFT.with(|left| left.running.set(true));
    while let Some(destruction) = next() {
        destruction.run();
    }
    LEFT.with(|left| left.running.set(false));
}

fn apart<T>(function: impl FnOnce() -> T) -> T {
    debug_assert!(!mutex::holds_mutex(), "code of the user's runs under a mutex of the library");
    fork::outside(function)
}

/// What `destroy_later` was given.
#[derive(Clone, Copy)]
struct Destruction {
    language: Option<&'static Language>,
    destroy: Destructor,
    data: *mut c_void,
}

impl Destruction {
    fn run(self) {
        apart(|| match self.language.map(Language::enter) {
            Some(None) => {}
            // SAFETY: the promise of `destroy_later`'s caller. What was queued is taken out once.
            _call => unwinding::fence(|| unsafe { (self.destroy)(self.data) }),
        });
    }
}

struct Left {
    queue: RefCell<VecDeque<Destruction>>,
    running: Cell<bool>,
}

thread_local! {
    static LEFT: Left = const { Left { queue: RefCell::new(VecDeque::new()), running: Cell::new(false) } };
}

impl Drop for Left {
    fn drop(&mut self) {
        // Where a callback calls exit(), the thread holds locks, and nothing has to be freed any more.
        while let (false, Some(destruction)) = (mutex::holds_any(), self.queue.get_mut().pop_front()) {
            destruction.run();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    unsafe extern "C-unwind" fn count(data: *mut c_void) {
        assert!(!mutex::holds_any());
        // SAFETY: the tests hand a counter.
        unsafe { &*data.cast::<AtomicUsize>() }.fetch_add(1, Ordering::SeqCst);
        // As the end of a call that the destructor makes.
        run_destructors();
    }

    fn left_to(counter: &AtomicUsize) {
        // SAFETY: `count` takes a counter, which outlives the test's calls.
        unsafe { destroy_later(None, count, std::ptr::from_ref(counter).cast_mut().cast()) };
    }

    #[test]
    fn a_destructor_waits_until_the_thread_holds_no_lock() {
        let (counter, lock, mutex) = (AtomicUsize::new(0), mutex::Lock::new(()), mutex::Mutex::new(()));
        let (engine, again) = (lock.lock(), lock.lock());
        let other = mutex.lock();
        left_to(&counter);
        left_to(&counter);
        drop(again);
        run_destructors();
        drop(engine);
        run_destructors();
        assert_eq!(counter.load(Ordering::SeqCst), 0);
        drop(other);
        run_destructors();
        assert_eq!(counter.load(Ordering::SeqCst), 2);
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "under a mutex")]
    fn code_of_the_users_under_a_mutex_is_found_in_debug_builds() {
        let mutex = mutex::Mutex::new(());
        let _held = mutex.lock();
        run(None, || ());
    }

    #[test]
    fn a_thread_that_ends_leaves_no_destructor_behind() {
        static COUNTER: AtomicUsize = AtomicUsize::new(0);
        std::thread::spawn(|| left_to(&COUNTER)).join().unwrap();
        assert_eq!(COUNTER.load(Ordering::SeqCst), 1);
    }
}
