//! OpenSSL's per-thread error queue.

use super::ffi;
use libc::{c_char, c_int, c_ulong};
use std::ffi::CStr;
use std::ptr;

/// One line of OpenSSL's error queue.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    pub code: u64,
    pub library: String,
    pub function: String,
    pub reason: String,
    pub data: String,
    pub file: String,
    pub line: i32,
}

impl Entry {
    /// Returns true for OpenSSL's word that there was no memory. From the ASN.1 code of OpenSSL 3.0 the same reason also
    /// stands for an object that cannot be encoded, so it does not count there; OpenSSL 4.0's allocator speaks for itself.
    pub fn is_no_memory(&self) -> bool {
        const REASON: u64 = 0x7f_ffff;
        const ERR_LIB_ASN1: u64 = 13;
        const ERR_R_MALLOC_FAILURE: u64 = 0x3 << 18 | 256;
        self.code & REASON == ERR_R_MALLOC_FAILURE && self.code >> 23 & 0xff != ERR_LIB_ASN1
    }

    /// The entry OpenSSL itself writes for a failed system call ("system library").
    pub fn system(errno: i32) -> Self {
        let (code, reason) = (system_code(errno), system_text(errno));
        Entry { code, library: "system library".into(), reason, ..Entry::default() }
    }
}

/// Empties the queue; nearly free when it is empty already, which it nearly always is.
pub fn clear() {
    // SAFETY: both only touch the calling thread's queue.
    unsafe {
        if ffi::ERR_peek_error() != 0 {
            ffi::ERR_clear_error();
        }
    }
}

/// Takes every entry, oldest first.
pub fn drain() -> Vec<Entry> {
    let mut entries = Vec::new();
    while let Some(entry) = next() {
        entries.push(entry);
    }
    entries
}

/// The reason code of the newest entry, 0 when the queue is empty.
pub fn peek_last_reason() -> c_int {
    // SAFETY: reads the calling thread's queue.
    unsafe { ffi::ERR_GET_REASON(ffi::ERR_peek_last_error()) }
}

/// The packed code OpenSSL gives a failed system call (ERR_SYSTEM_FLAG | errno).
pub fn system_code(errno: i32) -> u64 {
    const ERR_SYSTEM_FLAG: u64 = 0x8000_0000;
    ERR_SYSTEM_FLAG | u64::from(errno.unsigned_abs())
}

/// The system's words for an errno.
pub fn system_text(errno: i32) -> String {
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

fn next() -> Option<Entry> {
    let (mut file, mut func, mut data): (*const c_char, *const c_char, *const c_char) =
        (ptr::null(), ptr::null(), ptr::null());
    let (mut line, mut flags): (c_int, c_int) = (0, 0);
    // SAFETY: five valid out pointers; what they receive lives until the next queue operation of this thread,
    // and is copied before that.
    unsafe {
        let code = ffi::ERR_get_error_all(&mut file, &mut line, &mut func, &mut data, &mut flags);
        if code == 0 {
            return None;
        }
        const ERR_TXT_STRING: c_int = 0x02;
        Some(Entry {
            code: code as u64,
            library: text(ffi::ERR_lib_error_string(code)),
            // OpenSSL 3 dropped function codes; what it keeps instead is the C function's name, which pyOpenSSL
            // shows as "". It goes with file and line, for people, not into the compatible tuple.
            function: text(func),
            reason: reason(code),
            data: if flags & ERR_TXT_STRING != 0 { text(data) } else { String::new() },
            file: text(file),
            line,
        })
    }
}

fn reason(code: c_ulong) -> String {
    // SAFETY: a static string or NULL.
    let known = text(unsafe { ffi::ERR_reason_error_string(code) });
    if !known.is_empty() || code & 0x8000_0000 == 0 {
        return known;
    }
    system_text((code & 0x7fff_ffff) as i32)
}

fn text(p: *const c_char) -> String {
    if p.is_null() {
        return String::new();
    }
    // SAFETY: OpenSSL's strings are NUL-terminated and live for the length of this call.
    unsafe { CStr::from_ptr(p) }.to_string_lossy().into_owned()
}
