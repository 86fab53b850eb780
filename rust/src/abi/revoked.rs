//! pyssl_revoked_*: entries of revocation lists.

use super::arg::{opt_text, put_bytes, put_handle, put_text, text, word};
use super::gate::{gate, pyssl_status};
use super::handle::{object, Object};
use super::types::pyssl_revoked;
use crate::core::revoked::{Revoked, REASONS};
use crate::error::Error;
use crate::status::Status;
use libc::c_char;

object!(Revoked, pyssl_revoked, 7, "revoked");

/// An empty entry.
/// @param out  receives a new handle, to be freed with pyssl_revoked_free()
/// @return PYSSL_OK or PYSSL_ERROR
#[no_mangle]
pub unsafe extern "C" fn pyssl_revoked_new(out: *mut *mut pyssl_revoked) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a writable out.
        unsafe { put_handle(out, Revoked::new) }
    })
}

/// The serial number of the revoked certificate.
/// @param revoked   the entry
/// @param buf       receives it in upper case hexadecimal, two digits a byte; "00" when never set
/// @param buf_size  of buf
/// @param len_out   receives the text's length
/// @return PYSSL_OK, PYSSL_ERR_BUFFER or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_revoked_serial(
    revoked: *mut pyssl_revoked,
    buf: *mut c_char,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
        unsafe { put_text(buf, buf_size, len_out, || Revoked::lookup(revoked)?.serial()) }
    })
}

/// Sets the serial number.
/// @param revoked  the entry
/// @param hex      NUL-terminated: hexadecimal digits of any number, after a '-' when it is negative
/// @return PYSSL_OK, PYSSL_ERR_ARGUMENT for anything else, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_revoked_set_serial(revoked: *mut pyssl_revoked, hex: *const c_char) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for NUL-terminated text.
        Revoked::lookup(revoked)?.set_serial(unsafe { text(hex, "hex") }?)
    })
}

/// When the certificate was revoked.
/// @param revoked   the entry
/// @param buf       receives the text of a GeneralizedTime, YYYYMMDDhhmmssZ, without a NUL
/// @param buf_size  of buf, in bytes
/// @param len_out   receives the text's length
/// @return PYSSL_OK, PYSSL_ERR_ABSENT when it was never set, PYSSL_ERR_BUFFER or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_revoked_date(
    revoked: *mut pyssl_revoked,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        let date = || Revoked::lookup(revoked)?.date()?.ok_or_else(|| Error::bare(Status::Absent));
        // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
        unsafe { put_bytes(buf, buf_size, len_out, date) }
    })
}

/// Sets when the certificate was revoked.
/// @param revoked  the entry
/// @param when     NUL-terminated: YYYYMMDDhhmmssZ or any other form of UTCTime or GeneralizedTime
/// @return PYSSL_OK, PYSSL_ERR_ARGUMENT for no legal time, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_revoked_set_date(revoked: *mut pyssl_revoked, when: *const c_char) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for NUL-terminated text.
        Revoked::lookup(revoked)?.set_date(unsafe { word(when, "when") }?)
    })
}

/// Why the certificate was revoked.
/// @param revoked   the entry
/// @param buf       receives OpenSSL's words for it ("Key Compromise"), without a NUL
/// @param buf_size  of buf, in bytes
/// @param len_out   receives the text's length
/// @return PYSSL_OK, PYSSL_ERR_ABSENT when there is no reason, PYSSL_ERR_BUFFER or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_revoked_reason(
    revoked: *mut pyssl_revoked,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        let reason = || Revoked::lookup(revoked)?.reason()?.ok_or_else(|| Error::bare(Status::Absent));
        // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
        unsafe { put_bytes(buf, buf_size, len_out, reason) }
    })
}

/// Sets why the certificate was revoked.
/// @param revoked  the entry
/// @param reason   NUL-terminated name as pyssl_revoked_reason_at() has it, with case and blanks not counting; NULL takes
///                 the reason out
/// @return PYSSL_OK, PYSSL_ERR_ARGUMENT for an unknown name, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_revoked_set_reason(revoked: *mut pyssl_revoked, reason: *const c_char) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for NUL-terminated text or NULL.
        Revoked::lookup(revoked)?.set_reason(unsafe { opt_text(reason, "reason") }?)
    })
}

/// The names of all reasons that can be set ("keyCompromise").
/// @param index     from 0
/// @param buf       receives a name
/// @param buf_size  of buf
/// @param len_out   receives the name's length
/// @return PYSSL_OK, PYSSL_ERR_ABSENT when index is too large, or PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_revoked_reason_at(
    index: usize,
    buf: *mut c_char,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        let name = || {
            let (name, _) = REASONS.get(index).ok_or_else(|| Error::bare(Status::Absent))?;
            Ok(name)
        };
        // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
        unsafe { put_text(buf, buf_size, len_out, name) }
    })
}

/// Frees a handle.
/// @param revoked  or NULL
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_revoked_free(revoked: *mut pyssl_revoked) -> pyssl_status {
    gate(|| Revoked::free(revoked))
}
