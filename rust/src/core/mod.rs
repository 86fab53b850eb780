//! All behaviour, in safe Rust; `sys` holds the thin safe types over raw OpenSSL calls.

pub mod constant;
pub mod digest;
mod egd;
pub mod error;
pub mod extension;
pub mod filetype;
pub mod library;
pub mod name;
pub mod passphrase;
pub mod pkey;
pub mod request;
pub mod signature;
pub mod rand;
pub mod store;
mod known_chains;
pub mod crl;
pub mod revoked;
pub mod pkcs7;
pub mod pkcs12;
pub mod spki;
pub mod status;
pub mod sys;
pub mod x509;
