//! What one SSL can tell of itself and of its session.

use super::super::check::check;
use super::Ssl;
use crate::error::Result;
use crate::openssl::ffi;
use crate::runtime::memory;
use foreign_types::{ForeignType, ForeignTypeRef};
use libc::{c_char, c_int, c_uchar, c_void};
use openssl::ssl::{SslSession, SslSessionRef};
use openssl::stack::StackRef;
use openssl::x509::{X509Name, X509Ref, X509};
use std::ffi::CStr;

/// What an SSL waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    Nothing,
    Reading,
    Writing,
    Other,
}

impl Ssl {
    /// TLS 1.2 and earlier: asks for another handshake, which the next operation does.
    pub fn renegotiate(&self) -> Result<()> {
        // SAFETY: a live SSL.
        check(unsafe { ffi::SSL_renegotiate(self.as_ptr()) })
    }

    pub fn renegotiate_pending(&self) -> bool {
        // SAFETY: a live SSL.
        unsafe { ffi::SSL_renegotiate_pending(self.as_ptr()) == 1 }
    }

    pub fn total_renegotiations(&self) -> i64 {
        const SSL_CTRL_GET_TOTAL_RENEGOTIATIONS: c_int = 12;
        self.ctrl(SSL_CTRL_GET_TOTAL_RENEGOTIATIONS, 0)
    }

    /// TLS 1.3: new keys for sending with the next operation; `peer_too` asks the peer for the same.
    pub fn key_update(&self, peer_too: bool) -> Result<()> {
        // SAFETY: a live SSL. SSL_KEY_UPDATE_NOT_REQUESTED is 0, SSL_KEY_UPDATE_REQUESTED 1.
        check(unsafe { ffi::SSL_key_update(self.as_ptr(), c_int::from(peer_too)) })
    }

    pub fn wants(&self) -> Wants {
        // SAFETY: a live SSL.
        match unsafe { ffi::SSL_want(self.as_ptr()) } {
            1 => Wants::Nothing,
            2 => Wants::Writing,
            3 => Wants::Reading,
            _ => Wants::Other,
        }
    }

