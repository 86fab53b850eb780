//! Thin safe types over raw OpenSSL calls: the only place in `core` with `unsafe`.

pub mod buffer;
pub mod err;
pub mod ext;
pub mod library;
pub mod ssl;
pub mod wait;
pub mod wire;
