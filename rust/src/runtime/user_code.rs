//! Running the functions that the user gave: callbacks, transports, destructors.

use super::fork;

/// Calls a function of the user's: it may take any time, and fork.
///
/// It may also end its thread in there (pthread_exit): CPython up to 3.13 does, with daemon threads that want to run
/// Python code while the interpreter ends. No frame of Rust or OpenSSL can be left so, and what they hold may be half
/// done, so the thread stays where it is until the process ends, as CPython 3.14 has it.
pub fn run<T>(function: impl FnOnce() -> T) -> T {
    fork::outside(|| {
        let stay = Stay;
        let result = function();
        std::mem::forget(stay);
        result
    })
}

/// Is only dropped where the thread is being unwound.
struct Stay;

impl Drop for Stay {
    fn drop(&mut self) {
        // A panic of this library's own is for the gate.
        while !std::thread::panicking() {
            // SAFETY: waits for a signal; handlers run.
            unsafe { libc::pause() };
        }
    }
}
