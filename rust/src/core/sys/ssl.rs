//! SSL_CTX and SSL as owned types. One thread at a time: the layer above holds the lock.

use super::ext;
use super::wire::{self, Wire};
use crate::core::error::{Error, Result};
use foreign_types::{ForeignType, ForeignTypeRef};
use libc::{c_int, c_long, c_uchar, c_void};
use openssl::pkey::{PKey, Private};
use openssl::stack::StackRef;
use openssl::x509::{X509Ref, X509StoreContextRef, X509VerifyResult, X509};
use openssl_sys as ffi;
use std::cell::{OnceCell, RefCell};
use std::ffi::{CStr, CString};
use std::sync::{OnceLock, Weak};

/// What OpenSSL calls back: implemented by the connection in the layer above.
///
/// Every function runs inside an SSL operation of the connection, on its thread, under its lock.
pub trait Host: Send + Sync {
    /// A certificate of the peer's chain was looked at. True lets the verification go on.
    fn verify(&self, ok: bool, at: &mut X509StoreContextRef) -> bool;
    /// The state machine moved: SSL_CB_* bits and a value that depends on them.
    fn info(&self, at: c_int, value: c_int);
    /// A line for a key log file (SSLKEYLOGFILE format).
    fn keylog(&self, line: &str);
}

/// An SSL_CTX.
pub struct SslCtx(*mut ffi::SSL_CTX);

// SAFETY: an SSL_CTX may move between threads; what changes it is called under the lock of its owner.
unsafe impl Send for SslCtx {}
// SAFETY: as above.
unsafe impl Sync for SslCtx {}

/// The protocol family and role a context is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Tls,
    TlsClient,
    TlsServer,
    Dtls,
    DtlsClient,
    DtlsServer,
}

impl SslCtx {
    pub fn new(method: Method) -> Result<Self> {
        // SAFETY: static methods; the new SSL_CTX is ours.
        unsafe {
            let method = match method {
                Method::Tls => ffi::TLS_method(),
                Method::TlsClient => ffi::TLS_client_method(),
                Method::TlsServer => ffi::TLS_server_method(),
                Method::Dtls => ffi::DTLS_method(),
                Method::DtlsClient => ffi::DTLS_client_method(),
                Method::DtlsServer => ffi::DTLS_server_method(),
            };
            let ctx = ffi::SSL_CTX_new(method);
            if ctx.is_null() {
                return Err(Error::openssl());
            }
            Ok(SslCtx(ctx))
        }
    }

    pub fn as_ptr(&self) -> *mut ffi::SSL_CTX {
        self.0
    }

    /// SSL_CTX_ctrl, for the many settings that are one number.
    pub fn ctrl(&self, command: c_int, number: c_long) -> c_long {
        // SAFETY: only commands that take no pointer are used with this.
        unsafe { ffi::SSL_CTX_ctrl(self.0, command, number, std::ptr::null_mut()) }
    }

    pub fn options(&self) -> u64 {
        // SAFETY: a live SSL_CTX.
        unsafe { ffi::SSL_CTX_get_options(self.0) as u64 }
    }

    pub fn set_options(&self, options: u64) -> u64 {
        // SAFETY: a live SSL_CTX.
        unsafe { ffi::SSL_CTX_set_options(self.0, options as _) as u64 }
    }

    /// The mode bits alone; the callback is always the connection's.
    pub fn set_verify(&self, mode: c_int) {
        // SAFETY: a live SSL_CTX, a function of the right type.
        unsafe { ffi::SSL_CTX_set_verify(self.0, mode, Some(on_verify)) }
    }

    pub fn verify_mode(&self) -> c_int {
        // SAFETY: a live SSL_CTX.
        unsafe { ffi::SSL_CTX_get_verify_mode(self.0) }
    }

    pub fn set_cipher_list(&self, list: &CStr) -> Result<()> {
        // SAFETY: a live SSL_CTX and a NUL-terminated string.
        succeed(unsafe { ffi::SSL_CTX_set_cipher_list(self.0, list.as_ptr()) })
    }

    pub fn set_proto_versions(&self, min: Option<u16>, max: Option<u16>) -> Result<()> {
        // SAFETY: a live SSL_CTX.
        unsafe {
            if let Some(min) = min {
                succeed(ffi::SSL_CTX_set_min_proto_version(self.0, min.into()))?;
            }
            if let Some(max) = max {
                succeed(ffi::SSL_CTX_set_max_proto_version(self.0, max.into()))?;
            }
        }
        Ok(())
    }

    pub fn use_certificate(&self, cert: &X509Ref) -> Result<()> {
        // SAFETY: OpenSSL takes a reference of its own.
        succeed(unsafe { ffi::SSL_CTX_use_certificate(self.0, cert.as_ptr()) })
    }

