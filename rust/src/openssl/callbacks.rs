//! From OpenSSL's callbacks to the connection they concern.

use crate::openssl::ffi;
use crate::runtime::memory;
use foreign_types::ForeignTypeRef;
use libc::{c_char, c_int, c_long, c_uchar, c_uint, c_void};
use openssl::x509::{X509StoreContextRef, X509VerifyResult};
use std::cell::RefCell;
use std::ffi::CStr;
use std::sync::{Arc, OnceLock, Weak};

/// What OpenSSL calls back: implemented by the connection in the layer above.
///
/// Every function runs inside an SSL operation of the connection, on its thread, under its lock.
pub trait CallbackTarget: Send + Sync {
    /// A certificate of the peer's chain was looked at. True lets the verification go on.
    fn verify(&self, ok: bool, at: &mut X509StoreContextRef) -> bool;
    /// The state machine moved: SSL_CB_* bits and a value that depends on them.
    fn info(&self, at: c_int, value: c_int);
    /// A handshake takes its first step: nothing of it was sent or read. Comes before the `info` of it.
    fn handshake_begins(&self);
    /// A handshake is done. Comes before the `info` of it, and before any data of the peer.
    fn handshake_ends(&self);
    /// A line for a key log file (SSLKEYLOGFILE format).
    fn keylog(&self, line: &str);
    /// A client hello came. OpenSSL has chosen nothing yet, no session either.
    fn client_hello(&self, hello: ClientHello) -> Result<(), HelloRefused>;
    /// Returns true if the answer to this handshake's client hello acknowledges its server name (RFC 6066, 3).
    fn acknowledges_server_name(&self) -> bool;
    /// The client offers protocols (RFC 7301, each behind a length byte).
    fn alpn_select(&self, offered: &[u8]) -> Select;
    /// The client asks for a stapled OCSP response.
    fn ocsp_response(&self) -> Staple;
    /// What the server stapled, empty for nothing. None ends the handshake for a reason that is not the response's.
    fn ocsp_judge(&self, response: &[u8]) -> Option<bool>;
    /// A cookie for the DTLS client at the other end; None when there is none to give.
    fn cookie_generate(&self) -> Option<Vec<u8>>;
    fn cookie_verify(&self, cookie: &[u8]) -> bool;
}

/// What is known of a client hello.
pub struct ClientHello {
    /// None where there is none, or none that OpenSSL will accept.
    pub server_name: Option<Vec<u8>>,
    pub random: Vec<u8>,
}

/// A client hello that ends the handshake, and the alert that says so.
pub struct HelloRefused {
    pub alert: c_int,
}

pub enum Select {
    Protocol(Vec<u8>),
    /// As if nobody had been asked.
    None,
    Refuse,
}

pub enum Staple {
    Response(Vec<u8>),
    Nothing,
    Fail,
}

/// Tells an SSL whom to call back: 1 on success.
///
/// # Safety
/// `ssl` must be live, and `host` live as long as it.
pub unsafe fn set_callback_target(ssl: *mut ffi::SSL, host: &Weak<dyn CallbackTarget>) -> c_int {
    let host: *const Weak<dyn CallbackTarget> = host;
    // SAFETY: the caller's promise.
    unsafe { ffi::SSL_set_ex_data(ssl, host_index(), host as *mut c_void) }
}

/// Where an SSL keeps its host.
fn host_index() -> c_int {
    static INDEX: OnceLock<c_int> = OnceLock::new();
    *INDEX.get_or_init(|| {
        // SAFETY: no callbacks are registered with the index.
        unsafe { ffi::SSL_get_ex_new_index(0, std::ptr::null_mut(), None, None, None) }
    })
}

/// The host of the SSL that calls back; None while that SSL is being freed.
///
/// # Safety
/// `ssl` must be one of ours.
unsafe fn host_of(ssl: *const ffi::SSL) -> Option<Arc<dyn CallbackTarget>> {
    // SAFETY: set_callback_target() put the address of a Weak that lives as long as the SSL.
    unsafe {
        let host = ffi::SSL_get_ex_data(ssl, host_index()) as *const Weak<dyn CallbackTarget>;
        host.as_ref()?.upgrade()
    }
}

pub extern "C" fn on_verify(ok: c_int, at: *mut ffi::X509_STORE_CTX) -> c_int {
    // SAFETY: called by OpenSSL with a live X509_STORE_CTX whose ex data holds the SSL.
    unsafe {
        let ssl = ffi::X509_STORE_CTX_get_ex_data(at, ffi::SSL_get_ex_data_X509_STORE_CTX_idx());
        let Some(host) = host_of(ssl as *const ffi::SSL) else { return ok };
        let at = X509StoreContextRef::from_ptr_mut(at);
        let accepted = host.verify(ok == 1, at);
        if accepted && ok != 1 {
            at.set_error(X509VerifyResult::OK);
        }
        c_int::from(accepted)
    }
}

