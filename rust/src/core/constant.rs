//! OpenSSL's constants by name, with the values of the OpenSSL that is linked.

use openssl_sys as ffi;

/// The value, or None for a name OpenSSL (as linked) does not have.
pub fn by_name(name: &str) -> Option<i64> {
    TABLE.iter().chain(VERIFY_FLAGS).find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// `table![A, B]` is [("A", ffi::A as i64), ...].
macro_rules! table {
    ($($name:ident),+ $(,)?) => { &[$((stringify!($name), ffi::$name as i64)),+] };
}

const TABLE: &[(&str, i64)] = table![SSL_VERIFY_NONE, SSL_VERIFY_PEER, SSL_VERIFY_FAIL_IF_NO_PEER_CERT];

const VERIFY_FLAGS: &[(&str, i64)] = table![
    X509_V_FLAG_USE_CHECK_TIME,
    X509_V_FLAG_CRL_CHECK,
    X509_V_FLAG_CRL_CHECK_ALL,
    X509_V_FLAG_IGNORE_CRITICAL,
    X509_V_FLAG_X509_STRICT,
    X509_V_FLAG_ALLOW_PROXY_CERTS,
    X509_V_FLAG_POLICY_CHECK,
    X509_V_FLAG_EXPLICIT_POLICY,
    X509_V_FLAG_INHIBIT_ANY,
    X509_V_FLAG_INHIBIT_MAP,
    X509_V_FLAG_NOTIFY_POLICY,
    X509_V_FLAG_EXTENDED_CRL_SUPPORT,
    X509_V_FLAG_USE_DELTAS,
    X509_V_FLAG_CHECK_SS_SIGNATURE,
    X509_V_FLAG_TRUSTED_FIRST,
    X509_V_FLAG_PARTIAL_CHAIN,
    X509_V_FLAG_NO_ALT_CHAINS,
    X509_V_FLAG_NO_CHECK_TIME,
];
