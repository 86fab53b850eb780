//! Names of a certificate, and the name that a verification wants to find among them.

use super::ffi;
use foreign_types::ForeignTypeRef;
use openssl::x509::{X509Ref, X509StoreContext, X509StoreContextRef};
use std::ffi::{c_char, CStr};
use std::net::{Ipv4Addr, Ipv6Addr};

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
        let address = ffi::X509_VERIFY_PARAM_get1_ip_asc(param);
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

/// # Safety
/// `p` must be NUL-terminated.
unsafe fn owned(p: *const c_char) -> String {
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(p) }.to_string_lossy().into_owned()
}
