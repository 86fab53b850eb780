//! The last failure of each thread, and its strings as C has them.

use super::types::pyssl_status;
use crate::error::{Entry, Error};
use std::cell::{OnceCell, RefCell};
use std::ffi::CString;

/// Keeps a failure for `pyssl_error_*`. An answer leaves the last failure as it is.
pub fn keep(error: Error) -> pyssl_status {
    let status = error.status as pyssl_status;
    if error.status.is_answer() {
        return status;
    }
    // A thread that is ending may have no place left for it; the status still tells.
    let _ = LAST.try_with(|last| drop(last.replace(Some((error, OnceCell::new())))));
    status
}

/// The last failure of this thread, and its strings as C has them.
pub fn with_last<T>(body: impl FnOnce(Option<(&Error, &Strings)>) -> T) -> T {
    LAST.with_borrow(|last| body(last.as_ref().map(|(error, lent)| (error, lent.get_or_init(|| Strings::of(error))))))
}

pub fn forget_last() {
    let before = LAST.with_borrow_mut(Option::take);
    drop(before);
}

thread_local! {
    /// The strings are made when they are first asked for, and live as long as the error.
    static LAST: RefCell<Option<(Error, OnceCell<Strings>)>> = const { RefCell::new(None) };
}

/// A failure's texts, NUL-terminated for C.
pub struct Strings {
    pub message: CString,
    pub path: Option<CString>,
    pub verify_message: Option<CString>,
    pub verify_subject: Option<CString>,
    /// Library, function, reason, data and file of each entry.
    pub entries: Vec<[CString; 5]>,
}

impl Strings {
    fn of(error: &Error) -> Self {
        let detail = error.detail.as_deref();
        let verify = detail.and_then(|detail| detail.verify.as_ref());
        let entries = detail.map_or(&[][..], |detail| &detail.entries);
        let texts = |entry: &Entry| {
            [&entry.library, &entry.function, &entry.reason, &entry.data, &entry.file].map(|text| c_text(text))
        };
        Strings {
            message: c_text(error.message()),
            path: detail.and_then(|detail| detail.path.as_deref()).map(c_text),
            verify_message: verify.map(|verify| c_text(&verify.message)),
            verify_subject: verify.map(|verify| c_text(&verify.subject)),
            entries: entries.iter().map(texts).collect(),
        }
    }
}

/// Copies a text for C. A NUL inside, which would end it, becomes U+FFFD.
fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}
