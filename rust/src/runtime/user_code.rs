//! Running the functions that the user gave: callbacks, transports, destructors.

use super::fork;
use super::language::{Call, Language};

/// Calls a function of the user's: it may take any time, and fork. `language` is the one that the function belongs to,
/// if any: when that has ended, the thread stays here until the process ends.
///
/// The function may also end its thread (pthread_exit): CPython up to 3.13 does, with daemon threads that want to run
/// Python code while the interpreter ends. No frame of Rust or OpenSSL can be left so, and what they hold may be half
/// done, so the thread stays where it is until the process ends, as CPython 3.14 has it.
pub fn run<T>(language: Option<&'static Language>, function: impl FnOnce() -> T) -> T {
    fork::outside(|| {
        let call = language.map(|language| language.enter().unwrap_or_else(|| stay()));
        within(call, function)
    })
}

/// As `run`, for a function that frees something: when its language has ended, there is nothing left to free.
pub fn run_destructor(language: Option<&'static Language>, function: impl FnOnce()) {
    fork::outside(|| match language.map(Language::enter) {
        Some(None) => {}
        call => within(call.flatten(), function),
    });
}

fn within<T>(call: Option<Call>, function: impl FnOnce() -> T) -> T {
    let stay = Stay(call);
    let result = function();
    stay.leave();
    result
}

/// Is only dropped where the thread is being unwound.
struct Stay(Option<Call>);

impl Stay {
    fn leave(mut self) {
        drop(self.0.take());
        std::mem::forget(self);
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        // Whoever ends the language need not wait for this thread.
        drop(self.0.take());
        // A panic of this library's own is for the gate.
        if !std::thread::panicking() {
            stay();
        }
    }
}

fn stay() -> ! {
    loop {
        // SAFETY: waits for a signal; handlers run.
        unsafe { libc::pause() };
    }
}
