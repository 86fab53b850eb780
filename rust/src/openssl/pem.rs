//! PEM reading and writing with a passphrase rule of our own: OpenSSL's default would ask on the terminal.

use super::bio::{collect, Source};
use super::errors;
use super::ffi::PEM_write_bio_PrivateKey_traditional;
use crate::error::{Error, Result};
use crate::openssl::ffi;
use crate::openssl::passphrase::{Passphrase, MAX};
use foreign_types::{ForeignType, ForeignTypeRef};
use libc::{c_char, c_int, c_uchar, c_void};
use openssl::pkey::{PKey, PKeyRef, Private};
use openssl::symm::Cipher;
use openssl::x509::{X509Crl, X509};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;

type PasswordCallback = Option<unsafe extern "C" fn(*mut c_char, c_int, c_int, *mut c_void) -> c_int>;
/// PEM_read_bio_X509 and its kin.
pub type Reader<T> = unsafe extern "C" fn(*mut ffi::BIO, *mut *mut T, PasswordCallback, *mut c_void) -> *mut T;
type Writer = unsafe extern "C" fn(
    *mut ffi::BIO,
    *const ffi::EVP_PKEY,
    *const ffi::EVP_CIPHER,
    *const c_uchar,
    c_int,
    PasswordCallback,
    *mut c_void,
) -> c_int;

/// The first object of its kind in the PEM text.
pub fn read<T: ForeignType>(pem: &[u8], reader: Reader<T::CType>) -> Result<T> {
    read_encrypted(pem, reader, &mut Passphrase::None, "the data is encrypted, which is not supported here")
}

/// A private key in any PEM form.
pub fn read_private_key(pem: &[u8], passphrase: &mut Passphrase) -> Result<PKey<Private>> {
    let without = "the key is encrypted and no passphrase was given";
    read_encrypted(pem, ffi::PEM_read_bio_PrivateKey, passphrase, without)
}

/// What a bundle of trusted certificates has.
pub enum Item {
    Cert(X509),
    Crl(X509Crl),
}

/// Reads all certificates and revocation lists of a PEM text. Keys are passed over; a damaged block is an error.
pub fn certs_and_crls(pem: &[u8]) -> Result<Vec<Item>> {
    let source = Source::new(pem)?;
    let mut items = Vec::new();
    // SAFETY: a live BIO. The stack and the entries in it are ours, and freed once; what is taken out of an entry is no
    // longer in it. An empty passphrase, as X509_load_cert_crl_file() has it, asks on no terminal.
    unsafe {
        let found = ffi::PEM_X509_INFO_read_bio(source.as_ptr(), ptr::null_mut(), None, c"".as_ptr() as *mut c_void);
        if found.is_null() {
            return Err(Error::openssl());
        }
        for index in 0..ffi::OPENSSL_sk_num(found) {
            let entry = ffi::OPENSSL_sk_value(found, index).cast::<ffi::X509_INFO>();
            let Some(parts) = entry.as_mut() else { continue };
            if !parts.x509.is_null() {
                items.push(Item::Cert(X509::from_ptr(std::mem::replace(&mut parts.x509, ptr::null_mut()))));
            }
            if !parts.crl.is_null() {
                items.push(Item::Crl(X509Crl::from_ptr(std::mem::replace(&mut parts.crl, ptr::null_mut()))));
            }
            ffi::X509_INFO_free(entry);
        }
        ffi::OPENSSL_sk_free(found);
    }
    Ok(items)
}

/// A private key as PKCS#8, or in the traditional form of its kind; encrypted when there is a cipher.
pub fn write_private_key(
    key: &PKeyRef<Private>,
    traditional: bool,
    cipher: Option<(Cipher, &[u8])>,
) -> Result<Vec<u8>> {
    let writer: Writer = if traditional { PEM_write_bio_PrivateKey_traditional } else { ffi::PEM_write_bio_PrivateKey };
    let mut passphrase = cipher.map_or(Passphrase::None, |(_, passphrase)| Passphrase::Bytes(passphrase));
    let cipher = cipher.map_or(ptr::null(), |(cipher, _)| cipher.as_ptr());
    let mut asked = Asked { passphrase: &mut passphrase, times: 0, failure: None };
    let userdata = (&raw mut asked).cast::<c_void>();
    // SAFETY: a live key and a static cipher or none; with a callback and no passphrase OpenSSL calls `ask`, whose
    // userdata outlives the call.
    let result = collect(|bio| unsafe { writer(bio, key.as_ptr(), cipher, ptr::null(), 0, Some(ask), userdata) });
    result.map_err(|error| asked.failure.take().unwrap_or(error))
}

fn read_encrypted<T: ForeignType>(
    pem: &[u8],
    reader: Reader<T::CType>,
    passphrase: &mut Passphrase,
    without: &'static str,
) -> Result<T> {
    let source = Source::new(pem)?;
    let mut asked = Asked { passphrase, times: 0, failure: None };
    // SAFETY: the BIO and the callback's userdata outlive the call; what it returns is owned by us.
    unsafe {
        let object = reader(source.as_ptr(), ptr::null_mut(), Some(ask), (&raw mut asked).cast());
        let object = (!object.is_null()).then(|| T::from_ptr(object));
        match object {
            Some(object) if asked.failure.is_none() => return Ok(object),
            _ => drop(object),
        }
    }
    Err(match (asked.failure.take(), asked.times, asked.passphrase) {
        (Some(failure), ..) => {
            errors::clear();
            failure
        }
        (None, 0, _) => Error::openssl(),
        (None, _, Passphrase::None) => Error::openssl().saying(without),
        (None, ..) => {
            let error = Error::openssl();
            let unknown =
                error.detail.iter().flat_map(|detail| &detail.entries).any(|entry| UNKNOWN.contains(&&*entry.reason));
            error.doing(if unknown {
                "the key is encrypted in a way that OpenSSL does not know"
            } else {
                "the passphrase is wrong, or the key is damaged"
            })
        }
    })
}

/// OpenSSL's reasons where the passphrase is not to blame.
const UNKNOWN: [&str; 3] = ["unknown pbe algorithm", "unsupported cipher", "unsupported encryption"];

/// One call's conversation with OpenSSL about the passphrase.
struct Asked<'a, 'b> {
    passphrase: &'a mut Passphrase<'b>,
    times: u32,
    failure: Option<Error>,
}

/// OpenSSL asks again where a first decoder fails; whoever refused once is not asked again.
unsafe extern "C" fn ask(room: *mut c_char, size: c_int, writing: c_int, userdata: *mut c_void) -> c_int {
    let answer = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: userdata is the Asked of the call in progress on this thread, which does not touch it meanwhile.
        let asked = unsafe { &mut *userdata.cast::<Asked>() };
        asked.times += 1;
        if asked.failure.is_some() {
            return None;
        }
        // SAFETY: OpenSSL hands `size` writable bytes.
        let room = unsafe { std::slice::from_raw_parts_mut(room.cast::<u8>(), usize::try_from(size).ok()?) };
        room.fill(0);
        let most = room.len().min(MAX);
        match asked.passphrase.write(&mut room[..most], writing != 0) {
            Ok(len) => len,
            Err(failure) => {
                asked.failure = Some(failure);
                None
            }
        }
    }));
    answer.ok().flatten().and_then(|len| c_int::try_from(len).ok()).unwrap_or(-1)
}
