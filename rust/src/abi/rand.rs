//! pyssl_rand_*: OpenSSL's random generator, seed files, and entropy daemons.

use super::arg::{bytes, path, put_opt, room};
use super::gate::{gate, gate_value, pyssl_status};
use crate::core::rand;
use crate::error::Error;
use libc::{c_char, c_int};
use std::time::Duration;

/// Mixes bytes into the generator's state.
/// @param data      the bytes
/// @param data_len  how many
/// @param entropy   a lower bound of the randomness in them, in bytes; taken as 0 when negative and as data_len when larger
/// @return PYSSL_OK, or PYSSL_ERR_ARGUMENT
#[no_mangle]
pub unsafe extern "C" fn pyssl_rand_add(data: *const u8, data_len: usize, entropy: f64) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for data_len readable bytes.
        rand::add(unsafe { bytes(data, data_len) }?, entropy);
        Ok(())
    })
}

/// Mixes bytes that are all randomness into the generator's state.
/// @param data      the bytes
/// @param data_len  how many
/// @return PYSSL_OK, or PYSSL_ERR_ARGUMENT
#[no_mangle]
pub unsafe extern "C" fn pyssl_rand_seed(data: *const u8, data_len: usize) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for data_len readable bytes.
        rand::seed(unsafe { bytes(data, data_len) }?);
        Ok(())
    })
}

/// Has the generator been seeded with enough?
/// @return 1 or 0
#[no_mangle]
pub extern "C" fn pyssl_rand_status() -> c_int {
    gate_value(0, || c_int::from(rand::status()))
}

/// Random bytes, fit for keys.
/// @param buf       room for them
/// @param buf_size  how many are wanted
/// @return PYSSL_OK; PYSSL_ERROR when the generator fails, and then nothing in out is to be used
#[no_mangle]
pub unsafe extern "C" fn pyssl_rand_bytes(buf: *mut u8, buf_size: usize) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for buf_size writable bytes.
        rand::fill(unsafe { room(buf, buf_size) }?)
    })
}

/// Replaces the generator's state, with all that was mixed into it, by one drawn afresh from the system.
/// @return PYSSL_OK or PYSSL_ERROR
#[no_mangle]
pub extern "C" fn pyssl_rand_cleanup() -> pyssl_status {
    gate(rand::cleanup)
}

/// Mixes the content of a file into the generator's state.
/// @param file  NUL-terminated name
/// @param most  how many bytes to read at most; negative for all of it (of a device or pipe: 2048)
/// @param out   receives how many were read; may be NULL
/// @return PYSSL_OK; PYSSL_ERROR with path and errno when the file cannot be read
#[no_mangle]
pub unsafe extern "C" fn pyssl_rand_load_file(file: *const c_char, most: i64, out: *mut usize) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a NUL-terminated name and a writable out.
        unsafe { put_opt(out, || rand::load_file(path(file, "file")?, u64::try_from(most).ok())) }
    })
}

/// Writes 1024 random bytes to a file, for pyssl_rand_load_file() to read another day. The file gets mode 0600.
/// @param file  NUL-terminated name
/// @param out   receives how many were written; may be NULL
/// @return PYSSL_OK; PYSSL_ERROR with path and errno when the file cannot be written or is no regular file
#[no_mangle]
pub unsafe extern "C" fn pyssl_rand_write_file(file: *const c_char, out: *mut usize) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a NUL-terminated name and a writable out.
        unsafe { put_opt(out, || rand::write_file(path(file, "file")?)) }
    })
}

/// Mixes bytes from an entropy gathering daemon (EGD, PRNGD) into the generator's state.
/// @param socket      NUL-terminated name of the daemon's Unix socket
/// @param count       how many bytes to ask for
/// @param timeout_ms  how long one answer of the daemon (up to 255 bytes) may take, in milliseconds
/// @param out         receives how many were read: count; may be NULL
/// @return PYSSL_OK; PYSSL_ERROR with path (and errno where the system refused) when there is no daemon, or it hangs
///         up, stays silent (errno ETIMEDOUT) or answers against the protocol; then nothing was mixed in
#[no_mangle]
pub unsafe extern "C" fn pyssl_rand_egd(
    socket: *const c_char,
    count: c_int,
    timeout_ms: i64,
    out: *mut usize,
) -> pyssl_status {
    gate(|| {
        let read = || {
            let wanted = usize::try_from(count).map_err(|_| Error::argument("count must not be negative"))?;
            let millis = u64::try_from(timeout_ms).map_err(|_| Error::argument("timeout_ms must not be negative"))?;
            // SAFETY: the header asks for a NUL-terminated name.
            rand::egd(unsafe { path(socket, "socket") }?, wanted, Duration::from_millis(millis))
        };
        // SAFETY: the header asks for a writable out.
        unsafe { put_opt(out, read) }
    })
}
