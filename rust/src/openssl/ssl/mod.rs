//! SSL as an owned type. One thread at a time: the layer above holds the lock.

pub mod config;
mod dtls;
pub mod info;
mod overrides;
mod server;

use super::callbacks;
use super::callbacks::CallbackTarget;
use super::check::check;
use super::ffi;
use super::record_bio;
use super::record_bio::RecordBio;
use super::session_data;
use super::ssl_ctx::SslCtx;
use crate::error::{Error, Result};
use crate::runtime::memory;
use foreign_types::{ForeignType, ForeignTypeRef};
use libc::{c_int, c_long, c_uchar};
use openssl::stack::StackRef;
use openssl::x509::X509;
use std::cell::{OnceCell, RefCell};
use std::ffi::{CStr, CString};
use std::sync::Weak;

/// Why an SSL operation stopped.
#[derive(Debug)]
pub enum Blocked {
    WantRead,
    WantWrite,
    WantX509Lookup,
    ZeroReturn,
    /// The transport failed: its errno.
    Syscall(i32),
    /// The transport ended without close_notify.
    Eof,
    /// OpenSSL's queue says why.
    Failed(Error),
}

/// An SSL with the wire under it.
pub struct Ssl {
    ptr: *mut ffi::SSL,
    // In boxes, for OpenSSL has their addresses; freed after the SSL.
    wire: Box<RefCell<RecordBio>>,
    host: OnceCell<Box<Weak<dyn CallbackTarget>>>,
}

// SAFETY: an SSL may move between threads; the owner's lock lets one at a time use it.
unsafe impl Send for Ssl {}

impl Ssl {
    pub fn new(ctx: &SslCtx, wire: RecordBio) -> Result<Self> {
        // SAFETY: a live SSL_CTX.
        unsafe { Self::of_ctx(ctx.as_ptr(), wire) }
    }

    /// # Safety
    /// `ctx` must be live.
    unsafe fn of_ctx(ctx: *mut ffi::SSL_CTX, wire: RecordBio) -> Result<Self> {
        session_data::register();
        // SAFETY: the caller's promise. The SSL is ours; the wire is boxed and lives as long as it. The info callback has
        // the right type.
        unsafe {
            let ptr = ffi::SSL_new(ctx);
            if ptr.is_null() {
                return Err(Error::openssl());
            }
            let ssl = Ssl { ptr, wire: Box::new(RefCell::new(wire)), host: OnceCell::new() };
            let bio = record_bio::new_bio(&ssl.wire).ok_or_else(Error::openssl)?;
            ffi::SSL_set_bio(ptr, bio, bio);
            // Always, for it tells of the begin and the end of each handshake.
            ffi::SSL_set_info_callback(ptr, Some(callbacks::on_info));
            Ok(ssl)
        }
    }

    /// Returns another SSL of the same SSL_CTX.
    pub fn sibling(&self, wire: RecordBio) -> Result<Self> {
        // SAFETY: the SSL_CTX of a live SSL.
        unsafe { Self::of_ctx(ffi::SSL_get_SSL_CTX(self.ptr), wire) }
    }

    /// Who is called back; set once, before the first operation.
    pub fn set_callback_target(&self, host: Weak<dyn CallbackTarget>) -> Result<()> {
        let host = self.host.get_or_init(|| Box::new(host));
        // SAFETY: a live SSL; the box lives as long as it.
        check(unsafe { callbacks::set_callback_target(self.ptr, host) })
    }

    pub fn as_ptr(&self) -> *mut ffi::SSL {
        self.ptr
    }

    /// The transport's side. Not to be held across an operation.
    pub fn wire(&self) -> &RefCell<RecordBio> {
        &self.wire
    }

    pub fn ctrl(&self, command: c_int, number: c_long) -> c_long {
        // SAFETY: only commands that take no pointer are used with this.
        unsafe { ffi::SSL_ctrl(self.ptr, command, number, std::ptr::null_mut()) }
    }

    pub fn set_connect_state(&self) {
        // SAFETY: a live SSL.
        unsafe { ffi::SSL_set_connect_state(self.ptr) }
    }

    pub fn set_accept_state(&self) {
        // SAFETY: a live SSL.
        unsafe { ffi::SSL_set_accept_state(self.ptr) }
    }

    pub fn do_handshake(&self) -> Result<(), Blocked> {
        // SAFETY: a live SSL.
        let (under_way, done) = unsafe { (ffi::SSL_is_init_finished(self.ptr) == 0, ffi::SSL_do_handshake(self.ptr)) };
        self.outcome(done)?;
        if under_way {
            self.forget_key_exchange();
        }
        Ok(())
    }

