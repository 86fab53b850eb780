//! What may change in a store while others verify with it.
//!
//! OpenSSL locks the certificates and lists of an X509_STORE, but neither its X509_VERIFY_PARAM nor its directories, which
//! every verification and handshake reads. So in the X509_STORE these never change. They stand here, beside it, where
//! reading takes no lock, and each verification is given them when it begins.

use super::ffi;
use crate::error::{Error, Result};
use crate::runtime::mutex::Mutex;
use foreign_types::{ForeignType, ForeignTypeRef};
use libc::{c_int, c_long, c_ulong, c_void};
use openssl::x509::store::{X509Store, X509StoreBuilder, X509StoreRef};
use openssl::x509::{X509Crl, X509Ref, X509};
use std::ffi::{CStr, CString};
use std::ptr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

const USE_CHECK_TIME: u64 = ffi::X509_V_FLAG_USE_CHECK_TIME as _;

/// The rest of a store, which hangs on it as its ex data.
#[derive(Default)]
pub(super) struct Live {
    /// X509_V_FLAG_*; `time` counts where X509_V_FLAG_USE_CHECK_TIME is among them.
    flags: AtomicU64,
    time: AtomicI64,
    directories: OnceLock<Box<Directory>>,
    /// Tells this store from every other one, of any time.
    identity: Arc<()>,
    /// Counts the changes of the store.
    generation: AtomicU64,
    pub(super) fingerprint: Mutex<Option<(u64, [u8; 32])>>,
}

/// A store as it was at some moment, for comparing; it does not keep the store alive.
#[derive(Clone, Debug)]
pub struct StoreVersion {
    // While this is there, no other store can have the address.
    identity: Weak<()>,
    generation: u64,
}

impl StoreVersion {
    pub fn is_same_store(&self, other: &StoreVersion) -> bool {
        Weak::ptr_eq(&self.identity, &other.identity)
    }

    /// Returns true if both are of one store, and it was not changed in between.
    pub fn is_unchanged(&self, other: &StoreVersion) -> bool {
        self.is_same_store(other) && self.generation == other.generation
    }
}

impl Live {
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub fn directories(&self) -> impl Iterator<Item = &Directory> {
        std::iter::successors(self.directories.get(), |directory| directory.next.get()).map(Box::as_ref)
    }
}

/// A store that looks certificates and lists up in a directory, and the next one.
pub struct Directory {
    pub(super) path: CString,
    pub(super) store: X509Store,
    next: OnceLock<Box<Directory>>,
}

/// Makes a new store ready for being changed while it is used.
///
/// # Safety
/// `store` must be live, and nobody else have it yet.
pub unsafe fn prepare(store: *mut ffi::X509_STORE) -> Result<()> {
    let (method, index) = (lookup_method(), ex_index());
    if method.is_null() || index < 0 {
        return Err(Error::openssl());
    }
    let live = Box::into_raw(Box::<Live>::default());
    // SAFETY: the caller's promise. The store frees the box with itself, see ex_index().
    unsafe {
        if ffi::X509_STORE_set_ex_data(store, index, live.cast()) != 1 {
            drop(Box::from_raw(live));
            return Err(Error::openssl());
        }
        // The list of these is not locked either: later none is added. The first serves X509_STORE_load_file().
        for method in [ffi::X509_LOOKUP_file(), method] {
            if ffi::X509_STORE_add_lookup(store, method).is_null() {
                return Err(Error::openssl());
            }
        }
    }
    Ok(())
}

/// Returns what the store is now; None for one that prepare() was not called for.
pub fn version(store: &X509StoreRef) -> Option<StoreVersion> {
    let live = live(store).ok()?;
    let generation = live.generation.load(Ordering::Acquire);
    Some(StoreVersion { identity: Arc::downgrade(&live.identity), generation })
}

/// Notes that the store was changed. Call after the change: a version that was taken before is then another one, also
/// where its verification did not see the change.
pub fn changed(store: &X509StoreRef) {
    if let Ok(live) = live(store) {
        live.generation.fetch_add(1, Ordering::AcqRel);
    }
}

/// Returns the X509_V_FLAG_* of the store, and the moment it verifies as of, if it is not now.
pub fn flags_and_time(store: &X509StoreRef) -> (u64, Option<i64>) {
    let Ok(live) = live(store) else { return (0, None) };
    let flags = live.flags.load(Ordering::Acquire);
    (flags, (flags & USE_CHECK_TIME != 0).then(|| live.time.load(Ordering::Acquire)))
}

