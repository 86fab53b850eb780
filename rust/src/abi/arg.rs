//! Arguments from C: checked once, here, before they become Rust's.

use super::handle::Object;
use crate::error::{Error, Result};
use crate::runtime::memory;
use crate::runtime::memory::NoMemory;
use crate::status::Status;
use libc::c_char;
use std::ffi::CStr;
use std::mem::size_of;
use std::sync::Arc;

/// (pointer, length) as bytes. An empty slice may have any pointer.
///
/// # Safety
/// `p` must point at `len` readable bytes that stay unchanged during the call.
pub unsafe fn bytes<'a>(p: *const u8, len: usize) -> Result<&'a [u8]> {
    if len == 0 {
        return Ok(&[]);
    }
    if p.is_null() || len > isize::MAX as usize {
        return Err(Error::argument("a NULL pointer, or an impossible length, where bytes are expected"));
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(p, len) })
}

/// As `bytes`, with NULL for "none".
///
/// # Safety
/// As for `bytes`.
pub unsafe fn opt_bytes<'a>(p: *const u8, len: usize) -> Result<Option<&'a [u8]>> {
    if p.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    unsafe { bytes(p, len) }.map(Some)
}

/// (pointer, length) as room to write into.
///
/// # Safety
/// `p` must point at `len` writable bytes that nobody else touches during the call.
pub unsafe fn room<'a>(p: *mut u8, len: usize) -> Result<&'a mut [u8]> {
    if len == 0 {
        return Ok(&mut []);
    }
    if p.is_null() || len > isize::MAX as usize {
        return Err(Error::argument("a NULL pointer, or an impossible length, where room for bytes is expected"));
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts_mut(p, len) })
}

/// NUL-terminated UTF-8.
///
/// # Safety
/// `p` must be NULL or a NUL-terminated string.
pub unsafe fn text<'a>(p: *const c_char, name: &str) -> Result<&'a str> {
    // SAFETY: the caller's promise.
    unsafe { opt_text(p, name) }?.ok_or_else(|| Error::argument(format!("{name} is NULL")))
}

/// As `text`, with NULL for "none".
///
/// # Safety
/// As for `text`.
pub unsafe fn opt_text<'a>(p: *const c_char, name: &str) -> Result<Option<&'a str>> {
    if p.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(p) };
    text.to_str().map(Some).map_err(|_| Error::argument(format!("{name} is not UTF-8")))
}

/// A file name: bytes to the system, so not necessarily UTF-8.
///
/// # Safety
/// `p` must be NULL or a NUL-terminated string.
pub unsafe fn path<'a>(p: *const c_char, name: &str) -> Result<&'a CStr> {
    // SAFETY: the caller's promise.
    unsafe { opt_path(p) }.ok_or_else(|| Error::argument(format!("{name} is NULL")))
}

/// As `path`, with NULL for "none".
///
/// # Safety
/// As for `path`.
pub unsafe fn opt_path<'a>(p: *const c_char) -> Option<&'a CStr> {
    // SAFETY: the caller's promise.
    (!p.is_null()).then(|| unsafe { CStr::from_ptr(p) })
}

/// A name that OpenSSL looks up (of a digest, an attribute): passed on as it is.
///
/// # Safety
/// `p` must be NULL or a NUL-terminated string.
pub unsafe fn word<'a>(p: *const c_char, name: &str) -> Result<&'a CStr> {
    // SAFETY: the caller's promise.
    unsafe { opt_word(p) }.ok_or_else(|| Error::argument(format!("{name} is NULL")))
}

/// As `word`, with NULL for "none".
///
/// # Safety
/// As for `word`.
pub unsafe fn opt_word<'a>(p: *const c_char) -> Option<&'a CStr> {
    // SAFETY: the caller's promise.
    (!p.is_null()).then(|| unsafe { CStr::from_ptr(p) })
}

/// Handles in a row, looked up all before any is used.
///
/// # Safety
/// `handles` must point at `count` readable handles.
pub unsafe fn objects<T: Object>(handles: *const *mut T::Opaque, count: usize) -> Result<Vec<Arc<T>>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if handles.is_null() || count > isize::MAX as usize / size_of::<usize>() {
        return Err(Error::argument("a NULL pointer, or an impossible count, where handles are expected"));
    }
    // SAFETY: the caller's promise.
    let handles = unsafe { std::slice::from_raw_parts(handles, count) };
    handles.iter().map(|handle| Ok(Arc::clone(&*T::lookup(*handle)?))).collect()
}

/// Refuses a NULL out parameter. The `put` functions do so before they call `make`, which does the work: a call that
/// returns PYSSL_ERR_ARGUMENT for an out parameter has done nothing.
pub fn not_null<T>(out: *mut T) -> Result<()> {
    if out.is_null() {
        return Err(Error::argument("an out parameter is NULL"));
    }
    Ok(())
}

/// Stores the result of `make`.
///
/// # Safety
/// `out` must be NULL or writable.
pub unsafe fn put<T>(out: *mut T, make: impl FnOnce() -> Result<T>) -> Result<()> {
    not_null(out)?;
    // SAFETY: the caller's promise.
    unsafe { out.write(make()?) };
    Ok(())
}

