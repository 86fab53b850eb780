//! Hands openssl-sys the OpenSSL 4.0 source under the name and major version it asks for.
pub use real::*;
