//! Extensions: what the `openssl` crate does not offer.

use super::bio::collect;
use super::check::owned;
use super::{asn1, ffi};
use crate::error::{Error, Result};
use crate::runtime::memory;
use foreign_types::{ForeignType, ForeignTypeRef};
use libc::c_int;
use openssl::stack::Stack;
use openssl::x509::{GeneralName, GeneralNameRef, X509Extension, X509ExtensionRef, X509Ref};
use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::ptr;

/// Without a configuration database, so "@section" and its kin are refused.
pub fn by_name(
    name: &CStr,
    critical: bool,
    value: &CStr,
    subject: Option<&X509Ref>,
    issuer: Option<&X509Ref>,
) -> Result<X509Extension> {
    let value = memory::concat(&[if critical { &b"critical,"[..] } else { b"" }, value.to_bytes()])?;
    let value = CString::new(value).map_err(|_| Error::argument("a NUL in the value"))?;
    let pointer = |cert: Option<&X509Ref>| cert.map_or(ptr::null_mut(), |cert| cert.as_ptr());
    let mut context = MaybeUninit::<ffi::X509V3_CTX>::zeroed();
    // SAFETY: a zeroed context has no database; the certificates are lent for the length of the call, and the
    // extension made is owned by us.
    unsafe {
        ffi::X509V3_set_ctx(
            context.as_mut_ptr(),
            pointer(issuer),
            pointer(subject),
            ptr::null_mut(),
            ptr::null_mut(),
            0,
        );
        let made = ffi::X509V3_EXT_nconf(ptr::null_mut(), context.as_mut_ptr(), name.as_ptr(), value.as_ptr());
        owned(made)
    }
}

pub fn duplicate(extension: &X509ExtensionRef) -> Result<X509Extension> {
    // SAFETY: a live extension; the copy is owned by us.
    unsafe { owned(ffi::X509_EXTENSION_dup(extension.as_ptr())) }
}

pub fn is_critical(extension: &X509ExtensionRef) -> bool {
    // SAFETY: a live extension.
    unsafe { ffi::X509_EXTENSION_get_critical(extension.as_ptr()) != 0 }
}

pub fn short_name(extension: &X509ExtensionRef) -> String {
    // SAFETY: OBJ_nid2sn gives a static string or NULL.
    unsafe {
        let name = ffi::OBJ_nid2sn(nid(extension));
        if name.is_null() {
            "UNDEF".into()
        } else {
            CStr::from_ptr(name).to_string_lossy().into_owned()
        }
    }
}

pub fn data(extension: &X509ExtensionRef) -> Result<Vec<u8>> {
    // SAFETY: the bytes are borrowed from a live extension and copied.
    Ok(memory::copy(unsafe { asn1::string_bytes(ffi::X509_EXTENSION_get_data(extension.as_ptr()).cast()) })?)
}

pub fn text(extension: &X509ExtensionRef) -> Result<Vec<u8>> {
    const X509V3_EXT_DUMP_UNKNOWN: libc::c_ulong = 3 << 16;
    // SAFETY: a live extension and BIO.
    collect(|bio| unsafe { ffi::X509V3_EXT_print(bio, extension.as_ptr(), X509V3_EXT_DUMP_UNKNOWN, 0) })
}

pub fn is_alt_name(extension: &X509ExtensionRef) -> bool {
    nid(extension) == ffi::NID_subject_alt_name
}

/// "DNS:a, email:b, URI:c", the bytes as they are; other kinds of name as OpenSSL prints them.
pub fn alt_names(extension: &X509ExtensionRef) -> Result<Vec<u8>> {
    // SAFETY: for a subjectAltName this gives NULL or a stack of GENERAL_NAMEs that is ours.
    let names: Stack<GeneralName> = unsafe {
        let names = ffi::X509V3_EXT_d2i(extension.as_ptr());
        if names.is_null() {
            return Err(Error::openssl());
        }
        Stack::from_ptr(names.cast())
    };
    let texts: Result<Vec<Vec<u8>>> = names.iter().map(alt_name).collect();
    Ok(texts?.join(&b", "[..]))
}

fn alt_name(name: &GeneralNameRef) -> Result<Vec<u8>> {
    let mut kind: c_int = 0;
    // SAFETY: the value is borrowed from a live name; for the kinds looked at below it is an ASN1_STRING.
    let value = unsafe { ffi::GENERAL_NAME_get0_value(name.as_ptr(), &mut kind) };
    let label: &[u8] = match kind {
        ffi::GEN_EMAIL => b"email:",
        ffi::GEN_DNS => b"DNS:",
        ffi::GEN_URI => b"URI:",
        // SAFETY: a live name and BIO.
        _ => return collect(|bio| unsafe { ffi::GENERAL_NAME_print(bio, name.as_ptr()) }),
    };
    // SAFETY: as above.
    Ok(memory::concat(&[label, unsafe { asn1::string_bytes(value.cast()) }])?)
}

fn nid(extension: &X509ExtensionRef) -> c_int {
    // SAFETY: a live extension.
    unsafe { ffi::OBJ_obj2nid(ffi::X509_EXTENSION_get_object(extension.as_ptr())) }
}
