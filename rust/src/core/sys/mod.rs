//! Thin safe types over raw OpenSSL calls: the only place in `core` with `unsafe`.

pub mod asn1;
pub mod bio;
pub mod buffer;
pub mod digest;
pub mod err;
pub mod ext;
pub mod library;
pub mod name;
pub mod pem;
pub mod pkey;
pub mod ssl;
pub mod ssl_callbacks;
pub mod ssl_ctx;
pub mod ssl_dtls;
pub mod ssl_facts;
pub mod ssl_setup;
pub mod verify_names;
pub mod wait;
pub mod wire;
pub mod x509;
pub mod rand;
pub mod store;
pub mod crl;
pub mod pkcs12;
pub mod spki;
pub mod unix;