/// As `put`, with NULL for a caller who does not want the result.
///
/// # Safety
/// As for `put`.
pub unsafe fn put_opt<T>(out: *mut T, make: impl FnOnce() -> Result<T>) -> Result<()> {
    let value = make()?;
    if !out.is_null() {
        // SAFETY: the caller's promise.
        unsafe { out.write(value) };
    }
    Ok(())
}

/// Stores a new handle for the object that `make` returns.
///
/// # Safety
/// As for `put`.
pub unsafe fn put_handle<T: Object>(out: *mut *mut T::Opaque, make: impl FnOnce() -> Result<Arc<T>>) -> Result<()> {
    memory::check()?;
    // SAFETY: the caller's promise.
    unsafe { put(out, || make()?.register()) }
}

/// As `put_handle`, with NULL for "none".
///
/// # Safety
/// As for `put`.
pub unsafe fn put_handle_opt<T: Object>(
    out: *mut *mut T::Opaque,
    make: impl FnOnce() -> Result<Option<Arc<T>>>,
) -> Result<()> {
    // SAFETY: the caller's promise.
    unsafe { put(out, || make()?.map_or(Ok(std::ptr::null_mut()), Object::register)) }
}

/// Stores the bytes that `make` returns in the caller's room and their number in `*len`. What does not fit is not stored at all: the status
/// is PYSSL_ERR_BUFFER and `*len` says how much is needed.
///
/// # Safety
/// `room` must have `size` writable bytes (or `size` be 0), `len` must be writable.
pub unsafe fn put_bytes<T: AsRef<[u8]>>(
    room: *mut u8,
    size: usize,
    len: *mut usize,
    make: impl FnOnce() -> Result<T>,
) -> Result<()> {
    not_null(len)?;
    let value = make()?;
    let value = value.as_ref();
    // SAFETY: the caller's promise.
    unsafe { len.write(value.len()) };
    if value.len() > size || (room.is_null() && !value.is_empty()) {
        return Err(Error::bare(Status::Buffer));
    }
    if !value.is_empty() {
        // SAFETY: `value` fits into the caller's room, and a fresh result cannot overlap it.
        unsafe { std::ptr::copy_nonoverlapping(value.as_ptr(), room, value.len()) };
    }
    Ok(())
}

/// As `put_bytes`, for text: a NUL follows it, for which there must be room; `*len` does not count it.
///
/// # Safety
/// As for `put_bytes`.
pub unsafe fn put_text<T: AsRef<str>>(
    room: *mut c_char,
    size: usize,
    len: *mut usize,
    make: impl FnOnce() -> Result<T>,
) -> Result<()> {
    not_null(len)?;
    let value = make()?;
    let value = value.as_ref();
    // SAFETY: the caller's promise.
    unsafe { len.write(value.len()) };
    if value.len() >= size || room.is_null() {
        return Err(Error::bare(Status::Buffer));
    }
    // SAFETY: the text and its NUL fit into the caller's room.
    unsafe {
        std::ptr::copy_nonoverlapping(value.as_ptr(), room.cast(), value.len());
        room.add(value.len()).write(0);
    }
    Ok(())
}

/// An array of handles, as the objects behind them.
///
/// # Safety
/// `p` must point at `count` readable handles.
pub unsafe fn handles<T: Object>(p: *const *mut T::Opaque, count: usize) -> Result<Vec<Arc<T>>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if p.is_null() || count > isize::MAX as usize / size_of::<u64>() {
        return Err(Error::argument("a NULL pointer, or an impossible count, where handles are expected"));
    }
    // SAFETY: the caller's promise.
    let handles = unsafe { std::slice::from_raw_parts(p, count) };
    handles.iter().map(|handle| Ok(T::lookup(*handle)?.clone())).collect()
}

/// Stores new handles of the objects that `make` returns in the caller's room and their number in `*count`; none of them when there is not room for all.
///
/// # Safety
/// `room` must have place for `size` handles (or `size` be 0), `count` must be writable.
pub unsafe fn put_handles<T: Object>(
    room: *mut *mut T::Opaque,
    size: usize,
    count: *mut usize,
    make: impl FnOnce() -> Result<Vec<Arc<T>>>,
) -> Result<()> {
    not_null(count)?;
    let objects = make()?;
    // SAFETY: the caller's promise.
    unsafe { count.write(objects.len()) };
    if objects.len() > size || (room.is_null() && !objects.is_empty()) {
        return Err(Error::bare(Status::Buffer));
    }
    let mut made = Vec::new();
    made.try_reserve_exact(objects.len()).map_err(NoMemory::from)?;
    for object in objects {
        match object.register() {
            Ok(handle) => made.push(handle),
            Err(full) => {
                made.into_iter().for_each(|handle| drop(T::free(handle)));
                return Err(full);
            }
        }
    }
    for (index, handle) in made.into_iter().enumerate() {
        // SAFETY: there is room for all of them.
        unsafe { room.add(index).write(handle) };
    }
    Ok(())
}
