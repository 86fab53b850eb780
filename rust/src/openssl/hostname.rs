//! Host names at OpenSSL's side: the name that a verification expects, and the names that a certificate has.

use super::check::check;
use super::ffi;
use super::ssl::Ssl;
use crate::error::{Error, Result};
use foreign_types::ForeignTypeRef;
use libc::{c_char, c_int, c_uint, c_void};
use openssl::x509::{X509Ref, X509StoreContext, X509StoreContextRef};
use std::ffi::{CStr, CString};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ptr;

/// No partial wildcards, and the subject's common name does not count (RFC 9525).
const FLAGS: c_uint = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
const X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS: c_uint = 0x4;
const X509_CHECK_FLAG_NEVER_CHECK_SUBJECT: c_uint = 0x20;

/// The name or address that the peer's certificate must be for.
#[derive(Clone, Copy, Debug)]
pub enum Expected<'a> {
    /// A DNS name.
    Name(&'a CStr),
    Address(IpAddr),
}

impl Expected<'_> {
    /// Returns true if the certificate is for this name or address.
    pub fn is_in(self, cert: &X509Ref) -> Result<bool> {
        // SAFETY: a live certificate, and a name or address that is readable for its length.
        let found = unsafe {
            match self {
                Expected::Name(name) => {
                    let name = name.to_bytes();
                    ffi::X509_check_host(cert.as_ptr(), name.as_ptr().cast(), name.len(), FLAGS, ptr::null_mut())
                }
                Expected::Address(address) => {
                    with_octets(address, |octets| ffi::X509_check_ip(cert.as_ptr(), octets.as_ptr(), octets.len(), 0))
                }
            }
        };
        match found {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Error::openssl()),
        }
    }

    /// Returns true if OpenSSL takes this as something to expect. Versions differ in what they accept as a host name.
    pub fn is_usable(self) -> Result<bool> {
        // SAFETY: new parameters, which nothing else holds, freed here.
        unsafe {
            let trial = ffi::X509_VERIFY_PARAM_new();
            if trial.is_null() {
                return Err(Error::openssl());
            }
            let usable = self.set(trial);
            ffi::X509_VERIFY_PARAM_free(trial);
            super::errors::clear();
            Ok(usable)
        }
    }

    /// # Safety
    /// `param` must be live, and nothing else use it during the call.
    unsafe fn set(self, param: *mut ffi::X509_VERIFY_PARAM) -> bool {
        // SAFETY: the caller's promise; OpenSSL copies name and address.
        unsafe {
            ffi::X509_VERIFY_PARAM_set_hostflags(param, FLAGS);
            match self {
                Expected::Name(name) => {
                    let name = name.to_bytes();
                    ffi::X509_VERIFY_PARAM_set1_host(param, name.as_ptr().cast(), name.len()) == 1
                        && ffi::X509_VERIFY_PARAM_set1_ip(param, ptr::null(), 0) == 1
                }
                Expected::Address(address) => {
                    with_octets(address, |octets| {
                        ffi::X509_VERIFY_PARAM_set1_ip(param, octets.as_ptr(), octets.len()) == 1
                    }) && ffi::X509_VERIFY_PARAM_set1_host(param, ptr::null(), 0) == 1
                }
            }
        }
    }
}

impl Ssl {
    /// Has verifications compare the names of the peer's certificate with this one, in place of an earlier one.
    ///
    /// OpenSSL forgets the earlier one before it takes the new one. A failure of this (with `is_usable` asked before, for
    /// lack of memory alone) leaves nothing to compare: the caller must not use the connection any more.
    pub fn expect_host(&self, host: Expected<'_>) -> Result<()> {
        // SAFETY: the parameters are part of the SSL.
        match unsafe { host.set(ffi::SSL_get0_param(self.as_ptr())) } {
            true => Ok(()),
            false => Err(Error::openssl()),
        }
    }

    /// Returns all that the peer's certificate must be for.
    pub fn expected_name(&self) -> ExpectedName {
        // SAFETY: the parameters are part of the SSL, where each host is NUL-terminated; see wanted(). Strings are borrowed
        // and copied; the address is a new string, freed here.
        unsafe {
            let param = ffi::SSL_get0_param(self.as_ptr());
            let text = |text: *mut c_char| (!text.is_null()).then(|| CStr::from_ptr(text).to_owned());
            let address = address_of(param);
            let name = ExpectedName {
                hosts: (0..).map_while(|index| text(ffi::X509_VERIFY_PARAM_get0_host(param, index))).collect(),
                host_flags: ffi::X509_VERIFY_PARAM_get_hostflags(param),
                address: text(address),
                email: text(ffi::X509_VERIFY_PARAM_get0_email(param)),
            };
            ffi::OPENSSL_free(address.cast());
            name
        }
    }

