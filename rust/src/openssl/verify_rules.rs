//! What an SSL demands of its peer's chain, as values that can be kept, compared and applied to a chain again.

use super::ffi;
use super::ssl::Ssl;
use super::store_params;
use foreign_types::ForeignType;
use libc::{c_char, c_int};
use openssl::x509::store::X509Store;
use std::ffi::{CStr, CString};

/// The parameters of a verification (X509_VERIFY_PARAM), those of the store included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyRules {
    /// X509_V_FLAG_*.
    pub flags: u64,
    /// -1: OpenSSL's default.
    pub depth: c_int,
    /// The security level of keys and digests in the chain.
    pub auth_level: c_int,
    /// X509_PURPOSE_*; 0: that of a TLS server's certificate.
    pub purpose: c_int,
    /// The moment of the verification in seconds since 1970; None: now.
    pub time: Option<i64>,
    pub name: ExpectedName,
}

/// Whom the peer's certificate must be for; each part that is set must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedName {
    /// DNS names, of which one must fit.
    pub hosts: Vec<CString>,
    /// An IP address as text.
    pub address: Option<CString>,
}

impl Ssl {
    /// Returns the rules of a verification that began now.
    pub fn verify_rules(&self) -> VerifyRules {
        let store = self.verify_store();
        let (store_flags, time) = store_params::flags_and_time(&store);
        // SAFETY: the parameters are part of the live SSL.
        unsafe {
            let param = ffi::SSL_get0_param(self.as_ptr());
            VerifyRules {
                flags: ffi::X509_VERIFY_PARAM_get_flags(param) as u64 | store_flags,
                depth: ffi::X509_VERIFY_PARAM_get_depth(param),
                auth_level: ffi::X509_VERIFY_PARAM_get_auth_level(param),
                purpose: 0,
                time,
                name: expected_name(param),
            }
        }
    }

    /// Returns the store that verifies the peer.
    pub fn verify_store(&self) -> X509Store {
        const SSL_CTRL_GET_VERIFY_CERT_STORE: c_int = 137;
        let mut store: *mut ffi::X509_STORE = std::ptr::null_mut();
        // SAFETY: a live SSL. Its own store, else that of its SSL_CTX, is borrowed; the new reference is the result's.
        unsafe {
            ffi::SSL_ctrl(self.as_ptr(), SSL_CTRL_GET_VERIFY_CERT_STORE, 0, (&raw mut store).cast());
            if store.is_null() {
                store = ffi::SSL_CTX_get_cert_store(ffi::SSL_get_SSL_CTX(self.as_ptr()));
            }
            ffi::X509_STORE_up_ref(store);
            X509Store::from_ptr(store)
        }
    }
}

/// # Safety
/// `param` must be live, and those of an SSL: only there is each host NUL-terminated.
unsafe fn expected_name(param: *mut ffi::X509_VERIFY_PARAM) -> ExpectedName {
    // SAFETY: the caller's promise. Strings are borrowed and copied; the address is a new string, freed here.
    unsafe {
        let text = |text: *mut c_char| (!text.is_null()).then(|| CStr::from_ptr(text).to_owned());
        let address = ffi::X509_VERIFY_PARAM_get1_ip_asc(param);
        let name = ExpectedName {
            hosts: (0..).map_while(|index| text(ffi::X509_VERIFY_PARAM_get0_host(param, index))).collect(),
            address: text(address),
        };
        ffi::OPENSSL_free(address.cast());
        name
    }
}