    pub fn use_private_key(&self, key: &PKey<Private>) -> Result<()> {
        // SAFETY: OpenSSL takes a reference of its own.
        succeed(unsafe { ffi::SSL_CTX_use_PrivateKey(self.0, key.as_ptr()) })
    }

    pub fn check_private_key(&self) -> Result<()> {
        // SAFETY: a live SSL_CTX.
        succeed(unsafe { ffi::SSL_CTX_check_private_key(self.0) })
    }

    /// Whether a certificate has been set.
    pub fn has_certificate(&self) -> bool {
        // SAFETY: a live SSL_CTX.
        unsafe { !ffi::SSL_CTX_get0_certificate(self.0).is_null() }
    }

    /// Adds to the chain that goes out with the certificate.
    pub fn add_extra_chain_cert(&self, cert: X509) -> Result<()> {
        // SAFETY: on success OpenSSL owns the reference that is handed over.
        unsafe {
            let done = ffi::SSL_CTX_ctrl(self.0, ffi::SSL_CTRL_EXTRA_CHAIN_CERT, 0, cert.as_ptr().cast());
            succeed(done as c_int)?;
        }
        std::mem::forget(cert);
        Ok(())
    }

    pub fn clear_extra_chain_certs(&self) {
        self.ctrl(SSL_CTRL_CLEAR_EXTRA_CHAIN_CERTS, 0);
    }

    pub fn load_verify_locations(&self, file: Option<&CStr>, directory: Option<&CStr>) -> Result<()> {
        let pointer = |path: Option<&CStr>| path.map_or(std::ptr::null(), CStr::as_ptr);
        // SAFETY: NUL-terminated paths or NULL.
        succeed(unsafe { ffi::SSL_CTX_load_verify_locations(self.0, pointer(file), pointer(directory)) })
    }

    /// The store the context verifies with, shared.
    pub fn cert_store(&self) -> openssl::x509::store::X509Store {
        // SAFETY: an SSL_CTX always has a store; the new reference is the returned value's.
        unsafe {
            let store = ffi::SSL_CTX_get_cert_store(self.0);
            ext::X509_STORE_up_ref(store);
            openssl::x509::store::X509Store::from_ptr(store)
        }
    }

    pub fn set_session_id_context(&self, id: &[u8]) -> Result<()> {
        // SAFETY: OpenSSL copies the bytes and refuses too many.
        succeed(unsafe { ffi::SSL_CTX_set_session_id_context(self.0, id.as_ptr(), id.len() as _) })
    }

    /// Lets key log lines come to the connections.
    pub fn enable_keylog(&self) {
        // SAFETY: a live SSL_CTX, a function of the right type.
        unsafe { ffi::SSL_CTX_set_keylog_callback(self.0, Some(on_keylog)) }
    }
}

impl Drop for SslCtx {
    fn drop(&mut self) {
        // SAFETY: our reference.
        unsafe { ffi::SSL_CTX_free(self.0) }
    }
}

/// Why an SSL operation stopped.
#[derive(Debug)]
pub enum Stop {
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
    wire: Box<RefCell<Wire>>,
    host: OnceCell<Box<Weak<dyn Host>>>,
}

// SAFETY: an SSL may move between threads; the owner's lock lets one at a time use it.
unsafe impl Send for Ssl {}

impl Ssl {
    pub fn new(ctx: &SslCtx, wire: Wire) -> Result<Self> {
        // SAFETY: the SSL is ours; the wire is boxed and lives as long as it.
        unsafe {
            let ptr = ffi::SSL_new(ctx.0);
            if ptr.is_null() {
                return Err(Error::openssl());
            }
            let ssl = Ssl { ptr, wire: Box::new(RefCell::new(wire)), host: OnceCell::new() };
            let bio = wire::new_bio(&ssl.wire).ok_or_else(Error::openssl)?;
            ffi::SSL_set_bio(ptr, bio, bio);
            Ok(ssl)
        }
    }

    /// Who is called back; set once, before the first operation.
    pub fn set_host(&self, host: Weak<dyn Host>) -> Result<()> {
        let host: *const Weak<dyn Host> = &**self.host.get_or_init(|| Box::new(host));
        // SAFETY: the box lives as long as the SSL.
        succeed(unsafe { ffi::SSL_set_ex_data(self.ptr, host_index(), host as *mut c_void) })
    }

    pub fn as_ptr(&self) -> *mut ffi::SSL {
        self.ptr
    }

