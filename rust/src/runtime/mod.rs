//! The process runtime: threads, fork, locks, waiting, sockets. It knows nothing of OpenSSL.

pub mod byte_queue;
pub mod caches;
pub mod cancellation;
pub mod direction;
pub mod fd;
pub mod fiber;
pub mod fork;
pub mod in_flight;
pub mod language;
pub mod memory;
pub mod mutex;
pub mod sockets;
pub mod threads;
pub mod unix_stream;
mod unwinding;
pub mod user_code;
pub mod waiters;
pub mod wake_fd;
