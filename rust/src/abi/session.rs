//! pyssl_session_*: a TLS session, to be resumed.

use super::arg::{bytes, not_null, put_bytes, put_handle};
use super::gate::{gate, pyssl_status};
use super::handle::{object, Object};
use super::types::pyssl_session;
use crate::core::session::Session;
use crate::runtime::memory;

object!(Session, pyssl_session, 22, "session");

/// Reads what pyssl_session_to_bytes() gave, or OpenSSL's DER of a session, for a connection of any context. Take the bytes
/// only from where nobody else can write: a connection that resumes the session trusts the server by what they say of its
/// verification. OpenSSL's DER says nothing of it, so it is offered only by a connection that verifies nothing; see
/// pyssl_conn_set_session().
/// @param data  data_len bytes
/// @param out   receives a new handle, to be freed with pyssl_session_free()
/// @return PYSSL_OK, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR for what is no session
#[no_mangle]
pub unsafe extern "C" fn pyssl_session_from_bytes(
    data: *const u8,
    data_len: usize,
    out: *mut *mut pyssl_session,
) -> pyssl_status {
    // SAFETY: the header asks for data_len readable bytes and a writable out.
    gate(|| unsafe { put_handle(out, || Session::from_bytes(bytes(data, data_len)?)) })
}

/// Frees a session.
/// @param session  may be NULL
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_session_free(session: *mut pyssl_session) -> pyssl_status {
    gate(|| Session::free(session))
}

/// Writes the session as bytes, secrets included: keep them as a private key is kept. Where the server was verified, the
/// rules and the chain stand beside OpenSSL's DER of the session; else the bytes are that DER. The store and callbacks are
/// not written.
/// @param buf       receives them
/// @param buf_size  room in buffer
/// @param len_out   receives their number
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_session_to_bytes(
    session: *mut pyssl_session,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
    gate(|| unsafe { put_bytes(buf, buf_size, len_out, || Session::lookup(session)?.to_bytes()) })
}

/// The session's id; in TLS 1.3 a number of this end's own, and no bytes before a ticket came.
/// @param buf       receives it, 32 bytes at the most
/// @param buf_size  room in buffer
/// @param len_out   receives its length
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_session_id(
    session: *mut pyssl_session,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
    gate(|| unsafe { put_bytes(buf, buf_size, len_out, || Ok(memory::copy_few(Session::lookup(session)?.id()))) })
}

/// When the session was agreed on, and for how long it is good.
/// @param made     receives the time in seconds since 1970
/// @param timeout  receives how many seconds it is good from then on
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_session_times(
    session: *mut pyssl_session,
    made: *mut i64,
    timeout: *mut i64,
) -> pyssl_status {
    gate(|| {
        not_null(made)?;
        not_null(timeout)?;
        let (time, good_for) = Session::lookup(session)?.time_and_timeout();
        // SAFETY: the header asks for two writable numbers.
        unsafe { (made.write(time), timeout.write(good_for)) };
        Ok(())
    })
}
