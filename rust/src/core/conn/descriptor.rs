//! A connection's descriptor, and how many system calls a message takes on it.

use crate::error::{Error, Result};
use crate::runtime::direction::Direction;
use crate::runtime::fd::{self, Identity};
use crate::runtime::sockets::Socket;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::Arc;

/// After a receive that found nothing, so many others begin by waiting, before one tries at once again.
const LATE: u8 = 8;

pub(super) struct Descriptor {
    pub fd: RawFd,
    pub socket: Arc<Socket>,
    pub flow: Arc<Direction>,
    /// The file it was: the number may be closed and given to another one.
    identity: Identity,
    /// The caller looks whether it is, before it calls.
    trusted: AtomicBool,
    /// How many receives are to begin by waiting: where question and answer take turns, trying first is a system call for
    /// nothing.
    late: AtomicU8,
}

impl Descriptor {
    /// EBADF when it is none.
    pub fn new(fd: RawFd) -> Result<Self> {
        let identity = fd::identity(fd).map_err(|errno| Error::os(errno).doing(&format!("descriptor {fd}")))?;
        Ok(Descriptor {
            fd,
            socket: Arc::new(Socket::new(fd)),
            flow: Arc::default(),
            identity,
            trusted: AtomicBool::new(false),
            late: AtomicU8::new(0),
        })
    }

    pub fn trust(&self, on: bool) {
        self.trusted.store(on, Ordering::Relaxed);
    }

    pub fn is_trusted(&self) -> bool {
        self.trusted.load(Ordering::Relaxed)
    }

    /// Before anything is read or written.
    pub fn check(&self) -> Result<()> {
        match fd::identity(self.fd) {
            Ok(identity) if identity == self.identity => Ok(()),
            Ok(_) | Err(libc::EBADF) => {
                Err(Error::os(libc::EBADF).doing("the connection's descriptor was closed meanwhile"))
            }
            // A sandbox refuses fstat(). Going on could write into another file.
            Err(errno) => {
                Err(Error::os(errno).doing("fstat() cannot tell whether the connection's descriptor is open"))
            }
        }
    }

    /// A receive tried at once and found nothing.
    pub fn found_nothing(&self) {
        self.late.store(LATE, Ordering::Relaxed);
    }

    /// Whether this receive is to begin by waiting. (Threads that lose a count here cost one another a system call.)
    pub fn waits_first(&self) -> bool {
        let late = self.late.load(Ordering::Relaxed);
        if late > 0 {
            self.late.store(late - 1, Ordering::Relaxed);
        }
        late > 0
    }
}
