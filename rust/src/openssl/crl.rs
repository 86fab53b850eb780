//! X509_CRL_* and X509_REVOKED_*: what the `openssl` crate does not offer, for lists that are still being made.

use super::asn1::{integer_bytes, no_time, string_bytes, time_text, with_integer, with_time};
use super::bio::{collect, Sink};
use super::check::{check, owned};
use super::ffi;
use crate::error::{Error, Result};
use crate::runtime::memory;
use foreign_types::{ForeignType, ForeignTypeRef};
use libc::{c_int, c_long};
use openssl::asn1::Asn1TimeRef;
use openssl::md::MdRef;
use openssl::pkey::{PKeyRef, Private};
use openssl::x509::{X509Crl, X509CrlRef, X509Name, X509NameRef, X509Revoked, X509RevokedRef};
use std::ffi::CStr;

pub fn empty() -> Result<X509Crl> {
    ffi::init();
    // SAFETY: no arguments; what is returned is owned by us.
    unsafe { owned(ffi::X509_CRL_new()) }
}

pub fn duplicate(crl: &X509CrlRef) -> Result<X509Crl> {
    // SAFETY: a live list, which is only read; what is returned is owned by us.
    unsafe { owned(ffi::X509_CRL_dup(crl.as_ptr())) }
}

pub fn text(crl: &X509CrlRef) -> Result<Vec<u8>> {
    // SAFETY: a live list and BIO.
    collect(|bio| unsafe { ffi::X509_CRL_print(bio, crl.as_ptr()) })
}

pub fn issuer(crl: &X509CrlRef) -> Result<X509Name> {
    // SAFETY: the name is borrowed from a live list and copied.
    unsafe {
        let name = ffi::X509_CRL_get_issuer(crl.as_ptr());
        if name.is_null() {
            return Err(Error::openssl());
        }
        Ok(X509NameRef::from_ptr(name as *mut _).to_owned()?)
    }
}

pub fn set_issuer(crl: &mut X509Crl, name: &X509NameRef) -> Result<()> {
    // SAFETY: a live list that nobody else can reach; the name is copied.
    check(unsafe { ffi::X509_CRL_set_issuer_name(crl.as_ptr(), name.as_ptr()) })
}

pub fn set_version(crl: &mut X509Crl, version: i64) -> Result<()> {
    // SAFETY: a live list that nobody else can reach.
    check(unsafe { ffi::X509_CRL_set_version(crl.as_ptr(), version as c_long) })
}

pub fn set_last_update(crl: &mut X509Crl, when: &CStr) -> Result<()> {
    // SAFETY: a live list that nobody else can reach; the time is copied.
    at(when, |time| unsafe { ffi::X509_CRL_set1_lastUpdate(crl.as_ptr(), time) })
}

pub fn set_next_update(crl: &mut X509Crl, when: &CStr) -> Result<()> {
    // SAFETY: a live list that nobody else can reach; the time is copied.
    at(when, |time| unsafe { ffi::X509_CRL_set1_nextUpdate(crl.as_ptr(), time) })
}

pub fn set_times(crl: &mut X509Crl, last: &Asn1TimeRef, next: &Asn1TimeRef) -> Result<()> {
    // SAFETY: a live list that nobody else can reach; the times are copied.
    unsafe {
        check(ffi::X509_CRL_set1_lastUpdate(crl.as_ptr(), last.as_ptr()))?;
        check(ffi::X509_CRL_set1_nextUpdate(crl.as_ptr(), next.as_ptr()))
    }
}

/// Sorts the entries and signs; no digest is for keys that bring their own.
pub fn sign(crl: &mut X509Crl, key: &PKeyRef<Private>, digest: Option<&MdRef>) -> Result<()> {
    // SAFETY: a live list that nobody else can reach, a live key, and a live digest or none.
    unsafe {
        check(ffi::X509_CRL_sort(crl.as_ptr()))?;
        let digest = digest.map_or(std::ptr::null(), |digest| digest.as_ptr());
        check(ffi::X509_CRL_sign(crl.as_ptr(), key.as_ptr(), digest))
    }
}

pub fn entry_count(crl: &mut X509Crl) -> usize {
    // SAFETY: a live list; its stack of entries may be NULL, which counts -1.
    usize::try_from(unsafe { ffi::OPENSSL_sk_num(ffi::X509_CRL_get_REVOKED(crl.as_ptr()).cast()) }).unwrap_or(0)
}

pub fn entry_at(crl: &mut X509Crl, index: usize) -> Result<X509Revoked> {
    let index = c_int::try_from(index).unwrap_or(c_int::MAX);
    // SAFETY: a live list; the entry is borrowed from it (NULL when there is no such index) and copied.
    unsafe {
        let entry: *mut ffi::X509_REVOKED =
            ffi::OPENSSL_sk_value(ffi::X509_CRL_get_REVOKED(crl.as_ptr()).cast(), index).cast();
        if entry.is_null() {
            return Err(Error::argument("the list has no entry with this index"));
        }
        duplicate_entry(X509RevokedRef::from_ptr(entry))
    }
}

