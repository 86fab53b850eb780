//! Callbacks: a C function, its userdata, and a destructor for that.
//!
//! All run on the thread of the call that led to them. The connection is lent for the length of the call: its state may be
//! read, and one without a transport be pumped (pyssl_conn_bio_read() and its kin); sending, receiving and shutting it down
//! give PYSSL_ERR_BUSY. A negative return says that the callback raised: the call that led
//! here returns PYSSL_ERR_CALLBACK, the peer gets a fatal alert, and the connection is of no more use.
//!
//! A callback returns: a thread that ends inside of one (pthread_exit) is kept there until the process ends, and an exception
//! that leaves one (of C++, say) ends the process with a message. pthread_cancel() is held back inside of one.

use super::types::{pyssl_conn, pyssl_x509};
use crate::runtime::language::Language;
use crate::runtime::{language, user_code};
use libc::{c_char, c_int, c_void};

/// Frees a callback's userdata: called once, when the library will not call the callback again. From any thread, at the end
/// of the call that lets go of it, and without any lock of the library held: it may call the library, and wait for threads
/// that do. What a callback lets go of goes when the call returns that led to the callback.
pub type pyssl_destructor = Option<unsafe extern "C-unwind" fn(userdata: *mut c_void)>;

/// Has the last word on each certificate of the peer's chain (SSL_CTX_set_verify).
/// @param userdata  as given with the callback
/// @param conn      the connection, lent for the length of the call: state may be read; to send or receive on it gives
///                  PYSSL_ERR_BUSY
/// @param cert      the certificate, a new handle that the callback owns; NULL when there is none
/// @param error     X509_V_OK or X509_V_ERR_*
/// @param depth     0 is the peer's own certificate
/// @param ok        OpenSSL's verdict, 1 or 0
/// @return 1 accepts, 0 refuses, a negative value refuses and makes the call that led here return PYSSL_ERR_CALLBACK
pub type pyssl_verify_callback = Option<
    unsafe extern "C-unwind" fn(
        userdata: *mut c_void,
        conn: *mut pyssl_conn,
        cert: *mut pyssl_x509,
        error: c_int,
        depth: c_int,
        ok: c_int,
    ) -> c_int,
>;

