//! What went wrong, in words and numbers one can act on.

use crate::openssl::errors;
pub use crate::openssl::errors::Entry;
use crate::runtime::memory::NoMemory;
use crate::status::Status;
use std::borrow::Cow;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed call. The frequent, reasonless ones (WANT_READ and its kin) carry no detail and cost nothing.
#[derive(Clone, Debug)]
pub struct Error {
    pub status: Status,
    pub detail: Option<Box<Detail>>,
}

#[derive(Clone, Debug, Default)]
pub struct Detail {
    /// One sentence for a person.
    pub message: Cow<'static, str>,
    /// OpenSSL's queue, oldest first.
    pub entries: Vec<Entry>,
    /// The system's errno, 0 when none.
    pub errno: i32,
    /// The file that could not be used.
    pub path: Option<String>,
    pub verify: Option<VerifyFailure>,
}

/// Why a certificate chain was refused (RFC 5280 path validation as OpenSSL reports it).
#[derive(Clone, Debug, Default)]
pub struct VerifyFailure {
    /// X509_V_ERR_*.
    pub code: i32,
    /// 0 is the peer's own certificate.
    pub depth: i32,
    pub message: String,
    /// The subject of the certificate at fault, in the one-line form of RFC 2253.
    pub subject: String,
}

impl VerifyFailure {
    /// Returns the refusal of a peer in one sentence.
    pub fn sentence(&self) -> String {
        let VerifyFailure { message, depth, subject, .. } = self;
        format!("certificate verify failed: {message} (depth {depth}, subject {subject})")
    }
}

impl Error {
    /// A status that says all there is to say.
    pub fn bare(status: Status) -> Self {
        Error { status, detail: None }
    }

    pub fn new(status: Status, message: impl Into<Cow<'static, str>>) -> Self {
        Self::with(status, Detail { message: message.into(), ..Detail::default() })
    }

    pub fn with(status: Status, detail: Detail) -> Self {
        Error { status, detail: Some(Box::new(detail)) }
    }

    pub fn argument(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Status::Argument, message)
    }

    /// The system gave no memory. Needs none itself.
    pub fn memory() -> Self {
        Self::bare(Status::Memory)
    }

    /// Takes all of OpenSSL's queue. The reasons become the message.
    pub fn openssl() -> Self {
        let entries = errors::drain();
        if entries.iter().any(Entry::is_no_memory) {
            return Self::memory();
        }
        let message = summary(&entries).into();
        Self::with(Status::Error, Detail { message, entries, ..Detail::default() })
    }

    /// As `openssl()`, with words before the reasons that say what was being done.
    pub fn openssl_doing(doing: &str) -> Self {
        Self::openssl().doing(doing)
    }

    /// A refusal of the operating system.
    pub fn os(errno: i32) -> Self {
        let message = format!("{} (errno {errno})", errors::system_text(errno)).into();
        Self::with(Status::Syscall, Detail { message, errno, ..Detail::default() })
    }

    /// A call that waited when another thread shut the connection down.
    pub fn shut_down() -> Self {
        let message = "another thread shut the connection down".into();
        Self::with(Status::Closed, Detail { message, errno: libc::ESHUTDOWN, ..Detail::default() })
    }

    /// A file that could not be used: its name and the errno are kept apart from the words too.
    pub fn file(doing: &str, path: &str, error: &std::io::Error) -> Self {
        // An error of the standard library's own has words and no errno.
        let (errno, why) = match error.raw_os_error() {
            Some(errno) => (errno, format!("{} (errno {errno})", errors::system_text(errno))),
            None => (0, error.to_string()),
        };
        let message = format!("{doing} {path:?}: {why}").into();
        let entries = vec![Entry::system(errno)];
        Self::with(Status::Error, Detail { message, entries, errno, path: Some(path.to_owned()), ..Detail::default() })
    }

    /// Puts what was being done before the message: "cannot load the key: bad decrypt".
    pub fn doing(mut self, doing: &str) -> Self {
        if self.status == Status::Memory {
            return self;
        }
        let detail = self.detail.get_or_insert_with(Default::default);
        detail.message = if detail.message.is_empty() || detail.message == Status::Error.phrase() {
            Cow::Owned(doing.to_owned())
        } else {
            Cow::Owned(format!("{doing}: {}", detail.message))
        };
        self
    }

    /// As `doing()`, where OpenSSL failed; a refused argument or a callback's failure speaks for itself.
    pub fn while_doing(self, doing: &str) -> Self {
        if self.status == Status::Error {
            self.doing(doing)
        } else {
            self
        }
    }

    /// Puts other words in place of the message; the entries stay.
    pub fn saying(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.detail.get_or_insert_with(Default::default).message = message.into();
        self
    }

    pub fn at_path(mut self, path: &str) -> Self {
        self.detail.get_or_insert_with(Default::default).path = Some(path.to_owned());
        self
    }

    pub fn message(&self) -> &str {
        match &self.detail {
            Some(detail) => &detail.message,
            None => self.status.phrase(),
        }
    }
}

impl From<NoMemory> for Error {
    fn from(_: NoMemory) -> Self {
        Error::memory()
    }
}

/// The `openssl` crate takes OpenSSL's queue into its own type; this takes it from there.
impl From<openssl::error::ErrorStack> for Error {
    fn from(stack: openssl::error::ErrorStack) -> Self {
        stack.put();
        Error::openssl()
    }
}

impl Status {
    /// What a bare status says to a person.
    pub fn phrase(self) -> &'static str {
        match self {
            Status::Error => "the operation failed",
            Status::WantRead => "more bytes from the peer are needed first",
            Status::WantWrite => "the transport takes no more bytes now",
            Status::WantX509Lookup => "a certificate lookup is pending",
            Status::ZeroReturn => "the peer closed the TLS session",
            Status::Syscall => "the operating system refused",
            Status::Eof => "the connection ended without a TLS close_notify",
            Status::Interrupted => "a signal arrived",
            Status::Timeout => "the time allowed is over",
            Status::Handle => "not a live handle",
            Status::Argument => "an argument cannot be used",
            Status::Busy => "the object is in use by the call that led here",
            Status::Callback => "a callback reported failure",
            Status::Panic => "the library panicked",
            Status::Buffer => "the buffer is too small",
            Status::Closed => "the connection is closed",
            Status::Absent => "there is none",
            Status::Unsupported => "the linked OpenSSL cannot do this",
            Status::Memory => "the system has no memory left",
        }
    }
}

/// The reasons of a queue in one sentence: oldest (the cause) first, repeats once, data where OpenSSL gave some.
fn summary(entries: &[Entry]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for entry in entries {
        let reason = if entry.reason.is_empty() { &entry.library } else { &entry.reason };
        let part = if entry.data.is_empty() { reason.clone() } else { format!("{reason} ({})", entry.data) };
        if !part.is_empty() && !parts.contains(&part) {
            parts.push(part);
        }
    }
    if parts.is_empty() {
        Status::Error.phrase().to_owned()
    } else {
        parts.join("; ")
    }
}
