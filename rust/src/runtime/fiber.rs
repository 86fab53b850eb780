//! Who calls: a thread, and the fiber (greenlet, coroutine) that runs on it where the program has such.

use super::language::Language;
use super::{language, threads, user_code};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Tells the fiber that runs on the calling thread from all others that it has or had.
pub type Function = unsafe extern "C-unwind" fn() -> usize;

static FUNCTION: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());
/// The language of the function; NULL when it has none.
static LANGUAGE: AtomicPtr<Language> = AtomicPtr::new(ptr::null_mut());

/// Has a function of the user's tell fibers apart; None: there are none.
pub fn set(function: Option<Function>) {
    let language = function.and_then(|function| language::of_function(function as usize));
    LANGUAGE.store(language.map_or(ptr::null_mut(), |language| ptr::from_ref(language).cast_mut()), Ordering::Release);
    FUNCTION.store(function.map_or(ptr::null_mut(), |function| function as *mut ()), Ordering::Release);
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    thread: usize,
    fiber: usize,
}

impl Caller {
    /// Who calls now. Asks the user's function: not with a lock held.
    pub fn now() -> Self {
        Caller { thread: threads::id(), fiber: this_fiber() }
    }

    pub fn is_now(self) -> bool {
        self.is_of_this_thread() && self.fiber == this_fiber()
    }

    /// Returns false when the caller's thread has ended: no call comes from it any more.
    pub fn may_return(self) -> bool {
        threads::may_live(self.thread)
    }

    pub fn is_of_this_thread(self) -> bool {
        self.thread == threads::id()
    }
}

fn this_fiber() -> usize {
    let function = FUNCTION.load(Ordering::Acquire);
    if function.is_null() {
        return 0;
    }
    // SAFETY: languages are never freed.
    let language = unsafe { LANGUAGE.load(Ordering::Acquire).cast_const().as_ref() };
    // SAFETY: `set` stored a function of this type.
    user_code::run(language, || unsafe { std::mem::transmute::<*mut (), Function>(function)() })
}
