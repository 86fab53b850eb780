//! Distinguished names: what the `openssl` crate does not offer.

use super::bio::Sink;
use super::ffi;
use crate::error::{Error, Result};
use crate::runtime::memory;
use crate::runtime::memory::NoMemory;
use foreign_types::{ForeignType, ForeignTypeRef};
use libc::{c_char, c_int, c_ulong};
use openssl::x509::{X509Name, X509NameRef};
use std::cmp::Ordering;
use std::ffi::CStr;
use std::ptr;

/// Which name of its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Subject,
    Issuer,
}

pub fn empty() -> Result<X509Name> {
    Ok(X509Name::builder()?.build())
}

/// The number OpenSSL has for a type of entry, by short name, long name or dotted numbers.
pub fn nid(text: &CStr) -> Option<c_int> {
    // The usual ones without a search.
    match text.to_bytes() {
        b"CN" => return Some(ffi::NID_commonName),
        b"O" => return Some(ffi::NID_organizationName),
        b"OU" => return Some(ffi::NID_organizationalUnitName),
        b"C" => return Some(ffi::NID_countryName),
        b"ST" => return Some(ffi::NID_stateOrProvinceName),
        b"L" => return Some(ffi::NID_localityName),
        _ => {}
    }
    // SAFETY: a NUL-terminated name.
    let nid = unsafe { ffi::OBJ_txt2nid(text.as_ptr()) };
    (nid != ffi::NID_undef).then_some(nid)
}

pub fn count(name: &X509NameRef) -> usize {
    // SAFETY: a live name.
    usize::try_from(unsafe { ffi::X509_NAME_entry_count(name.as_ptr()) }).unwrap_or(0)
}

/// Where the first entry of a type is.
pub fn find(name: &X509NameRef, nid: c_int) -> Option<c_int> {
    // SAFETY: a live name.
    let index = unsafe { ffi::X509_NAME_get_index_by_NID(name.as_ptr(), nid, -1) };
    (index >= 0).then_some(index)
}

pub fn value_utf8(name: &X509NameRef, index: c_int) -> Result<String> {
    // SAFETY: entry and value are borrowed from a live name; the text made from them is ours to free.
    unsafe {
        let entry = ffi::X509_NAME_get_entry(name.as_ptr(), index);
        if entry.is_null() {
            return Err(Error::openssl());
        }
        let (mut text, data) = (ptr::null_mut(), ffi::X509_NAME_ENTRY_get_data(entry));
        let len = ffi::ASN1_STRING_to_UTF8(&mut text, data);
        let Ok(len) = usize::try_from(len) else {
            let tag = ffi::ASN1_STRING_type(data);
            let why =
                format!("the value is of the ASN.1 type {tag}, not text; the components of the name have its bytes");
            return Err(Error::openssl().saying(why));
        };
        if text.is_null() {
            return Ok(String::new());
        }
        let copy = memory::text(std::slice::from_raw_parts(text, len));
        ffi::OPENSSL_free(text.cast());
        Ok(copy?)
    }
}

/// Short name of the type and the value's bytes.
pub fn entry(name: &X509NameRef, index: usize) -> Option<(String, Result<Vec<u8>, NoMemory>)> {
    let index = c_int::try_from(index).ok()?;
    // SAFETY: all that is read here is borrowed from a live name and copied; OBJ_nid2sn gives a static string or NULL.
    unsafe {
        let entry = ffi::X509_NAME_get_entry(name.as_ptr(), index);
        if entry.is_null() {
            return None;
        }
        let short = ffi::OBJ_nid2sn(ffi::OBJ_obj2nid(ffi::X509_NAME_ENTRY_get_object(entry)));
        let short = if short.is_null() { "UNDEF".into() } else { CStr::from_ptr(short).to_string_lossy().into_owned() };
        Some((short, memory::copy(super::asn1::string_bytes(ffi::X509_NAME_ENTRY_get_data(entry)))))
    }
}

pub fn append(name: &mut X509Name, nid: c_int, value: &[u8]) -> Result<()> {
    let len = c_int::try_from(value.len()).map_err(|_| Error::argument("the value is too long"))?;
    // SAFETY: a live name that nobody else can reach, and `len` readable bytes, which are copied.
    let added = unsafe {
        ffi::X509_NAME_add_entry_by_NID(name.as_ptr(), nid, ffi::MBSTRING_UTF8, value.as_ptr().cast_mut(), len, -1, 0)
    };
    if added == 1 {
        Ok(())
    } else {
        Err(Error::openssl())
    }
}

pub fn remove(name: &mut X509Name, index: c_int) {
    // SAFETY: a live name that nobody else can reach; the entry taken out of it is ours to free.
    unsafe { ffi::X509_NAME_ENTRY_free(ffi::X509_NAME_delete_entry(name.as_ptr(), index)) };
}

pub fn hash(name: &X509NameRef) -> Result<u32> {
    let mut ok = 0;
    // SAFETY: a live name; the default library context.
    let hash = unsafe { ffi::X509_NAME_hash_ex(name.as_ptr(), ptr::null_mut(), ptr::null(), &mut ok) };
    if ok == 1 {
        Ok(hash as u32)
    } else {
        Err(Error::openssl())
    }
}

pub fn compare(a: &X509NameRef, b: &X509NameRef) -> Result<Ordering> {
    Ok(a.try_cmp(b)?)
}

/// The name as RFC 2253 writes it, with UTF-8 as it is.
pub fn rfc2253(name: &X509NameRef) -> Result<String> {
    const XN_FLAG_RFC2253: c_ulong = 0x0111_0317;
    const ASN1_STRFLGS_ESC_MSB: c_ulong = 4;
    let sink = Sink::new()?;
    // SAFETY: prints a live name into a live BIO.
    unsafe { ffi::X509_NAME_print_ex(sink.as_ptr(), name.as_ptr(), 0, XN_FLAG_RFC2253 & !ASN1_STRFLGS_ESC_MSB) };
    Ok(memory::text(&sink.bytes()?)?)
}

/// X509_NAME_oneline: one line of ASCII, at most 511 bytes.
pub fn oneline(name: &X509NameRef) -> Result<String> {
    let mut room = [0 as c_char; 512];
    // SAFETY: OpenSSL writes at most as much as it is told, NUL included.
    unsafe {
        if ffi::X509_NAME_oneline(name.as_ptr(), room.as_mut_ptr(), room.len() as c_int).is_null() {
            return Err(Error::openssl());
        }
        Ok(CStr::from_ptr(room.as_ptr()).to_string_lossy().into_owned())
    }
}
