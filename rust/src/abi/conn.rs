//! pyssl_conn_*: a TLS connection.

use super::arg::{bytes, not_null, put, put_opt, room};
use super::gate::{gate, gate_count, gate_moved, pyssl_status};
use super::handle::{object, Object};
use super::types::{pyssl_conn, pyssl_ctx};
use super::user_data::{pyssl_destructor, UserData};
use crate::core::conn::{Conn, Pipe, Piped};
use crate::core::ctx::Ctx;
use crate::error::{Error, Result};
use crate::runtime::fiber;
use crate::status::Status;
use libc::{c_int, c_void};
use std::sync::Arc;

object!(Conn, pyssl_conn, 21, "conn");

/// For pyssl_conn_recv(): the bytes stay to be received again.
pub const PYSSL_MSG_PEEK: c_int = 2;

/// From a transport's functions: nothing can be moved now.
pub const PYSSL_TRANSPORT_LATER: c_int = -1;
/// From a transport's functions: they failed; the call that led here returns PYSSL_ERR_CALLBACK.
pub const PYSSL_TRANSPORT_FAILED: c_int = -2;

/// Reads ciphertext from a transport.
/// @param userdata  the transport's
/// @param buf       receives the bytes
/// @param buf_size  how many at the most
/// @return how many; 0 at the end of the stream; PYSSL_TRANSPORT_LATER, or PYSSL_TRANSPORT_FAILED
pub type pyssl_transport_read_fn =
    Option<unsafe extern "C-unwind" fn(userdata: *mut c_void, buf: *mut u8, buf_size: usize) -> isize>;

/// Writes ciphertext to a transport.
/// @param userdata   the transport's
/// @param bytes      the bytes, lent for the length of the call
/// @param bytes_len  how many
/// @return how many it took, at least 1; PYSSL_TRANSPORT_LATER, or PYSSL_TRANSPORT_FAILED
pub type pyssl_transport_write_fn =
    Option<unsafe extern "C-unwind" fn(userdata: *mut c_void, bytes: *const u8, bytes_len: usize) -> isize>;

/// A pair of functions for a connection to send its bytes through. They run without any lock held, one `read` and one
/// `write` at a time, on the thread of the call that needs them, and may block. Moving bytes on the connection from inside
/// them gives PYSSL_ERR_BUSY; looking at it, closing and freeing it is fine. For threads that run fibers see
/// pyssl_set_fiber_fn().
#[repr(C)]
#[derive(Clone, Copy)]
pub struct pyssl_transport {
    /// Fetches bytes from the peer.
    pub read: pyssl_transport_read_fn,
    /// Takes bytes for the peer.
    pub write: pyssl_transport_write_fn,
    /// Handed to both.
    pub userdata: *mut c_void,
    /// Frees userdata with the connection; may be NULL.
    pub destroy: pyssl_destructor,
}

/// Tells which fiber runs.
/// @return a number that no other fiber of the calling thread has or had: a counter's, not an address
pub type pyssl_fiber_fn = Option<unsafe extern "C-unwind" fn() -> usize>;

/// For programs that run several fibers (greenlets, coroutines with stacks of their own) on one thread and switch among them
/// inside of transports: has the library tell them apart as it tells threads apart. Then one fiber may be inside a
/// connection's read while another one sends on that connection. Two that want to read, or to write, at once: the second
/// gets PYSSL_ERR_BUSY, for to wait would stop both. One function for the process; it is called in calls on connections
/// with a pyssl_transport, possibly with locks of the library held, and must not call the library.
/// @param fiber  NULL when there are no fibers, which is how things stand before the first call
/// @return PYSSL_OK
#[no_mangle]
pub extern "C" fn pyssl_set_fiber_fn(fiber: pyssl_fiber_fn) -> pyssl_status {
    gate(|| {
        fiber::set(fiber);
        Ok(())
    })
}

/// A new connection without a transport: the caller moves the ciphertext with pyssl_conn_bio_read() and
/// pyssl_conn_bio_write().
/// @param out  receives a new handle, to be freed with pyssl_conn_free()
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_new(ctx: *mut pyssl_ctx, out: *mut *mut pyssl_conn) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_conn(out, || Conn::pumped(&*Ctx::lookup(ctx)?)) })
}

/// A new connection on a descriptor, which stays the caller's: the library never closes it. It is used without
/// blocking; calls wait (in poll) unless O_NONBLOCK is set on it or a timeout says otherwise.
/// @param fd   a connected socket, or a pipe or terminal open for both directions
/// @param out  receives a new handle, to be freed with pyssl_conn_free()
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_SYSCALL when fd is not open
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_new_fd(ctx: *mut pyssl_ctx, fd: c_int, out: *mut *mut pyssl_conn) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_conn(out, || Conn::socket(&*Ctx::lookup(ctx)?, fd)) })
}

