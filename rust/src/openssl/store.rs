//! X509_STORE and X509_STORE_CTX: what the `openssl` crate does not offer.

use super::bio::collect;
use super::check::check;
use super::ffi;
use super::{library, pem, store_params};
use crate::error::{Error, Result, VerifyFailure};
use crate::runtime::memory;
use crate::status::Status;
use foreign_types::{ForeignType, ForeignTypeRef};
use libc::c_ulong;
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder, X509StoreRef};
use openssl::x509::{X509Crl, X509NameRef, X509Ref, X509};
use std::ffi::CStr;
use std::ptr;

pub use super::store_params::{set_flags, set_time};

pub fn empty() -> Result<X509Store> {
    let store = X509StoreBuilder::new()?.build();
    // SAFETY: a new store.
    unsafe { store_params::prepare(store.as_ptr()) }?;
    Ok(store)
}

/// One more reference to a store.
pub fn share(store: &X509StoreRef) -> X509Store {
    // SAFETY: a live store; the reference that is counted is the returned value's.
    unsafe {
        ffi::X509_STORE_up_ref(store.as_ptr());
        X509Store::from_ptr(store.as_ptr())
    }
}

pub fn add_cert(store: &X509StoreRef, cert: &X509Ref) -> Result<()> {
    // SAFETY: live objects; the store locks itself and counts a reference of its own.
    let done = check(unsafe { ffi::X509_STORE_add_cert(store.as_ptr(), cert.as_ptr()) });
    store_params::changed(store);
    done
}

pub fn add_crl(store: &X509StoreRef, crl: &X509Crl) -> Result<()> {
    // SAFETY: as above.
    let done = check(unsafe { ffi::X509_STORE_add_crl(store.as_ptr(), crl.as_ptr()) });
    store_params::changed(store);
    done
}

/// Loads a PEM file, and adds a directory to look certificates up in. All that can be refused is refused before the store
/// changes: OpenSSL reads a file to its end before it adds the first certificate.
pub fn load_locations(store: &X509StoreRef, file: Option<&CStr>, directory: Option<&CStr>) -> Result<()> {
    let directory = directory.map(store_params::Directory::open).transpose()?;
    if let Some(file) = file {
        // SAFETY: a live store, which locks itself, and a NUL-terminated name.
        let done = check(unsafe { ffi::X509_STORE_load_file(store.as_ptr(), file.as_ptr()) });
        store_params::changed(store);
        done?;
    }
    directory.map_or(Ok(()), |directory| store_params::add_directory(store, directory))
}

/// Adds the certificates and revocation lists of a PEM text, as X509_STORE_load_file() does those of a file.
pub fn load_pem(store: &X509StoreRef, pem: &[u8]) -> Result<()> {
    let found = pem::certs_and_crls(pem)?;
    if found.is_empty() {
        return Err(Error::new(Status::Error, "there is no certificate and no revocation list in it"));
    }
    found.iter().try_for_each(|item| match item {
        pem::Item::Cert(cert) => add_cert(store, cert),
        pem::Item::Crl(crl) => add_crl(store, crl),
    })
}

/// One verification, from its set-up to its chain.
pub struct Verification {
    context: *mut ffi::X509_STORE_CTX,
    // The context borrows both.
    cert: X509,
    _untrusted: Option<Stack<X509>>,
}

pub struct Refused {
    pub failure: VerifyFailure,
    pub culprit: Option<X509>,
}

impl Verification {
    pub fn new(store: &X509StoreRef, cert: X509, untrusted: Vec<X509>) -> Result<Self> {
        let untrusted = if untrusted.is_empty() { None } else { Some(stack(untrusted)?) };
        // SAFETY: certificate and stack live as long as the context that borrows them (see the fields), the context
        // counts a reference of its own to nothing else; the store outlives run(), see core::store.
        unsafe {
            let context = ffi::X509_STORE_CTX_new();
            if context.is_null() {
                return Err(Error::openssl());
            }
            let chain = untrusted.as_ref().map_or(ptr::null_mut(), |stack| stack.as_ptr());
            let made = Verification { context, cert, _untrusted: untrusted };
            check(ffi::X509_STORE_CTX_init(context, store.as_ptr(), made.cert.as_ptr(), chain))?;
            store_params::apply(context);
            Ok(made)
        }
    }

