//! pyssl_req_*: certificate requests (PKCS#10).

use super::arg::{bytes, objects, opt_word, put, put_bytes, put_handle};
use super::gate::{gate, pyssl_status};
use super::handle::{object, Object};
use super::types::{pyssl_ext, pyssl_name, pyssl_pkey, pyssl_req};
use crate::core::filetype::FileType;
use crate::core::name::Name;
use crate::core::pkey::PKey;
use crate::core::request::Request;
use crate::error::Error;
use crate::status::Status;
use libc::{c_char, c_int};

object!(Request, pyssl_req, 5, "req");

/// An empty request: version 0 (which means v1), no name, no key.
/// @param out  receives a new handle, to be freed with pyssl_req_free()
/// @return PYSSL_OK
#[no_mangle]
pub unsafe extern "C" fn pyssl_req_new(out: *mut *mut pyssl_req) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_handle(out, Request::new) })
}

/// Frees a handle.
/// @param req  NULL is fine
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_req_free(req: *mut pyssl_req) -> pyssl_status {
    gate(|| Request::free(req))
}

/// Loads a request.
/// @param filetype  PYSSL_FILETYPE_PEM (the first request in the text) or PYSSL_FILETYPE_ASN1
/// @param data      the encoded request
/// @param out       receives a new handle
/// @return PYSSL_OK, or PYSSL_ERROR
#[no_mangle]
pub unsafe extern "C" fn pyssl_req_load(
    filetype: c_int,
    data: *const u8,
    data_len: usize,
    out: *mut *mut pyssl_req,
) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for readable bytes and a writable out.
        unsafe { put_handle(out, || Request::load(FileType::to_load(filetype)?, bytes(data, data_len)?)) }
    })
}

/// Writes a request.
/// @param filetype  PYSSL_FILETYPE_PEM, _ASN1 or _TEXT (as `openssl req -text` prints it)
/// @param buf       receives the encoded request
/// @param buf_size  buf's size in bytes
/// @param len_out   receives the length
/// @return PYSSL_OK; PYSSL_ERR_BUFFER, with the length needed in len_out; PYSSL_ERROR when parts are missing
#[no_mangle]
pub unsafe extern "C" fn pyssl_req_dump(
    req: *mut pyssl_req,
    filetype: c_int,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        let dumped = || Request::lookup(req)?.dump(FileType::to_dump(filetype)?);
        // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
        unsafe { put_bytes(buf, buf_size, len_out, dumped) }
    })
}

/// The request's subject, as a live view: writing to it changes the request, which it keeps alive.
/// @param out  receives a new handle, to be freed with pyssl_name_free()
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_req_subject(req: *mut pyssl_req, out: *mut *mut pyssl_name) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_handle(out, || Ok(Request::lookup(req)?.subject())) })
}

/// Copies a name into the request. Views of its subject made before are dead from now on.
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_req_set_subject(req: *mut pyssl_req, name: *mut pyssl_name) -> pyssl_status {
    gate(|| Request::lookup(req)?.set_subject(&*Name::lookup(name)?))
}

/// The version field.
/// @param out  receives it; 0 means v1, the only one there is
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_req_version(req: *mut pyssl_req, out: *mut i64) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(Request::lookup(req)?.version())) })
}

/// Sets the version field.
/// @param version  0
/// @return PYSSL_OK, or PYSSL_ERR_ARGUMENT for any other
#[no_mangle]
pub extern "C" fn pyssl_req_set_version(req: *mut pyssl_req, version: i64) -> pyssl_status {
    gate(|| Request::lookup(req)?.set_version(version))
}

/// The public key to be certified.
/// @param out  receives a new handle of a public-only key
/// @return PYSSL_OK; PYSSL_ERROR when there is none, or OpenSSL cannot use it
#[no_mangle]
pub unsafe extern "C" fn pyssl_req_pubkey(req: *mut pyssl_req, out: *mut *mut pyssl_pkey) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_handle(out, || Request::lookup(req)?.public_key()) })
}

/// Sets the public key to be certified.
/// @param key  its public part is copied
/// @return PYSSL_OK; PYSSL_ERROR for an empty key
#[no_mangle]
pub extern "C" fn pyssl_req_set_pubkey(req: *mut pyssl_req, key: *mut pyssl_pkey) -> pyssl_status {
    gate(|| Request::lookup(req)?.set_public_key(&*PKey::lookup(key)?))
}

/// Copies extensions into the request, after those it asks for already.
/// @param extensions  count handles in a row
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_req_add_extensions(
    req: *mut pyssl_req,
    extensions: *const *mut pyssl_ext,
    count: usize,
) -> pyssl_status {
    // SAFETY: the header asks for readable handles.
    gate(|| Request::lookup(req)?.add_extensions(&unsafe { objects(extensions, count) }?))
}

/// How many extensions the request asks for.
/// @param out  receives the number
/// @return PYSSL_OK; PYSSL_ERROR when they cannot be decoded
#[no_mangle]
pub unsafe extern "C" fn pyssl_req_extension_count(req: *mut pyssl_req, out: *mut usize) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(Request::lookup(req)?.extensions()?.len())) })
}

/// A copy of an extension that the request asks for.
/// @param index  0 is the first
/// @param out    receives a new handle, to be freed with pyssl_ext_free()
/// @return PYSSL_OK; PYSSL_ERR_ABSENT when there is no such extension
#[no_mangle]
pub unsafe extern "C" fn pyssl_req_extension(
    req: *mut pyssl_req,
    index: usize,
    out: *mut *mut pyssl_ext,
) -> pyssl_status {
    gate(|| {
        let extension = || {
            let found = Request::lookup(req)?.extensions()?.into_iter().nth(index);
            found.ok_or_else(|| Error::bare(Status::Absent))
        };
        // SAFETY: the header asks for a writable out.
        unsafe { put_handle(out, extension) }
    })
}

/// Signs the request.
/// @param key     the private key of the public key in it
/// @param digest  OpenSSL's name ("sha256"); NULL for kinds of key that bring their own (Ed25519, Ed448)
/// @return PYSSL_OK; PYSSL_ERR_ARGUMENT for a public or empty key or an unknown digest; PYSSL_ERROR
#[no_mangle]
pub unsafe extern "C" fn pyssl_req_sign(
    req: *mut pyssl_req,
    key: *mut pyssl_pkey,
    digest: *const c_char,
) -> pyssl_status {
    // SAFETY: the header asks for NUL-terminated text or NULL.
    gate(|| Request::lookup(req)?.sign(&*PKey::lookup(key)?, unsafe { opt_word(digest) }))
}

/// Checks the request's signature.
/// @param key  its public part is used
/// @return PYSSL_OK when the signature is of this key; PYSSL_ERROR when not
#[no_mangle]
pub extern "C" fn pyssl_req_verify(req: *mut pyssl_req, key: *mut pyssl_pkey) -> pyssl_status {
    gate(|| Request::lookup(req)?.verify(&*PKey::lookup(key)?))
}
