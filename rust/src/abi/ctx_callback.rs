//! pyssl_ctx_set_*_callback: what a context's connections call back. Each keeps the callbacks that were set when it was made.

use super::gate::{gate, pyssl_status};
use super::handle::Object;
use super::types::{pyssl_conn, pyssl_ctx};
use super::user_data::*;
use crate::core::conn::Conn;
use crate::core::ctx::{
    Alpn, AlpnSelect, Answer, CookieGenerate, CookieVerify, Ctx, Info, KeyLog, OcspClient, OcspServer, Raised,
    ServerName, Verify,
};
use crate::core::x509::X509;
use crate::runtime::memory;
use libc::{c_int, c_void};
use std::ffi::CString;
use std::sync::Arc;

/// The peer's certificate is not asked for (server) or not judged (client).
pub const PYSSL_VERIFY_NONE: c_int = 0;
/// The peer's certificate is asked for and its chain verified.
pub const PYSSL_VERIFY_PEER: c_int = 1;
/// With PYSSL_VERIFY_PEER on a server: a client without a certificate is refused.
pub const PYSSL_VERIFY_FAIL_IF_NO_PEER_CERT: c_int = 2;
/// With PYSSL_VERIFY_PEER on a server: no second request at renegotiation.
pub const PYSSL_VERIFY_CLIENT_ONCE: c_int = 4;

/// Says whether and how peers are verified.
/// @param mode      PYSSL_VERIFY_* bits
/// @param callback  has the last word on each certificate; NULL leaves it to OpenSSL
/// @param userdata  for the callback
/// @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_ctx_set_verify(
    ctx: *mut pyssl_ctx,
    mode: c_int,
    callback: pyssl_verify_callback,
    userdata: *mut c_void,
    destroy: pyssl_destructor,
) -> pyssl_status {
    gate(|| {
        let callback = verify_from(callback, UserData::new(userdata, destroy));
        Ctx::lookup(ctx)?.set_verify(mode, callback);
        Ok(())
    })
}

/// Is told what the state machine does; for looking on.
/// @param callback  NULL for none
/// @param userdata  for the callback
/// @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_ctx_set_info_callback(
    ctx: *mut pyssl_ctx,
    callback: pyssl_info_callback,
    userdata: *mut c_void,
    destroy: pyssl_destructor,
) -> pyssl_status {
    gate(|| {
        let userdata = UserData::new(userdata, destroy);
        let callback = info_from(callback, userdata);
        Ctx::lookup(ctx)?.set_info(callback);
        Ok(())
    })
}

/// Is given lines for a key log file, with which others can decrypt what they recorded.
/// @param callback  NULL for none
/// @param userdata  for the callback
/// @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_ctx_set_keylog_callback(
    ctx: *mut pyssl_ctx,
    callback: pyssl_keylog_callback,
    userdata: *mut c_void,
    destroy: pyssl_destructor,
) -> pyssl_status {
    gate(|| {
        let userdata = UserData::new(userdata, destroy);
        let callback = callback.map(|callback| -> Arc<KeyLog> {
            Arc::new(move |conn: &Conn, line: &str| {
                let line = CString::new(line).map_err(|_| Raised)?;
                // SAFETY: the function and its userdata were given together.
                done(userdata.call(|data| unsafe { callback(data, lent(conn), line.as_ptr()) }))
            })
        });
        Ctx::lookup(ctx)?.set_keylog(callback);
        Ok(())
    })
}

/// Is told that a client hello came (server name indication, RFC 6066), once in each handshake and before OpenSSL chooses
/// anything: version, cipher suite, session. It is the place for pyssl_conn_set_context() and pyssl_conn_set_verify(): a
/// session is resumed only if it was made under the rules that hold when the callback returns.
/// @param callback  NULL for none
/// @param userdata  for the callback
/// @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_ctx_set_servername_callback(
    ctx: *mut pyssl_ctx,
    callback: pyssl_servername_callback,
    userdata: *mut c_void,
    destroy: pyssl_destructor,
) -> pyssl_status {
    gate(|| {
        let userdata = UserData::new(userdata, destroy);
        let callback = callback.map(|callback| -> Arc<ServerName> {
            Arc::new(move |conn: &Conn| {
                // SAFETY: the function and its userdata were given together.
                done(userdata.call(|data| unsafe { callback(data, lent(conn)) }))
            })
        });
        Ctx::lookup(ctx)?.set_server_name(callback);
        Ok(())
    })
}

/// Chooses the application protocol on a server (RFC 7301). Not called when the client offers none.
/// @param callback  NULL for none
/// @param userdata  for the callback
/// @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_ctx_set_alpn_select_callback(
    ctx: *mut pyssl_ctx,
    callback: pyssl_alpn_select_callback,
    userdata: *mut c_void,
    destroy: pyssl_destructor,
) -> pyssl_status {
    gate(|| {
        let userdata = UserData::new(userdata, destroy);
        let callback = callback.map(|callback| -> Arc<AlpnSelect> {
            Arc::new(move |conn: &Conn, offered: &[u8]| {
                let mut room = memory::zeroed(ALPN_MAX).map_err(|_| Raised)?;
                // SAFETY: as above; the room is writable for its length.
                let chosen = userdata.call(|data| unsafe {
                    callback(data, lent(conn), offered.as_ptr(), offered.len(), room.as_mut_ptr(), ALPN_MAX)
                });
                match taken(room, chosen) {
                    Ok(choice) if choice.is_empty() => Ok(Alpn::None),
                    Ok(choice) => Ok(Alpn::Selected(choice)),
                    Err(Raised) if chosen == PYSSL_ALPN_REFUSE as isize => Ok(Alpn::Refused),
                    Err(Raised) => Err(Raised),
                }
            })
        });
        Ctx::lookup(ctx)?.set_alpn_select(callback);
        Ok(())
    })
}

