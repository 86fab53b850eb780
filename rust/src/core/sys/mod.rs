//! Thin safe types over raw OpenSSL calls: the only place in `core` with `unsafe`.

pub mod asn1;
pub mod bio;
pub mod digest;
pub mod err;
pub mod ext;
pub mod extension;
pub mod library;
pub mod name;
pub mod pem;
pub mod pkey;
pub mod request;
pub mod x509;
pub mod rand;
pub mod store;
pub mod crl;
pub mod pkcs12;
pub mod spki;
pub mod unix;
