//! Thin safe types over raw OpenSSL calls. They know nothing of `core`; each `unsafe` has its SAFETY line.

pub mod asn1;
pub mod bio;
pub mod callbacks;
pub mod check;
pub mod crl;
pub mod ctx_callbacks;
pub mod digest;
pub mod errors;
pub mod extension;
pub mod ffi;
pub mod forced_alert;
pub mod hostname;
pub mod library;
#[cfg(feature = "embedded")]
mod memory;
pub mod name;
pub mod passphrase;
pub mod pem;
pub mod pkcs12;
pub mod pkey;
pub mod rand;
pub mod record_bio;
pub mod request;
pub mod session_data;
pub mod spki;
pub mod ssl;
pub mod ssl_ctx;
pub mod store;
pub mod store_fingerprint;
pub mod store_params;
pub mod verify_rules;
pub mod x509;
