//! Certificates: what the `openssl` crate does not offer.

use super::bio::collect;
use super::check::{check, owned};
use super::name::Part;
use super::{asn1, ffi};
use crate::error::{Error, Result};
use foreign_types::{ForeignType, ForeignTypeRef};
use libc::{c_int, c_long};
use openssl::md::MdRef;
use openssl::pkey::{PKeyRef, Private, Public};
use openssl::x509::{X509Extension, X509ExtensionRef, X509Name, X509NameRef, X509Ref, X509};
use std::ffi::CStr;
use std::mem::ManuallyDrop;
use std::ptr;

/// Which end of the validity period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    NotBefore,
    NotAfter,
}

pub fn empty() -> Result<X509> {
    // SAFETY: a new object, owned by us.
    unsafe {
        let cert = ffi::X509_new();
        if cert.is_null() {
            return Err(Error::openssl());
        }
        Ok(X509::from_ptr(cert))
    }
}

/// Through DER, so that nothing is shared; an unfinished certificate cannot be duplicated. The attributes that came with
/// it in a PKCS#12 file, friendly name and key id, are copied too.
pub fn duplicate(cert: &X509Ref) -> Result<X509> {
    // SAFETY: a live certificate; the copy is owned by us.
    let copy = unsafe { owned::<X509>(ffi::X509_dup(cert.as_ptr())) };
    let copy = copy.map_err(|error| error.doing("cannot copy the certificate"))?;
    copy_bag_attributes(cert, &copy)?;
    Ok(copy)
}

/// Copies friendly name and key id from one certificate to another that nobody else holds.
pub fn copy_bag_attributes(from: &X509Ref, to: &X509Ref) -> Result<()> {
    // SAFETY: live certificates; what is read is `len` bytes of `from`, which the setters copy.
    unsafe {
        let mut len = 0;
        let alias = ffi::X509_alias_get0(from.as_ptr(), &mut len);
        if !alias.is_null() {
            check(ffi::X509_alias_set1(to.as_ptr(), alias, len))?;
        }
        let id = ffi::X509_keyid_get0(from.as_ptr(), &mut len);
        if !id.is_null() {
            check(ffi::X509_keyid_set1(to.as_ptr(), id, len))?;
        }
    }
    Ok(())
}

/// As `openssl x509 -text` prints it.
pub fn text(cert: &X509Ref) -> Result<Vec<u8>> {
    // SAFETY: a live certificate and BIO.
    collect(|bio| unsafe { ffi::X509_print_ex(bio, cert.as_ptr(), 0, 0) })
}

/// Lends the DER, encoded once (`to_der` encodes twice: once to learn the length).
pub fn with_der<T>(cert: &X509Ref, read: impl FnOnce(&[u8]) -> T) -> Result<T> {
    let mut der = ptr::null_mut();
    // SAFETY: a live certificate; OpenSSL stores a buffer of as many bytes as it returns, which is freed after its use.
    unsafe {
        let len = ffi::i2d_X509(cert.as_ptr(), &mut der);
        let Some(len) = usize::try_from(len).ok().filter(|_| !der.is_null()) else { return Err(Error::openssl()) };
        let result = read(std::slice::from_raw_parts(der, len));
        ffi::OPENSSL_free(der.cast());
        Ok(result)
    }
}

pub fn set_name(cert: &mut X509, part: Part, name: &X509NameRef) -> Result<()> {
    // SAFETY: live objects; OpenSSL copies the name.
    check(unsafe {
        match part {
            Part::Subject => ffi::X509_set_subject_name(cert.as_ptr(), name.as_ptr()),
            Part::Issuer => ffi::X509_set_issuer_name(cert.as_ptr(), name.as_ptr()),
        }
    })
}

/// Changes a name where it is.
pub fn change_name(cert: &mut X509, part: Part, change: &mut dyn FnMut(&mut X509Name) -> Result<()>) -> Result<()> {
    // SAFETY: the name is the certificate's own, which nobody else can reach meanwhile; what looks like an owner of it
    // never drops it. Setting a name to itself copies nothing and drops the encoding the certificate keeps.
    unsafe {
        let own = match part {
            Part::Subject => ffi::X509_get_subject_name(cert.as_ptr()),
            Part::Issuer => ffi::X509_get_issuer_name(cert.as_ptr()),
        };
        change(&mut ManuallyDrop::new(X509Name::from_ptr(own)))?;
        check(match part {
            Part::Subject => ffi::X509_set_subject_name(cert.as_ptr(), own),
            Part::Issuer => ffi::X509_set_issuer_name(cert.as_ptr(), own),
        })
    }
}

pub fn version(cert: &X509Ref) -> c_long {
    // SAFETY: a live certificate.
    unsafe { ffi::X509_get_version(cert.as_ptr()) }
}

