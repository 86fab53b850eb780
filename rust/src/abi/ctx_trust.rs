//! pyssl_ctx_*: whom a context trusts, and whom a server asks its clients to be certified by.

use super::arg::{bytes, handles, opt_path, path, put_handle};
use super::gate::{gate, pyssl_status};
use super::handle::Object;
use super::types::{pyssl_ctx, pyssl_name, pyssl_store, pyssl_x509};
use crate::core::ctx::Ctx;
use crate::core::store::Store;
use crate::core::x509::X509;
use libc::c_char;

/// Trusts the certificates of a file, or of a directory, or of both.
/// @param cafile  PEM; may be NULL
/// @param capath  a directory with OpenSSL's hashed names; may be NULL
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR (the error names the file and the errno)
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_load_verify_locations(
    ctx: *mut pyssl_ctx,
    cafile: *const c_char,
    capath: *const c_char,
) -> pyssl_status {
    // SAFETY: the header asks for NUL-terminated names or NULL.
    gate(|| Ctx::lookup(ctx)?.load_verify_locations(unsafe { opt_path(cafile) }, unsafe { opt_path(capath) }))
}

/// Trusts the certificates of a PEM text, and takes its revocation lists.
/// @param pem      the text; keys in it are passed over
/// @param pem_len  how many bytes that is
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR when none is in it or one is damaged; nothing more
///         is trusted then
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_load_verify_pem(
    ctx: *mut pyssl_ctx,
    pem: *const u8,
    pem_len: usize,
) -> pyssl_status {
    // SAFETY: the header asks for pem_len readable bytes.
    gate(|| Ctx::lookup(ctx)?.load_verify_pem(unsafe { bytes(pem, pem_len) }?))
}

/// Trusts what the system trusts: SSL_CERT_FILE and SSL_CERT_DIR where set, else the distribution's bundle.
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR
#[no_mangle]
pub extern "C" fn pyssl_ctx_load_system_trust(ctx: *mut pyssl_ctx) -> pyssl_status {
    gate(|| Ctx::lookup(ctx)?.load_system_trust())
}

/// As pyssl_ctx_load_system_trust(), passing over what is missing or cannot be used.
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_ctx_set_default_verify_paths(ctx: *mut pyssl_ctx) -> pyssl_status {
    gate(|| {
        Ctx::lookup(ctx)?.set_default_verify_paths();
        Ok(())
    })
}

/// The store that the context verifies with, live: what is added to it the context trusts. It keeps the context alive.
/// @param out  receives a new handle, to be freed with pyssl_store_free()
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_cert_store(ctx: *mut pyssl_ctx, out: *mut *mut pyssl_store) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_handle(out, || Ok(Ctx::lookup(ctx)?.cert_store())) })
}

/// Verifies with another store from now on. It is shared: what is added to it later is trusted too.
/// @param store  may belong to several contexts
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_ctx_set_cert_store(ctx: *mut pyssl_ctx, store: *mut pyssl_store) -> pyssl_status {
    gate(|| {
        Ctx::lookup(ctx)?.set_cert_store(&*Store::lookup(store)?);
        Ok(())
    })
}

/// Names to clients, as the authorities a server accepts, the subjects of a file of certificates.
/// @param cafile  PEM
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR (the error names the file and the errno)
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_load_client_ca(ctx: *mut pyssl_ctx, cafile: *const c_char) -> pyssl_status {
    // SAFETY: the header asks for a NUL-terminated name.
    gate(|| Ctx::lookup(ctx)?.load_client_ca(unsafe { path(cafile, "cafile") }?))
}

/// Names to clients the authorities that a server accepts. The names are copied.
/// @param names  an array of handles
/// @param count  how many
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_ctx_set_client_ca_list(
    ctx: *mut pyssl_ctx,
    names: *const *mut pyssl_name,
    count: usize,
) -> pyssl_status {
    // SAFETY: the header asks for `count` readable handles.
    gate(|| Ctx::lookup(ctx)?.set_client_ca_list(&unsafe { handles(names, count) }?))
}

/// Names to clients one authority more: the certificate's subject.
/// @param cert  the authority's
/// @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR
#[no_mangle]
pub extern "C" fn pyssl_ctx_add_client_ca(ctx: *mut pyssl_ctx, cert: *mut pyssl_x509) -> pyssl_status {
    gate(|| Ctx::lookup(ctx)?.add_client_ca(&*X509::lookup(cert)?))
}
