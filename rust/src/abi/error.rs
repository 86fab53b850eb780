//! pyssl_error_*: the calling thread's last failure.

use super::arg::put;
use super::gate::{forget_last, gate_value, with_last, OK};
use crate::status::Status;
use libc::{c_char, c_int};
use std::cell::RefCell;
use std::ffi::CString;

/// What a call came to: PYSSL_OK (0) or one of the negative PYSSL_ERR_* values.
pub type pyssl_status = c_int;

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

// The numbers above are literals for the header's sake; here they are held to the core's list.
const _: () = {
    assert!(PYSSL_ERROR == Status::Error as c_int);
    assert!(PYSSL_ERR_WANT_READ == Status::WantRead as c_int);
    assert!(PYSSL_ERR_WANT_WRITE == Status::WantWrite as c_int);
    assert!(PYSSL_ERR_WANT_X509_LOOKUP == Status::WantX509Lookup as c_int);
    assert!(PYSSL_ERR_ZERO_RETURN == Status::ZeroReturn as c_int);
    assert!(PYSSL_ERR_SYSCALL == Status::Syscall as c_int);
    assert!(PYSSL_ERR_EOF == Status::Eof as c_int);
    assert!(PYSSL_ERR_INTERRUPTED == Status::Interrupted as c_int);
    assert!(PYSSL_ERR_TIMEOUT == Status::Timeout as c_int);
    assert!(PYSSL_ERR_HANDLE == Status::Handle as c_int);
    assert!(PYSSL_ERR_ARGUMENT == Status::Argument as c_int);
    assert!(PYSSL_ERR_BUSY == Status::Busy as c_int);
    assert!(PYSSL_ERR_CALLBACK == Status::Callback as c_int);
    assert!(PYSSL_ERR_PANIC == Status::Panic as c_int);
    assert!(PYSSL_ERR_BUFFER == Status::Buffer as c_int);
    assert!(PYSSL_ERR_CLOSED == Status::Closed as c_int);
    assert!(PYSSL_ERR_ABSENT == Status::Absent as c_int);
    assert!(PYSSL_ERR_UNSUPPORTED == Status::Unsupported as c_int);
};

/// A failure. The strings are UTF-8 and stay valid until this thread asks for another error or entry.
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

/// One entry of OpenSSL's error queue. The strings are UTF-8, "" where OpenSSL has none, and stay valid until this
/// thread asks for another error or entry.
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

/// The calling thread's last failure. It stays until the next call that fails; calls that succeed leave it.
/// @param out  receives it; status is PYSSL_OK and message "" when nothing failed yet
/// @return PYSSL_OK, or PYSSL_ERR_ARGUMENT when out is NULL
#[no_mangle]
pub unsafe extern "C" fn pyssl_error_last(out: *mut pyssl_error) -> pyssl_status {
    gate_value(PYSSL_ERR_PANIC, || {
        let error = with_last(|error| {
            let detail = error.and_then(|error| error.detail.as_deref());
            let verify = detail.and_then(|detail| detail.verify.as_ref());
            lend(|text| pyssl_error {
                status: error.map_or(OK, |error| error.status as c_int),
                sys_errno: detail.map_or(0, |detail| detail.errno),
                verify_code: verify.map_or(0, |verify| verify.code),
                verify_depth: verify.map_or(-1, |verify| verify.depth),
                message: text(Some(error.map_or("", |error| error.message()))),
                path: text(detail.and_then(|detail| detail.path.as_deref())),
                verify_message: text(verify.map(|verify| verify.message.as_str())),
                verify_subject: text(verify.map(|verify| verify.subject.as_str())),
                entry_count: detail.map_or(0, |detail| detail.entries.len()),
            })
        });
        // SAFETY: the header asks for a writable struct.
        unsafe { put(out, || Ok(error)) }.map_or(PYSSL_ERR_ARGUMENT, |()| OK)
    })
}

/// An entry of OpenSSL's queue as it was at the last failure.
/// @param index  0 is the oldest, the cause; below entry_count
/// @param out    receives it
/// @return PYSSL_OK, or PYSSL_ERR_ARGUMENT when index is too large or out is NULL
#[no_mangle]
pub unsafe extern "C" fn pyssl_error_entry_at(index: usize, out: *mut pyssl_error_entry) -> pyssl_status {
    gate_value(PYSSL_ERR_PANIC, || {
        with_last(|error| {
            let entry = error.and_then(|error| error.detail.as_ref()?.entries.get(index));
            let Some(entry) = entry else { return PYSSL_ERR_ARGUMENT };
            let entry = lend(|text| pyssl_error_entry {
                code: entry.code,
                library: text(Some(&entry.library)),
                function: text(Some(&entry.function)),
                reason: text(Some(&entry.reason)),
                data: text(Some(&entry.data)),
                file: text(Some(&entry.file)),
                line: entry.line,
            });
            // SAFETY: the header asks for a writable struct.
            unsafe { put(out, || Ok(entry)) }.map_or(PYSSL_ERR_ARGUMENT, |()| OK)
        })
    })
}

/// The sentence of the calling thread's last failure, "" when there is none; never NULL.
/// @return UTF-8, valid until this thread asks for another error or entry
#[no_mangle]
pub extern "C" fn pyssl_error_message() -> *const c_char {
    gate_value(c"".as_ptr(), || with_last(|error| lend(|text| text(Some(error.map_or("", |error| error.message()))))))
}

/// Forgets the calling thread's last failure.
#[no_mangle]
pub extern "C" fn pyssl_error_clear() {
    gate_value((), forget_last)
}

thread_local! {
    /// The strings lent to C by the last question.
    static LENT: RefCell<Vec<CString>> = const { RefCell::new(Vec::new()) };
}

/// Builds a struct whose strings live in LENT until the next question.
fn lend<T>(build: impl FnOnce(&mut dyn FnMut(Option<&str>) -> *const c_char) -> T) -> T {
    let mut strings = Vec::new();
    let built = build(&mut |text| {
        let Some(text) = text else { return std::ptr::null() };
        strings.push(CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default());
        strings.last().map_or(std::ptr::null(), |text| text.as_ptr())
    });
    LENT.set(strings);
    built
}