/// Gives the OCSP response that a server staples, when the client asks for one.
/// @param callback  NULL for none
/// @param userdata  for the callback
/// @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_ctx_set_ocsp_server_callback(
    ctx: *mut pyssl_ctx,
    callback: pyssl_ocsp_server_callback,
    userdata: *mut c_void,
    destroy: pyssl_destructor,
) -> pyssl_status {
    gate(|| {
        let userdata = UserData::new(userdata, destroy);
        let callback = callback.map(|callback| -> Arc<OcspServer> {
            Arc::new(move |conn: &Conn| {
                let mut room = memory::zeroed(OCSP_MAX).map_err(|_| Raised)?;
                // SAFETY: as above; the room is writable for its length.
                let len = userdata.call(|data| unsafe { callback(data, lent(conn), room.as_mut_ptr(), OCSP_MAX) });
                taken(room, len)
            })
        });
        Ctx::lookup(ctx)?.set_ocsp_server(callback);
        Ok(())
    })
}

/// Judges what the server stapled, on a client that asked for it (pyssl_conn_request_ocsp).
/// @param callback  NULL for none
/// @param userdata  for the callback
/// @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_ctx_set_ocsp_client_callback(
    ctx: *mut pyssl_ctx,
    callback: pyssl_ocsp_client_callback,
    userdata: *mut c_void,
    destroy: pyssl_destructor,
) -> pyssl_status {
    gate(|| {
        let userdata = UserData::new(userdata, destroy);
        let callback = callback.map(|callback| -> Arc<OcspClient> {
            Arc::new(move |conn: &Conn, response: &[u8]| {
                // SAFETY: the function and its userdata were given together.
                verdict(userdata.call(|data| unsafe { callback(data, lent(conn), response.as_ptr(), response.len()) }))
            })
        });
        Ctx::lookup(ctx)?.set_ocsp_client(callback);
        Ok(())
    })
}

/// Makes the cookies of a DTLS server.
/// @param callback  NULL for none
/// @param userdata  for the callback
/// @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_ctx_set_cookie_generate_callback(
    ctx: *mut pyssl_ctx,
    callback: pyssl_cookie_generate_callback,
    userdata: *mut c_void,
    destroy: pyssl_destructor,
) -> pyssl_status {
    gate(|| {
        let userdata = UserData::new(userdata, destroy);
        let callback = callback.map(|callback| -> Arc<CookieGenerate> {
            Arc::new(move |conn: &Conn| {
                let mut room = memory::zeroed(COOKIE_MAX).map_err(|_| Raised)?;
                // SAFETY: as above; the room is writable for its length.
                let len = userdata.call(|data| unsafe { callback(data, lent(conn), room.as_mut_ptr(), COOKIE_MAX) });
                taken(room, len)
            })
        });
        Ctx::lookup(ctx)?.set_cookie_generate(callback);
        Ok(())
    })
}

/// Knows the cookies of a DTLS server again.
/// @param callback  NULL for none
/// @param userdata  for the callback
/// @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_ctx_set_cookie_verify_callback(
    ctx: *mut pyssl_ctx,
    callback: pyssl_cookie_verify_callback,
    userdata: *mut c_void,
    destroy: pyssl_destructor,
) -> pyssl_status {
    gate(|| {
        let userdata = UserData::new(userdata, destroy);
        let callback = callback.map(|callback| -> Arc<CookieVerify> {
            Arc::new(move |conn: &Conn, cookie: &[u8]| {
                // SAFETY: the function and its userdata were given together.
                verdict(userdata.call(|data| unsafe { callback(data, lent(conn), cookie.as_ptr(), cookie.len()) }))
            })
        });
        Ctx::lookup(ctx)?.set_cookie_verify(callback);
        Ok(())
    })
}

const ALPN_MAX: usize = 255;
const OCSP_MAX: usize = 65535;
const COOKIE_MAX: usize = 255;

pub(super) fn verify_from(callback: pyssl_verify_callback, userdata: UserData) -> Option<Arc<Verify>> {
    let callback = callback?;
    Some(Arc::new(move |conn, at, ok| {
        let cert = match at.current_cert() {
            Some(cert) => X509::copy_of(cert).and_then(Object::register).map_err(|_| Raised)?,
            None => std::ptr::null_mut(),
        };
        let (error, depth) = (at.error().as_raw(), at.error_depth() as c_int);
        // SAFETY: the function and its userdata were given together.
        verdict(userdata.call(|data| unsafe { callback(data, lent(conn), cert, error, depth, c_int::from(ok)) }))
    }))
}

pub(super) fn info_from(callback: pyssl_info_callback, userdata: UserData) -> Option<Arc<Info>> {
    let callback = callback?;
    Some(Arc::new(move |conn, at, value| {
        // SAFETY: the function and its userdata were given together.
        done(userdata.call(|data| unsafe { callback(data, lent(conn), at, value) }))
    }))
}

/// The handle a callback knows the connection by.
fn lent(conn: &Conn) -> *mut pyssl_conn {
    conn.handle() as *mut pyssl_conn
}

fn done(returned: c_int) -> Answer {
    if returned < 0 {
        return Err(Raised);
    }
    Ok(())
}

fn verdict(returned: c_int) -> Answer<bool> {
    done(returned).map(|()| returned > 0)
}

/// What the callback wrote to the room; more than there is room for is no answer.
fn taken(mut room: Vec<u8>, len: isize) -> Answer<Vec<u8>> {
    let len = usize::try_from(len).ok().filter(|len| *len <= room.len()).ok_or(Raised)?;
    room.truncate(len);
    Ok(room)
}
