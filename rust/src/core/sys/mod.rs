//! Thin safe types over raw OpenSSL calls: the only place in `core` with `unsafe`.

pub mod err;
pub mod ext;
pub mod library;
pub mod rand;
pub mod unix;
