//! Checking the signatures of a chain, once: a store remembers the chains whose signatures were good.

use super::asn1::time_seconds;
use super::known_chains;
use super::known_chains::{Fingerprint, KnownChains};
use super::store::chain_of;
use super::{ffi, store_params};
use foreign_types::ForeignTypeRef;
use libc::c_int;
use openssl::x509::{X509Ref, X509VerifyResult, X509};
use std::cell::Cell;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;
use std::sync::OnceLock;

/// Signatures of a chain that the verification's store knows are not checked again. Everything else is, and the chain is
/// built anew.
///
/// # Safety
/// `context` must be live, set up and not begun.
pub unsafe fn remember(context: *mut ffi::X509_STORE_CTX) {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(check) = ffi::X509_STORE_CTX_get_verify(context) else { return };
        OPENSSLS.get_or_init(|| check);
        ffi::X509_STORE_CTX_set_verify(context, Some(check_chain));
    }
}

/// What OpenSSL checks signatures and times with: the same for every verification.
static OPENSSLS: OnceLock<unsafe extern "C" fn(context: *mut ffi::X509_STORE_CTX) -> c_int> = OnceLock::new();

/// In place of OpenSSL's checking of the signatures and times of a chain, when that has been built and all else about
/// it checked: lets a known chain pass whose certificates are valid at the time in question, and has OpenSSL check
/// any other.
unsafe extern "C" fn check_chain(context: *mut ffi::X509_STORE_CTX) -> c_int {
    // SAFETY: OpenSSL calls this with a live context whose chain is complete.
    unsafe {
        let known = store_params::known_chains(context);
        let recognised = catch_unwind(AssertUnwindSafe(|| recognise(context, known?)));
        let (fingerprint, chain) = recognised.ok().flatten().unzip();
        if let Some(chain) = chain.flatten() {
            return tell(context, &chain);
        }
        let (checked, faultless) = check_watched(context);
        if let (1, true, Some(known), Some(fingerprint)) = (checked, faultless, known, fingerprint) {
            let _ = catch_unwind(AssertUnwindSafe(|| known.add(fingerprint)));
        }
        checked
    }
}

/// A verify callback, and whether it was told of a fault: it may have put up with that, and what one connection puts up
/// with is not to be good for all.
struct Watch {
    callback: ffi::X509_STORE_CTX_verify_cb,
    faultless: Cell<bool>,
}

/// Has OpenSSL check: its answer, and whether there was no fault.
///
/// # Safety
/// `context` must be live, and its chain complete.
unsafe fn check_watched(context: *mut ffi::X509_STORE_CTX) -> (c_int, bool) {
    // SAFETY: the caller's promise; the watch outlives its time in the context.
    unsafe {
        let Some(check) = OPENSSLS.get() else { return (0, false) };
        let watch = Watch { callback: ffi::X509_STORE_CTX_get_verify_cb(context), faultless: Cell::new(true) };
        if ffi::X509_STORE_CTX_set_ex_data(context, watch_index(), (&raw const watch).cast_mut().cast()) != 1 {
            return (check(context), false);
        }
        ffi::X509_STORE_CTX_set_verify_cb(context, Some(watched));
        let checked = check(context);
        ffi::X509_STORE_CTX_set_verify_cb(context, watch.callback);
        ffi::X509_STORE_CTX_set_ex_data(context, watch_index(), ptr::null_mut());
        (checked, watch.faultless.get())
    }
}

unsafe extern "C" fn watched(ok: c_int, context: *mut ffi::X509_STORE_CTX) -> c_int {
    // SAFETY: called within check_watched(), which left its watch there.
    unsafe {
        let watch = &*ffi::X509_STORE_CTX_get_ex_data(context, watch_index()).cast::<Watch>();
        watch.faultless.set(watch.faultless.get() && ok == 1);
        watch.callback.map_or(ok, |callback| callback(ok, context))
    }
}

/// Where a verification has its watch.
fn watch_index() -> c_int {
    static INDEX: OnceLock<c_int> = OnceLock::new();
    const CRYPTO_EX_INDEX_X509_STORE_CTX: c_int = 5;
    *INDEX.get_or_init(|| {
        // SAFETY: no callbacks are registered with the index.
        unsafe { ffi::CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_X509_STORE_CTX, 0, ptr::null_mut(), None, None, None) }
    })
}

/// Goes through a good chain as OpenSSL does, from its end: a verify callback sees each certificate and may refuse it.
///
/// # Safety
/// `context` must be live, and `chain` its chain.
unsafe fn tell(context: *mut ffi::X509_STORE_CTX, chain: &[X509]) -> c_int {
    // SAFETY: the caller's promise; the context's own chain keeps the certificates alive as long as it.
    unsafe {
        let callback = ffi::X509_STORE_CTX_get_verify_cb(context);
        let mut depths = chain.iter().enumerate().rev();
        let accepted = depths.all(|(depth, cert)| {
            ffi::X509_STORE_CTX_set_error_depth(context, depth as c_int);
            ffi::X509_STORE_CTX_set_current_cert(context, cert.as_ptr());
            callback.is_none_or(|callback| callback(1, context) != 0)
        });
        c_int::from(accepted)
    }
}

/// The fingerprint of a chain that may become known (None: it may not), and the chain when it is and its times are right.
///
/// # Safety
/// `context` must be live.
unsafe fn recognise(
    context: *mut ffi::X509_STORE_CTX,
    known: &KnownChains,
) -> Option<(Fingerprint, Option<Vec<X509>>)> {
    // SAFETY: the caller's promise; parameters and certificates are borrowed from the context.
    unsafe {
        let parameters = ffi::X509_STORE_CTX_get0_param(context);
        let flags = ffi::X509_VERIFY_PARAM_get_flags(parameters);
        let chain = chain_of(context);
        if ffi::X509_STORE_CTX_get_error(context) != ffi::X509_V_OK || chain.len() < 2 {
            return None;
        }
        // OpenSSL passes over the last certificate where that is not its own issuer and partial chains are not allowed (it
        // was put up with, or is trusted by name): tell() would say of it what OpenSSL does not.
        let last = chain.last()?;
        if flags & ffi::X509_V_FLAG_PARTIAL_CHAIN == 0 && last.issued(last) != X509VerifyResult::OK {
            return None;
        }
        let fingerprint = known_chains::fingerprint(flags, &chain)?;
        let when = match flags {
            flags if flags & ffi::X509_V_FLAG_USE_CHECK_TIME != 0 => ffi::X509_VERIFY_PARAM_get_time(parameters),
            _ => now(),
        };
        let passes = known.contain(&fingerprint) && chain.iter().all(|cert| valid_at(cert, when));
        Some((fingerprint, passes.then_some(chain)))
    }
}

/// The last second is left to OpenSSL, whose versions differ about it.
fn valid_at(cert: &X509Ref, when: i64) -> bool {
    // SAFETY: the times are borrowed from a live certificate.
    let (from, to) = unsafe {
        let (from, to) = (ffi::X509_getm_notBefore(cert.as_ptr()), ffi::X509_getm_notAfter(cert.as_ptr()));
        (time_seconds(from), time_seconds(to))
    };
    matches!((from, to), (Ok(Some(from)), Ok(Some(to))) if from <= when && when < to)
}

fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
}
