//! Languages whose runtime ends before the process does.
//!
//! An interpreter may end while other threads are inside the library, about to call one of its functions: a callback, a
//! transport's function, a destructor. A binding for such a language takes a number with pyssl_language_new(), names the
//! functions with pyssl_language_add_function() before it gives them to the library, and calls pyssl_language_end() when
//! the interpreter is about to end. The OpenSSL package for Python does so.

use super::arg::put;
use super::gate::{gate, gate_count, pyssl_status};
use crate::error::Error;
use crate::runtime::language;

/// A function of whatever type, as pyssl_language_add_function() takes it. The library does not call it by this type.
pub type pyssl_any_fn = Option<unsafe extern "C-unwind" fn()>;

/// Begins a language, which has no functions yet.
/// @param number  receives its number, which is never 0 and never given twice
/// @return PYSSL_OK
#[no_mangle]
pub unsafe extern "C" fn pyssl_language_new(number: *mut u64) -> pyssl_status {
    // SAFETY: the header asks for a writable number.
    gate(|| unsafe { put(number, || Ok(language::add())) })
}

/// Says that a function is one of a language's. Call it before the function is given to the library.
/// @param number    from pyssl_language_new()
/// @param function  the function, of whatever type; with a callback that has a destructor, the destructor alone counts
/// @return PYSSL_OK; PYSSL_ERR_ARGUMENT when the number is no language's, or function is NULL
#[no_mangle]
pub extern "C" fn pyssl_language_add_function(number: u64, function: pyssl_any_fn) -> pyssl_status {
    gate(|| {
        let function = function.ok_or_else(|| Error::argument("function is NULL"))?;
        language::add_function(number, function as usize).then_some(()).ok_or_else(no_language)
    })
}

/// Says that a language's runtime is about to end. From then on the library calls the language's functions on the calling
/// thread alone. Another thread that is to call one stays inside the library until the process ends, but for
/// destructors, which are passed over. Calls that other threads are in already go on: wait for them, for as long as
/// they may take, and call this again to know how many are left.
/// @param number  from pyssl_language_new()
/// @return how many calls of the language's functions are under way on other threads, or PYSSL_ERR_ARGUMENT
#[no_mangle]
pub extern "C" fn pyssl_language_end(number: u64) -> isize {
    gate_count(|| language::end(number).ok_or_else(no_language))
}

fn no_language() -> Error {
    Error::argument("not the number of a language")
}