/// A new connection on a pair of functions.
/// @param transport  copied; its destroy runs also when this call fails
/// @param out        receives a new handle, to be freed with pyssl_conn_free()
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_ARGUMENT
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_new_transport(
    ctx: *mut pyssl_ctx,
    transport: *const pyssl_transport,
    out: *mut *mut pyssl_conn,
) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a readable struct. Its userdata is ours first of all, so that destroy always runs.
        let pipe = unsafe { transport.as_ref() }
            .map(|given| Functions { functions: *given, userdata: UserData::new(given.userdata, given.destroy) });
        let made = || {
            let ctx = Ctx::lookup(ctx)?;
            let pipe = pipe.ok_or_else(|| Error::argument("transport is NULL"))?;
            if pipe.functions.read.is_none() || pipe.functions.write.is_none() {
                return Err(Error::argument("a transport needs both a read and a write function"));
            }
            Conn::piped(&ctx, Box::new(pipe))
        };
        // SAFETY: the header asks for a writable out.
        unsafe { put_conn(out, made) }
    })
}

/// Frees a connection. Nothing is sent; the descriptor stays open. Calls under way on other threads end with
/// PYSSL_ERR_CLOSED. Once this has returned a socket may be closed, as after pyssl_conn_close().
/// @param conn  may be NULL
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_conn_free(conn: *mut pyssl_conn) -> pyssl_status {
    gate(|| {
        if let Some(conn) = Conn::lookup_opt(conn)? {
            conn.close();
        }
        Conn::free(conn)
    })
}

/// Ends every call that waits on the connection, and every later one, with PYSSL_ERR_CLOSED. Nothing is sent; the
/// descriptor stays open. Once this has returned no call of another thread moves bytes on a socket, which may be closed and
/// its number given to another file. (Calls on a pipe or terminal can block; those are not waited for, and neither are the
/// functions of a pyssl_transport.)
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_conn_close(conn: *mut pyssl_conn) -> pyssl_status {
    gate(|| {
        Conn::lookup(conn)?.close();
        Ok(())
    })
}

/// Ties something to the connection's life: what a transport or the callbacks need, say, of a connection that is given
/// to other code.
/// @param userdata  what the connection keeps
/// @param destroy   called with it once the connection is freed and no call is under way on it, or at once when this fails
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_conn_keep(
    conn: *mut pyssl_conn,
    userdata: *mut c_void,
    destroy: pyssl_destructor,
) -> pyssl_status {
    gate(|| {
        let kept = UserData::new(userdata, destroy);
        Conn::lookup(conn)?.keep(Box::new(kept));
        Ok(())
    })
}

/// In a process forked from the one that made the connection: takes it over, and the parent must not use it any more.
/// Until then every call that moves bytes gives PYSSL_ERR_CLOSED there; state can be read.
/// @return PYSSL_OK (also when it is this process's already); PYSSL_ERR_HANDLE; PYSSL_ERR_BUSY when a call was in the middle
///         of it as the process forked (a call that only waited for the peer does not matter)
#[no_mangle]
pub extern "C" fn pyssl_conn_adopt_after_fork(conn: *mut pyssl_conn) -> pyssl_status {
    gate(|| Conn::lookup(conn)?.adopt_after_fork())
}

/// Has pyssl_conn_recv() and pyssl_conn_send() begin without a look whether the descriptor is still the file it was when the
/// connection was made, which is a system call: for callers that know by other means. After waiting they look.
/// @param on  0 has them look again
/// @return PYSSL_OK (on a connection without a descriptor, too), or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_conn_trust_descriptor(conn: *mut pyssl_conn, on: c_int) -> pyssl_status {
    gate(|| {
        Conn::lookup(conn)?.trust_descriptor(on != 0);
        Ok(())
    })
}

/// How long each call may wait.
/// @param milliseconds  PYSSL_ERR_TIMEOUT comes after that; negative (the start): for ever on a blocking descriptor, not
///                      at all on one with O_NONBLOCK
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_conn_set_timeout(conn: *mut pyssl_conn, milliseconds: i64) -> pyssl_status {
    gate(|| {
        Conn::lookup(conn)?.set_timeout(milliseconds);
        Ok(())
    })
}

/// Does the handshake, or what is left of it.
/// @return PYSSL_OK when it is done; PYSSL_ERR_WANT_READ, PYSSL_ERR_WANT_WRITE (not now), PYSSL_ERR_TIMEOUT,
///         PYSSL_ERR_INTERRUPTED (call again), PYSSL_ERR_SYSCALL, PYSSL_ERR_EOF, PYSSL_ERR_CLOSED, PYSSL_ERR_CALLBACK,
///         PYSSL_ERR_BUSY, or PYSSL_ERROR
#[no_mangle]
pub extern "C" fn pyssl_conn_do_handshake(conn: *mut pyssl_conn) -> pyssl_status {
    gate(|| Conn::lookup(conn)?.do_handshake())
}