/// Returns whether the store trusts a certificate for TLS servers; None where it does not have it. It looks into the
/// directories of the store too.
pub fn trust_in(store: &X509StoreRef, cert: &X509Ref) -> Option<bool> {
    const X509_TRUST_SSL_SERVER: c_int = 3;
    const X509_TRUST_REJECTED: c_int = 2;
    let wanted = cert.to_der().ok()?;
    // SAFETY: a live store and certificate, and references counted by ask().
    unsafe {
        let name = ffi::X509_get_subject_name(cert.as_ptr());
        let certs = ask(store, |context| ffi::X509_STORE_CTX_get1_certs(context, name).cast());
        let certs: Vec<X509> = certs.into_iter().map(|cert| X509::from_ptr(cert.cast())).collect();
        let found = certs.iter().find(|cert| cert.to_der().is_ok_and(|der| der == wanted))?;
        Some(ffi::X509_check_trust(found.as_ptr(), X509_TRUST_SSL_SERVER, 0) != X509_TRUST_REJECTED)
    }
}

pub fn set_flags(store: &X509StoreRef, flags: u64) -> Result<()> {
    live(store)?.flags.fetch_or(flags, Ordering::Release);
    changed(store);
    Ok(())
}

pub fn set_time(store: &X509StoreRef, seconds: i64) -> Result<()> {
    let live = live(store)?;
    live.time.store(seconds, Ordering::Release);
    live.flags.fetch_or(USE_CHECK_TIME, Ordering::Release);
    changed(store);
    Ok(())
}

impl Directory {
    /// A directory with OpenSSL's hashed names, to be added to a store.
    pub fn open(path: &CStr) -> Result<Box<Self>> {
        let store = X509StoreBuilder::new()?.build();
        // SAFETY: a live store that nobody else has, and a NUL-terminated name.
        if unsafe { ffi::X509_STORE_load_path(store.as_ptr(), path.as_ptr()) } != 1 {
            return Err(Error::openssl());
        }
        Ok(Box::new(Directory { path: path.to_owned(), store, next: OnceLock::new() }))
    }
}

pub fn add_directory(store: &X509StoreRef, mut new: Box<Directory>) -> Result<()> {
    let mut place = &live(store)?.directories;
    loop {
        match place.get() {
            Some(there) if there.path == new.path => return Ok(()),
            Some(there) => place = &there.next,
            None => match place.set(new) {
                Ok(()) => {
                    changed(store);
                    return Ok(());
                }
                Err(back) => new = back,
            },
        }
    }
}

/// Gives a verification that is set up but not begun what was set on its store.
///
/// # Safety
/// `context` must be live.
pub unsafe fn apply(context: *mut ffi::X509_STORE_CTX) {
    // SAFETY: the caller's promise; the store outlives the verification.
    unsafe {
        let store = ffi::X509_STORE_CTX_get0_store(context);
        let Some(live) = live_of(store) else { return };
        let flags = live.flags.load(Ordering::Acquire);
        ffi::X509_STORE_CTX_set_flags(context, flags as c_ulong);
        if flags & USE_CHECK_TIME != 0 {
            ffi::X509_STORE_CTX_set_time(context, 0, live.time.load(Ordering::Acquire));
        }
    }
}

/// For SSL_CTX_set_cert_verify_callback(): what OpenSSL does itself, with what was set on the store.
pub unsafe extern "C" fn verify_peer(context: *mut ffi::X509_STORE_CTX, _: *mut c_void) -> c_int {
    // SAFETY: OpenSSL calls this with a verification that it has set up.
    unsafe {
        apply(context);
        ffi::X509_verify_cert(context).max(0)
    }
}

pub(super) fn live(store: &X509StoreRef) -> Result<&Live> {
    // SAFETY: what hangs on the store lives as long as it.
    unsafe { live_of(store.as_ptr()) }.ok_or_else(Error::openssl)
}

/// # Safety
/// `store` must be live, or NULL, and outlive what is returned.
unsafe fn live_of<'a>(store: *const ffi::X509_STORE) -> Option<&'a Live> {
    if store.is_null() {
        return None;
    }
    // SAFETY: prepare() put the address of a Live there, which lives as long as the store.
    unsafe { ffi::X509_STORE_get_ex_data(store, ex_index()).cast::<Live>().as_ref() }
}

fn ex_index() -> c_int {
    static INDEX: OnceLock<c_int> = OnceLock::new();
    const CRYPTO_EX_INDEX_X509_STORE: c_int = 4;
    *INDEX.get_or_init(|| {
        // SAFETY: the function frees what prepare() put there.
        unsafe { ffi::CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_X509_STORE, 0, ptr::null_mut(), None, None, Some(free)) }
    })
}

unsafe extern "C" fn free(
    _store: *mut c_void,
    live: *mut c_void,
    _data: *mut ffi::CRYPTO_EX_DATA,
    _index: c_int,
    _number: c_long,
    _pointer: *mut c_void,
) {
    if !live.is_null() {
        // SAFETY: boxed in prepare(), and freed with its store, once.
        drop(unsafe { Box::from_raw(live.cast::<Live>()) });
    }
}

