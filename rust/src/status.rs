//! The closed, append-only list of results that every call reports.

/// What a call came to. The numbers are the ABI: never renumber, only append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    /// OpenSSL or the library refused; the error queue says why.
    Error = -1,
    /// Not now: call again when the transport has bytes to read.
    WantRead = -2,
    /// Not now: call again when the transport takes bytes.
    WantWrite = -3,
    /// Not now: an X.509 lookup callback asked for time.
    WantX509Lookup = -4,
    /// The peer closed the TLS session properly (close_notify).
    ZeroReturn = -5,
    /// The operating system refused; the error carries errno.
    Syscall = -6,
    /// The transport ended without close_notify.
    Eof = -7,
    /// A signal arrived while waiting; let the language run its handlers and call again.
    Interrupted = -8,
    /// The deadline passed.
    Timeout = -9,
    /// A handle that is NULL, stale, of another kind or no handle at all.
    Handle = -10,
    /// An argument that cannot be.
    Argument = -11,
    /// The object is in use by the very call that reached this one (I/O from inside a callback).
    Busy = -12,
    /// A callback or a transport function reported failure; its own language holds the reason.
    Callback = -13,
    /// A defect of the library: it panicked, and the panic was caught at the border.
    Panic = -14,
    /// The buffer is too small; the length that is needed was stored.
    Buffer = -15,
    /// The connection was closed, by this or another thread.
    Closed = -16,
    /// There is no such thing here (a value that was never set).
    Absent = -17,
    /// The linked OpenSSL cannot do this.
    Unsupported = -18,
    /// The system gave no memory. A connection that needed it is of no more use.
    Memory = -19,
}

impl Status {
    /// Returns true for the statuses that tell how things stand and are no failure.
    pub fn is_answer(self) -> bool {
        use Status::{Interrupted, WantRead, WantWrite, WantX509Lookup, ZeroReturn};
        matches!(self, WantRead | WantWrite | WantX509Lookup | ZeroReturn | Interrupted)
    }
}