    /// Sets the name that a client asks for (server name indication), or none. Nothing is checked here: OpenSSL drops the
    /// earlier name before it refuses a new one that is empty or longer than 255 bytes.
    pub fn set_server_name(&self, name: Option<&CStr>) -> Result<()> {
        const SSL_CTRL_SET_TLSEXT_HOSTNAME: c_int = 55;
        let name = name.map_or(ptr::null(), CStr::as_ptr);
        // SAFETY: OpenSSL copies the NUL-terminated name; NULL is for none.
        let done = unsafe { ffi::SSL_ctrl(self.as_ptr(), SSL_CTRL_SET_TLSEXT_HOSTNAME, 0, name as *mut c_void) };
        check(done as c_int)
    }
}

/// All that the peer's certificate must be for, as a value to keep; each part that is set must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedName {
    /// DNS names, of which one must fit.
    pub hosts: Vec<CString>,
    /// X509_CHECK_FLAG_*, for the comparison of DNS names.
    pub host_flags: c_uint,
    /// An IP address as text.
    pub address: Option<CString>,
    pub email: Option<CString>,
}

impl ExpectedName {
    pub fn is_none(&self) -> bool {
        self.hosts.is_empty() && self.address.is_none() && self.email.is_none()
    }

    /// Returns true if the certificate is for this name, as OpenSSL compares it in a verification.
    pub fn fits(&self, cert: &X509Ref) -> bool {
        let host = |host: &CString| {
            let name = host.as_bytes();
            let out = ptr::null_mut();
            // SAFETY: a live certificate and a readable name; nothing is written.
            unsafe { ffi::X509_check_host(cert.as_ptr(), name.as_ptr().cast(), name.len(), self.host_flags, out) == 1 }
        };
        // SAFETY: a live certificate and NUL-terminated text; so below.
        let address = |text: &CString| unsafe { ffi::X509_check_ip_asc(cert.as_ptr(), text.as_ptr(), 0) == 1 };
        let email = |text: &CString| {
            let bytes = text.as_bytes();
            // SAFETY: as above.
            unsafe { ffi::X509_check_email(cert.as_ptr(), bytes.as_ptr().cast(), bytes.len(), 0) == 1 }
        };
        let fits = (self.hosts.is_empty() || self.hosts.iter().any(host))
            && self.address.as_ref().is_none_or(address)
            && self.email.as_ref().is_none_or(email);
        super::errors::clear();
        fits
    }
}

/// The DNS name or IP address that the peer's certificate must be for.
///
/// It is read from the connection. The verification has a copy of its own, but OpenSSL 4.0 copies the host without the NUL
/// behind it (buffer_copy in x509_vpm.c), so X509_VERIFY_PARAM_get0_host() on that runs past the end.
pub fn wanted(at: &X509StoreContextRef) -> Option<String> {
    let ssl = at.ex_data(X509StoreContext::ssl_idx().ok()?)?;
    // SAFETY: the parameters are part of the connection; X509_VERIFY_PARAM_set1_host made the host NUL-terminated there.
    // The host is copied, the address is a new string freed here.
    unsafe {
        let param = ffi::SSL_get0_param(ssl.as_ptr());
        let host = ffi::X509_VERIFY_PARAM_get0_host(param, 0);
        if !host.is_null() {
            return Some(owned(host));
        }
        let address = address_of(param);
        if address.is_null() {
            return None;
        }
        let text = owned(address);
        ffi::OPENSSL_free(address.cast());
        Some(text)
    }
}

/// The DNS names and IP addresses that a certificate is for (subjectAltName, RFC 5280, 4.2.1.6).
pub fn offered(cert: &X509Ref) -> Vec<String> {
    let Some(names) = cert.subject_alt_names() else { return Vec::new() };
    let known = names.iter().filter_map(|name| match (name.dnsname(), name.ipaddress()) {
        (Some(host), _) => Some(host.escape_default().to_string()),
        (_, Some(address)) => ip_text(address),
        _ => None,
    });
    known.collect()
}

fn ip_text(address: &[u8]) -> Option<String> {
    if let Ok(v4) = <[u8; 4]>::try_from(address) {
        return Some(Ipv4Addr::from(v4).to_string());
    }
    <[u8; 16]>::try_from(address).ok().map(|v6| Ipv6Addr::from(v6).to_string())
}

fn with_octets<T>(address: IpAddr, read: impl FnOnce(&[u8]) -> T) -> T {
    match address {
        IpAddr::V4(v4) => read(&v4.octets()),
        IpAddr::V6(v6) => read(&v6.octets()),
    }
}

/// # Safety
/// `p` must be NUL-terminated.
unsafe fn owned(p: *const c_char) -> String {
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(p) }.to_string_lossy().into_owned()
}

/// The address that a verification expects, as text to be freed with OPENSSL_free(), or NULL. OpenSSL calls it an error
/// where none is expected; the error queue is left as it was.
///
/// # Safety
/// `param` must be live.
unsafe fn address_of(param: *mut ffi::X509_VERIFY_PARAM) -> *mut c_char {
    // SAFETY: the caller's promise; the mark is taken off again.
    unsafe {
        ffi::ERR_set_mark();
        let address = ffi::X509_VERIFY_PARAM_get1_ip_asc(param);
        ffi::ERR_pop_to_mark();
        address
    }
}