    /// Frees both ends' keys of a finished key exchange, which TLS 1.3 has no more use for: X25519MLKEM768 has 7 KB of
    /// them. OpenSSL keeps them as long as the SSL. And the receive buffer, which a server keeps until its first read.
    ///
    /// What comes after the handshake (tickets, key updates, exporters, the group's name) goes by secrets and numbers. The
    /// other versions keep theirs: there a renegotiation looks at them.
    fn forget_key_exchange(&self) {
        const SSL_CTRL_GET_PEER_TMP_KEY: c_int = 109;
        const SSL_CTRL_GET_TMP_KEY: c_int = 133;
        // SAFETY: a live SSL; each key comes with a reference of ours. To give a key object another type frees what it
        // held; nobody else has these objects.
        unsafe {
            if ffi::SSL_version(self.ptr) != ffi::TLS1_3_VERSION {
                return;
            }
            for command in [SSL_CTRL_GET_PEER_TMP_KEY, SSL_CTRL_GET_TMP_KEY] {
                let mut key: *mut ffi::EVP_PKEY = std::ptr::null_mut();
                if ffi::SSL_ctrl(self.ptr, command, 0, (&mut key as *mut *mut ffi::EVP_PKEY).cast()) == 1
                    && !key.is_null()
                {
                    ffi::EVP_PKEY_set_type(key, ffi::EVP_PKEY_HMAC);
                    ffi::EVP_PKEY_free(key);
                }
            }
            // OpenSSL before 3.0.14 (CVE-2024-4741) frees the buffer under a record that is half read.
            if cfg!(feature = "embedded") {
                ffi::SSL_free_buffers(self.ptr);
            }
        }
        super::errors::clear();
    }

    pub fn read(&self, room: &mut [u8]) -> Result<usize, Blocked> {
        // SAFETY: `room` is writable for its length.
        let done = unsafe { ffi::SSL_read(self.ptr, room.as_mut_ptr().cast(), clamp(room.len())) };
        self.outcome(done)
    }

    pub fn peek(&self, room: &mut [u8]) -> Result<usize, Blocked> {
        // SAFETY: `room` is writable for its length.
        let done = unsafe { ffi::SSL_peek(self.ptr, room.as_mut_ptr().cast(), clamp(room.len())) };
        self.outcome(done)
    }

    pub fn write(&self, bytes: &[u8]) -> Result<usize, Blocked> {
        // SAFETY: `bytes` is readable for its length.
        let done = unsafe { ffi::SSL_write(self.ptr, bytes.as_ptr().cast(), clamp(bytes.len())) };
        self.outcome(done)
    }

    /// Ok(true) when both close_notify alerts went, Ok(false) when only ours did.
    pub fn shutdown(&self) -> Result<bool, Blocked> {
        // SAFETY: a live SSL.
        let done = unsafe { ffi::SSL_shutdown(self.ptr) };
        if done < 0 {
            return self.outcome(done).map(|_| true);
        }
        Ok(done == 1)
    }

    pub fn pending(&self) -> usize {
        // SAFETY: a live SSL.
        usize::try_from(unsafe { ffi::SSL_pending(self.ptr) }).unwrap_or(0)
    }

    /// Bytes of the peer's are inside SSL, decrypted or not.
    pub fn has_pending(&self) -> bool {
        // SAFETY: a live SSL.
        unsafe { ffi::SSL_has_pending(self.ptr) == 1 }
    }

    pub fn is_init_finished(&self) -> bool {
        // SAFETY: a live SSL.
        unsafe { ffi::SSL_is_init_finished(self.ptr) == 1 }
    }

    /// Returns true until the first byte of a handshake was sent or received.
    pub fn is_before_handshake(&self) -> bool {
        // SAFETY: a live SSL.
        unsafe { ffi::SSL_in_before(self.ptr) == 1 }
    }

    /// The SSL is the server in the handshake that is under way or done. It says nothing before the first handshake.
    pub fn is_server(&self) -> bool {
        // SAFETY: a live SSL.
        unsafe { ffi::SSL_is_server(self.ptr) == 1 }
    }

    pub fn is_dtls(&self) -> bool {
        // SAFETY: a live SSL.
        unsafe { ffi::SSL_is_dtls(self.ptr) == 1 }
    }

    pub fn shutdown_state(&self) -> c_int {
        // SAFETY: a live SSL.
        unsafe { ffi::SSL_get_shutdown(self.ptr) }
    }

    pub fn set_shutdown_state(&self, state: c_int) {
        // SAFETY: a live SSL.
        unsafe { ffi::SSL_set_shutdown(self.ptr, state) }
    }

    pub fn verify_result(&self) -> c_int {
        // SAFETY: a live SSL.
        unsafe { ffi::SSL_get_verify_result(self.ptr) as c_int }
    }

    pub fn is_tls1_3(&self) -> bool {
        self.version() == ffi::TLS1_3_VERSION
    }

    /// The negotiated version's number, 0x0304 for TLS 1.3.
    pub fn version(&self) -> c_int {
        // SAFETY: a live SSL.
        unsafe { ffi::SSL_version(self.ptr) }
    }

