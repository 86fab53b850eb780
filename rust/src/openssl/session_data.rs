//! A value of the layer above that hangs on an SSL_SESSION, and on every copy that OpenSSL makes of it.
//!
//! OpenSSL never changes a session that others may have: for a new ticket it makes a copy, which gets the value too.
//! Sessions are shared between connections, and so between threads. The value is therefore set once and read without a
//! lock.

use super::ffi;
use foreign_types::ForeignTypeRef;
use libc::{c_int, c_long, c_void};
use openssl::ssl::SslSessionRef;
use std::any::Any;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

pub type Data = Arc<dyn Any + Send + Sync>;

#[derive(Default)]
struct Slot {
    data: OnceLock<Data>,
    /// The session was filled by another handshake after the value was set.
    outdated: AtomicBool,
}

/// Returns the value of a session; None where none was set.
pub fn get(session: &SslSessionRef) -> Option<Data> {
    let slot = slot_of(session)?;
    slot.data.get().filter(|_| !slot.outdated.load(Ordering::Acquire)).cloned()
}

/// Sets the value of a session that a full handshake has just filled. A session that had one before is left without any.
pub fn set(session: &SslSessionRef, data: Option<Data>) {
    let Some(slot) = slot_of(session) else { return };
    let had_one = slot.data.get().is_some();
    if had_one || data.is_some_and(|data| slot.data.set(data).is_err()) {
        slot.outdated.store(true, Ordering::Release);
    }
}

/// Makes OpenSSL give each new session a place for a value. Call before the first session is made.
pub fn register() {
    ex_index();
}

fn slot_of(session: &SslSessionRef) -> Option<&Slot> {
    // SAFETY: a live session; on_new() put the address of a Slot there, which is freed with the session.
    unsafe { ffi::SSL_SESSION_get_ex_data(session.as_ptr(), ex_index()).cast::<Slot>().as_ref() }
}

fn ex_index() -> c_int {
    static INDEX: OnceLock<c_int> = OnceLock::new();
    const CRYPTO_EX_INDEX_SSL_SESSION: c_int = 2;
    *INDEX.get_or_init(|| {
        // SAFETY: functions of the right types.
        unsafe {
            let (new, copy, free) = (Some(on_new as _), Some(on_copy as _), Some(on_free as _));
            ffi::CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_SESSION, 0, ptr::null_mut(), new, copy, free)
        }
    })
}

unsafe extern "C" fn on_new(
    _session: *mut c_void,
    _slot: *mut c_void,
    data: *mut ffi::CRYPTO_EX_DATA,
    index: c_int,
    _number: c_long,
    _pointer: *mut c_void,
) {
    let slot = Box::into_raw(Box::<Slot>::default());
    // SAFETY: OpenSSL's own data of the session; a slot that is not taken stays ours. A session without one never has a
    // value.
    unsafe {
        if ffi::CRYPTO_set_ex_data(data, index, slot.cast()) != 1 {
            drop(Box::from_raw(slot));
        }
    }
}

/// Copies the value into the slot that on_new() gave the copy, and leaves that slot in its place.
unsafe extern "C" fn on_copy(
    to: *mut ffi::CRYPTO_EX_DATA,
    _from: *const ffi::CRYPTO_EX_DATA,
    slot: *mut *mut c_void,
    index: c_int,
    _number: c_long,
    _pointer: *mut c_void,
) -> c_int {
    // SAFETY: OpenSSL puts `*slot` into the copy after this call. It is the original's slot, or NULL.
    unsafe {
        let own = ffi::CRYPTO_get_ex_data(to, index);
        let original = (*slot).cast::<Slot>().as_ref();
        if let (Some(own), Some(original)) = (own.cast::<Slot>().as_ref(), original) {
            if let Some(data) = original.data.get().filter(|_| !original.outdated.load(Ordering::Acquire)) {
                let _ = own.data.set(data.clone());
            }
        }
        *slot = own;
    }
    1
}

unsafe extern "C" fn on_free(
    _session: *mut c_void,
    slot: *mut c_void,
    _data: *mut ffi::CRYPTO_EX_DATA,
    _index: c_int,
    _number: c_long,
    _pointer: *mut c_void,
) {
    if !slot.is_null() {
        // SAFETY: boxed in on_new(), and freed with its session, once.
        drop(unsafe { Box::from_raw(slot.cast::<Slot>()) });
    }
}
