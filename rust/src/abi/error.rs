//! pyssl_error_*: the calling thread's last failure.

use super::arg::put;
use super::gate::{gate_value, OK};
use super::last_error::{forget_last, with_last};
use super::types::pyssl_status;
use crate::status::Status;
use libc::{c_char, c_int};
use std::ffi::{CStr, CString};
use std::ptr;

/// Success.
pub const PYSSL_OK: c_int = 0;
/// OpenSSL or the library refused; pyssl_error_last() says why.
pub const PYSSL_ERROR: c_int = -1;
/// Call again when the transport has bytes to read.
pub const PYSSL_ERR_WANT_READ: c_int = -2;
/// Call again when the transport takes bytes.
pub const PYSSL_ERR_WANT_WRITE: c_int = -3;
/// Call again later: a certificate lookup is pending.
pub const PYSSL_ERR_WANT_X509_LOOKUP: c_int = -4;
/// The peer closed the TLS session properly (close_notify).
pub const PYSSL_ERR_ZERO_RETURN: c_int = -5;
/// The operating system refused; the error carries errno.
pub const PYSSL_ERR_SYSCALL: c_int = -6;
/// The transport ended without close_notify.
pub const PYSSL_ERR_EOF: c_int = -7;
/// A signal arrived while waiting: run its handlers and call again.
pub const PYSSL_ERR_INTERRUPTED: c_int = -8;
/// The deadline passed.
pub const PYSSL_ERR_TIMEOUT: c_int = -9;
/// A handle that is NULL, stale, of another kind, or no handle at all. Nothing was done.
pub const PYSSL_ERR_HANDLE: c_int = -10;
/// An argument that cannot be used. Nothing was done.
pub const PYSSL_ERR_ARGUMENT: c_int = -11;
/// The object is in use by the very call that led here (I/O from inside a callback). Nothing was done.
pub const PYSSL_ERR_BUSY: c_int = -12;
/// A callback reported failure.
pub const PYSSL_ERR_CALLBACK: c_int = -13;
/// A defect of the library, caught at the border.
pub const PYSSL_ERR_PANIC: c_int = -14;
/// The buffer is too small: nothing was stored in it, the length needed was.
pub const PYSSL_ERR_BUFFER: c_int = -15;
/// The connection was closed, by this or another thread.
pub const PYSSL_ERR_CLOSED: c_int = -16;
/// There is no such thing here (a value that was never set).
pub const PYSSL_ERR_ABSENT: c_int = -17;
/// The linked OpenSSL cannot do this.
pub const PYSSL_ERR_UNSUPPORTED: c_int = -18;
/// The system has no memory left. A connection that needed it has ended; everything else is as it was.
pub const PYSSL_ERR_MEMORY: c_int = -19;

/// `statuses![A = X]` checks that the header's literal A is the core's Status::X, and lists A with its name.
macro_rules! statuses {
    ($($name:ident = $core:ident),+ $(,)?) => {
        const _: () = { $(assert!($name == Status::$core as c_int);)+ };
        const STATUSES: &[(&CStr, pyssl_status)] = &[(c"PYSSL_OK", PYSSL_OK), $((named!($name), $name)),+];
    };
}

macro_rules! named {
    ($name:ident) => {
        match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
            Ok(name) => name,
            Err(_) => panic!("a name has a NUL"),
        }
    };
}

statuses![
    PYSSL_ERROR = Error,
    PYSSL_ERR_WANT_READ = WantRead,
    PYSSL_ERR_WANT_WRITE = WantWrite,
    PYSSL_ERR_WANT_X509_LOOKUP = WantX509Lookup,
    PYSSL_ERR_ZERO_RETURN = ZeroReturn,
    PYSSL_ERR_SYSCALL = Syscall,
    PYSSL_ERR_EOF = Eof,
    PYSSL_ERR_INTERRUPTED = Interrupted,
    PYSSL_ERR_TIMEOUT = Timeout,
    PYSSL_ERR_HANDLE = Handle,
    PYSSL_ERR_ARGUMENT = Argument,
    PYSSL_ERR_BUSY = Busy,
    PYSSL_ERR_CALLBACK = Callback,
    PYSSL_ERR_PANIC = Panic,
    PYSSL_ERR_BUFFER = Buffer,
    PYSSL_ERR_CLOSED = Closed,
    PYSSL_ERR_ABSENT = Absent,
    PYSSL_ERR_UNSUPPORTED = Unsupported,
    PYSSL_ERR_MEMORY = Memory,
];

/// A failure. The strings are UTF-8 and live until this thread's next call that
/// fails or pyssl_error_clear().
#[repr(C)]
pub struct pyssl_error {
    /// The status that the call returned.
    pub status: pyssl_status,
    /// The system's errno, or 0.
    pub sys_errno: c_int,
    /// X509_V_ERR_* when a certificate was refused, else 0.
    pub verify_code: c_int,
    /// Depth in the chain of the certificate at fault, 0 for the peer's own; -1 when no certificate was refused.
    pub verify_depth: c_int,
    /// One sentence; never NULL.
    pub message: *const c_char,
    /// The file that could not be used, or NULL.
    pub path: *const c_char,
    /// OpenSSL's words for verify_code, or NULL.
    pub verify_message: *const c_char,
    /// Subject of the certificate at fault (RFC 2253 form), or NULL.
    pub verify_subject: *const c_char,
    /// How many entries pyssl_error_entry_at() has.
    pub entry_count: usize,
}

