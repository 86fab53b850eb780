//! libpyssl: TLS, keys and certificates over OpenSSL behind a stable C ABI.
//!
//! `abi` is the border: it converts, checks and never decides. `core` holds all behaviour, once, for every
//! language. The arrows point one way: abi -> core -> openssl, runtime.
#![deny(clippy::undocumented_unsafe_blocks)]
#![deny(unsafe_op_in_unsafe_fn)]
#![cfg_attr(test, allow(clippy::disallowed_methods))]

#[cfg(not(target_pointer_width = "64"))]
compile_error!("a pyssl handle packs kind, slot and generation into the 64 bits of a pointer");

#[cfg(all(feature = "embedded", feature = "system"))]
compile_error!("choose one OpenSSL: the default feature `embedded`, or `--no-default-features --features system`");

#[cfg(not(any(feature = "embedded", feature = "system")))]
compile_error!("choose an OpenSSL: feature `embedded` (default) or `system`");

pub mod abi;
pub(crate) mod core;
pub(crate) mod error;
pub(crate) mod openssl;
pub(crate) mod runtime;
pub(crate) mod status;

#[cfg(feature = "failing-allocator")]
pub use runtime::memory::fail_from;

#[global_allocator]
static ALLOCATOR: runtime::memory::Allocator = runtime::memory::Allocator;
