//! pyssl_conn_*: setting one connection up.

use super::arg::{bytes, put, put_handle, put_opt, text};
use super::ctx_callback::{info_from, verify_from};
use super::gate::{gate, pyssl_status};
use super::handle::Object;
use super::types::{pyssl_conn, pyssl_ctx, pyssl_pkey, pyssl_session, pyssl_x509};
use super::user_data::{pyssl_destructor, pyssl_info_callback, pyssl_verify_callback, UserData};
use crate::core::conn::Conn;
use crate::core::ctx::Ctx;
use crate::core::pkey::PKey;
use crate::core::session::Session;
use crate::core::x509::X509;
use libc::{c_char, c_int, c_void};

/// Makes this end the client.
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_conn_set_connect_state(conn: *mut pyssl_conn) -> pyssl_status {
    gate(|| {
        Conn::lookup(conn)?.set_connect_state();
        Ok(())
    })
}

/// Makes this end the server.
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_conn_set_accept_state(conn: *mut pyssl_conn) -> pyssl_status {
    gate(|| {
        Conn::lookup(conn)?.set_accept_state();
        Ok(())
    })
}

/// Makes this end a client of a host, in one call before the handshake: the client's role, server name indication, and
/// the name that the peer's certificate must have, as pyssl_conn_set_verify_host() has it. PYSSL_VERIFY_PEER is turned on.
/// Whom the connection trusts its context says: see pyssl_ctx_new_client().
/// @param host  NUL-terminated: a DNS name in its ASCII form, or an IPv4 or IPv6 address. For an address no server name is
///              sent, and of a name with a dot at its end the dot is not (RFC 6066, 3)
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT for what is neither a DNS name nor an address, or PYSSL_ERROR when
///         the handshake has begun; nothing has changed then
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_set_client(conn: *mut pyssl_conn, host: *const c_char) -> pyssl_status {
    // SAFETY: the header asks for a NUL-terminated name.
    gate(|| Conn::lookup(conn)?.set_client(unsafe { text(host, "host") }?))
}

/// Names the host a client wants (server name indication, RFC 6066), as it stands. It is not verified by this: see
/// pyssl_conn_set_client().
/// @param name  a DNS name of name_len bytes, without NUL
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_set_tlsext_host_name(
    conn: *mut pyssl_conn,
    name: *const u8,
    name_len: usize,
) -> pyssl_status {
    // SAFETY: the header asks for name_len readable bytes.
    gate(|| Conn::lookup(conn)?.set_host_name(unsafe { bytes(name, name_len) }?))
}

/// Has the peer's certificate compared with a name, in the handshake and by OpenSSL (RFC 6125, RFC 9525: names of the
/// certificate's subjectAltName alone, wildcards as a whole label alone), and turns PYSSL_VERIFY_PEER on. A peer with
/// other names is refused; the error says which names it has. After the handshake the peer is checked at once: PYSSL_OK says
/// that its chain was verified and that its certificate is for the name.
/// @param name  NUL-terminated: a DNS name in its ASCII form, or an IPv4 or IPv6 address
/// @return PYSSL_OK; PYSSL_ERR_HANDLE; PYSSL_ERR_ARGUMENT for what no certificate can hold; PYSSL_ERROR while a handshake is
///         under way, and for a peer that a finished one has not verified under this name. Where it fails, the name that was
///         set before stays
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_set_verify_host(conn: *mut pyssl_conn, name: *const c_char) -> pyssl_status {
    // SAFETY: the header asks for a NUL-terminated name.
    gate(|| Conn::lookup(conn)?.set_verify_host(unsafe { text(name, "name") }?))
}

/// Names the host that verification compares the peer's certificate with, as pyssl_conn_set_verify_host() does, and
/// leaves the verification mode as it is. Without PYSSL_VERIFY_PEER a client goes on with a peer of another name, and
/// pyssl_conn_verify_result() tells.
/// @param name  NUL-terminated: a DNS name in its ASCII form, or an IPv4 or IPv6 address
/// @return as pyssl_conn_set_verify_host()
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_set_expected_host(conn: *mut pyssl_conn, name: *const c_char) -> pyssl_status {
    // SAFETY: the header asks for a NUL-terminated name.
    gate(|| Conn::lookup(conn)?.set_expected_host(unsafe { text(name, "name") }?))
}

