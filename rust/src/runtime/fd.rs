//! What can be asked of a descriptor without moving bytes on it.

use std::os::fd::RawFd;

/// Device and inode, which tell an open file from another one that got its number. Every socket and pipe has its own; all
/// eventfds, timerfds and epoll descriptors share one.
pub type Identity = (u64, u64);

/// Returns true if O_NONBLOCK is set: the owner wants no call to wait.
pub fn is_nonblocking(fd: RawFd) -> bool {
    // SAFETY: reads the descriptor's flags; a bad descriptor gives -1.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    flags < 0 || flags & libc::O_NONBLOCK != 0
}

/// Returns the identity of the file that is open under the number. The error is an errno.
pub fn identity(fd: RawFd) -> Result<Identity, i32> {
    let mut stat = std::mem::MaybeUninit::<libc::stat>::uninit();
    // SAFETY: on success fstat() filled the struct.
    unsafe {
        if libc::fstat(fd, stat.as_mut_ptr()) != 0 {
            return Err(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EBADF));
        }
        let stat = stat.assume_init();
        Ok((stat.st_dev, stat.st_ino))
    }
}
