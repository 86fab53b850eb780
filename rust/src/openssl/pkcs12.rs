//! PKCS12_parse and PKCS12_create, with OpenSSL's legacy algorithms where a file needs them.

use super::bio::Source;
use super::ffi;
use super::x509::copy_bag_attributes;
use crate::error::{Error, Result};
use crate::runtime::memory;
use foreign_types::ForeignType;
use libc::c_int;
use openssl::lib_ctx::LibCtx;
use openssl::pkey::{PKey, Private};
use openssl::provider::Provider;
use openssl::stack::Stack;
use openssl::x509::X509;
use std::ffi::{CStr, CString};
use std::ptr;
use std::sync::OnceLock;

/// Rounds of key derivation where the caller names no number.
pub const ROUNDS: i32 = 100_000;

/// How a file is to be protected.
pub struct Protection<'a> {
    /// OpenSSL's name of a cipher for PBES2 ("aes-128-cbc"), or PBE-SHA1-3DES for PKCS#12's own scheme, which readers of
    /// before 2010 need. None: AES-256-CBC.
    pub cipher: Option<&'a CStr>,
    /// Rounds for deriving the keys that encrypt; 0 for ROUNDS.
    pub rounds: i32,
    /// Rounds for deriving the key of the MAC; 0 for ROUNDS, -1 for no MAC.
    pub mac_rounds: i32,
}

/// What was in a file.
pub struct Opened {
    pub key: Option<PKey<Private>>,
    pub cert: Option<X509>,
    pub others: Vec<X509>,
    /// The key's certificate's friendlyName, as UTF-8.
    pub name: Option<Vec<u8>>,
}

/// What is to be in a file.
pub struct Contents {
    pub key: Option<PKey<Private>>,
    pub cert: Option<X509>,
    pub others: Vec<X509>,
    pub name: Option<CString>,
}

/// Tries the algorithms of today, then, where they are not enough, those of the legacy provider too (RC2 above all).
pub fn open(der: &[u8], passphrase: Option<&CStr>) -> Result<Opened> {
    ffi::init();
    match parse(der, passphrase, ptr::null_mut()) {
        Err(error) if unsupported(&error) => {
            let legacy = LEGACY.get_or_init(Legacy::load).as_ref().ok_or(error)?;
            let opened = {
                let _default = Default::make(&legacy.context);
                parse(der, passphrase, legacy.context.as_ptr())?
            };
            opened.leave_context()
        }
        result => result,
    }
}

pub fn seal(contents: &Contents, passphrase: Option<&CStr>, protection: &Protection) -> Result<Vec<u8>> {
    ffi::init();
    let scheme = scheme(protection.cipher.unwrap_or(c"aes-256-cbc"))?;
    let rounds = |asked: i32| if asked == 0 { ROUNDS } else { asked };
    let mut others = Stack::new()?;
    for cert in &contents.others {
        others.push(cert.clone())?;
    }
    let others = if others.is_empty() { ptr::null_mut() } else { others.as_ptr() };
    // SAFETY: all objects live during the call, which copies from them; the structure made is ours and freed below.
    unsafe {
        let made = ffi::PKCS12_create(
            passphrase.map_or(ptr::null(), CStr::as_ptr).cast_mut(),
            contents.name.as_deref().map_or(ptr::null(), CStr::as_ptr).cast_mut(),
            contents.key.as_ref().map_or(ptr::null_mut(), |key| key.as_ptr()),
            contents.cert.as_ref().map_or(ptr::null_mut(), |cert| cert.as_ptr()),
            others,
            scheme,
            scheme,
            rounds(protection.rounds),
            rounds(protection.mac_rounds),
            0,
        );
        if made.is_null() {
            return Err(Error::openssl());
        }
        Ok(openssl::pkcs12::Pkcs12::from_ptr(made).to_der()?)
    }
}

/// What PKCS12_create() knows a scheme by.
fn scheme(name: &CStr) -> Result<c_int> {
    if name.to_bytes().eq_ignore_ascii_case(b"PBE-SHA1-3DES") {
        return Ok(ffi::NID_pbe_WithSHA1And3_Key_TripleDES_CBC);
    }
    let cipher = super::pkey::cipher_by_name(name).ok_or_else(|| {
        let name = name.to_bytes().escape_ascii();
        Error::argument(format!("Invalid cipher name: \"{name}\"; \"aes-256-cbc\" is one"))
    })?;
    Ok(cipher.nid().as_raw())
}

