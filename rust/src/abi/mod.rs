//! The C ABI: one file per object. It converts, checks and passes on; it never decides.
//!
//! Every exported function is one `gate` (see `gate.rs`); a test reads these files and says so.
#![allow(non_camel_case_types)]
// What a caller has to keep to stands in the header: its preamble, and the @param lines.
#![allow(clippy::missing_safety_doc)]

mod arg;
mod gate;
mod handle;
mod last_error;

// In the order of the header's sections.
pub mod types;
pub mod error;
pub mod library;
pub mod constants;
pub mod user_data;
pub mod language;
pub mod rand;
pub mod pkey;
pub mod name;
pub mod x509;
pub mod extension;
pub mod request;
pub mod crl;
pub mod revoked;
pub mod store;
pub mod store_ctx;
pub mod pkcs7;
pub mod pkcs12;
pub mod spki;
pub mod ctx;
pub mod ctx_trust;
pub mod ctx_config;
pub mod ctx_callback;
pub mod conn;
pub mod conn_config;
pub mod conn_info;
pub mod session;