pub fn set_version(cert: &mut X509, version: c_long) -> Result<()> {
    // SAFETY: a live certificate.
    check(unsafe { ffi::X509_set_version(cert.as_ptr(), version) })
}

pub fn serial(cert: &X509Ref) -> Result<Vec<u8>> {
    // SAFETY: the integer is borrowed from a live certificate.
    unsafe { asn1::integer_bytes(ffi::X509_get_serialNumber(cert.as_ptr())) }
}

pub fn set_serial(cert: &mut X509, serial: &[u8]) -> Result<()> {
    // SAFETY: live objects; OpenSSL copies the integer.
    check(asn1::with_integer(serial, |integer| unsafe { ffi::X509_set_serialNumber(cert.as_ptr(), integer) })?)?;
    // Copying one in, OpenSSL forgets to drop the encoding it keeps; setting the integer that is there does that.
    // SAFETY: the integer is the certificate's own.
    check(unsafe { ffi::X509_set_serialNumber(cert.as_ptr(), ffi::X509_get_serialNumber(cert.as_ptr())) })
}

pub fn time_text(cert: &X509Ref, limit: Limit) -> Result<Option<Vec<u8>>> {
    // SAFETY: the time is borrowed from a live certificate.
    unsafe { asn1::time_text(time(cert, limit)) }
}

pub fn time_seconds(cert: &X509Ref, limit: Limit) -> Result<Option<i64>> {
    // SAFETY: the time is borrowed from a live certificate.
    unsafe { asn1::time_seconds(time(cert, limit)) }
}

pub fn set_time(cert: &mut X509, limit: Limit, time: *const ffi::ASN1_TIME) -> Result<()> {
    // SAFETY: live objects; OpenSSL copies the time.
    check(unsafe {
        match limit {
            Limit::NotBefore => ffi::X509_set1_notBefore(cert.as_ptr(), time),
            Limit::NotAfter => ffi::X509_set1_notAfter(cert.as_ptr(), time),
        }
    })
}

pub fn set_public_key(cert: &mut X509, key: &PKeyRef<Public>) -> Result<()> {
    // SAFETY: live objects; OpenSSL copies the public part.
    check(unsafe { ffi::X509_set_pubkey(cert.as_ptr(), key.as_ptr()) })
}

pub fn sign(cert: &mut X509, key: &PKeyRef<Private>, digest: Option<&MdRef>) -> Result<()> {
    let digest = digest.map_or(ptr::null(), |digest| digest.as_ptr().cast_const());
    // SAFETY: live objects.
    check(unsafe { ffi::X509_sign(cert.as_ptr(), key.as_ptr(), digest) })
}

/// Long name; None when OpenSSL does not know it or none is set.
pub fn signature_algorithm(cert: &X509Ref) -> Option<String> {
    let mut object = ptr::null();
    // SAFETY: what is read is borrowed from a live certificate; OBJ_nid2ln gives a static string or NULL.
    unsafe {
        ffi::X509_ALGOR_get0(&mut object, ptr::null_mut(), ptr::null_mut(), ffi::X509_get0_tbs_sigalg(cert.as_ptr()));
        let nid = ffi::OBJ_obj2nid(object);
        let name = if nid == ffi::NID_undef { ptr::null() } else { ffi::OBJ_nid2ln(nid) };
        (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
    }
}

pub fn extension_count(cert: &X509Ref) -> usize {
    // SAFETY: a live certificate.
    usize::try_from(unsafe { ffi::X509_get_ext_count(cert.as_ptr()) }).unwrap_or(0)
}

/// A copy of the extension; None when there is none with this index.
pub fn extension(cert: &X509Ref, index: usize) -> Result<Option<X509Extension>> {
    let Ok(index) = c_int::try_from(index) else { return Ok(None) };
    // SAFETY: a live certificate, and an extension borrowed from it for as long as copying takes.
    unsafe {
        let found = ffi::X509_get_ext(cert.as_ptr(), index);
        if found.is_null() {
            return Ok(None);
        }
        owned(ffi::X509_EXTENSION_dup(found)).map(Some)
    }
}

pub fn add_extension(cert: &mut X509, extension: &X509ExtensionRef) -> Result<()> {
    // SAFETY: live objects; OpenSSL copies the extension.
    check(unsafe { ffi::X509_add_ext(cert.as_ptr(), extension.as_ptr(), -1) })
}

fn time(cert: &X509Ref, limit: Limit) -> *const ffi::ASN1_TIME {
    // SAFETY: a live certificate.
    unsafe {
        match limit {
            Limit::NotBefore => ffi::X509_get0_notBefore(cert.as_ptr()),
            Limit::NotAfter => ffi::X509_get0_notAfter(cert.as_ptr()),
        }
    }
}
