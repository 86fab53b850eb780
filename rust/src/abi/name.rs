//! pyssl_name_*: distinguished names, on their own or as live views into a certificate or request.

use super::arg::{bytes, put, put_bytes, put_handle, put_text, word};
use super::gate::{gate, pyssl_status};
use super::handle::{object, Object};
use super::types::pyssl_name;
use crate::core::name::Name;
use libc::{c_char, c_int};

object!(Name, pyssl_name, 3, "name");

/// An empty name that stands on its own.
/// @param out  receives a new handle, to be freed with pyssl_name_free()
/// @return PYSSL_OK
#[no_mangle]
pub unsafe extern "C" fn pyssl_name_new(out: *mut *mut pyssl_name) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_handle(out, Name::new) })
}

/// Frees a handle.
/// @param name  NULL is fine
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_name_free(name: *mut pyssl_name) -> pyssl_status {
    gate(|| Name::free(name))
}

/// An independent copy.
/// @param out  receives a new handle
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_name_copy(name: *mut pyssl_name, out: *mut *mut pyssl_name) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_handle(out, || Name::lookup(name)?.copy()) })
}

/// The value of the first entry of a type.
/// @param attribute  short name ("CN"), long name ("commonName") or dotted numbers ("2.5.4.3")
/// @param buf        receives NUL-terminated UTF-8, which may contain NULs
/// @param buf_size   buf's size in bytes
/// @param len_out    receives the length without the NUL
/// @return PYSSL_OK; PYSSL_ERR_ABSENT when there is none; PYSSL_ERR_ARGUMENT when OpenSSL does not know the type;
///         PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_name_get(
    name: *mut pyssl_name,
    attribute: *const c_char,
    buf: *mut c_char,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        let value = || {
            // SAFETY: the header asks for NUL-terminated text.
            Name::lookup(name)?.get(unsafe { word(attribute, "attribute") }?)
        };
        // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
        unsafe { put_text(buf, buf_size, len_out, value) }
    })
}

/// Sets the entry of a type: the first one there goes, the new one comes last. A refused value changes nothing.
/// @param attribute  as for pyssl_name_get()
/// @param value      UTF-8; OpenSSL picks the string type and checks the length as RFC 5280 says
/// @return PYSSL_OK; PYSSL_ERR_ARGUMENT when OpenSSL does not know the type; PYSSL_ERROR when it refuses the value
#[no_mangle]
pub unsafe extern "C" fn pyssl_name_set(
    name: *mut pyssl_name,
    attribute: *const c_char,
    value: *const u8,
    value_len: usize,
) -> pyssl_status {
    // SAFETY: the header asks for NUL-terminated text and readable bytes.
    gate(|| unsafe { Name::lookup(name)?.set(word(attribute, "attribute")?, bytes(value, value_len)?) })
}

/// How many entries the name has.
/// @param out  receives the number
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_name_entry_count(name: *mut pyssl_name, out: *mut usize) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Name::lookup(name)?.entry_count()) })
}

/// The type of an entry.
/// @param index     0 is the first
/// @param buf       receives the short name, "UNDEF" where OpenSSL has none, NUL-terminated
/// @param buf_size  buf's size in bytes
/// @param len_out   receives the length without the NUL
/// @return PYSSL_OK; PYSSL_ERR_ARGUMENT when there is no such entry; PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_name_entry_type(
    name: *mut pyssl_name,
    index: usize,
    buf: *mut c_char,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
    gate(|| unsafe { put_text(buf, buf_size, len_out, || Ok(Name::lookup(name)?.entry(index)?.0)) })
}

/// The value of an entry, in the bytes of its string type.
/// @param index     0 is the first
/// @param buf       receives the bytes
/// @param buf_size  buf's size in bytes
/// @param len_out   receives the length
/// @return PYSSL_OK; PYSSL_ERR_ARGUMENT when there is no such entry; PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_name_entry_value(
    name: *mut pyssl_name,
    index: usize,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
    gate(|| unsafe { put_bytes(buf, buf_size, len_out, || Ok(Name::lookup(name)?.entry(index)?.1)) })
}

/// The DER of the name, a SEQUENCE.
/// @param buf       receives the bytes
/// @param buf_size  buf's size in bytes
/// @param len_out   receives the length
/// @return PYSSL_OK, or PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_name_der(
    name: *mut pyssl_name,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
    gate(|| unsafe { put_bytes(buf, buf_size, len_out, || Name::lookup(name)?.to_der()) })
}

/// The hash by which c_rehash names files: first four bytes, little endian, of SHA-1 over the canonical encoding.
/// @param out  receives it
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_name_hash(name: *mut pyssl_name, out: *mut u32) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Name::lookup(name)?.hash()) })
}

/// Compares by canonical encoding: case and runs of blanks do not count; shorter is smaller, then bytewise.
/// @param out  receives -1, 0 or 1
/// @param other  the name to compare with
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_name_compare(
    name: *mut pyssl_name,
    other: *mut pyssl_name,
    out: *mut c_int,
) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(Name::lookup(name)?.compare(&*Name::lookup(other)?)? as c_int)) })
}

/// The name on one line, "/C=US/CN=x", cut to 511 bytes; for people.
/// @param buf       receives NUL-terminated text
/// @param buf_size  buf's size in bytes
/// @param len_out   receives the length without the NUL
/// @return PYSSL_OK, or PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_name_oneline(
    name: *mut pyssl_name,
    buf: *mut c_char,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
    gate(|| unsafe { put_text(buf, buf_size, len_out, || Name::lookup(name)?.oneline()) })
}
