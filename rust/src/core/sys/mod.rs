//! Thin safe types over raw OpenSSL calls: the only place in `core` with `unsafe`.

pub mod asn1;
pub mod bio;
pub mod buffer;
pub mod crl;
pub mod digest;
pub mod err;
pub mod ext;
pub mod extension;
pub mod library;
pub mod name;
pub mod pem;
pub mod pkcs12;
pub mod pkey;
pub mod rand;
pub mod request;
pub mod spki;
pub mod ssl;
pub mod ssl_callbacks;
pub mod ssl_ctx;
pub mod store;
pub mod unix;
pub mod wait;
pub mod wire;
pub mod x509;
