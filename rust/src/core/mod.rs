//! All behaviour, in safe Rust; `sys` holds the thin safe types over raw OpenSSL calls.

pub mod constant;
pub mod digest;
pub mod error;
pub mod extension;
pub mod filetype;
pub mod library;
pub mod name;
pub mod passphrase;
pub mod pem_text;
pub mod pkey;
pub mod request;
pub mod signature;
pub mod status;
pub mod sys;
pub mod x509;