pub unsafe extern "C" fn on_info(ssl: *const ffi::SSL, at: c_int, value: c_int) {
    // SAFETY: called by OpenSSL with one of our SSLs.
    if let Some(host) = unsafe { host_of(ssl) } {
        match at {
            SSL_CB_HANDSHAKE_START => host.handshake_begins(),
            SSL_CB_HANDSHAKE_DONE => host.handshake_ends(),
            _ => {}
        }
        host.info(at, value);
    }
}

pub unsafe extern "C" fn on_keylog(ssl: *const ffi::SSL, line: *const c_char) {
    // SAFETY: called by OpenSSL with one of our SSLs and a NUL-terminated line.
    unsafe {
        if let Some(host) = host_of(ssl) {
            host.keylog(&CStr::from_ptr(line).to_string_lossy());
        }
    }
}

/// OpenSSL's hook for the time before anything is chosen. It is called again for the client hello that answers a
/// HelloRetryRequest.
pub unsafe extern "C" fn on_client_hello(ssl: *mut ffi::SSL, alert: *mut c_int, _: *mut c_void) -> c_int {
    const SSL_CLIENT_HELLO_ERROR: c_int = 0;
    // SAFETY: called by OpenSSL with one of our SSLs, whose client hello is at hand, and a place for an alert.
    unsafe {
        let refused = match host_of(ssl) {
            Some(host) => {
                let hello = ClientHello { server_name: hello_server_name(ssl), random: hello_random(ssl) };
                host.client_hello(hello).err()
            }
            None => Some(HelloRefused { alert: SSL_AD_INTERNAL_ERROR }),
        };
        let Some(refused) = refused else { return ffi::SSL_CLIENT_HELLO_SUCCESS };
        *alert = refused.alert;
        SSL_CLIENT_HELLO_ERROR
    }
}

/// # Safety
/// `ssl` must be live and inside its client hello callback.
unsafe fn hello_random(ssl: *mut ffi::SSL) -> Vec<u8> {
    let mut random: *const c_uchar = std::ptr::null();
    // SAFETY: the bytes belong to the client hello, which is live during the callback.
    unsafe {
        let len = ffi::SSL_client_hello_get0_random(ssl, &mut random);
        if random.is_null() {
            return Vec::new();
        }
        memory::copy_few(std::slice::from_raw_parts(random, len))
    }
}

/// Returns the server name of the client hello at hand; None where there is none, or none that OpenSSL will accept.
///
/// # Safety
/// `ssl` must be live and inside its client hello callback.
unsafe fn hello_server_name(ssl: *mut ffi::SSL) -> Option<Vec<u8>> {
    const TLSEXT_TYPE_SERVER_NAME: c_uint = 0;
    let (mut data, mut len): (*const c_uchar, usize) = (std::ptr::null(), 0);
    // SAFETY: the bytes belong to the client hello, which is live during the callback.
    let extension = unsafe {
        if ffi::SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_SERVER_NAME, &mut data, &mut len) != 1 || data.is_null() {
            return None;
        }
        std::slice::from_raw_parts(data, len)
    };
    host_name(extension).map(memory::copy_few)
}

/// Returns the host name of a server name extension (RFC 6066, 3), by the rules of OpenSSL: it is the only entry, has at
/// most 255 bytes and no NUL. Otherwise OpenSSL refuses the extension later.
fn host_name(extension: &[u8]) -> Option<&[u8]> {
    const HOST_NAME: u8 = 0;
    let [high, low, list @ ..] = extension else { return None };
    let [HOST_NAME, name_high, name_low, name @ ..] = list else { return None };
    let lengths_fit = usize::from(u16::from_be_bytes([*high, *low])) == list.len()
        && usize::from(u16::from_be_bytes([*name_high, *name_low])) == name.len();
    (lengths_fit && name.len() <= 255 && !name.contains(&0)).then_some(name)
}

/// The server name callback ran at the client hello. This one tells OpenSSL whether to acknowledge the name.
pub unsafe extern "C" fn on_server_name(ssl: *mut ffi::SSL, _: *mut c_int, _: *mut c_void) -> c_int {
    // SAFETY: called by OpenSSL with one of our SSLs.
    match unsafe { host_of(ssl) } {
        Some(host) if host.acknowledges_server_name() => ffi::SSL_TLSEXT_ERR_OK,
        _ => ffi::SSL_TLSEXT_ERR_NOACK,
    }
}

