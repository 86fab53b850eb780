//! All behaviour, in safe Rust; `sys` holds the thin safe types over raw OpenSSL calls.

pub mod conn;
pub mod constant;
pub mod crl;
pub mod ctx;
pub mod digest;
mod egd;
pub mod error;
pub mod extension;
pub mod files;
pub mod filetype;
mod known_chains;
pub mod library;
pub mod name;
pub mod passphrase;
pub mod pkcs12;
pub mod pkcs7;
pub mod pkey;
pub mod rand;
pub mod request;
pub mod revoked;
pub mod signature;
pub mod spki;
pub mod status;
pub mod store;
pub mod sys;
pub mod x509;