/// A lookup in the directories of a store; one for all stores, and kept for ever. NULL when out of memory.
fn lookup_method() -> *mut ffi::X509_LOOKUP_METHOD {
    static METHOD: OnceLock<usize> = OnceLock::new();
    *METHOD.get_or_init(|| {
        // SAFETY: a static name, which OpenSSL copies, and a function of the right type.
        unsafe {
            let method = ffi::X509_LOOKUP_meth_new(c"directories".as_ptr());
            if !method.is_null() {
                ffi::X509_LOOKUP_meth_set_get_by_subject(method, Some(by_subject));
            }
            method as usize
        }
    }) as *mut ffi::X509_LOOKUP_METHOD
}

/// OpenSSL asks for what is not in the store, or not among its certificates. What a directory has goes into the store,
/// where OpenSSL takes it from; `found` gets the first.
unsafe extern "C" fn by_subject(
    lookup: *mut ffi::X509_LOOKUP,
    kind: c_int,
    name: *const ffi::X509_NAME,
    found: *mut ffi::X509_OBJECT,
) -> c_int {
    const CERTIFICATE: c_int = 1;
    // SAFETY: OpenSSL's arguments are live during the call, the store is not locked meanwhile.
    unsafe {
        let store = ffi::X509_LOOKUP_get_store(lookup);
        let mut directory = live_of(store).and_then(|live| live.directories.get());
        while let Some(here) = directory {
            let there = if kind == CERTIFICATE {
                take_certs(here, store, name, found)
            } else {
                take_crls(here, store, name, found)
            };
            if there {
                return 1;
            }
            directory = here.next.get();
        }
        0
    }
}

/// # Safety
/// As for by_subject().
unsafe fn take_certs(
    from: &Directory,
    store: *mut ffi::X509_STORE,
    name: *const ffi::X509_NAME,
    found: *mut ffi::X509_OBJECT,
) -> bool {
    // SAFETY: the caller's promise, and references counted by ask(). That of `found` is taken back, for OpenSSL would
    // not free it; the certificate stays in the store of the directory.
    unsafe {
        let certs = ask(&from.store, |context| ffi::X509_STORE_CTX_get1_certs(context, name).cast());
        let certs: Vec<X509> = certs.into_iter().map(|cert| X509::from_ptr(cert.cast())).collect();
        for cert in &certs {
            ffi::X509_STORE_add_cert(store, cert.as_ptr());
        }
        let Some(first) = certs.first() else { return false };
        let set = ffi::X509_OBJECT_set1_X509(found, first.as_ptr()) == 1;
        if set {
            ffi::X509_free(first.as_ptr());
        }
        set
    }
}

/// # Safety
/// As for by_subject().
unsafe fn take_crls(
    from: &Directory,
    store: *mut ffi::X509_STORE,
    name: *const ffi::X509_NAME,
    found: *mut ffi::X509_OBJECT,
) -> bool {
    // SAFETY: as in take_certs().
    unsafe {
        let crls = ask(&from.store, |context| ffi::X509_STORE_CTX_get1_crls(context, name).cast());
        let crls: Vec<X509Crl> = crls.into_iter().map(|crl| X509Crl::from_ptr(crl.cast())).collect();
        for crl in &crls {
            ffi::X509_STORE_add_crl(store, crl.as_ptr());
        }
        let Some(first) = crls.first() else { return false };
        let set = ffi::X509_OBJECT_set1_X509_CRL(found, first.as_ptr()) == 1;
        if set {
            ffi::X509_CRL_free(first.as_ptr());
        }
        set
    }
}

/// What a store has for a question: objects, each with a reference that is the caller's.
///
/// # Safety
/// `question` must answer with a new stack of references, or NULL.
unsafe fn ask(
    store: &X509StoreRef,
    question: impl FnOnce(*mut ffi::X509_STORE_CTX) -> *mut ffi::OPENSSL_STACK,
) -> Vec<*mut c_void> {
    // SAFETY: the context is freed here, and borrows nothing but the live store; so is the stack, without what is in it.
    unsafe {
        let context = ffi::X509_STORE_CTX_new();
        if context.is_null() {
            return Vec::new();
        }
        let ready = ffi::X509_STORE_CTX_init(context, store.as_ptr(), ptr::null_mut(), ptr::null_mut()) == 1;
        let answer = if ready { question(context) } else { ptr::null_mut() };
        ffi::X509_STORE_CTX_free(context);
        let objects = (0..ffi::OPENSSL_sk_num(answer)).map(|index| ffi::OPENSSL_sk_value(answer, index)).collect();
        ffi::OPENSSL_sk_free(answer);
        objects
    }
}