    /// What the state machine is at, in OpenSSL's words.
    pub fn state_text(&self) -> &'static str {
        // SAFETY: a static string.
        text(unsafe { ffi::SSL_state_string_long(self.as_ptr()) }).unwrap_or("unknown state")
    }

    /// The names of the cipher suites that may be used, those of TLS 1.3 first.
    pub fn cipher_names(&self) -> Vec<&'static str> {
        // SAFETY: names of ciphers are static; NULL ends the list.
        (0..).map_while(|index| text(unsafe { ffi::SSL_get_cipher_list(self.as_ptr(), index) })).collect()
    }

    /// The host name a client asked for (SNI).
    pub fn server_name(&self) -> Option<Vec<u8>> {
        const TLSEXT_NAMETYPE_HOST_NAME: c_int = 0;
        // SAFETY: a NUL-terminated string of the SSL, copied before anything else happens to it.
        unsafe {
            let name = ffi::SSL_get_servername(self.as_ptr(), TLSEXT_NAMETYPE_HOST_NAME);
            (!name.is_null()).then(|| memory::copy_few(CStr::from_ptr(name).to_bytes()))
        }
    }

    /// On a client, the authorities the server named; on a server, those it would name.
    pub fn client_cas(&self) -> Result<Vec<X509Name>> {
        // SAFETY: the stack belongs to the SSL or its context; each name is copied.
        unsafe {
            let stack = ffi::SSL_get_client_CA_list(self.as_ptr());
            if stack.is_null() {
                return Ok(Vec::new());
            }
            let stack = StackRef::<X509Name>::from_ptr(stack);
            stack.iter().map(|name| Ok(name.to_owned()?)).collect()
        }
    }

    /// This end's own certificate.
    pub fn certificate(&self) -> Option<X509> {
        // SAFETY: the SSL's certificate; the copy has a reference of its own.
        unsafe {
            let cert = ffi::SSL_get_certificate(self.as_ptr());
            (!cert.is_null()).then(|| X509Ref::from_ptr(cert).to_owned())
        }
    }

    pub fn client_random(&self) -> Vec<u8> {
        // SAFETY: a live SSL; the lengths are right.
        taken(|out, len| unsafe { ffi::SSL_get_client_random(self.as_ptr(), out.cast(), len) })
    }

    pub fn server_random(&self) -> Vec<u8> {
        // SAFETY: as above.
        taken(|out, len| unsafe { ffi::SSL_get_server_random(self.as_ptr(), out.cast(), len) })
    }

    /// This end's last Finished message; empty before there was one.
    pub fn finished(&self) -> Vec<u8> {
        // SAFETY: as above.
        taken(|out, len| unsafe { ffi::SSL_get_finished(self.as_ptr(), out, len) })
    }

    pub fn peer_finished(&self) -> Vec<u8> {
        // SAFETY: as above.
        taken(|out, len| unsafe { ffi::SSL_get_peer_finished(self.as_ptr(), out, len) })
    }

    /// Keying material (RFC 5705; RFC 8446, 7.5).
    pub fn export_keying_material(&self, label: &[u8], context: Option<&[u8]>, out: &mut [u8]) -> Result<()> {
        let (given, with) = (context.unwrap_or_default(), context.is_some());
        // SAFETY: all three slices are live for the length of the call.
        check(unsafe {
            ffi::SSL_export_keying_material(
                self.as_ptr(),
                out.as_mut_ptr(),
                out.len(),
                label.as_ptr().cast(),
                label.len(),
                given.as_ptr(),
                given.len(),
                c_int::from(with),
            )
        })
    }

    /// The name of the SRTP protection profile that was agreed on.
    pub fn srtp_profile(&self) -> Option<&'static str> {
        // SAFETY: profiles and their names are static.
        unsafe { ffi::SSL_get_selected_srtp_profile(self.as_ptr()).as_ref() }.and_then(|profile| text(profile.name))
    }

    /// The session as it is now, with a reference of its own.
    pub fn session(&self) -> Option<SslSession> {
        // SAFETY: the reference that comes back is ours.
        unsafe {
            let session = ffi::SSL_get1_session(self.as_ptr());
            (!session.is_null()).then(|| SslSession::from_ptr(session))
        }
    }

    pub fn set_session(&self, session: &SslSessionRef) -> Result<()> {
        // SAFETY: OpenSSL takes a reference of its own.
        check(unsafe { ffi::SSL_set_session(self.as_ptr(), session.as_ptr()) })
    }

    /// Returns true if a client asks its server for an OCSP response.
    pub fn asks_for_ocsp(&self) -> bool {
        const SSL_CTRL_GET_TLSEXT_STATUS_REQ_TYPE: c_int = 127;
        const TLSEXT_STATUSTYPE_OCSP: i64 = 1;
        self.ctrl(SSL_CTRL_GET_TLSEXT_STATUS_REQ_TYPE, 0) == TLSEXT_STATUSTYPE_OCSP
    }

    /// Takes back the session that set_session() gave. Call before the first step of the first handshake only.
    pub fn withdraw_session(&self) {
        // SAFETY: a live SSL, which lets go of its session.
        unsafe { ffi::SSL_set_session(self.as_ptr(), std::ptr::null_mut()) };
    }

    /// The handshake took up an earlier session.
    pub fn session_reused(&self) -> bool {
        // SAFETY: a live SSL.
        unsafe { ffi::SSL_session_reused(self.as_ptr()) == 1 }
    }
}

/// The bytes that an OpenSSL function hands out when asked with room for them; it tells how many there are.
fn taken(ask: impl Fn(*mut c_void, usize) -> usize) -> Vec<u8> {
    let mut room = [0u8; 64]; // EVP_MAX_MD_SIZE; a random is 32
    let len = ask(room.as_mut_ptr().cast(), room.len()).min(room.len());
    memory::copy_few(&room[..len])
}

/// A static string of OpenSSL's.
fn text(p: *const c_char) -> Option<&'static str> {
    // SAFETY: the callers pass static strings or NULL.
    (!p.is_null()).then(|| unsafe { CStr::from_ptr(p) }.to_str().unwrap_or(""))
}

/// The master key of a session.
pub fn master_key(session: &SslSessionRef) -> Vec<u8> {
    // SAFETY: a live session; the length is right.
    taken(|out, len| unsafe { ffi::SSL_SESSION_get_master_key(session.as_ptr(), out.cast::<c_uchar>(), len) })
}

/// The peer's certificate that a session keeps.
pub fn session_peer(session: &SslSessionRef) -> Option<X509> {
    // SAFETY: the certificate is borrowed from a live session; the result has a reference of its own.
    unsafe {
        let cert = ffi::SSL_SESSION_get0_peer(session.as_ptr());
        (!cert.is_null()).then(|| X509Ref::from_ptr(cert).to_owned())
    }
}