/// Receives at most one record's worth of bytes. The handshake is done first if it is not.
/// @param buf       receives them
/// @param buf_size  how many at the most; 0 receives nothing and gives 0
/// @param flags     PYSSL_MSG_PEEK or 0; PYSSL_ERR_ARGUMENT for any other
/// @return how many; PYSSL_ERR_ZERO_RETURN after the peer's close_notify; or as pyssl_conn_do_handshake()
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_recv(conn: *mut pyssl_conn, buf: *mut u8, buf_size: usize, flags: c_int) -> isize {
    gate_count(|| {
        let conn = Conn::lookup(conn)?;
        if flags & !PYSSL_MSG_PEEK != 0 {
            return Err(Error::argument(format!("unknown flags {flags:#x}: there is PYSSL_MSG_PEEK, and 0")));
        }
        // SAFETY: the header asks for buf_size writable bytes.
        match unsafe { room(buf, buf_size) }? {
            [] => Ok(0),
            room if flags & PYSSL_MSG_PEEK != 0 => conn.peek(room),
            room => conn.recv(room),
        }
    })
}

/// Sends at most one record (16,384 bytes). The handshake is done first if it is not.
/// @param data      what to send. After PYSSL_ERR_WANT_WRITE, PYSSL_ERR_TIMEOUT or PYSSL_ERR_INTERRUPTED the same thread (or
///                  fiber) calls again with the same bytes, at any address, and others may follow them; until then
///                  other bytes from it give PYSSL_ERROR ("bad write retry"). What other threads send is not concerned.
/// @param data_len  how many; 0 sends nothing and gives 0
/// @return how many were sent; or as pyssl_conn_do_handshake()
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_send(conn: *mut pyssl_conn, data: *const u8, data_len: usize) -> isize {
    gate_count(|| {
        let conn = Conn::lookup(conn)?;
        // SAFETY: the header asks for data_len readable bytes.
        match unsafe { bytes(data, data_len) }? {
            [] => Ok(0),
            bytes => conn.send(bytes),
        }
    })
}

/// Sends everything.
/// @param data      what to send
/// @param data_len  how many
/// @param sent      receives how many went, also on failure; after PYSSL_ERR_WANT_WRITE and its kin call again with the rest
/// @return PYSSL_OK when all went; or as pyssl_conn_do_handshake()
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_send_all(
    conn: *mut pyssl_conn,
    data: *const u8,
    data_len: usize,
    sent: *mut usize,
) -> pyssl_status {
    gate(|| {
        not_null(sent)?;
        let mut count = 0;
        // SAFETY: the header asks for data_len readable bytes.
        let result = Conn::lookup(conn)?.send_all(unsafe { bytes(data, data_len) }?, &mut count);
        // SAFETY: the header asks for a writable sent.
        unsafe { sent.write(count) };
        result
    })
}

/// Sends close_notify; called again, waits for the peer's. Calls of other threads that wait on the connection end with
/// PYSSL_ERR_CLOSED (sys_errno ESHUTDOWN); what the peer still sends can be received by later calls.
/// @param done  receives 1 when both were exchanged, 0 when only this end's went; may be NULL
/// @return PYSSL_OK; or as pyssl_conn_do_handshake()
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_shutdown(conn: *mut pyssl_conn, done: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable done.
    gate(|| unsafe { put_opt(done, || Ok(c_int::from(Conn::lookup(conn)?.shutdown()?))) })
}

/// Waits for a DTLS ClientHello with a cookie that the context's callback accepts (RFC 6347, 4.2.1); the handshake comes
/// after it. Everything else that arrives is passed over, and no state kept for it.
/// @return PYSSL_OK when it came; or as pyssl_conn_do_handshake()
#[no_mangle]
pub extern "C" fn pyssl_conn_dtls_listen(conn: *mut pyssl_conn) -> pyssl_status {
    gate(|| Conn::lookup(conn)?.dtls_listen())
}

/// How long until pyssl_conn_dtls_handle_timeout() has something to do.
/// @param microseconds  receives it
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_ABSENT when no answer is awaited (never without DTLS)
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_dtls_timeout(conn: *mut pyssl_conn, microseconds: *mut u64) -> pyssl_status {
    gate(|| {
        let left = || {
            let left = Conn::lookup(conn)?.dtls_timeout().ok_or_else(|| Error::bare(Status::Absent))?;
            Ok(u64::try_from(left.as_micros()).unwrap_or(u64::MAX))
        };
        // SAFETY: the header asks for a writable number.
        unsafe { put(microseconds, left) }
    })
}