/// TLS 1.3 servers: asks for the client's certificate after the handshake (SSL_verify_client_post_handshake). The next
/// call that moves bytes sends the request; a later one that receives reads the answer and verifies it by the mode of
/// pyssl_conn_set_verify(), which must have PYSSL_VERIFY_PEER.
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR (before the handshake, with TLS 1.2, without PYSSL_VERIFY_PEER, and
///         for a client that did not offer it: see pyssl_ctx_set_post_handshake_auth())
#[no_mangle]
pub extern "C" fn pyssl_conn_verify_client_post_handshake(conn: *mut pyssl_conn) -> pyssl_status {
    gate(|| Conn::lookup(conn)?.verify_client_post_handshake())
}

/// Says whether and how this peer is verified, in place of what the context says.
/// @param mode      PYSSL_VERIFY_* bits
/// @param callback  has the last word on each certificate; NULL leaves it to OpenSSL
/// @param userdata  for the callback
/// @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR in the middle of a client's handshake
#[no_mangle]
pub extern "C" fn pyssl_conn_set_verify(
    conn: *mut pyssl_conn,
    mode: c_int,
    callback: pyssl_verify_callback,
    userdata: *mut c_void,
    destroy: pyssl_destructor,
) -> pyssl_status {
    gate(|| {
        let callback = verify_from(callback, UserData::new(userdata, destroy));
        Conn::lookup(conn)?.set_verify(mode, callback)
    })
}

/// The PYSSL_VERIFY_* bits.
/// @param out  receives them
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_verify_mode(conn: *mut pyssl_conn, out: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(Conn::lookup(conn)?.verify_mode())) })
}

/// Has the state machine's moves of this connection told, in place of what the context says (SSL_set_info_callback).
/// @param callback  NULL for nobody
/// @param userdata  for the callback
/// @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_conn_set_info_callback(
    conn: *mut pyssl_conn,
    callback: pyssl_info_callback,
    userdata: *mut c_void,
    destroy: pyssl_destructor,
) -> pyssl_status {
    gate(|| {
        let callback = info_from(callback, UserData::new(userdata, destroy));
        Conn::lookup(conn)?.set_info(callback);
        Ok(())
    })
}

/// The context: the one it was made with, or was given later.
/// @param out  receives a new handle, to be freed with pyssl_ctx_free()
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_context(conn: *mut pyssl_conn, out: *mut *mut pyssl_ctx) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_handle(out, || Ok(Conn::lookup(conn)?.ctx())) })
}

/// Gives the connection another context's certificate, key, trust and callbacks, as a server does in its server name
/// callback. What was set on the connection itself stays: options, verify mode and callback, expected name, info callback.
/// Depth, purpose and flags of verification are the new context's, and so is the verify callback, if any. The verify mode
/// is the stricter of both contexts: PYSSL_VERIFY_PEER and PYSSL_VERIFY_FAIL_IF_NO_PEER_CERT of either,
/// PYSSL_VERIFY_CLIENT_ONCE only of both.
/// @param ctx  the context to use from now on; kept
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR, also in the middle of a client's handshake
#[no_mangle]
pub extern "C" fn pyssl_conn_set_context(conn: *mut pyssl_conn, ctx: *mut pyssl_ctx) -> pyssl_status {
    gate(|| Conn::lookup(conn)?.set_ctx(&*Ctx::lookup(ctx)?))
}

/// Adds options (SSL_OP_*); none is ever removed.
/// @param options  bits to add, 0 for none
/// @param out      receives the bits as they are then; may be NULL
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_set_options(conn: *mut pyssl_conn, options: u64, out: *mut u64) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_opt(out, || Ok(Conn::lookup(conn)?.set_options(options))) })
}

/// Sets the certificate this end shows. One that does not belong to the context's key waits for its own key, and both take
/// effect at once. The context's chain goes with it only if that leads on from it.
/// @param cert  it is copied
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR ("key values mismatch" if another key was set on the connection)
#[no_mangle]
pub extern "C" fn pyssl_conn_use_certificate(conn: *mut pyssl_conn, cert: *mut pyssl_x509) -> pyssl_status {
    gate(|| Conn::lookup(conn)?.use_certificate(&*X509::lookup(cert)?))
}

