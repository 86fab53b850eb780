//! A descriptor that is used without ever blocking.

use super::byte_queue::ByteQueue;
use libc::c_int;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;

#[derive(Clone, Copy)]
pub struct Socket {
    fd: RawFd,
    /// recv() and send() work on it (a pipe or terminal takes read() and write()).
    is_socket: bool,
    pub is_datagram: bool,
}

impl Socket {
    pub fn new(fd: RawFd) -> Self {
        let kind = socket_type(fd);
        Socket { fd, is_socket: kind.is_some(), is_datagram: kind == Some(libc::SOCK_DGRAM) }
    }

    /// A connected socket that carries a stream.
    pub fn is_stream(self) -> bool {
        self.is_socket && !self.is_datagram
    }

    pub fn recv(self, room: &mut [u8]) -> Result<usize, i32> {
        self.recv_at(room.as_mut_ptr(), room.len())
    }

    /// As `recv`; so many bytes of the room are written.
    pub fn recv_into(self, room: &mut [MaybeUninit<u8>]) -> Result<usize, i32> {
        self.recv_at(room.as_mut_ptr().cast(), room.len())
    }

    fn recv_at(self, room: *mut u8, size: usize) -> Result<usize, i32> {
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
    pub fn look(self, room: &mut [u8]) -> Result<usize, i32> {
        // SAFETY: `room` is writable for its length; a bad descriptor is an errno.
        retry(|| unsafe {
            libc::recv(self.fd, room.as_mut_ptr().cast(), room.len(), libc::MSG_DONTWAIT | libc::MSG_PEEK)
        })
    }

    pub fn send(self, bytes: &[u8]) -> Result<usize, i32> {
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
pub fn send_out(socket: Socket, outbox: &mut ByteQueue) -> Result<(), i32> {
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