    pub fn run(&mut self) -> std::result::Result<(), Refused> {
        // SAFETY: a context set up in new().
        let verified = unsafe { ffi::X509_verify_cert(self.context) };
        if verified > 0 {
            return Ok(());
        }
        // SAFETY: the context has finished; the certificate at fault is borrowed from it and a reference counted.
        let (culprit, mut failure) = unsafe {
            let culprit = ffi::X509_STORE_CTX_get_current_cert(self.context);
            ((!culprit.is_null()).then(|| X509Ref::from_ptr(culprit).to_owned()), failure(self.context))
        };
        if culprit.is_none() && failure.code != ffi::X509_V_OK {
            // It is the chain that is refused (for its policies).
            failure.subject = name_text(self.cert.subject_name());
            return Err(Refused { failure, culprit: Some(self.cert.clone()) });
        }
        Err(Refused { failure, culprit })
    }

    /// After a good run(): from the certificate to the trusted one.
    pub fn chain(&self) -> Vec<X509> {
        // SAFETY: a live context.
        unsafe { chain_of(self.context) }
    }
}

/// The chain that a verification has built, from the certificate to the trusted one.
///
/// # Safety
/// `context` must be live.
pub unsafe fn chain_of(context: *mut ffi::X509_STORE_CTX) -> Vec<X509> {
    // SAFETY: the caller's promise; the stack is borrowed from the context, and a reference counted for each
    // certificate in it.
    unsafe {
        let chain = ffi::X509_STORE_CTX_get0_chain(context);
        let count = ffi::OPENSSL_sk_num(chain.cast()).max(0);
        let certs = (0..count).map(|index| ffi::OPENSSL_sk_value(chain.cast(), index).cast::<ffi::X509>());
        certs.filter(|cert| !cert.is_null()).map(|cert| X509Ref::from_ptr(cert).to_owned()).collect()
    }
}

impl Drop for Verification {
    fn drop(&mut self) {
        // SAFETY: owned since new().
        unsafe { ffi::X509_STORE_CTX_free(self.context) };
    }
}

/// What a finished verification says of its failure.
///
/// # Safety
/// `context` must be live.
pub unsafe fn failure(context: *mut ffi::X509_STORE_CTX) -> VerifyFailure {
    // SAFETY: the caller's promise; the certificate is borrowed from the context.
    unsafe {
        let code = ffi::X509_STORE_CTX_get_error(context);
        let culprit = ffi::X509_STORE_CTX_get_current_cert(context);
        VerifyFailure {
            code,
            depth: ffi::X509_STORE_CTX_get_error_depth(context).max(0),
            message: library::verify_error_text(code).to_string_lossy().into_owned(),
            subject: if culprit.is_null() {
                String::new()
            } else {
                name_text(X509Ref::from_ptr(culprit).subject_name())
            },
        }
    }
}

/// RFC 2253, with what is not ASCII as it is and not as escapes.
fn name_text(name: &X509NameRef) -> String {
    const XN_FLAG_RFC2253: c_ulong = 0x0111_0317;
    const ASN1_STRFLGS_ESC_MSB: c_ulong = 4;
    let flags = XN_FLAG_RFC2253 & !ASN1_STRFLGS_ESC_MSB;
    // SAFETY: a live name and BIO. Nothing printed means an empty name, which is no failure.
    let text = collect(|bio| unsafe { ffi::X509_NAME_print_ex(bio, name.as_ptr(), 0, flags) });
    text.ok().and_then(|text| memory::text(&text).ok()).unwrap_or_default()
}

fn stack(certs: Vec<X509>) -> Result<Stack<X509>> {
    let mut stack = Stack::new()?;
    for cert in certs {
        stack.push(cert)?;
    }
    Ok(stack)
}
