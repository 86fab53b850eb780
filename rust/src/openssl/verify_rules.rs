//! What an SSL demands of its peer's chain, as values that can be kept, compared and applied to a chain again.

use super::ffi;
use super::hostname::ExpectedName;
use super::ssl::Ssl;
use super::store_params;
use super::x509::{self, Limit};
use foreign_types::ForeignType;
use libc::c_int;
use openssl::x509::store::{X509Store, X509StoreRef};
use openssl::x509::{X509Ref, X509};

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

impl VerifyRules {
    /// Returns true if the answer depends on more than the chain and its anchor: on revocation lists, or on a response
    /// that comes with the chain.
    pub fn ask_for_revocation(&self) -> bool {
        const OCSP_RESP_CHECK: u64 = 0x40_0000;
        const OCSP_RESP_CHECK_ALL: u64 = 0x80_0000;
        const ASKS: u64 =
            ffi::X509_V_FLAG_CRL_CHECK | ffi::X509_V_FLAG_CRL_CHECK_ALL | OCSP_RESP_CHECK | OCSP_RESP_CHECK_ALL;
        self.flags & ASKS != 0
    }

    /// Returns true if each certificate is valid at the time of these rules.
    pub fn accept_dates_of(&self, chain: &[X509]) -> bool {
        if self.flags & ffi::X509_V_FLAG_NO_CHECK_TIME != 0 {
            return true;
        }
        let when = self.time.unwrap_or_else(now);
        chain.iter().all(|cert| valid_at(cert, when))
    }
}

impl Ssl {
    /// Returns the rules of a verification that began now.
    pub fn verify_rules(&self) -> VerifyRules {
        let store = self.verify_store();
        let (store_flags, time) = store_params::flags_and_time(&store);
        // SAFETY: the parameters are part of the live SSL.
        unsafe {
            let param = ffi::SSL_get0_param(self.as_ptr());
            let own_level = ffi::X509_VERIFY_PARAM_get_auth_level(param);
            VerifyRules {
                flags: ffi::X509_VERIFY_PARAM_get_flags(param) as u64 | store_flags,
                depth: ffi::X509_VERIFY_PARAM_get_depth(param),
                auth_level: if own_level < 0 { ffi::SSL_get_security_level(self.as_ptr()) } else { own_level },
                purpose: purpose(param),
                time,
                name: self.expected_name(),
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

fn valid_at(cert: &X509Ref, when: i64) -> bool {
    let times = (x509::time_seconds(cert, Limit::NotBefore), x509::time_seconds(cert, Limit::NotAfter));
    matches!(times, (Ok(Some(from)), Ok(Some(to))) if from <= when && when < to)
}

fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
}

/// Returns true if the store trusts the last certificate of a chain, and distrusts none of it.
pub fn is_anchored(chain: &[X509], store: &X509StoreRef) -> bool {
    let Some((anchor, others)) = chain.split_last() else { return false };
    let anchored = store_params::trust_in(store, anchor) == Some(true)
        && others.iter().all(|cert| store_params::trust_in(store, cert) != Some(false));
    super::errors::clear();
    anchored
}

/// # Safety
/// `param` must be live.
unsafe fn purpose(param: *mut ffi::X509_VERIFY_PARAM) -> c_int {
    // Nothing sets a purpose on an SSL yet, and OpenSSL before 3.5 has no way to ask for it.
    #[cfg(feature = "embedded")]
    // SAFETY: the caller's promise.
    return unsafe { ffi::X509_VERIFY_PARAM_get_purpose(param) };
    #[cfg(not(feature = "embedded"))]
    {
        let _ = param;
        0
    }
}
