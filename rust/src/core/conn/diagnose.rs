//! From where an operation stopped to an error that a person can act on.

use super::io::Flush;
use super::{hostname, Conn};
use crate::error::{Detail, Error, VerifyFailure};
use crate::openssl::ssl::Blocked;
use crate::openssl::{errors, library, name};
use crate::status::Status;
use openssl::x509::X509StoreContextRef;

impl Conn {
    pub(super) fn explain(&self, stop: Blocked) -> Error {
        match stop {
            Blocked::WantRead => Error::bare(Status::WantRead),
            Blocked::WantWrite => Error::bare(Status::WantWrite),
            Blocked::WantX509Lookup => Error::bare(Status::WantX509Lookup),
            Blocked::ZeroReturn => Error::bare(Status::ZeroReturn),
            Blocked::Eof => Error::bare(Status::Eof),
            // Closed meanwhile, the socket refuses every call.
            Blocked::Syscall(_) if self.is_closed() => Error::bare(Status::Closed),
            Blocked::Syscall(errno) => self.explain_refusal(errno),
            Blocked::Failed(error) if error.status == Status::Memory => error,
            Blocked::Failed(error) => self.explain_failure(error),
        }
    }

    /// Explains why the operating system took nothing more, by the peer's last words where there are any.
    fn explain_refusal(&self, errno: i32) -> Error {
        let established = self.is_init_finished();
        let Some(alert) = self.parting_alert() else { return Error::os(errno) };
        if established && alert.status == Status::Error {
            *self.parting.lock() = Some((errno, alert.clone()));
        }
        alert
    }

    /// Turns the failure of a send that the peer's parting alert explains into the system's refusal, with the alert in
    /// its message and entries. In every release of pyOpenSSL a send to a peer that is gone is SysCallError, which
    /// programs pass over in order to read what the peer said.
    pub(super) fn refused_by_system(&self, error: Error) -> Error {
        match &*self.parting.lock() {
            Some((errno, alert)) if error.status == Status::Error => {
                let mut refusal = Error::os(*errno);
                if let (Some(to), Some(from)) = (refusal.detail.as_deref_mut(), alert.detail.as_deref()) {
                    to.message = format!("{}: the peer ended the connection: {}", to.message, from.message).into();
                    to.entries = from.entries.clone();
                }
                refusal
            }
            _ => error,
        }
    }

    /// Looks for the reason behind a send that failed: a peer that hangs up in anger sends an alert first, which may
    /// still wait to be read and tells more than "connection reset". Reading it can run callbacks, so it is a step as
    /// any other: they get BUSY for input and output, and what they raise ends the call.
    fn parting_alert(&self) -> Option<Error> {
        let peeked = self.step(Flush::Tried, &mut |engine| {
            engine.receives();
            engine.ssl.peek(&mut [0])
        });
        errors::clear();
        match peeked {
            Ok((Err(Blocked::Failed(error)), ..)) => Some(self.explain_failure(error)),
            Err(error) if error.status == Status::Callback => Some(error),
            _ => None,
        }
    }

    fn explain_failure(&self, mut error: Error) -> Error {
        if error.detail.as_ref().is_some_and(|detail| detail.entries.is_empty()) {
            if let Some((_, alert)) = &*self.parting.lock() {
                return alert.clone(); // which a send has read, and no receive has told yet
            }
            // OpenSSL says nothing at all about a connection that failed before.
            return match &*self.failure.lock() {
                Some(failure) => error.saying(format!("the connection failed before: {failure}")),
                None => error,
            };
        }
        let verdict = self.verdict.lock().clone();
        let refused = |detail: &Detail| detail.entries.iter().any(|entry| entry.reason == "certificate verify failed");
        if let Some(detail) = error.detail.as_deref_mut() {
            if let Some(verdict) = verdict.filter(|_| refused(detail)) {
                detail.message = verdict.sentence().into();
                detail.verify = Some(verdict);
            } else if detail.entries.iter().any(|entry| entry.reason == "no shared cipher") && self.shows_nothing() {
                detail.message = "no shared cipher: this end has no certificate".into();
            } else if let Some(sentence) = detail.entries.iter().find_map(|entry| remedy(&entry.reason)) {
                detail.message = sentence.into();
            } else if let Some(speech) = self.foreign_speech() {
                detail.message = format!("the peer does not speak TLS: it sent {speech} ({})", detail.message).into();
            }
        }
        *self.failure.lock() = Some(error.message().to_owned());
        error
    }

    /// OpenSSL counts no cipher as shared where no certificate is there to go with it.
    fn shows_nothing(&self) -> bool {
        self.inspect().ssl.certificate().is_none()
    }

    /// The peer's first bytes, quoted, when they cannot be a TLS record: before the handshake is done only.
    fn foreign_speech(&self) -> Option<String> {
        let engine = self.inspect();
        if engine.ssl.is_init_finished() {
            return None;
        }
        let first = engine.ssl.wire().try_borrow().ok()?.first();
        // RFC 8446, 5.1: a record begins with its type (20 to 24) and a legacy version of major 3; DTLS has 254.
        match first.as_slice() {
            [20..=24, 3 | 254, ..] | [_] | [] => None,
            first => Some(format!("\"{}\"", first.escape_ascii())),
        }
    }
}

/// What to do about a reason of OpenSSL's that a program brings about.
fn remedy(reason: &str) -> Option<&'static str> {
    match reason {
        "connection type not set" | "uninitialized" => {
            Some("connection type not set: call set_connect_state() or set_accept_state() before the handshake")
        }
        _ => None,
    }
}

/// What the verification stopped at.
pub(super) fn verify_failure(at: &X509StoreContextRef) -> VerifyFailure {
    let code = at.error().as_raw();
    let message = library::verify_error_text(code).to_string_lossy().into_owned();
    VerifyFailure {
        code,
        depth: at.error_depth() as i32,
        message: match code {
            openssl_sys::X509_V_ERR_HOSTNAME_MISMATCH | openssl_sys::X509_V_ERR_IP_ADDRESS_MISMATCH => {
                format!("{message}: {}", hostname::mismatch(at))
            }
            _ => message,
        },
        subject: at.current_cert().and_then(|cert| name::rfc2253(cert.subject_name()).ok()).unwrap_or_default(),
    }
}

/// OpenSSL was content; the user's callback was not.
pub(super) fn refused_by_callback(at: &X509StoreContextRef) -> VerifyFailure {
    let mut failure = verify_failure(at);
    failure.message = "refused by the verify callback".to_owned();
    failure
}
