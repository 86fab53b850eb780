//! A descriptor that is used without ever blocking.

use super::byte_queue::ByteQueue;
use super::in_flight::{Call, InFlight};
use libc::c_int;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;

/// A descriptor, with a count of the calls that move bytes on it. Once it is closed they fail with EBADF.
pub struct Socket {
    fd: RawFd,
    calls: InFlight,
    /// recv() and send() work on it (a pipe or terminal takes read() and write()).
    is_socket: bool,
    pub is_datagram: bool,
}

impl Socket {
    pub fn new(fd: RawFd) -> Self {
        let kind = socket_type(fd);
        Socket {
            fd,
            calls: InFlight::default(),
            is_socket: kind.is_some(),
            is_datagram: kind == Some(libc::SOCK_DGRAM),
        }
    }

    /// A connected socket that carries a stream.
    pub fn is_stream(&self) -> bool {
        self.is_socket && !self.is_datagram
    }

    /// Refuses calls that move bytes from now on. The descriptor stays open, for it is the caller's.
    pub fn close(&self) {
        self.calls.close();
    }

    /// Waits until no call of another thread moves bytes on the descriptor. Call after `close`.
    pub fn wait_until_idle(&self) {
        self.calls.wait_until_none();
    }

    /// In a forked child: forgets the calls of the parent's threads.
    pub fn forget_calls(&self) {
        self.calls.forget_calls();
    }

    /// Counts the call that is about to be made. A pipe or terminal has no MSG_DONTWAIT, and a call on it can block when
    /// another reader takes the bytes: such calls are refused once the descriptor is closed, and not waited for.
    fn enter(&self) -> Result<Option<Call<'_>>, i32> {
        let call = self.calls.enter().ok_or(libc::EBADF)?;
        Ok(self.is_socket.then_some(call))
    }

    pub fn recv(&self, room: &mut [u8]) -> Result<usize, i32> {
        self.recv_at(room.as_mut_ptr(), room.len())
    }

    /// As `recv`; so many bytes of the room are written.
    pub fn recv_into(&self, room: &mut [MaybeUninit<u8>]) -> Result<usize, i32> {
        self.recv_at(room.as_mut_ptr().cast(), room.len())
    }

    fn recv_at(&self, room: *mut u8, size: usize) -> Result<usize, i32> {
        let _call = self.enter()?;
        retry(|| {
            // SAFETY: both callers have `size` writable bytes there; a bad descriptor is an errno.
            unsafe {
                if self.is_socket {
                    libc::recv(self.fd, room.cast(), size, libc::MSG_DONTWAIT)
                } else if ready(self.fd, libc::POLLIN) {
                    libc::read(self.fd, room.cast(), size)
                } else {
                    *libc::__errno_location() = libc::EAGAIN;
                    -1
                }
            }
        })
    }

    /// What `recv` would give, left where it is.
    pub fn look(&self, room: &mut [u8]) -> Result<usize, i32> {
        let _call = self.enter()?;
        // SAFETY: `room` is writable for its length; a bad descriptor is an errno.
        retry(|| unsafe {
            libc::recv(self.fd, room.as_mut_ptr().cast(), room.len(), libc::MSG_DONTWAIT | libc::MSG_PEEK)
        })
    }

    pub fn send(&self, bytes: &[u8]) -> Result<usize, i32> {
        let _call = self.enter()?;
        retry(|| {
            // SAFETY: `bytes` is readable for its length; a bad descriptor is an errno.
            unsafe {
                if self.is_socket {
                    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
                    libc::send(self.fd, bytes.as_ptr().cast(), bytes.len(), flags)
                } else if ready(self.fd, libc::POLLOUT) {
                    // POSIX: a pipe that poll() calls writable takes PIPE_BUF bytes without blocking.
                    libc::write(self.fd, bytes.as_ptr().cast(), bytes.len().min(libc::PIPE_BUF))
                } else {
                    *libc::__errno_location() = libc::EAGAIN;
                    -1
                }
            }
        })
    }
}

/// Sends what is in a buffer; what was not taken stays there.
pub fn send_out(socket: &Socket, outbox: &mut ByteQueue) -> Result<(), i32> {
    while !outbox.is_empty() {
        let sent = socket.send(outbox.front())?;
        outbox.consume(sent);
    }
    Ok(())
}

/// The call's result, or its errno; a signal starts it again (it never waits, so it is not for the signal).
fn retry(mut call: impl FnMut() -> isize) -> Result<usize, i32> {
    loop {
        match usize::try_from(call()) {
            Ok(n) => return Ok(n),
            Err(_) => match std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO) {
                libc::EINTR => {}
                errno => return Err(errno),
            },
        }
    }
}

pub fn would_block(errno: i32) -> bool {
    errno == libc::EAGAIN || errno == libc::EWOULDBLOCK
}

fn ready(fd: RawFd, events: i16) -> bool {
    let mut poll = libc::pollfd { fd, events, revents: 0 };
    // SAFETY: one valid pollfd; no waiting.
    unsafe { libc::poll(&mut poll, 1, 0) > 0 }
}

/// SOCK_STREAM, SOCK_DGRAM, ...; None for what is no socket.
fn socket_type(fd: RawFd) -> Option<c_int> {
    let (mut kind, mut len): (c_int, libc::socklen_t) = (0, std::mem::size_of::<c_int>() as libc::socklen_t);
    // SAFETY: out parameters of the right size.
    let status =
        unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_TYPE, (&mut kind as *mut c_int).cast(), &mut len) };
    (status == 0).then_some(kind)
}
