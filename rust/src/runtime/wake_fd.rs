//! The descriptor by which other threads end a thread's poll().
//!
//! A program may close descriptors that are not its own: closefrom() does, and so does a child after a fork. The number then
//! goes to a file of the program's. So a number is written to, read from and closed only while fstat() shows the file that
//! was opened under it. An eventfd would not do: all eventfds of a machine share one inode, a pipe has its own.

use super::fd::{identity, Identity};
use super::fork;
use libc::c_int;
use std::cell::Cell;
use std::ffi::CString;
use std::os::fd::RawFd;

/// A pipe. It is readable when the thread is to wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WakeFd {
    /// The two ends: one number for both, where /proc is there to open it.
    read: RawFd,
    write: RawFd,
    identity: Identity,
}

impl WakeFd {
    /// Returns the calling thread's. It is opened at its first use, and again in a forked child.
    pub fn of_this_thread() -> Result<WakeFd, i32> {
        MINE.with(|mine| match mine.0.get() {
            Some((fd, process)) if process == fork::generation() => Ok(fd),
            of_parent => {
                mine.0.set(None);
                if let Some((fd, _)) = of_parent {
                    // The child's copy of it: the parent keeps its own.
                    fd.close();
                }
                let fd = WakeFd::open("/proc/self/fd")?;
                mine.0.set(Some((fd, fork::generation())));
                Ok(fd)
            }
        })
    }

    /// The number to poll for input.
    pub fn number(self) -> RawFd {
        self.read
    }

    /// Ends the poll of the thread that waits, or its next one.
    pub fn wake(self) {
        if self.is_ours(self.write) {
            // SAFETY: one readable byte. A full pipe is readable already.
            unsafe { libc::write(self.write, [0u8].as_ptr().cast(), 1) };
        }
    }

    /// Empties the pipe, after a poll that found it readable.
    pub fn silence(self) {
        if self.check() {
            let mut wakes = [0u8; 64];
            // SAFETY: as many writable bytes. What is left ends the next wait early, which is fine.
            unsafe { libc::read(self.read, wakes.as_mut_ptr().cast(), wakes.len()) };
        }
    }

    /// Returns false, and has the thread open another pipe, where a number is another file's by now.
    pub fn check(self) -> bool {
        let is_ours = self.is_ours(self.read) && self.is_ours(self.write);
        if !is_ours {
            self.close();
            MINE.with(|mine| mine.0.set(mine.0.get().filter(|(fd, _)| *fd != self)));
        }
        is_ours
    }

    fn open(numbers: &str) -> Result<WakeFd, i32> {
        const FLAGS: c_int = libc::O_CLOEXEC | libc::O_NONBLOCK;
        let mut ends = [-1; 2];
        // SAFETY: room for two descriptors, which are ours.
        if unsafe { libc::pipe2(ends.as_mut_ptr(), FLAGS) } != 0 {
            return Err(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EMFILE));
        }
        let [mut read, mut write] = ends;
        let path = CString::new(format!("{numbers}/{read}")).unwrap_or_default();
        // SAFETY: a C string.
        let both = unsafe { libc::open(path.as_ptr(), libc::O_RDWR | FLAGS) };
        if both >= 0 {
            for end in ends {
                // SAFETY: our descriptor.
                unsafe { libc::close(end) };
            }
            (read, write) = (both, both);
        }
        let identity = identity(read)?;
        Ok(WakeFd { read, write, identity })
    }

    fn is_ours(self, number: RawFd) -> bool {
        identity(number) == Ok(self.identity)
    }

    fn close(self) {
        for number in [self.read, self.write] {
            if self.is_ours(number) {
                // SAFETY: our descriptor.
                unsafe { libc::close(number) };
            }
        }
    }
}

thread_local! {
    static MINE: Mine = const { Mine(Cell::new(None)) };
}

/// The thread's, and the process that it was opened in. Closed when the thread ends.
struct Mine(Cell<Option<(WakeFd, u32)>>);

impl Drop for Mine {
    fn drop(&mut self) {
        if let Some((fd, _)) = self.0.take() {
            fd.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    fn is_readable(fd: RawFd) -> bool {
        let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid pollfd; no waiting.
        unsafe { libc::poll(&mut poll, 1, 0) == 1 }
    }

    /// Has a file take over the numbers, as after closefrom().
    fn give_numbers_to(file: &UnixStream, fd: WakeFd) {
        for number in [fd.read, fd.write] {
            // SAFETY: two open descriptors.
            assert_eq!(unsafe { libc::dup2(file.as_raw_fd(), number) }, number);
        }
    }

    #[test]
    fn a_wake_is_seen_until_it_is_silenced_with_and_without_proc() {
        for numbers in ["/proc/self/fd", "/nowhere"] {
            let fd = WakeFd::open(numbers).unwrap();
            assert_eq!(fd.read == fd.write, numbers != "/nowhere");
            assert!(!is_readable(fd.number()));
            fd.wake();
            fd.wake();
            assert!(is_readable(fd.number()));
            fd.silence();
            assert!(!is_readable(fd.number()));
            fd.close();
        }
    }

    #[test]
    fn a_number_that_another_file_has_by_now_is_left_alone() {
        for numbers in ["/proc/self/fd", "/nowhere"] {
            let fd = WakeFd::open(numbers).unwrap();
            let (near, mut far) = UnixStream::pair().unwrap();
            give_numbers_to(&near, fd);
            far.write_all(b"theirs").unwrap();
            fd.wake();
            fd.silence();
            fd.close();
            far.set_nonblocking(true).unwrap();
            assert!(far.read(&mut [0]).is_err(), "a wake went to a file of the program's");
            let mut seen = [0; 6];
            (&near).read_exact(&mut seen).unwrap();
            assert_eq!(&seen, b"theirs");
            assert!([fd.read, fd.write].into_iter().all(|number| identity(number) == identity(near.as_raw_fd())));
        }
    }

    #[test]
    fn a_thread_whose_number_was_taken_opens_another() {
        std::thread::spawn(|| {
            let first = WakeFd::of_this_thread().unwrap();
            assert_eq!(WakeFd::of_this_thread(), Ok(first));
            let (near, _far) = UnixStream::pair().unwrap();
            give_numbers_to(&near, first);
            assert!(!first.check());
            let second = WakeFd::of_this_thread().unwrap();
            assert_ne!(second, first);
            second.wake();
            assert!(is_readable(second.number()));
        })
        .join()
        .unwrap();
    }
}
