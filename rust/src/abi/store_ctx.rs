//! pyssl_store_ctx_*: verifying a certificate against a store (RFC 5280, 6).

use super::arg::{handles, put_handle, put_handle_opt, put_handles};
use super::gate::{gate, pyssl_status};
use super::handle::{object, Object};
use super::types::{pyssl_store, pyssl_store_ctx, pyssl_x509};
use crate::core::store::{Refusal, Store, StoreContext};
use crate::core::x509::X509;
use crate::error::{Error, Result};

object!(StoreContext, pyssl_store_ctx, 9, "store_ctx");

/// Sets up a verification, to be run as often as one likes.
/// @param store  the trusted certificates; kept, and read anew each time
/// @param cert   the certificate; kept, and read anew each time
/// @param chain  handles of certificates that may be needed between the two, in any order and untrusted; kept
/// @param count  how many, 0 for none
/// @param out    receives a new handle, to be freed with pyssl_store_ctx_free()
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_store_ctx_new(
    store: *mut pyssl_store,
    cert: *mut pyssl_x509,
    chain: *const *mut pyssl_x509,
    count: usize,
    out: *mut *mut pyssl_store_ctx,
) -> pyssl_status {
    gate(|| {
        let made = || {
            let (store, cert) = (Store::lookup(store)?.clone(), X509::lookup(cert)?.clone());
            // SAFETY: the header asks for count readable handles.
            Ok(StoreContext::new(store, cert, unsafe { handles(chain, count) }?))
        };
        // SAFETY: the header asks for a writable out.
        unsafe { put_handle(out, made) }
    })
}

/// Puts another store in place, for later verifications.
/// @param ctx    the verification
/// @param store  the store; kept
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_store_ctx_set_store(ctx: *mut pyssl_store_ctx, store: *mut pyssl_store) -> pyssl_status {
    gate(|| {
        StoreContext::lookup(ctx)?.set_store(Store::lookup(store)?.clone());
        Ok(())
    })
}

/// Verifies.
/// @param ctx      the verification
/// @param culprit  on PYSSL_ERROR receives a new handle of a copy of the certificate at fault, or NULL when there is
///                 none; may be NULL
/// @return PYSSL_OK; PYSSL_ERROR with verify_code, verify_depth and verify_subject when the certificate is refused;
///         PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_store_ctx_verify(
    ctx: *mut pyssl_store_ctx,
    culprit: *mut *mut pyssl_x509,
) -> pyssl_status {
    gate(|| {
        let verified = StoreContext::lookup(ctx)?.verify();
        // SAFETY: the header asks for a writable culprit, or NULL.
        verified.map_err(|refusal| unsafe { name_culprit(culprit, refusal) })
    })
}

/// Verifies and tells the chain.
/// @param ctx        the verification
/// @param buf        receives new handles of copies: the certificate first, the trusted one last
/// @param buf_size   how many handles there is room for
/// @param count_out  receives how many there are; with PYSSL_ERR_BUFFER how many are needed
/// @param culprit    as for pyssl_store_ctx_verify(); may be NULL
/// @return as pyssl_store_ctx_verify(), or PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_store_ctx_verified_chain(
    ctx: *mut pyssl_store_ctx,
    buf: *mut *mut pyssl_x509,
    buf_size: usize,
    count_out: *mut usize,
    culprit: *mut *mut pyssl_x509,
) -> pyssl_status {
    gate(|| {
        let verified = || {
            let verified = StoreContext::lookup(ctx)?.verified_chain();
            // SAFETY: the header asks for a writable culprit or NULL.
            verified.map_err(|refusal| unsafe { name_culprit(culprit, refusal) })
        };
        // SAFETY: the header asks for room for buf_size handles, a writable count_out.
        unsafe { put_handles(buf, buf_size, count_out, verified) }
    })
}

/// Frees a handle.
/// @param ctx  or NULL
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_store_ctx_free(ctx: *mut pyssl_store_ctx) -> pyssl_status {
    gate(|| StoreContext::free(ctx))
}

/// # Safety
/// `culprit` must be NULL or writable.
unsafe fn name_culprit(culprit: *mut *mut pyssl_x509, refusal: Refusal) -> Error {
    if culprit.is_null() {
        return refusal.error;
    }
    // SAFETY: the caller's promise.
    let put: Result<()> = unsafe { put_handle_opt(culprit, || Ok(refusal.culprit)) };
    put.err().unwrap_or(refusal.error)
}
