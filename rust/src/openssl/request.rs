//! Certificate requests: what the `openssl` crate does not offer.

use super::bio::collect;
use super::check::check;
use super::{extension, ffi};
use crate::error::{Error, Result};
use foreign_types::{ForeignType, ForeignTypeRef};
use libc::c_long;
use openssl::md::MdRef;
use openssl::pkey::{PKeyRef, Private, Public};
use openssl::stack::Stack;
use openssl::x509::{X509Extension, X509ExtensionRef, X509NameRef, X509Req, X509ReqRef};
use std::ptr;

pub fn empty() -> Result<X509Req> {
    // SAFETY: a new object, owned by us.
    unsafe {
        let request = ffi::X509_REQ_new();
        if request.is_null() {
            return Err(Error::openssl());
        }
        let mut request = X509Req::from_ptr(request);
        set_version(&mut request, 0)?;
        Ok(request)
    }
}

/// As `openssl req -text` prints it.
pub fn text(request: &X509ReqRef) -> Result<Vec<u8>> {
    // SAFETY: a live request and BIO.
    collect(|bio| unsafe { ffi::X509_REQ_print_ex(bio, request.as_ptr(), 0, 0) })
}

pub fn set_subject(request: &mut X509Req, name: &X509NameRef) -> Result<()> {
    // SAFETY: live objects; OpenSSL copies the name.
    check(unsafe { ffi::X509_REQ_set_subject_name(request.as_ptr(), name.as_ptr()) })
}

pub fn version(request: &X509ReqRef) -> c_long {
    // SAFETY: a live request.
    unsafe { ffi::X509_REQ_get_version(request.as_ptr()) }
}

pub fn set_version(request: &mut X509Req, version: c_long) -> Result<()> {
    // SAFETY: a live request.
    check(unsafe { ffi::X509_REQ_set_version(request.as_ptr(), version) })
}

pub fn set_public_key(request: &mut X509Req, key: &PKeyRef<Public>) -> Result<()> {
    // SAFETY: live objects; OpenSSL copies the public part.
    check(unsafe { ffi::X509_REQ_set_pubkey(request.as_ptr(), key.as_ptr()) })
}

/// Merges with the extensions that are there already.
pub fn add_extensions(request: &mut X509Req, extensions: &[&X509ExtensionRef]) -> Result<()> {
    let mut stack = Stack::<X509Extension>::new()?;
    for one in extensions {
        stack.push(extension::duplicate(one)?)?;
    }
    // SAFETY: live objects; OpenSSL encodes the extensions and keeps none of them.
    check(unsafe { ffi::X509_REQ_add_extensions(request.as_ptr(), stack.as_ptr()) })
}

pub fn extensions(request: &X509ReqRef) -> Result<Vec<X509Extension>> {
    // SAFETY: OpenSSL gives NULL, or a stack of extensions that is ours.
    let stack: Stack<X509Extension> = unsafe {
        let stack = ffi::X509_REQ_get_extensions(request.as_ptr());
        if stack.is_null() {
            return Err(Error::openssl_doing("cannot read the request's extensions"));
        }
        Stack::from_ptr(stack)
    };
    Ok(stack.into_iter().collect())
}

pub fn sign(request: &mut X509Req, key: &PKeyRef<Private>, digest: Option<&MdRef>) -> Result<()> {
    let digest = digest.map_or(ptr::null(), |digest| digest.as_ptr().cast_const());
    // SAFETY: live objects.
    check(unsafe { ffi::X509_REQ_sign(request.as_ptr(), key.as_ptr(), digest) })
}

pub fn verify(request: &X509ReqRef, key: &PKeyRef<Public>) -> Result<()> {
    // SAFETY: live objects.
    check(unsafe { ffi::X509_REQ_verify(request.as_ptr(), key.as_ptr()) })
}