/// Sends the last DTLS flight again when its time has come. Calls that wait on a blocking socket do it themselves.
/// @param done  receives 1 when it was time, 0 when not (never without DTLS); may be NULL
/// @return PYSSL_OK; or PYSSL_ERROR when it was sent too often, and as pyssl_conn_do_handshake()
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_dtls_handle_timeout(conn: *mut pyssl_conn, done: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable done.
    gate(|| unsafe { put_opt(done, || Ok(c_int::from(Conn::lookup(conn)?.dtls_handle_timeout()?))) })
}

/// Gives a connection without transport ciphertext from the peer. For DTLS, each call is one datagram.
/// @param data  data_len of them; all are taken
/// @return how many; PYSSL_ERR_ARGUMENT when the connection has a transport
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_bio_write(conn: *mut pyssl_conn, data: *const u8, data_len: usize) -> isize {
    // SAFETY: the header asks for data_len readable bytes.
    gate_moved(|| Conn::lookup(conn)?.bio_write(unsafe { bytes(data, data_len) }?))
}

/// Takes ciphertext for the peer from a connection without transport. For DTLS, at most one datagram; what does not fit
/// of it comes with the next call.
/// @param buf       receives it
/// @param buf_size  how much at the most
/// @return how much; PYSSL_ERR_WANT_READ when there is none; PYSSL_ERR_ARGUMENT when the connection has a transport
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_bio_read(conn: *mut pyssl_conn, buf: *mut u8, buf_size: usize) -> isize {
    // SAFETY: the header asks for buf_size writable bytes.
    gate_moved(|| Conn::lookup(conn)?.bio_read(unsafe { room(buf, buf_size) }?))
}

/// How much ciphertext the next pyssl_conn_bio_read() would find: all there is, or, of DTLS, one datagram.
/// @return how many bytes; 0 when there is nothing; PYSSL_ERR_ARGUMENT when the connection has a transport
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_bio_pending(conn: *mut pyssl_conn) -> isize {
    gate_moved(|| Conn::lookup(conn)?.bio_pending())
}

/// Tells a connection without transport that no more ciphertext will come.
/// @return PYSSL_OK; PYSSL_ERR_ARGUMENT when the connection has a transport
#[no_mangle]
pub extern "C" fn pyssl_conn_bio_shutdown(conn: *mut pyssl_conn) -> pyssl_status {
    gate(|| Conn::lookup(conn)?.bio_shutdown())
}

/// A connection learns its handle, for its callbacks are told it.
///
/// # Safety
/// `out` must be NULL or writable.
unsafe fn put_conn(out: *mut *mut pyssl_conn, make: impl FnOnce() -> Result<Arc<Conn>>) -> Result<()> {
    let registered = || {
        let conn = make()?;
        let handle = conn.clone().register()?;
        conn.set_handle(handle as u64);
        Ok(handle)
    };
    // SAFETY: the caller's promise.
    unsafe { put(out, registered) }
}

/// A transport of C functions.
struct Functions {
    functions: pyssl_transport,
    userdata: UserData,
}

// SAFETY: the header says that the functions may be called from any thread.
unsafe impl Send for Functions {}
// SAFETY: as above.
unsafe impl Sync for Functions {}

impl Pipe for Functions {
    fn read(&self, room: &mut [u8]) -> Piped {
        let Some(read) = self.functions.read else { return Piped::Broken("it has no read function") };
        // SAFETY: the function and its userdata were given together; `room` is writable for its length.
        moved(self.userdata.call(|data| unsafe { read(data, room.as_mut_ptr(), room.len()) }))
    }

    fn write(&self, bytes: &[u8]) -> Piped {
        let Some(write) = self.functions.write else { return Piped::Broken("it has no write function") };
        // SAFETY: the function and its userdata were given together; `bytes` is readable for its length.
        match moved(self.userdata.call(|data| unsafe { write(data, bytes.as_ptr(), bytes.len()) })) {
            Piped::Moved(0) => Piped::Broken("write() took nothing and did not say why"),
            moved => moved,
        }
    }
}

fn moved(result: isize) -> Piped {
    const LATER: isize = PYSSL_TRANSPORT_LATER as isize;
    const FAILED: isize = PYSSL_TRANSPORT_FAILED as isize;
    match result {
        LATER => Piped::Later,
        FAILED => Piped::Raised,
        _ => usize::try_from(result)
            .map_or(Piped::Broken("it returned a negative number that means nothing"), Piped::Moved),
    }
}
