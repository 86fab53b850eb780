//! Keys: what the `openssl` crate does not offer.

use super::bio::collect;
use super::ffi;
use crate::error::{Error, Result};
use crate::status::Status;
use foreign_types::{ForeignType, ForeignTypeRef};
use libc::{c_int, c_long};
use openssl::ec::EcKey;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, Id, PKey, PKeyRef, Private, Public};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Rsa;
use openssl::symm::Cipher;
use std::ffi::CStr;
use std::ptr;

/// A counted reference for what needs the public part only.
pub fn public_view(key: &PKeyRef<Private>) -> PKey<Public> {
    // SAFETY: a live key; the reference counted here is the one the new owner will drop.
    unsafe {
        ffi::EVP_PKEY_up_ref(key.as_ptr());
        PKey::from_ptr(key.as_ptr())
    }
}

/// The public part as an object of OpenSSL's older form; None where it would be encoded differently.
pub fn older_form(key: &PKeyRef<Public>) -> Option<PKey<Public>> {
    let twin = if let Ok(ec) = key.ec_key() {
        PKey::from_ec_key(EcKey::from_public_key(ec.group(), ec.public_key()).ok()?).ok()?
    } else {
        let rsa = key.rsa().ok()?;
        let (n, e) = (rsa.n().to_owned().ok()?, rsa.e().to_owned().ok()?);
        PKey::from_rsa(Rsa::from_public_components(n, e).ok()?).ok()?
    };
    (twin.public_key_to_der().ok()? == key.public_key_to_der().ok()?).then_some(twin)
}

/// Returns OpenSSL's name of the kind of a key: "RSA", "EC", "ML-DSA-65". An SSL_CTX has a place for each kind.
pub fn kind<T>(key: &PKeyRef<T>) -> Result<String> {
    // SAFETY: a live key; the name belongs to it, or is static.
    unsafe {
        let name = ffi::EVP_PKEY_get0_type_name(key.as_ptr());
        if name.is_null() {
            return Err(Error::openssl());
        }
        Ok(CStr::from_ptr(name).to_string_lossy().into_owned())
    }
}

/// Whether two references are to one object.
pub fn same<A, B>(a: &PKeyRef<A>, b: &PKeyRef<B>) -> bool {
    a.as_ptr() == b.as_ptr()
}

pub fn bits<T>(key: &PKeyRef<T>) -> c_int {
    // SAFETY: a live key.
    unsafe { ffi::EVP_PKEY_bits(key.as_ptr()) }
}

pub fn generate_rsa(bits: c_int) -> Result<PKey<Private>> {
    let mut ctx = PkeyCtx::new_id(Id::RSA)?;
    ctx.keygen_init()?;
    ctx.set_rsa_keygen_bits(size(bits)?)?;
    Ok(ctx.keygen()?)
}

pub fn generate_dsa(bits: c_int) -> Result<PKey<Private>> {
    let bits = size(bits).map_err(|refused| Error::new(Status::Error, refused.message().to_owned()))?;
    Ok(PKey::from_dsa(openssl::dsa::Dsa::generate(bits)?)?)
}

pub fn generate_ec(curve: &str) -> Result<PKey<Private>> {
    if curve.contains('\0') {
        return Err(Error::argument("a NUL in the name of a curve"));
    }
    Ok(PKey::ec_gen(curve)?)
}

/// PKCS#8 or the traditional form of the kind, never encrypted.
pub fn private_from_der(der: &[u8]) -> Result<PKey<Private>> {
    let len = c_long::try_from(der.len()).map_err(|_| Error::argument("impossible length"))?;
    let mut at = der.as_ptr();
    // SAFETY: `at` points at `len` readable bytes; what is returned is owned by us.
    unsafe {
        let key = ffi::d2i_AutoPrivateKey(ptr::null_mut(), &mut at, len);
        if key.is_null() {
            return Err(Error::openssl());
        }
        Ok(PKey::from_ptr(key))
    }
}

pub fn public_from_der(der: &[u8]) -> Result<PKey<Public>> {
    Ok(PKey::public_key_from_der(der)?)
}

/// As text; a public key without private numbers. RSA in the words of the older printer, which programs know.
pub fn text<T: HasPublic>(key: &PKeyRef<T>) -> Result<Vec<u8>> {
    if let Ok(rsa) = key.rsa() {
        // SAFETY: a live key and BIO.
        return collect(|bio| unsafe { ffi::RSA_print(bio, rsa.as_ptr(), 0) });
    }
    // SAFETY: a live key and BIO.
    collect(|bio| unsafe { ffi::EVP_PKEY_print_private(bio, key.as_ptr(), 0, ptr::null_mut()) })
}

pub fn curves() -> Result<Vec<&'static str>> {
    // SAFETY: asked with no room, the function tells how many there are; it then fills as many as there is room for.
    let found = unsafe {
        let count = ffi::EC_get_builtin_curves(ptr::null_mut(), 0);
        let none = ffi::EC_builtin_curve { nid: 0, comment: ptr::null() };
        let mut found: Vec<_> = std::iter::repeat_n(none, count).collect();
        let filled = ffi::EC_get_builtin_curves(found.as_mut_ptr(), count);
        found.truncate(filled);
        found
    };
    found.iter().map(|curve| Ok(Nid::from_raw(curve.nid).short_name()?)).collect()
}

pub fn cipher_by_name(name: &CStr) -> Option<Cipher> {
    // SAFETY: a NUL-terminated name; what is returned is a static table or NULL.
    unsafe {
        let cipher = ffi::EVP_get_cipherbyname(name.as_ptr());
        (!cipher.is_null()).then(|| Cipher::from_ptr(cipher))
    }
}

fn size(bits: c_int) -> Result<u32> {
    u32::try_from(bits).ok().filter(|bits| *bits > 0).ok_or_else(|| Error::argument("Invalid number of bits"))
}
