//! A digest of all that a store trusts: the same in every process that filled its store alike.

use super::check::check;
use super::ffi;
use super::store_params::{self, Directory};
use crate::error::Result;
use foreign_types::ForeignTypeRef;
use openssl::hash::MessageDigest;
use openssl::sha::Sha256;
use openssl::x509::store::X509StoreRef;
use std::collections::HashSet;
use std::ffi::c_void;

pub type Fingerprint = [u8; 32];

/// Returns the digest of the certificates and lists of a store, of the names of its directories, and of its flags and
/// time. What was found in a directory does not count: it depends on the certificates that were verified so far.
pub fn fingerprint(store: &X509StoreRef) -> Result<Fingerprint> {
    let live = store_params::live(store)?;
    // Before the store is read: a change meanwhile makes the result outdated, not wrong for ever.
    let generation = live.generation();
    if let Some((known, fingerprint)) = *live.fingerprint.lock() {
        if known == generation {
            return Ok(fingerprint);
        }
    }
    let directories: Vec<&Directory> = live.directories().collect();
    let mut found = HashSet::new();
    for directory in &directories {
        let note = |object: Object| {
            found.insert(object.address);
        };
        for_each_object(&directory.store, note)?;
    }
    let mut digests = Vec::new();
    for_each_object(store, |object| {
        if !found.contains(&object.address) {
            digests.push(object.digest());
        }
    })?;
    let mut digests = digests.into_iter().collect::<Result<Vec<_>>>()?;
    digests.sort_unstable();
    let mut digest = Sha256::new();
    for object in &digests {
        digest.update(object);
    }
    for directory in directories {
        digest.update(directory.path.to_bytes_with_nul());
    }
    let (flags, time) = store_params::flags_and_time(store);
    digest.update(&flags.to_be_bytes());
    digest.update(&time.unwrap_or_default().to_be_bytes());
    let fingerprint = digest.finish();
    *live.fingerprint.lock() = Some((generation, fingerprint));
    Ok(fingerprint)
}

/// A certificate or a revocation list of a store that is locked.
struct Object {
    address: *mut c_void,
    is_crl: bool,
}

impl Object {
    fn digest(&self) -> Result<Fingerprint> {
        let mut digest = [0; 32];
        let mut len = 0;
        let sha256 = MessageDigest::sha256().as_ptr();
        // SAFETY: a live object of this kind; the digest has 32 bytes.
        check(unsafe {
            if self.is_crl {
                ffi::X509_CRL_digest(self.address.cast(), sha256, digest.as_mut_ptr(), &mut len)
            } else {
                ffi::X509_digest(self.address.cast(), sha256, digest.as_mut_ptr(), &mut len)
            }
        })?;
        Ok(digest)
    }
}

/// Calls `see` for each object, with the store locked.
fn for_each_object(store: &X509StoreRef, mut see: impl FnMut(Object)) -> Result<()> {
    let store = store.as_ptr();
    // SAFETY: a live store, locked while its objects are borrowed.
    unsafe {
        check(ffi::X509_STORE_lock(store))?;
        let objects: *mut ffi::OPENSSL_STACK = ffi::X509_STORE_get0_objects(store).cast();
        for index in 0..ffi::OPENSSL_sk_num(objects) {
            let object = ffi::OPENSSL_sk_value(objects, index).cast();
            let cert: *mut c_void = ffi::X509_OBJECT_get0_X509(object).cast();
            let crl: *mut c_void = ffi::X509_OBJECT_get0_X509_CRL(object.cast()).cast();
            let object = Object { address: if cert.is_null() { crl } else { cert }, is_crl: cert.is_null() };
            if !object.address.is_null() {
                see(object);
            }
        }
        ffi::X509_STORE_unlock(store);
    }
    Ok(())
}
