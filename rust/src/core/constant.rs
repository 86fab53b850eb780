//! OpenSSL's constants by name, with the values of the OpenSSL that is linked.

use openssl_sys as ffi;

/// The value, or None for a name OpenSSL (as linked) does not have.
pub fn by_name(name: &str) -> Option<i64> {
    TABLE.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// `table![A, B]` is [("A", ffi::A as i64), ...].
macro_rules! table {
    ($($name:ident),+ $(,)?) => { &[$((stringify!($name), ffi::$name as i64)),+] };
}

const TABLE: &[(&str, i64)] = table![SSL_VERIFY_NONE, SSL_VERIFY_PEER, SSL_VERIFY_FAIL_IF_NO_PEER_CERT];
