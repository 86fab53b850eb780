//! All behaviour, in safe Rust; `sys` holds the thin safe types over raw OpenSSL calls.

pub mod conn;
pub mod constant;
pub mod ctx;
pub mod digest;
mod egd;
pub mod error;
pub mod files;
pub mod filetype;
pub mod library;
pub mod name;
pub mod passphrase;
pub mod pkey;
pub mod rand;
pub mod session;
pub mod store;
pub mod crl;
pub mod revoked;
pub mod pkcs7;
pub mod pkcs12;
pub mod spki;
pub mod status;
pub mod sys;
pub mod x509;