fn parse(der: &[u8], passphrase: Option<&CStr>, context: *mut ffi::OSSL_LIB_CTX) -> Result<Opened> {
    let source = Source::new(der)?;
    let (mut key, mut cert, mut others) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: the empty structure carries the library context into which the BIO's bytes are decoded. When that fails,
    // OpenSSL has freed it and put NULL in its place, or not touched it. What is parsed out of it is owned by us.
    unsafe {
        let mut file = ffi::PKCS12_init_ex(ffi::NID_pkcs7_data, context, ptr::null());
        if file.is_null() {
            return Err(Error::openssl());
        }
        let decoded = ffi::d2i_PKCS12_bio(source.as_ptr(), &mut file);
        let file = (!file.is_null()).then(|| openssl::pkcs12::Pkcs12::from_ptr(file));
        let Some(file) = file.filter(|_| !decoded.is_null()) else { return Err(Error::openssl()) };
        let passphrase = passphrase.map_or(ptr::null(), CStr::as_ptr);
        if ffi::PKCS12_parse(file.as_ptr(), passphrase, &mut key, &mut cert, &mut others) != 1 {
            return Err(Error::openssl());
        }
        let cert = (!cert.is_null()).then(|| X509::from_ptr(cert));
        let others = if others.is_null() { Vec::new() } else { Stack::<X509>::from_ptr(others).into_iter().collect() };
        Ok(Opened {
            key: (!key.is_null()).then(|| PKey::from_ptr(key)),
            name: cert.as_ref().and_then(|cert| cert.alias().map(memory::copy)).transpose()?,
            cert: cert.map(without_bag_attributes),
            others,
        })
    }
}

/// Friendly name and key id came with the file, not with the certificate; left on it they would go into the next file.
fn without_bag_attributes(cert: X509) -> X509 {
    // SAFETY: a certificate that nobody else holds; NULL takes the attribute off.
    unsafe {
        ffi::X509_alias_set1(cert.as_ptr(), ptr::null(), 0);
        ffi::X509_keyid_set1(cert.as_ptr(), ptr::null(), 0);
    }
    cert
}

impl Opened {
    /// The same through DER in the default library context, where all other objects are.
    fn leave_context(self) -> Result<Self> {
        let key = self.key.map(|key| Ok::<_, Error>(PKey::private_key_from_pkcs8(&key.private_key_to_pkcs8()?)?));
        let again = |cert: X509| {
            let copy = X509::from_der(&cert.to_der()?)?;
            copy_bag_attributes(&cert, &copy)?;
            Ok::<_, Error>(copy)
        };
        Ok(Opened {
            key: key.transpose()?,
            cert: self.cert.map(again).transpose()?,
            others: self.others.into_iter().map(again).collect::<Result<_>>()?,
            name: self.name,
        })
    }
}

/// A library context of its own for the algorithms of the past, so that nothing else in the process gets them.
struct Legacy {
    context: LibCtx,
    _default: Provider,
    _legacy: Provider,
}

/// Loaded for the first file that needs it and kept. A forked child has it as its parent had.
static LEGACY: OnceLock<Option<Legacy>> = OnceLock::new();

impl Legacy {
    fn load() -> Option<Self> {
        let context = LibCtx::new().ok()?;
        #[cfg(feature = "embedded")]
        // SAFETY: a live context.
        unsafe {
            super::library::load_no_modules(context.as_ptr());
        }
        let default = Provider::load(Some(&context), "default").ok()?;
        let legacy = Provider::load(Some(&context), "legacy").ok()?;
        Some(Legacy { context, _default: default, _legacy: legacy })
    }
}

/// Makes a library context this thread's default one, until it is dropped: OpenSSL 3.0 decrypts the keys of a file there,
/// whatever the file's own.
struct Default<'a> {
    before: *mut ffi::OSSL_LIB_CTX,
    _context: &'a LibCtx,
}

impl<'a> Default<'a> {
    fn make(context: &'a LibCtx) -> Self {
        // SAFETY: the context outlives the guard, which puts the one before back.
        Default { before: unsafe { ffi::OSSL_LIB_CTX_set0_default(context.as_ptr()) }, _context: context }
    }
}

impl Drop for Default<'_> {
    fn drop(&mut self) {
        // SAFETY: this was the default before.
        unsafe { ffi::OSSL_LIB_CTX_set0_default(self.before) };
    }
}

/// Did an algorithm fail to be found?
fn unsupported(error: &Error) -> bool {
    let entries = error.detail.as_ref().map(|detail| detail.entries.as_slice()).unwrap_or_default();
    entries.iter().any(|entry| entry.reason == "unsupported" || entry.reason == "unsupported algorithm")
}
