//! pyssl_conn_*: what a connection can tell.

use super::arg::{bytes, opt_bytes, put, put_bytes, put_handle_opt, put_handles, put_text, room};
use super::gate::{gate, pyssl_status};
use super::handle::Object;
use super::types::{pyssl_conn, pyssl_name, pyssl_session, pyssl_x509};
use crate::core::conn::{Conn, Wants};
use crate::core::name::Name;
use crate::core::x509::X509;
use crate::error::{Error, Result};
use crate::status::Status;
use libc::{c_char, c_int};
use openssl::x509::X509 as Cert;
use std::sync::Arc;

/// pyssl_conn_want(): nothing is waited for.
pub const PYSSL_WANT_NOTHING: c_int = 1;
/// pyssl_conn_want(): the transport must take bytes first.
pub const PYSSL_WANT_WRITE: c_int = 2;
/// pyssl_conn_want(): bytes of the peer must come first.
pub const PYSSL_WANT_READ: c_int = 3;
/// pyssl_conn_want(): something else (a callback's answer) must come first.
pub const PYSSL_WANT_OTHER: c_int = 4;

/// Decrypted bytes that can be received without asking the peer.
/// @param out  receives their number
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_pending(conn: *mut pyssl_conn, out: *mut usize) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(Conn::lookup(conn)?.pending())) })
}

/// The protocol version's number: 0x0304 is TLS 1.3. Before the handshake, the highest this end would use.
/// @param out  receives it
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_version(conn: *mut pyssl_conn, out: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(Conn::lookup(conn)?.version())) })
}

/// The protocol version's name: "TLSv1.3".
/// @param buf       receives it, with a NUL
/// @param buf_size  room in buffer
/// @param len_out   receives its length
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_version_name(
    conn: *mut pyssl_conn,
    buf: *mut c_char,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
    gate(|| unsafe { put_text(buf, buf_size, len_out, || Ok(Conn::lookup(conn)?.version_name())) })
}

/// The cipher suite's name: "TLS_AES_256_GCM_SHA384".
/// @param buf       receives it, with a NUL
/// @param buf_size  room in buffer
/// @param len_out   receives its length
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT before the handshake
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_cipher_name(
    conn: *mut pyssl_conn,
    buf: *mut c_char,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
    gate(|| unsafe { put_text(buf, buf_size, len_out, || Ok(present(Conn::lookup(conn)?.cipher())?.name)) })
}

/// The key exchange group's name: "X25519MLKEM768".
/// @param buf       receives it, with a NUL
/// @param buf_size  room in buffer
/// @param len_out   receives its length
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT when there is none
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_group_name(
    conn: *mut pyssl_conn,
    buf: *mut c_char,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
    gate(|| unsafe { put_text(buf, buf_size, len_out, || present(Conn::lookup(conn)?.group_name())) })
}

/// The peer's own certificate.
/// @param out  receives a new handle, to be freed with pyssl_x509_free(), or NULL when the peer showed none
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_peer_certificate(conn: *mut pyssl_conn, out: *mut *mut pyssl_x509) -> pyssl_status {
    gate(|| {
        let cert = || Conn::lookup(conn)?.peer_certificate().map(|cert| X509::copy_of(&cert)).transpose();
        // SAFETY: the header asks for a writable out.
        unsafe { put_handle_opt(out, cert) }
    })
}

/// What the verification of the peer's chain came to: X509_V_OK (0) or X509_V_ERR_*. 0 also when no certificate came.
/// @param out  receives it
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_verify_result(conn: *mut pyssl_conn, out: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(Conn::lookup(conn)?.verify_result())) })
}

/// What the last operation waits for: PYSSL_WANT_*.
/// @param out  receives it
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_want(conn: *mut pyssl_conn, out: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(want(Conn::lookup(conn)?.wants()))) })
}

/// Which close_notify alerts were exchanged: 1 sent, 2 received, 3 both.
/// @param out  receives it
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_shutdown_state(conn: *mut pyssl_conn, out: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(Conn::lookup(conn)?.shutdown_state())) })
}

/// 1 when no handshake is under way or to come, else 0.
/// @param out  receives it
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_is_init_finished(conn: *mut pyssl_conn, out: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(c_int::from(Conn::lookup(conn)?.is_init_finished()))) })
}

/// 1 when a renegotiation was asked for and is not done, else 0.
/// @param out  receives it
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_renegotiate_pending(conn: *mut pyssl_conn, out: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(c_int::from(Conn::lookup(conn)?.renegotiate_pending()))) })
}

/// How many renegotiations this end asked for, or began because a server asked (SSL_total_renegotiations). A server does
/// not count those that a client began.
/// @param out  receives it
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_total_renegotiations(conn: *mut pyssl_conn, out: *mut i64) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(Conn::lookup(conn)?.total_renegotiations())) })
}

