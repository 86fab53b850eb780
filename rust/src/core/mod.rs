//! All behaviour, in safe Rust; `sys` holds the thin safe types over raw OpenSSL calls.

pub mod constant;
mod egd;
pub mod error;
pub mod library;
pub mod rand;
pub mod status;
pub mod sys;