    /// The transport's side. Not to be held across an operation.
    pub fn wire(&self) -> &RefCell<Wire> {
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

    pub fn do_handshake(&self) -> Result<(), Stop> {
        // SAFETY: a live SSL.
        let done = unsafe { ffi::SSL_do_handshake(self.ptr) };
        self.outcome(done).map(drop)
    }

    pub fn read(&self, room: &mut [u8]) -> Result<usize, Stop> {
        // SAFETY: `room` is writable for its length.
        let done = unsafe { ffi::SSL_read(self.ptr, room.as_mut_ptr().cast(), clamp(room.len())) };
        self.outcome(done)
    }

    pub fn peek(&self, room: &mut [u8]) -> Result<usize, Stop> {
        // SAFETY: `room` is writable for its length.
        let done = unsafe { ffi::SSL_peek(self.ptr, room.as_mut_ptr().cast(), clamp(room.len())) };
        self.outcome(done)
    }

    pub fn write(&self, bytes: &[u8]) -> Result<usize, Stop> {
        // SAFETY: `bytes` is readable for its length.
        let done = unsafe { ffi::SSL_write(self.ptr, bytes.as_ptr().cast(), clamp(bytes.len())) };
        self.outcome(done)
    }

    /// Ok(true) when both close_notify alerts went, Ok(false) when only ours did.
    pub fn shutdown(&self) -> Result<bool, Stop> {
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

    pub fn is_init_finished(&self) -> bool {
        // SAFETY: a live SSL.
        unsafe { ffi::SSL_is_init_finished(self.ptr) == 1 }
    }

    pub fn is_server(&self) -> bool {
        // SAFETY: a live SSL.
        unsafe { ffi::SSL_is_server(self.ptr) == 1 }
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

    /// The SNI host name a client asks for.
    pub fn set_host_name(&self, name: &CStr) -> Result<()> {
        const SSL_CTRL_SET_TLSEXT_HOSTNAME: c_int = 55;
        // SAFETY: OpenSSL copies the NUL-terminated name.
        let done = unsafe {
            ffi::SSL_ctrl(self.ptr, SSL_CTRL_SET_TLSEXT_HOSTNAME, 0, name.as_ptr() as *mut c_void)
        };
        succeed(done as c_int)
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
    fn outcome(&self, done: c_int) -> Result<usize, Stop> {
        if done > 0 {
            return Ok(done as usize);
        }
        // SAFETY: a live SSL, right after the operation, on the same thread.
        let code = unsafe { ffi::SSL_get_error(self.ptr, done) };
        Err(match code {
            ffi::SSL_ERROR_WANT_READ => Stop::WantRead,
            ffi::SSL_ERROR_WANT_WRITE => Stop::WantWrite,
            ffi::SSL_ERROR_WANT_X509_LOOKUP => Stop::WantX509Lookup,
            ffi::SSL_ERROR_ZERO_RETURN => Stop::ZeroReturn,
            _ => self.failure(),
        })
    }

    fn failure(&self) -> Stop {
        const SSL_R_UNEXPECTED_EOF_WHILE_READING: c_int = 294;
        let wire = self.wire.borrow();
        if wire.errno != 0 {
            super::err::clear();
            return Stop::Syscall(wire.errno);
        }
        let reason = super::err::peek_last_reason();
        if wire.eof && (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING || reason == 0) {
            super::err::clear();
            return Stop::Eof;
        }
        Stop::Failed(Error::openssl())
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

/// SSL_*_ctrl commands that openssl-sys does not name.
const SSL_CTRL_CLEAR_EXTRA_CHAIN_CERTS: c_int = 83;

/// Turns OpenSSL's 1 for success into a Result.
pub fn succeed(done: c_int) -> Result<()> {
    if done > 0 {
        Ok(())
    } else {
        Err(Error::openssl())
    }
}

/// Text for OpenSSL.
pub fn c_string(bytes: &[u8], name: &str) -> Result<CString> {
    CString::new(bytes).map_err(|_| Error::argument(format!("{name} has a NUL byte in it")))
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
        let group = ffi::SSL_ctrl(ssl, SSL_CTRL_GET_NEGOTIATED_GROUP, 0, std::ptr::null_mut());
        let name = if group == 0 { std::ptr::null() } else { ext::SSL_group_to_name(ssl, group as c_int) };
        (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
    }
}

fn clamp(len: usize) -> c_int {
    c_int::try_from(len).unwrap_or(c_int::MAX)
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
unsafe fn host_of(ssl: *const ffi::SSL) -> Option<std::sync::Arc<dyn Host>> {
    // SAFETY: set_host() put the address of a box that lives as long as the SSL.
    unsafe {
        let host = ffi::SSL_get_ex_data(ssl, host_index()) as *const Weak<dyn Host>;
        host.as_ref()?.upgrade()
    }
}

extern "C" fn on_verify(ok: c_int, at: *mut ffi::X509_STORE_CTX) -> c_int {
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

unsafe extern "C" fn on_keylog(ssl: *const ffi::SSL, line: *const libc::c_char) {
    // SAFETY: called by OpenSSL with one of our SSLs and a NUL-terminated line.
    unsafe {
        if let Some(host) = host_of(ssl) {
            host.keylog(&CStr::from_ptr(line).to_string_lossy());
        }
    }
}