/// 1 when the handshake took up an earlier session, else 0.
/// @param out  receives it
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_session_reused(conn: *mut pyssl_conn, out: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(c_int::from(Conn::lookup(conn)?.session_reused()))) })
}

/// What the handshake is at, in OpenSSL's words.
/// @param buf       receives it, with a NUL
/// @param buf_size  room in buffer
/// @param len_out   receives its length
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_state_string(
    conn: *mut pyssl_conn,
    buf: *mut c_char,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
    gate(|| unsafe { put_text(buf, buf_size, len_out, || Ok(Conn::lookup(conn)?.state_text())) })
}

/// The protocol version that the cipher suite belongs to: "TLSv1.3".
/// @param buf       receives it, with a NUL
/// @param buf_size  room in buffer
/// @param len_out   receives its length
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT before the handshake
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_cipher_version(
    conn: *mut pyssl_conn,
    buf: *mut c_char,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
    gate(|| unsafe { put_text(buf, buf_size, len_out, || Ok(present(Conn::lookup(conn)?.cipher())?.version)) })
}

/// The strength of the cipher in bits.
/// @param out  receives it
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_ABSENT before the handshake
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_cipher_bits(conn: *mut pyssl_conn, out: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(present(Conn::lookup(conn)?.cipher())?.bits)) })
}

/// The cipher suites that may be used, those of TLS 1.3 first, with ":" between them.
/// @param buf       receives it, with a NUL
/// @param buf_size  room in buffer
/// @param len_out   receives its length
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_cipher_list(
    conn: *mut pyssl_conn,
    buf: *mut c_char,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
    gate(|| unsafe { put_text(buf, buf_size, len_out, || Ok(Conn::lookup(conn)?.cipher_names().join(":"))) })
}

/// The protocol that ALPN agreed on; no bytes when none.
/// @param buf       receives it
/// @param buf_size  room in buffer
/// @param len_out   receives its length
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_alpn_proto_negotiated(
    conn: *mut pyssl_conn,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
    gate(|| unsafe { put_bytes(buf, buf_size, len_out, || Ok(Conn::lookup(conn)?.alpn_selected())) })
}

/// The name of the SRTP protection profile that was agreed on.
/// @param buf       receives it, with a NUL
/// @param buf_size  room in buffer
/// @param len_out   receives its length
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT when there is none
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_selected_srtp_profile(
    conn: *mut pyssl_conn,
    buf: *mut c_char,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
    gate(|| unsafe { put_text(buf, buf_size, len_out, || present(Conn::lookup(conn)?.srtp_profile())) })
}

/// The host name that the client asked for (SNI); on a client, the one it set.
/// @param buf       receives it
/// @param buf_size  room in buffer
/// @param len_out   receives its length
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT when there is none
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_servername(
    conn: *mut pyssl_conn,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
    gate(|| unsafe { put_bytes(buf, buf_size, len_out, || present(Conn::lookup(conn)?.server_name())) })
}

/// The client's random value, 32 bytes.
/// @param buf       receives it
/// @param buf_size  room in buffer
/// @param len_out   receives its length
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT before there is a session
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_client_random(
    conn: *mut pyssl_conn,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
    gate(|| unsafe { put_bytes(buf, buf_size, len_out, || present(Conn::lookup(conn)?.client_random())) })
}

/// The server's random value, 32 bytes.
/// @param buf       receives it
/// @param buf_size  room in buffer
/// @param len_out   receives its length
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT before there is a session
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_server_random(
    conn: *mut pyssl_conn,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
    gate(|| unsafe { put_bytes(buf, buf_size, len_out, || present(Conn::lookup(conn)?.server_random())) })
}

/// The session's master secret. Whoever has it can read the session.
/// @param buf       receives it
/// @param buf_size  room in buffer
/// @param len_out   receives its length
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT before there is a session
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_master_key(
    conn: *mut pyssl_conn,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
    gate(|| unsafe { put_bytes(buf, buf_size, len_out, || present(Conn::lookup(conn)?.master_key())) })
}

/// This end's last Finished message.
/// @param buf       receives it
/// @param buf_size  room in buffer
/// @param len_out   receives its length
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT before there was one
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_finished(
    conn: *mut pyssl_conn,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
    gate(|| unsafe { put_bytes(buf, buf_size, len_out, || present(Conn::lookup(conn)?.finished())) })
}

/// The peer's last Finished message.
/// @param buf       receives it
/// @param buf_size  room in buffer
/// @param len_out   receives its length
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT before there was one
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_peer_finished(
    conn: *mut pyssl_conn,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf_size writable bytes and a writable len_out.
    gate(|| unsafe { put_bytes(buf, buf_size, len_out, || present(Conn::lookup(conn)?.peer_finished())) })
}