/// One entry of OpenSSL's error queue. The strings are UTF-8, "" where OpenSSL has none, and live as
/// long as those of its pyssl_error.
#[repr(C)]
pub struct pyssl_error_entry {
    /// OpenSSL's packed code.
    pub code: u64,
    pub library: *const c_char,
    pub function: *const c_char,
    pub reason: *const c_char,
    pub data: *const c_char,
    pub file: *const c_char,
    pub line: c_int,
}

/// Returns the calling thread's last failure. It stays, with its strings, until the next call that fails or
/// pyssl_error_clear(). Calls that succeed leave it, and so do those that return PYSSL_ERR_WANT_READ,
/// PYSSL_ERR_WANT_WRITE, PYSSL_ERR_WANT_X509_LOOKUP, PYSSL_ERR_ZERO_RETURN or PYSSL_ERR_INTERRUPTED, which are answers.
/// @param out  receives it; status is PYSSL_OK and message "" when nothing failed yet
/// @return PYSSL_OK, or PYSSL_ERR_ARGUMENT when out is NULL
#[no_mangle]
pub unsafe extern "C" fn pyssl_error_last(out: *mut pyssl_error) -> pyssl_status {
    gate_value(PYSSL_ERR_PANIC, || {
        let error = with_last(|last| {
            let Some((error, strings)) = last else { return nothing() };
            let detail = error.detail.as_deref();
            let verify = detail.and_then(|detail| detail.verify.as_ref());
            pyssl_error {
                status: error.status as c_int,
                sys_errno: detail.map_or(0, |detail| detail.errno),
                verify_code: verify.map_or(0, |verify| verify.code),
                verify_depth: verify.map_or(-1, |verify| verify.depth),
                message: strings.message.as_ptr(),
                path: pointer(&strings.path),
                verify_message: pointer(&strings.verify_message),
                verify_subject: pointer(&strings.verify_subject),
                entry_count: strings.entries.len(),
            }
        });
        // SAFETY: the header asks for a writable struct.
        unsafe { put(out, || Ok(error)) }.map_or(PYSSL_ERR_ARGUMENT, |()| OK)
    })
}

/// Returns an entry of OpenSSL's queue as it was at the last failure.
/// @param index  0 is the oldest, the cause; below entry_count
/// @param out    receives it
/// @return PYSSL_OK, or PYSSL_ERR_ARGUMENT when index is too large or out is NULL
#[no_mangle]
pub unsafe extern "C" fn pyssl_error_entry_at(index: usize, out: *mut pyssl_error_entry) -> pyssl_status {
    gate_value(PYSSL_ERR_PANIC, || {
        with_last(|last| {
            let found = last.and_then(|(error, strings)| {
                let entry = error.detail.as_ref()?.entries.get(index)?;
                Some((entry, strings.entries.get(index)?.each_ref().map(|text| text.as_ptr())))
            });
            let Some((entry, [library, function, reason, data, file])) = found else { return PYSSL_ERR_ARGUMENT };
            let entry = pyssl_error_entry { code: entry.code, library, function, reason, data, file, line: entry.line };
            // SAFETY: the header asks for a writable struct.
            unsafe { put(out, || Ok(entry)) }.map_or(PYSSL_ERR_ARGUMENT, |()| OK)
        })
    })
}

/// Returns the sentence of the calling thread's last failure, "" when there is none; never NULL.
/// @return UTF-8, valid until this thread's next call that fails or pyssl_error_clear()
#[no_mangle]
pub extern "C" fn pyssl_error_message() -> *const c_char {
    gate_value(c"".as_ptr(), || with_last(|last| last.map_or(c"".as_ptr(), |(_, strings)| strings.message.as_ptr())))
}

/// Forgets the calling thread's last failure.
#[no_mangle]
pub extern "C" fn pyssl_error_clear() {
    gate_value((), forget_last)
}

/// Returns the name of a status: "PYSSL_OK", "PYSSL_ERR_WANT_READ".
/// @param status  PYSSL_OK, PYSSL_ERROR or PYSSL_ERR_*
/// @return a static string; "PYSSL_OK" for numbers above 0, which are counts; "unknown status" for any other number
#[no_mangle]
pub extern "C" fn pyssl_status_name(status: pyssl_status) -> *const c_char {
    gate_value(c"".as_ptr(), || {
        let found = STATUSES.iter().find(|(_, value)| *value == status.min(PYSSL_OK));
        found.map_or(c"unknown status", |(name, _)| *name).as_ptr()
    })
}

fn pointer(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

fn nothing() -> pyssl_error {
    pyssl_error {
        status: OK,
        sys_errno: 0,
        verify_code: 0,
        verify_depth: -1,
        message: c"".as_ptr(),
        path: ptr::null(),
        verify_message: ptr::null(),
        verify_subject: ptr::null(),
        entry_count: 0,
    }
}