pub extern "C" fn on_alpn_select(
    ssl: *mut ffi::SSL,
    out: *mut *const c_uchar,
    out_len: *mut c_uchar,
    offered: *const c_uchar,
    offered_len: c_uint,
    _: *mut c_void,
) -> c_int {
    thread_local! {
        // OpenSSL copies the choice right after the call.
        static CHOSEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    // SAFETY: called by OpenSSL with one of our SSLs, readable offers and places for the choice.
    unsafe {
        let offered = std::slice::from_raw_parts(offered, offered_len as usize);
        match host_of(ssl).map_or(Select::None, |host| host.alpn_select(offered)) {
            Select::Protocol(protocol) => {
                let Ok(len) = u8::try_from(protocol.len()) else { return ffi::SSL_TLSEXT_ERR_ALERT_FATAL };
                CHOSEN.with_borrow_mut(|chosen| {
                    *chosen = protocol;
                    *out = chosen.as_ptr();
                    *out_len = len;
                });
                ffi::SSL_TLSEXT_ERR_OK
            }
            Select::None => ffi::SSL_TLSEXT_ERR_NOACK,
            Select::Refuse => ffi::SSL_TLSEXT_ERR_ALERT_FATAL,
        }
    }
}

/// One function of OpenSSL for both ends, with answers of two kinds.
pub unsafe extern "C" fn on_ocsp(ssl: *mut ffi::SSL, _: *mut c_void) -> c_int {
    // SAFETY: called by OpenSSL with one of our SSLs.
    unsafe {
        let Some(host) = host_of(ssl) else { return 1 };
        if ffi::SSL_is_server(ssl) == 1 {
            return match host.ocsp_response() {
                Staple::Response(der) => staple(ssl, &der),
                Staple::Nothing => ffi::SSL_TLSEXT_ERR_NOACK,
                Staple::Fail => ffi::SSL_TLSEXT_ERR_ALERT_FATAL,
            };
        }
        let mut der: *mut c_uchar = std::ptr::null_mut();
        let len = ffi::SSL_ctrl(ssl, ffi::SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP, 0, (&raw mut der).cast());
        let response = match usize::try_from(len) {
            Ok(len @ 1..) if !der.is_null() => std::slice::from_raw_parts(der, len),
            _ => &[],
        };
        host.ocsp_judge(response).map_or(-1, c_int::from)
    }
}

/// # Safety
/// `ssl` must be live.
unsafe fn staple(ssl: *mut ffi::SSL, der: &[u8]) -> c_int {
    // SAFETY: OpenSSL takes over the copy, which its own allocator made.
    unsafe {
        let copy: *mut c_uchar = ffi::OPENSSL_malloc(der.len()).cast();
        if copy.is_null() {
            return ffi::SSL_TLSEXT_ERR_ALERT_FATAL;
        }
        std::ptr::copy_nonoverlapping(der.as_ptr(), copy, der.len());
        let set = ffi::SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP;
        if ffi::SSL_ctrl(ssl, set, der.len() as c_long, copy.cast()) != 1 {
            return ffi::SSL_TLSEXT_ERR_ALERT_FATAL;
        }
    }
    ffi::SSL_TLSEXT_ERR_OK
}

pub extern "C" fn on_cookie_generate(ssl: *mut ffi::SSL, cookie: *mut c_uchar, len: *mut c_uint) -> c_int {
    // SAFETY: called by OpenSSL with one of our SSLs, room for DTLS1_COOKIE_LENGTH bytes and a place for their number.
    unsafe {
        match host_of(ssl).and_then(|host| host.cookie_generate()) {
            Some(bytes) if bytes.len() <= COOKIE_MAX => {
                std::ptr::copy_nonoverlapping(bytes.as_ptr(), cookie, bytes.len());
                *len = bytes.len() as c_uint;
                1
            }
            _ => 0,
        }
    }
}

pub extern "C" fn on_cookie_verify(ssl: *mut ffi::SSL, cookie: *const c_uchar, len: c_uint) -> c_int {
    // SAFETY: called by OpenSSL with one of our SSLs and readable bytes.
    unsafe {
        let Some(host) = host_of(ssl) else { return 0 };
        let cookie = if len == 0 { &[] } else { std::slice::from_raw_parts(cookie, len as usize) };
        c_int::from(host.cookie_verify(cookie))
    }
}

/// What the info callback is told, by itself: 0x10 and 0x20 stand for nothing else.
const SSL_CB_HANDSHAKE_START: c_int = 0x10;
const SSL_CB_HANDSHAKE_DONE: c_int = 0x20;
/// RFC 6347, 4.2.1: DTLS1_COOKIE_LENGTH of OpenSSL.
const COOKIE_MAX: usize = 255;
/// Alerts (RFC 8446, 6).
pub const SSL_AD_ILLEGAL_PARAMETER: c_int = 47;
pub const SSL_AD_INTERNAL_ERROR: c_int = 80;

#[cfg(test)]
mod tests {
    use super::host_name;

    #[test]
    fn a_server_name_is_read_as_openssl_reads_it() {
        assert_eq!(host_name(b"\0\x06\0\0\x03abc"), Some(&b"abc"[..]));
        assert_eq!(host_name(b"\0\x03\0\0\0"), Some(&b""[..]));
        for bad in [
            &b""[..],
            b"\0",
            b"\0\0",
            b"\0\x06\x01\0\x03abc",
            b"\0\x05\0\0\x03abc",
            b"\0\x06\0\0\x02abc",
            b"\0\x06\0\0\x04abc",
            b"\0\x06\0\0\x03a\0c",
            b"\0\x06\0\0\x03abcd",
        ] {
            assert_eq!(host_name(bad), None, "{bad:?}");
        }
        let long = [&[1, 3, 0, 1, 0][..], &[b'a'; 256]].concat();
        assert_eq!(host_name(&long), None);
    }
}
