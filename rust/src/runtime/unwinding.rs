//! Functions of the user's that do not return, but unwind the stack.
//!
//! No frame of Rust or OpenSSL can be left so, and what they hold may be half done. A thread that ends in a callback
//! (pthread_exit) therefore stays where it is until the process ends, as CPython 3.14 has it: up to 3.13 CPython ends daemon
//! threads so that want to run Python code while the interpreter ends. An exception (C++'s, say) ends the process: with a
//! message of this library's and, as a rule, one of the language's own.
//!
//! Rust cannot tell the two apart, for a `Drop` does not learn why the stack is unwound. A personality routine does (Itanium
//! C++ ABI, "Exception Handling", 1.3 and 1.6.2): it is asked for each frame whose unwind table names it. `fence` calls the
//! user's function through such a frame, which only assembly can declare.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub use framed::fence;

use super::language;

/// On other processors: the thread stays where it is for an exception, too.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn fence<T>(function: impl FnOnce() -> T) -> T {
    /// Is only dropped where the thread is being unwound.
    struct Stay;
    impl Drop for Stay {
        fn drop(&mut self) {
            // A panic of this library's own is for the gate.
            if !std::thread::panicking() {
                stay();
            }
        }
    }
    let guard = Stay;
    let result = function();
    std::mem::forget(guard);
    result
}

/// Keeps the thread here until the process ends.
pub fn stay() -> ! {
    // Whoever ends a language need not wait for this thread.
    language::leave_calls();
    loop {
        // SAFETY: waits for a signal; handlers run.
        unsafe { libc::pause() };
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod framed {
    use libc::{c_int, c_void};
    use std::arch::global_asm;

    type Body = unsafe extern "C-unwind" fn(call: *mut c_void);

    extern "C-unwind" {
        /// Calls `body` with `call`.
        fn libpyssl_fence(body: Body, call: *mut c_void);
    }

    // 0x1b: the personality's address is relative, of four bytes.
    #[cfg(target_arch = "x86_64")]
    global_asm!(
        ".pushsection .text.libpyssl_fence, \"ax\", @progbits",
        ".globl libpyssl_fence",
        ".hidden libpyssl_fence",
        ".type libpyssl_fence, @function",
        "libpyssl_fence:",
        ".cfi_startproc",
        ".cfi_personality 0x1b, {personality}",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "mov rbp, rsp",
        ".cfi_def_cfa_register rbp",
        "mov rax, rdi",
        "mov rdi, rsi",
        "call rax",
        "pop rbp",
        ".cfi_def_cfa rsp, 8",
        "ret",
        ".cfi_endproc",
        ".size libpyssl_fence, . - libpyssl_fence",
        ".popsection",
        personality = sym personality,
    );

    #[cfg(target_arch = "aarch64")]
    global_asm!(
        ".pushsection .text.libpyssl_fence, \"ax\", @progbits",
        ".globl libpyssl_fence",
        ".hidden libpyssl_fence",
        ".type libpyssl_fence, @function",
        "libpyssl_fence:",
        ".cfi_startproc",
        ".cfi_personality 0x1b, {personality}",
        "stp x29, x30, [sp, #-16]!",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset x29, -16",
        ".cfi_offset x30, -8",
        "mov x29, sp",
        "mov x2, x0",
        "mov x0, x1",
        "blr x2",
        "ldp x29, x30, [sp], #16",
        ".cfi_restore x29",
        ".cfi_restore x30",
        ".cfi_def_cfa_offset 0",
        "ret",
        ".cfi_endproc",
        ".size libpyssl_fence, . - libpyssl_fence",
        ".popsection",
        personality = sym personality,
    );

    struct Call<F, T> {
        function: Option<F>,
        result: Option<T>,
    }

    /// Calls a function of the user's, which cannot be left but by returning.
    pub fn fence<T, F: FnOnce() -> T>(function: F) -> T {
        let mut call = Call { function: Some(function), result: None };
        // SAFETY: `body` takes such a call, and has it for the length of this call.
        unsafe { libpyssl_fence(body::<F, T>, (&raw mut call).cast()) };
        let Some(result) = call.result else { unreachable!("the body sets the result") };
        result
    }

    unsafe extern "C-unwind" fn body<F: FnOnce() -> T, T>(call: *mut c_void) {
        // SAFETY: `fence` hands its own call.
        let call = unsafe { &mut *call.cast::<Call<F, T>>() };
        call.result = call.function.take().map(|function| function());
    }

    const UA_FORCE_UNWIND: c_int = 8;
    const URC_FATAL_PHASE1_ERROR: c_int = 3;
    const URC_CONTINUE_UNWIND: c_int = 8;

    /// Is asked by the unwinder what the frame of `libpyssl_fence` does about an exception. Nothing is unwound yet where it
    /// is one: a core dump shows who threw it.
    extern "C" fn personality(
        _version: c_int,
        actions: c_int,
        _class: u64,
        _exception: *mut c_void,
        _context: *mut c_void,
    ) -> c_int {
        if actions & UA_FORCE_UNWIND != 0 {
            super::stay();
        }
        if std::thread::panicking() {
            // A panic of this library's own is for the gate.
            return URC_CONTINUE_UNWIND;
        }
        const WHY: &str = "libpyssl: a callback ended with an exception, which cannot pass through the library\n";
        // SAFETY: readable bytes.
        unsafe { libc::write(libc::STDERR_FILENO, WHY.as_ptr().cast(), WHY.len()) };
        // The language takes this as it does where nobody catches: C++ calls std::terminate().
        URC_FATAL_PHASE1_ERROR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_function_returns_comes_back_and_a_panic_of_our_own_passes() {
        let text = String::from("returned");
        assert_eq!(fence(|| text.clone() + "!"), "returned!");
        let caught = std::panic::catch_unwind(|| fence(|| -> u8 { panic!("ours") }));
        assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"ours"));
    }
}