/// Sets this end's private key.
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR when it does not belong to the certificate
#[no_mangle]
pub extern "C" fn pyssl_conn_use_privatekey(conn: *mut pyssl_conn, key: *mut pyssl_pkey) -> pyssl_status {
    gate(|| Conn::lookup(conn)?.use_private_key(&*PKey::lookup(key)?))
}

/// Sets the protocols a client offers (ALPN, RFC 7301).
/// @param wire  wire_len bytes: each protocol after one byte with its length
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_set_alpn_protos(
    conn: *mut pyssl_conn,
    wire: *const u8,
    wire_len: usize,
) -> pyssl_status {
    // SAFETY: the header asks for wire_len readable bytes.
    gate(|| Conn::lookup(conn)?.set_alpn_protos(unsafe { bytes(wire, wire_len) }?))
}

/// Asks the server for an OCSP response along with its certificate (RFC 6066, 8).
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR, also in the middle of a client's handshake
#[no_mangle]
pub extern "C" fn pyssl_conn_request_ocsp(conn: *mut pyssl_conn) -> pyssl_status {
    gate(|| Conn::lookup(conn)?.request_ocsp())
}

/// Offers a session to be resumed. Call before the first handshake has begun.
///
/// A connection that verifies its server (any mode but PYSSL_VERIFY_NONE) resumes a session only under its own rules. The
/// rules are: verification, store, purpose, depth, flags, time, security level, expected name, verify callback, and the
/// callback that judges an OCSP response where one is asked for. They are compared when the handshake begins. The session
/// is offered if all of this holds:
/// - its full handshake verified the server by the same rules; an expected name or a callback more than this connection has
///   is fine, and a callback is the same only as the same one of the same context;
/// - the verify callback did not accept what OpenSSL had refused;
/// - the chain is within its dates, its first certificate is for the expected name, and the store still trusts its last
///   one (for pyssl_session_from_bytes(): this connection's store trusts it);
/// - no flag asks for revocation lists or OCSP, for their answer is one of the moment.
///
/// Otherwise the handshake is a full one, without an error; pyssl_conn_session_reused() tells. A session of a resumed
/// connection has the rules of the full handshake behind it.
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT for a session of another context, or PYSSL_ERROR once a handshake
///         has begun, in its callbacks too
#[no_mangle]
pub extern "C" fn pyssl_conn_set_session(conn: *mut pyssl_conn, session: *mut pyssl_session) -> pyssl_status {
    gate(|| Conn::lookup(conn)?.set_session(&*Session::lookup(session)?))
}

/// Says which close_notify alerts count as exchanged.
/// @param state  1 sent, 2 received, 3 both, 0 none
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_conn_set_shutdown(conn: *mut pyssl_conn, state: c_int) -> pyssl_status {
    gate(|| {
        Conn::lookup(conn)?.set_shutdown_state(state);
        Ok(())
    })
}

/// TLS 1.2 and earlier: asks for another handshake, which the next call that moves bytes begins.
/// @param asked  receives 1, or 0 when one is pending already
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR (TLS 1.3 has none: see pyssl_conn_key_update())
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_renegotiate(conn: *mut pyssl_conn, asked: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(asked, || Ok(c_int::from(Conn::lookup(conn)?.renegotiate()?))) })
}

/// TLS 1.3: new keys for what this end sends, from the next call that moves bytes on.
/// @param peer_too  1 asks the peer for new keys on its side as well
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR (before the handshake, and with TLS 1.2)
#[no_mangle]
pub extern "C" fn pyssl_conn_key_update(conn: *mut pyssl_conn, peer_too: c_int) -> pyssl_status {
    gate(|| Conn::lookup(conn)?.key_update(peer_too != 0))
}

/// DTLS: how many bytes of UDP payload the path takes.
/// @param taken  receives 1, or 0 when that is too few to work with or the connection does not speak DTLS
/// @param mtu  bytes that a datagram may have
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_set_ciphertext_mtu(
    conn: *mut pyssl_conn,
    mtu: i64,
    taken: *mut c_int,
) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(taken, || Ok(c_int::from(Conn::lookup(conn)?.set_ciphertext_mtu(mtu)))) })
}