/// Keying material for another protocol (RFC 5705; RFC 8446, 7.5).
/// @param label     label_len bytes
/// @param context   context_len bytes, or NULL for none (which differs from no bytes up to TLS 1.2)
/// @param buf       receives the material
/// @param buf_size  how many bytes of it
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR before the handshake is done
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_export_keying_material(
    conn: *mut pyssl_conn,
    label: *const u8,
    label_len: usize,
    context: *const u8,
    context_len: usize,
    buf: *mut u8,
    buf_size: usize,
) -> pyssl_status {
    gate(|| {
        let conn = Conn::lookup(conn)?;
        // SAFETY: the header asks for readable label and context and a writable buf of these lengths.
        let (label, context, out) =
            unsafe { (bytes(label, label_len)?, opt_bytes(context, context_len)?, room(buf, buf_size)?) };
        conn.export_keying_material(label, context, out)
    })
}

/// This end's own certificate.
/// @param out  receives a new handle, to be freed with pyssl_x509_free(), or NULL when there is none
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_certificate(conn: *mut pyssl_conn, out: *mut *mut pyssl_x509) -> pyssl_status {
    gate(|| {
        let cert = || Conn::lookup(conn)?.certificate().map(|cert| X509::copy_of(&cert)).transpose();
        // SAFETY: the header asks for a writable out.
        unsafe { put_handle_opt(out, cert) }
    })
}

/// The chain as the peer sent it, its own certificate first; on a server that one is not among them.
/// @param buf        receives new handles, each to be freed with pyssl_x509_free()
/// @param buf_size   how many there is room for
/// @param count_out  receives their number
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT when none came
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_peer_cert_chain(
    conn: *mut pyssl_conn,
    buf: *mut *mut pyssl_x509,
    buf_size: usize,
    count_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf for buf_size handles and a writable count_out.
    gate(|| unsafe { put_handles(buf, buf_size, count_out, || chain(Conn::lookup(conn)?.peer_chain())) })
}

/// The chain that verification built, from the peer's own certificate to a trusted one. Trust it only when the
/// verification's result is X509_V_OK.
/// @param buf        receives new handles, each to be freed with pyssl_x509_free()
/// @param buf_size   how many there is room for
/// @param count_out  receives their number
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT when there is none
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_verified_chain(
    conn: *mut pyssl_conn,
    buf: *mut *mut pyssl_x509,
    buf_size: usize,
    count_out: *mut usize,
) -> pyssl_status {
    // SAFETY: the header asks for buf for buf_size handles and a writable count_out.
    gate(|| unsafe { put_handles(buf, buf_size, count_out, || chain(Conn::lookup(conn)?.verified_chain())) })
}

/// On a client, the authorities that the server named for client certificates; on a server, those it names.
/// @param buf        receives new handles, each to be freed with pyssl_name_free()
/// @param buf_size   how many there is room for
/// @param count_out  receives their number, which may be 0
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_client_ca_list(
    conn: *mut pyssl_conn,
    buf: *mut *mut pyssl_name,
    buf_size: usize,
    count_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        let names = || Ok(Conn::lookup(conn)?.client_cas()?.into_iter().map(Name::from_openssl).collect());
        // SAFETY: the header asks for buf for buf_size handles and a writable count_out.
        unsafe { put_handles(buf, buf_size, count_out, names) }
    })
}

/// The session as it is now. In TLS 1.3 one that can be taken up again is there once the server's ticket was read.
/// @param out  receives a new handle, to be freed with pyssl_session_free(), or NULL when there is none
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_session(conn: *mut pyssl_conn, out: *mut *mut pyssl_session) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_handle_opt(out, || Ok(Conn::lookup(conn)?.session())) })
}

/// DTLS: how many bytes of data fit one datagram; 0 before the handshake.
/// @param out  receives it
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_ARGUMENT without DTLS
#[no_mangle]
pub unsafe extern "C" fn pyssl_conn_cleartext_mtu(conn: *mut pyssl_conn, out: *mut usize) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Conn::lookup(conn)?.cleartext_mtu()) })
}

fn present<T>(value: Option<T>) -> Result<T> {
    value.ok_or_else(|| Error::bare(Status::Absent))
}

fn want(wants: Wants) -> c_int {
    match wants {
        Wants::Nothing => PYSSL_WANT_NOTHING,
        Wants::Writing => PYSSL_WANT_WRITE,
        Wants::Reading => PYSSL_WANT_READ,
        Wants::Other => PYSSL_WANT_OTHER,
    }
}

fn chain(certs: Option<Vec<Cert>>) -> Result<Vec<Arc<X509>>> {
    present(certs)?.iter().map(|cert| X509::copy_of(cert)).collect()
}