/// Is told what the state machine does (SSL_CTX_set_info_callback).
/// @param userdata  as given with the callback
/// @param conn      the connection, lent
/// @param where     SSL_CB_* and SSL_ST_* bits
/// @param value     for an alert its level and number; for an exit the result; else 1
/// @return 0, or a negative value to make the call that led here return PYSSL_ERR_CALLBACK
pub type pyssl_info_callback = Option<
    unsafe extern "C-unwind" fn(userdata: *mut c_void, conn: *mut pyssl_conn, r#where: c_int, value: c_int) -> c_int,
>;

/// Is given a line for a key log file (SSLKEYLOGFILE format).
/// @param userdata  as given with the callback
/// @param conn      the connection, lent
/// @param line      NUL-terminated, without a line end
/// @return 0, or a negative value to make the call that led here return PYSSL_ERR_CALLBACK
pub type pyssl_keylog_callback =
    Option<unsafe extern "C-unwind" fn(userdata: *mut c_void, conn: *mut pyssl_conn, line: *const c_char) -> c_int>;

/// Is told, on a server, that a client hello came, with a server name or without: the time to switch contexts.
/// @param userdata  as given with the callback
/// @param conn      the connection, lent
/// @return 0, or a negative value to make the call that led here return PYSSL_ERR_CALLBACK
pub type pyssl_servername_callback =
    Option<unsafe extern "C-unwind" fn(userdata: *mut c_void, conn: *mut pyssl_conn) -> c_int>;

/// Chooses, on a server, one of the protocols that the client offers (ALPN, RFC 7301).
/// @param userdata     as given with the callback
/// @param conn         the connection, lent
/// @param offered      the protocols, each behind a byte with its length
/// @param offered_len  how many bytes that is
/// @param buf          the choice is written here
/// @param buf_size     how many bytes there is room for, 255
/// @return the length of the choice; 0 to go on without a protocol; PYSSL_ALPN_REFUSE to end the handshake
///         (no_application_protocol); a negative value to make the call that led here return PYSSL_ERR_CALLBACK
pub type pyssl_alpn_select_callback = Option<
    unsafe extern "C-unwind" fn(
        userdata: *mut c_void,
        conn: *mut pyssl_conn,
        offered: *const u8,
        offered_len: usize,
        buf: *mut u8,
        buf_size: usize,
    ) -> isize,
>;

/// What a pyssl_alpn_select_callback returns to end the handshake.
pub const PYSSL_ALPN_REFUSE: c_int = 256;

/// Gives, on a server, the OCSP response to staple (RFC 6066, 8), when the client asks for one.
/// @param userdata  as given with the callback
/// @param conn      the connection, lent
/// @param buf       the DER of an OCSPResponse is written here
/// @param buf_size  how many bytes there is room for, 65535
/// @return its length; 0 for none; a negative value to make the call that led here return PYSSL_ERR_CALLBACK
pub type pyssl_ocsp_server_callback = Option<
    unsafe extern "C-unwind" fn(userdata: *mut c_void, conn: *mut pyssl_conn, buf: *mut u8, buf_size: usize) -> isize,
>;

/// Judges, on a client that asked for it, the OCSP response that the server stapled.
/// @param userdata      as given with the callback
/// @param conn          the connection, lent
/// @param response      the DER of an OCSPResponse
/// @param response_len  its length, 0 when there was none
/// @return 1 accepts, 0 refuses, a negative value refuses and makes the call that led here return PYSSL_ERR_CALLBACK
pub type pyssl_ocsp_client_callback = Option<
    unsafe extern "C-unwind" fn(
        userdata: *mut c_void,
        conn: *mut pyssl_conn,
        response: *const u8,
        response_len: usize,
    ) -> c_int,
>;

/// Makes, on a DTLS server, a cookie that proves the client's address (RFC 6347, 4.2.1).
/// @param userdata  as given with the callback
/// @param conn      the connection, lent
/// @param buf       the cookie is written here
/// @param buf_size  how many bytes there is room for, 255
/// @return its length; a negative value to make the call that led here return PYSSL_ERR_CALLBACK
pub type pyssl_cookie_generate_callback = Option<
    unsafe extern "C-unwind" fn(userdata: *mut c_void, conn: *mut pyssl_conn, buf: *mut u8, buf_size: usize) -> isize,
>;

/// Tells, on a DTLS server, whether a cookie is the one that was made for this client.
/// @param userdata    as given with the callback
/// @param conn        the connection, lent
/// @param cookie      what the client sent back
/// @param cookie_len  its length
/// @return 1 when it is, 0 when it is not, a negative value to make the call that led here return PYSSL_ERR_CALLBACK
pub type pyssl_cookie_verify_callback = Option<
    unsafe extern "C-unwind" fn(
        userdata: *mut c_void,
        conn: *mut pyssl_conn,
        cookie: *const u8,
        cookie_len: usize,
    ) -> c_int,
>;

/// The userdata of a callback; the destructor runs when the last holder lets go.
pub(super) struct UserData {
    data: *mut c_void,
    destroy: pyssl_destructor,
    /// The language of the destructor, which is that of the callback too.
    language: Option<&'static Language>,
}

// SAFETY: the header says that callbacks and destructors may run on any thread.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    pub fn new(data: *mut c_void, destroy: pyssl_destructor) -> Self {
        let language = destroy.and_then(|destroy| language::of_function(destroy as usize));
        UserData { data, destroy, language }
    }

    /// Calls the user's function, as `user_code` has it.
    pub fn call<T>(&self, function: impl FnOnce(*mut c_void) -> T) -> T {
        user_code::run(self.language, || function(self.data))
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the caller gave the pair together, and this is the only call.
            unsafe { user_code::destroy_later(self.language, destroy, self.data) };
        }
    }
}
