//! All behaviour, in safe Rust, over the types of `openssl` and `runtime`.

pub mod conn;
pub mod constant;
pub mod crl;
pub mod ctx;
pub mod digest;
mod egd;
pub mod extension;
pub mod files;
pub mod filetype;
mod identity;
pub mod library;
pub mod name;
pub mod pem_text;
pub mod pkcs12;
pub mod pkcs7;
pub mod pkey;
pub mod rand;
pub mod request;
pub mod revoked;
pub mod session;
mod session_bytes;
pub mod signature;
pub mod spki;
pub mod store;
pub mod verified;
pub mod x509;