    pub fn version_name(&self) -> &'static str {
        // SAFETY: a static string.
        let name = unsafe { CStr::from_ptr(ffi::SSL_get_version(self.ptr)) };
        name.to_str().unwrap_or("unknown")
    }

    pub fn cipher(&self) -> Option<Cipher> {
        // SAFETY: ciphers and their strings are static.
        unsafe {
            let cipher = ffi::SSL_get_current_cipher(self.ptr);
            if cipher.is_null() {
                return None;
            }
            let text = |p| CStr::from_ptr(p).to_str().unwrap_or("");
            let mut bits = 0;
            ffi::SSL_CIPHER_get_bits(cipher, &mut bits);
            Some(Cipher {
                name: text(ffi::SSL_CIPHER_get_name(cipher)),
                version: text(ffi::SSL_CIPHER_get_version(cipher)),
                bits,
            })
        }
    }

    /// The key exchange group, "X25519MLKEM768"; None before the handshake or where there is none.
    pub fn group_name(&self) -> Option<String> {
        group_name(self.ptr)
    }

    pub fn peer_certificate(&self) -> Option<X509> {
        // SAFETY: the reference that comes back is ours.
        unsafe {
            let cert = ffi::SSL_get1_peer_certificate(self.ptr);
            (!cert.is_null()).then(|| X509::from_ptr(cert))
        }
    }

    /// The chain as the peer sent it. On a server it lacks the peer's own certificate.
    pub fn peer_chain(&self) -> Option<Vec<X509>> {
        // SAFETY: the stack belongs to the SSL; each certificate gets a reference of ours.
        unsafe { certs(ffi::SSL_get_peer_cert_chain(self.ptr)) }
    }

    pub fn verified_chain(&self) -> Option<Vec<X509>> {
        // SAFETY: as above.
        unsafe { certs(ffi::SSL_get0_verified_chain(self.ptr)) }
    }

    pub fn alpn_selected(&self) -> &[u8] {
        let (mut data, mut len): (*const c_uchar, _) = (std::ptr::null(), 0);
        // SAFETY: the bytes belong to the SSL and live until its next operation.
        unsafe {
            ffi::SSL_get0_alpn_selected(self.ptr, &mut data, &mut len);
            if data.is_null() {
                return &[];
            }
            std::slice::from_raw_parts(data, len as usize)
        }
    }

    /// What a negative or zero result means.
    fn outcome(&self, done: c_int) -> Result<usize, Blocked> {
        if done > 0 {
            return Ok(done as usize);
        }
        // SAFETY: a live SSL, right after the operation, on the same thread.
        let code = unsafe { ffi::SSL_get_error(self.ptr, done) };
        Err(match code {
            ffi::SSL_ERROR_WANT_READ => Blocked::WantRead,
            ffi::SSL_ERROR_WANT_WRITE => Blocked::WantWrite,
            ffi::SSL_ERROR_WANT_X509_LOOKUP => Blocked::WantX509Lookup,
            ffi::SSL_ERROR_ZERO_RETURN => Blocked::ZeroReturn,
            _ => self.failure(),
        })
    }

    pub(super) fn failure(&self) -> Blocked {
        const SSL_R_UNEXPECTED_EOF_WHILE_READING: c_int = 294;
        let wire = self.wire.borrow();
        if wire.no_memory {
            super::errors::clear();
            return Blocked::Failed(Error::memory());
        }
        if wire.errno != 0 {
            super::errors::clear();
            return Blocked::Syscall(wire.errno);
        }
        let reason = super::errors::peek_last_reason();
        if wire.eof && (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING || reason == 0) {
            super::errors::clear();
            return Blocked::Eof;
        }
        Blocked::Failed(Error::openssl())
    }
}

impl Drop for Ssl {
    fn drop(&mut self) {
        // SAFETY: our SSL; it frees the BIO.
        unsafe { ffi::SSL_free(self.ptr) }
    }
}

#[derive(Clone, Copy)]
pub struct Cipher {
    pub name: &'static str,
    pub version: &'static str,
    pub bits: c_int,
}

/// Text for OpenSSL.
pub fn c_string(bytes: &[u8], name: &str) -> Result<CString> {
    // With the NUL, so that CString allocates no more.
    let mut text = memory::with_room(bytes.len() + 1)?;
    text.extend(bytes);
    CString::new(text).map_err(|_| Error::argument(format!("{name} has a NUL byte in it")))
}

/// References of our own to the certificates of a stack that may be NULL.
///
/// # Safety
/// `stack` must be NULL or a live stack of certificates.
unsafe fn certs(stack: *mut ffi::stack_st_X509) -> Option<Vec<X509>> {
    if stack.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    let stack = unsafe { StackRef::<X509>::from_ptr(stack) };
    Some(stack.iter().map(|cert| cert.to_owned()).collect())
}

fn group_name(ssl: *mut ffi::SSL) -> Option<String> {
    const SSL_CTRL_GET_NEGOTIATED_GROUP: c_int = 134;
    // SAFETY: a live SSL; the name is static or the context's.
    unsafe {
        // OpenSSL 3.0 looks into the session without asking whether there is one.
        if ffi::SSL_get_session(ssl).is_null() {
            return None;
        }
        let group = ffi::SSL_ctrl(ssl, SSL_CTRL_GET_NEGOTIATED_GROUP, 0, std::ptr::null_mut());
        let name = if group == 0 { std::ptr::null() } else { ffi::SSL_group_to_name(ssl, group as c_int) };
        (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
    }
}

fn clamp(len: usize) -> c_int {
    c_int::try_from(len).unwrap_or(c_int::MAX)
}
