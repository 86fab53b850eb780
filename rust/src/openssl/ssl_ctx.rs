//! SSL_CTX as an owned type. One thread at a time: the layer above holds the lock.

use super::bio::Source;
use super::callbacks::on_verify;
use super::check::{check, length32};
use super::ffi;
use super::store_params;
use crate::error::{Error, Result};
use crate::status::Status;
use foreign_types::{ForeignType, ForeignTypeRef};
use libc::{c_int, c_long, c_void};
use openssl::pkey::{PKey, Private};
use openssl::stack::{Stack, StackRef};
use openssl::x509::store::X509StoreRef;
use openssl::x509::{X509Name, X509Ref, X509};
use std::ffi::CStr;

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
            let ctx = SslCtx(ctx);
            store_params::prepare(ffi::SSL_CTX_get_cert_store(ctx.0))?;
            ffi::SSL_CTX_set_cert_verify_callback(ctx.0, Some(store_params::verify_peer), std::ptr::null_mut());
            Ok(ctx)
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
        check(unsafe { ffi::SSL_CTX_set_cipher_list(self.0, list.as_ptr()) })
    }

    pub fn set_proto_versions(&self, min: Option<u16>, max: Option<u16>) -> Result<()> {
        // SAFETY: a live SSL_CTX.
        unsafe {
            if let Some(min) = min {
                check(ffi::SSL_CTX_set_min_proto_version(self.0, min.into()))?;
            }
            if let Some(max) = max {
                check(ffi::SSL_CTX_set_max_proto_version(self.0, max.into()))?;
            }
        }
        Ok(())
    }

    pub fn use_certificate(&self, cert: &X509Ref) -> Result<()> {
        // SAFETY: OpenSSL takes a reference of its own.
        check(unsafe { ffi::SSL_CTX_use_certificate(self.0, cert.as_ptr()) })
    }

    pub fn use_private_key(&self, key: &PKey<Private>) -> Result<()> {
        // SAFETY: OpenSSL takes a reference of its own.
        check(unsafe { ffi::SSL_CTX_use_PrivateKey(self.0, key.as_ptr()) })
    }

    /// Replaces certificate, key and chain of one kind of key, or nothing.
    pub fn use_identity(&self, cert: &X509Ref, key: &PKey<Private>, chain: Option<&StackRef<X509>>) -> Result<()> {
        let chain = chain.map_or(std::ptr::null_mut(), |chain| chain.as_ptr());
        // SAFETY: live objects; OpenSSL counts references of its own.
        check(unsafe { ffi::SSL_CTX_use_cert_and_key(self.0, cert.as_ptr(), key.as_ptr(), chain, 1) })
    }

    /// Sets the certificates that go out after the one that was set last; None for none of its own.
    pub fn set_chain(&self, chain: Option<&StackRef<X509>>) -> Result<()> {
        let chain = chain.map_or(std::ptr::null_mut(), |chain| chain.as_ptr());
        // SAFETY: a live SSL_CTX and a stack or NULL; OpenSSL makes a copy (1).
        check(unsafe { ffi::SSL_CTX_ctrl(self.0, SSL_CTRL_CHAIN, 1, chain.cast::<c_void>()) } as c_int)
    }

    pub fn check_private_key(&self) -> Result<()> {
        // SAFETY: a live SSL_CTX.
        check(unsafe { ffi::SSL_CTX_check_private_key(self.0) })
    }

    /// Adds to the chain of the certificates that have none of their own.
    pub fn add_extra_chain_cert(&self, cert: X509) -> Result<()> {
        // SAFETY: on success OpenSSL owns the reference that is handed over.
        unsafe {
            let done = ffi::SSL_CTX_ctrl(self.0, ffi::SSL_CTRL_EXTRA_CHAIN_CERT, 0, cert.as_ptr().cast());
            check(done as c_int)?;
        }
        std::mem::forget(cert);
        Ok(())
    }

    /// The chain of the certificates that have none of their own.
    pub fn extra_chain_certs(&self) -> Vec<X509> {
        let mut stack: *mut ffi::stack_st_X509 = std::ptr::null_mut();
        // SAFETY: the stack belongs to the SSL_CTX, or is NULL; each certificate gets a reference of its own.
        unsafe {
            ffi::SSL_CTX_ctrl(self.0, ffi::SSL_CTRL_GET_EXTRA_CHAIN_CERTS, 0, (&raw mut stack).cast());
            if stack.is_null() {
                return Vec::new();
            }
            StackRef::<X509>::from_ptr(stack).iter().map(|cert| cert.to_owned()).collect()
        }
    }

    /// A copy of the authorities that are named to clients.
    pub fn client_ca_list(&self) -> Result<Stack<X509Name>> {
        let mut copy = Stack::new()?;
        // SAFETY: the stack belongs to the SSL_CTX, or is NULL.
        let names = unsafe {
            let stack = ffi::SSL_CTX_get_client_CA_list(self.0);
            (!stack.is_null()).then(|| StackRef::<X509Name>::from_ptr(stack))
        };
        for name in names.into_iter().flatten() {
            copy.push(name.to_owned()?)?;
        }
        Ok(copy)
    }

    /// The store the context verifies with, shared.
    pub fn cert_store(&self) -> openssl::x509::store::X509Store {
        // SAFETY: an SSL_CTX always has a store; the new reference is the returned value's.
        unsafe {
            let store = ffi::SSL_CTX_get_cert_store(self.0);
            ffi::X509_STORE_up_ref(store);
            openssl::x509::store::X509Store::from_ptr(store)
        }
    }

    pub fn set_session_id_context(&self, id: &[u8]) -> Result<()> {
        let len = length32(id.len(), "the session id context")?;
        // SAFETY: OpenSSL copies the bytes and refuses too many.
        check(unsafe { ffi::SSL_CTX_set_session_id_context(self.0, id.as_ptr(), len) })
    }

    /// Puts another store in its place, sharing it.
    pub fn set_cert_store(&self, store: &X509StoreRef) {
        // SAFETY: OpenSSL takes over the reference that is counted here.
        unsafe {
            ffi::X509_STORE_up_ref(store.as_ptr());
            ffi::SSL_CTX_set_cert_store(self.0, store.as_ptr());
        }
    }

    pub fn verify_depth(&self) -> c_int {
        // SAFETY: a live SSL_CTX.
        unsafe { ffi::SSL_CTX_get_verify_depth(self.0) }
    }

    /// Says whether SSLs made from now on answer certificate requests after the handshake (TLS 1.3 clients).
    pub fn set_post_handshake_auth(&self, enabled: bool) {
        // SAFETY: a live SSL_CTX.
        unsafe { ffi::SSL_CTX_set_post_handshake_auth(self.0, c_int::from(enabled)) }
    }

    pub fn set_verify_depth(&self, depth: c_int) {
        // SAFETY: a live SSL_CTX.
        unsafe { ffi::SSL_CTX_set_verify_depth(self.0, depth) }
    }

    /// Seconds that sessions live; gives the seconds as they were.
    pub fn set_timeout(&self, seconds: c_long) -> c_long {
        // SAFETY: a live SSL_CTX.
        unsafe { ffi::SSL_CTX_set_timeout(self.0, seconds) }
    }

    pub fn timeout(&self) -> c_long {
        // SAFETY: a live SSL_CTX.
        unsafe { ffi::SSL_CTX_get_timeout(self.0) }
    }

    pub fn set_ciphersuites(&self, list: &CStr) -> Result<()> {
        // SAFETY: a live SSL_CTX and a NUL-terminated string.
        check(unsafe { ffi::SSL_CTX_set_ciphersuites(self.0, list.as_ptr()) })
    }

    pub fn set_groups_list(&self, list: &CStr) -> Result<()> {
        // SAFETY: a live SSL_CTX and a NUL-terminated string, which is only read.
        let done = unsafe { ffi::SSL_CTX_ctrl(self.0, ffi::SSL_CTRL_SET_GROUPS_LIST, 0, list.as_ptr() as *mut c_void) };
        check(done as c_int)
    }

    /// One group and no other, by OpenSSL's number of its curve.
    pub fn set_group(&self, mut nid: c_int) -> Result<()> {
        // SAFETY: a live SSL_CTX and one number, which is only read.
        let done = unsafe { ffi::SSL_CTX_ctrl(self.0, SSL_CTRL_SET_GROUPS, 1, (&raw mut nid).cast()) };
        check(done as c_int)
    }

    /// Says whether a server chooses parameters of ephemeral Diffie-Hellman that are as strong as its key.
    pub fn set_dh_auto(&self, on: bool) {
        const SSL_CTRL_SET_DH_AUTO: c_int = 118;
        self.ctrl(SSL_CTRL_SET_DH_AUTO, c_long::from(on));
    }

    /// Takes the parameters of ephemeral Diffie-Hellman out of PEM.
    pub fn set_tmp_dh_pem(&self, pem: &[u8]) -> Result<()> {
        let bio = Source::new(pem)?;
        // SAFETY: a live BIO; on success the SSL_CTX owns the parameters.
        unsafe {
            let parameters = ffi::PEM_read_bio_Parameters(bio.as_ptr(), std::ptr::null_mut());
            if parameters.is_null() {
                return Err(Error::openssl());
            }
            // SSL_CTX_set0_tmp_dh_pkey takes parameters of any kind, and handshakes fail.
            let done = match ffi::EVP_PKEY_id(parameters) {
                ffi::EVP_PKEY_DH | EVP_PKEY_DHX => check(ffi::SSL_CTX_set0_tmp_dh_pkey(self.0, parameters)),
                _ => Err(Error::new(Status::Error, "the parameters are of another kind")),
            };
            match done {
                // Those that OpenSSL chooses would come before them.
                Ok(()) => self.set_dh_auto(false),
                Err(_) => ffi::EVP_PKEY_free(parameters),
            }
            done
        }
    }

    pub fn set_client_ca_list(&self, names: Stack<X509Name>) {
        // SAFETY: the SSL_CTX takes over the stack.
        unsafe { ffi::SSL_CTX_set_client_CA_list(self.0, names.as_ptr()) }
        std::mem::forget(names);
    }

    /// Protocols in the form of RFC 7301.
    pub fn set_alpn_protos(&self, protocols: &[u8]) -> Result<()> {
        let len = length32(protocols.len(), "the list of protocols")?;
        // SAFETY: OpenSSL copies the bytes. This one returns 0 for success.
        match unsafe { ffi::SSL_CTX_set_alpn_protos(self.0, protocols.as_ptr(), len) } {
            0 => Ok(()),
            _ => Err(Error::openssl()),
        }
    }

    pub fn set_srtp_profiles(&self, profiles: &CStr) -> Result<()> {
        // SAFETY: a live SSL_CTX and a NUL-terminated string. This one returns 0 for success.
        match unsafe { ffi::SSL_CTX_set_tlsext_use_srtp(self.0, profiles.as_ptr()) } {
            0 => Ok(()),
            _ => Err(Error::openssl()),
        }
    }
}

impl Drop for SslCtx {
    fn drop(&mut self) {
        // SAFETY: our reference.
        unsafe { ffi::SSL_CTX_free(self.0) }
    }
}

/// SSL_*_ctrl commands that openssl-sys does not name.
const SSL_CTRL_CHAIN: c_int = 88;
const SSL_CTRL_SET_GROUPS: c_int = 91;
/// The type of a key with X9.42 parameters, likewise.
const EVP_PKEY_DHX: c_int = 920;
