//! A client's end of a Unix stream socket with deadlines, which std's cannot have while connecting.

use std::ffi::CStr;
use std::io;
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::{Duration, Instant};

pub struct Stream(OwnedFd);

impl Stream {
    /// Gives up after `deadline` when the listener's queue is full.
    pub fn connect(path: &CStr, deadline: Duration) -> io::Result<Stream> {
        let address = address(path)?;
        // SAFETY: no pointers.
        let fd =
            unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK, 0) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: a descriptor just made, owned by nobody else.
        let socket = Stream(unsafe { OwnedFd::from_raw_fd(fd) });
        let deadline = Instant::now() + deadline;
        loop {
            let size = mem::size_of::<libc::sockaddr_un>() as libc::socklen_t;
            // SAFETY: `address` is a whole sockaddr_un.
            let done = unsafe { libc::connect(socket.0.as_raw_fd(), (&raw const address).cast(), size) };
            match done {
                0 => return Ok(socket),
                _ => match io::Error::last_os_error() {
                    error if error.kind() == io::ErrorKind::Interrupted => {}
                    // A full queue: a Unix socket cannot be polled for that.
                    error if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < deadline => {
                        std::thread::sleep(Duration::from_millis(10));
                    }
                    error if error.kind() == io::ErrorKind::WouldBlock => return Err(timed_out()),
                    error => return Err(error),
                },
            }
        }
    }

    pub fn send_all(&self, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
        while !bytes.is_empty() {
            let sent = self.when_ready(libc::POLLOUT, deadline, |fd| {
                // SAFETY: `bytes` is readable for its length.
                unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), libc::MSG_NOSIGNAL) }
            })?;
            bytes = bytes.get(sent..).unwrap_or_default();
        }
        Ok(())
    }

    /// Fills the room; `UnexpectedEof` when the other end closes first.
    pub fn recv_exact(&self, mut room: &mut [u8], deadline: Instant) -> io::Result<()> {
        while !room.is_empty() {
            let got = self.when_ready(libc::POLLIN, deadline, |fd| {
                // SAFETY: `room` is writable for its length.
                unsafe { libc::recv(fd, room.as_mut_ptr().cast(), room.len(), 0) }
            })?;
            if got == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the other end hung up"));
            }
            room = room.get_mut(got..).unwrap_or_default();
        }
        Ok(())
    }

    fn when_ready(&self, events: i16, deadline: Instant, mut call: impl FnMut(i32) -> isize) -> io::Result<usize> {
        loop {
            if let Ok(count) = usize::try_from(call(self.0.as_raw_fd())) {
                return Ok(count);
            }
            match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => {}
                error if error.kind() == io::ErrorKind::WouldBlock => self.wait(events, deadline)?,
                error => return Err(error),
            }
        }
    }

    fn wait(&self, events: i16, deadline: Instant) -> io::Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(timed_out());
        }
        let millis = i32::try_from(left.as_millis()).unwrap_or(i32::MAX).max(1);
        let mut poll = libc::pollfd { fd: self.0.as_raw_fd(), events, revents: 0 };
        // SAFETY: one pollfd.
        if unsafe { libc::poll(&mut poll, 1, millis) } < 0 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        Ok(())
    }
}

fn address(path: &CStr) -> io::Result<libc::sockaddr_un> {
    // SAFETY: all zeros is a valid sockaddr_un.
    let mut address: libc::sockaddr_un = unsafe { mem::zeroed() };
    address.sun_family = libc::AF_UNIX as libc::sa_family_t;
    let bytes = path.to_bytes_with_nul();
    if bytes.len() > address.sun_path.len() {
        return Err(io::Error::from_raw_os_error(libc::ENAMETOOLONG));
    }
    for (to, from) in address.sun_path.iter_mut().zip(bytes) {
        *to = *from as libc::c_char;
    }
    Ok(address)
}

fn timed_out() -> io::Error {
    io::Error::from_raw_os_error(libc::ETIMEDOUT)
}
