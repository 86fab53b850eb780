//! pyssl_store_*: trusted certificates and revocation lists.

use super::arg::{bytes, opt_path, put_handle};
use super::gate::{gate, pyssl_status};
use super::handle::{object, Object};
use super::types::{pyssl_crl, pyssl_store, pyssl_x509};
use crate::core::crl::Crl;
use crate::core::store::Store;
use crate::core::x509::X509;
use libc::c_char;

object!(Store, pyssl_store, 8, "store");

/// An empty store.
/// @param out  receives a new handle, to be freed with pyssl_store_free()
/// @return PYSSL_OK or PYSSL_ERROR
#[no_mangle]
pub unsafe extern "C" fn pyssl_store_new(out: *mut *mut pyssl_store) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for a writable out.
        unsafe { put_handle(out, Store::new) }
    })
}

/// Trusts a certificate as it is now: later changes of it do not reach the store. One that is there already is fine.
/// @param store  the store
/// @param cert   the certificate
/// @return PYSSL_OK, PYSSL_ERROR for a certificate that is not complete, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_store_add_cert(store: *mut pyssl_store, cert: *mut pyssl_x509) -> pyssl_status {
    gate(|| Store::lookup(store)?.add_cert(&*X509::lookup(cert)?))
}

/// Adds a revocation list as it is now. It counts where X509_V_FLAG_CRL_CHECK is set.
/// @param store  the store
/// @param crl    the list
/// @return PYSSL_OK, PYSSL_ERROR for a list that is not complete, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_store_add_crl(store: *mut pyssl_store, crl: *mut pyssl_crl) -> pyssl_status {
    gate(|| Store::lookup(store)?.add_crl(&*Crl::lookup(crl)?))
}

/// Adds flags for verifying to those that are set; there is no way to take one off.
/// @param store  the store
/// @param flags  X509_V_FLAG_* of OpenSSL, together (their values: pyssl_constant())
/// @return PYSSL_OK, PYSSL_ERROR or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_store_set_flags(store: *mut pyssl_store, flags: u64) -> pyssl_status {
    gate(|| Store::lookup(store)?.set_flags(flags))
}

/// Verifies as of a certain moment from now on, not as of the time of verifying.
/// @param store    the store
/// @param seconds  the moment, in seconds since 1970-01-01 00:00:00 UTC
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_store_set_time(store: *mut pyssl_store, seconds: i64) -> pyssl_status {
    gate(|| Store::lookup(store)?.set_time(seconds))
}

/// Trusts the certificates in a file, and those in a directory, which are looked up there when needed.
/// @param store    the store
/// @param cafile   NUL-terminated name of a PEM file with certificates and revocation lists, or NULL
/// @param capath   NUL-terminated name of a directory that `openssl rehash` prepared, or NULL; one that is not there is
///                 no error
/// @return PYSSL_OK; PYSSL_ERROR when both are NULL, or with the path when the file cannot be used; PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_store_load_locations(
    store: *mut pyssl_store,
    cafile: *const c_char,
    capath: *const c_char,
) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for NUL-terminated names or NULL.
        let (cafile, capath) = unsafe { (opt_path(cafile), opt_path(capath)) };
        Store::lookup(store)?.load_locations(cafile, capath)
    })
}

/// Trusts the certificates of a PEM text, and takes its revocation lists.
/// @param store    the store
/// @param pem      the text; keys in it are passed over
/// @param pem_len  how many bytes that is
/// @return PYSSL_OK; PYSSL_ERR_HANDLE; PYSSL_ERR_ARGUMENT; PYSSL_ERROR when none is in it or one is damaged, and the store is as
///         before
#[no_mangle]
pub unsafe extern "C" fn pyssl_store_load_pem(store: *mut pyssl_store, pem: *const u8, pem_len: usize) -> pyssl_status {
    // SAFETY: the header asks for pem_len readable bytes.
    gate(|| Store::lookup(store)?.load_pem(unsafe { bytes(pem, pem_len) }?))
}

/// Frees a handle.
/// @param store  or NULL
/// @return PYSSL_OK or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_store_free(store: *mut pyssl_store) -> pyssl_status {
    gate(|| Store::free(store))
}