/// Adds an entry and gives it away.
pub fn add_entry(crl: &mut X509Crl, entry: X509Revoked) -> Result<()> {
    // SAFETY: a live list that nobody else can reach; it owns the entry from here on, if it took it.
    unsafe {
        check(ffi::X509_CRL_add0_revoked(crl.as_ptr(), entry.as_ptr()))?;
        std::mem::forget(entry);
        Ok(())
    }
}

pub fn empty_entry() -> Result<X509Revoked> {
    ffi::init();
    // SAFETY: no arguments; what is returned is owned by us.
    unsafe { owned(ffi::X509_REVOKED_new()) }
}

pub fn duplicate_entry(entry: &X509RevokedRef) -> Result<X509Revoked> {
    // SAFETY: a live entry, which is only read; what is returned is owned by us.
    unsafe { owned(ffi::X509_REVOKED_dup(entry.as_ptr())) }
}

/// Two's complement, big endian.
pub fn entry_serial(entry: &X509RevokedRef) -> Result<Vec<u8>> {
    // SAFETY: the number is borrowed from a live entry, which always has one.
    unsafe { integer_bytes(ffi::X509_REVOKED_get0_serialNumber(entry.as_ptr())) }
}

pub fn set_entry_serial(entry: &mut X509Revoked, bytes: &[u8]) -> Result<()> {
    // SAFETY: a live entry that nobody else can reach; the number is copied.
    check(with_integer(bytes, |serial| unsafe { ffi::X509_REVOKED_set_serialNumber(entry.as_ptr(), serial) })?)
}

pub fn entry_date(entry: &X509RevokedRef) -> Result<Option<Vec<u8>>> {
    // SAFETY: the time is borrowed from a live entry.
    unsafe { time_text(ffi::X509_REVOKED_get0_revocationDate(entry.as_ptr())) }
}

pub fn set_entry_date(entry: &mut X509Revoked, when: &CStr) -> Result<()> {
    // SAFETY: a live entry that nobody else can reach; the time is copied.
    at(when, |time| unsafe { ffi::X509_REVOKED_set_revocationDate(entry.as_ptr(), time) })
}

/// In OpenSSL's words; the bytes as they are where it has none.
pub fn entry_reason(entry: &X509RevokedRef) -> Result<Option<Vec<u8>>> {
    // SAFETY: the extension is borrowed from a live entry while it is printed; X509V3_EXT_print writes into a live BIO.
    unsafe {
        let index = ffi::X509_REVOKED_get_ext_by_NID(entry.as_ptr(), ffi::NID_crl_reason, -1);
        if index < 0 {
            return Ok(None);
        }
        let extension = ffi::X509_REVOKED_get_ext(entry.as_ptr(), index);
        let sink = Sink::new()?;
        if ffi::X509V3_EXT_print(sink.as_ptr(), extension, 0, 0) == 1 {
            return Ok(Some(sink.bytes()?));
        }
        Ok(Some(memory::copy(string_bytes(ffi::X509_EXTENSION_get_data(extension).cast()))?))
    }
}

/// Takes the reason out, and puts another in where there is one.
pub fn set_entry_reason(entry: &mut X509Revoked, code: Option<i64>) -> Result<()> {
    let reason = code.map(Enumerated::new).transpose()?;
    // SAFETY: a live entry that nobody else can reach; extensions taken out are ours to free, and the reason is copied.
    unsafe {
        loop {
            let index = ffi::X509_REVOKED_get_ext_by_NID(entry.as_ptr(), ffi::NID_crl_reason, -1);
            if index < 0 {
                break;
            }
            ffi::X509_EXTENSION_free(ffi::X509_REVOKED_delete_ext(entry.as_ptr(), index));
        }
        match reason {
            None => Ok(()),
            Some(reason) => {
                let value = reason.0.cast();
                check(ffi::X509_REVOKED_add1_ext_i2d(entry.as_ptr(), ffi::NID_crl_reason, value, 0, 0))
            }
        }
    }
}

struct Enumerated(*mut ffi::ASN1_ENUMERATED);

impl Enumerated {
    fn new(value: i64) -> Result<Self> {
        // SAFETY: a value just made; set before anyone else sees it.
        unsafe {
            let made = Enumerated(ffi::ASN1_ENUMERATED_new());
            if made.0.is_null() {
                return Err(Error::openssl());
            }
            check(ffi::ASN1_ENUMERATED_set(made.0, value as c_long))?;
            Ok(made)
        }
    }
}

impl Drop for Enumerated {
    fn drop(&mut self) {
        // SAFETY: owned since new(); freeing NULL does nothing.
        unsafe { ffi::ASN1_ENUMERATED_free(self.0) };
    }
}

fn at(when: &CStr, set: impl FnOnce(*mut ffi::ASN1_TIME) -> c_int) -> Result<()> {
    match with_time(when, set) {
        Some(result) => check(result),
        None => Err(no_time(when)),
    }
}
