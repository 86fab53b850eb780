//! Callbacks on their way from OpenSSL to the user, and what a connection does when one of them raises.
//!
//! A callback that raises ends its connection, and closed: the peer gets a fatal alert, later operations fail. Where
//! OpenSSL lets a callback refuse, it sends the alert. Where it does not (info, key log), the wire is poisoned: from then
//! on OpenSSL reads a record that cannot be, and sends the alert that such a peer deserves. DTLS passes over such records:
//! there the alert is written here, while it goes in the clear, or close_notify once the handshake is done.

use super::{diagnose, Conn, Engine, Transport};
use crate::core::ctx::{Alpn, Answer, Callbacks, Raised};
use crate::error::{Detail, Entry, Error};
use crate::openssl::callbacks::{CallbackTarget, ClientHello, HelloRefused, Select, Staple};
use crate::openssl::errors;
use crate::openssl::forced_alert::ForcedAlert;
use crate::openssl::ssl::Blocked;
use crate::status::Status;
use openssl::x509::X509StoreContextRef;
use std::sync::atomic::Ordering;
use std::sync::Arc;

impl CallbackTarget for Conn {
    fn verify(&self, ok: bool, at: &mut X509StoreContextRef) -> bool {
        if !ok {
            *self.verdict.lock() = Some(diagnose::verify_failure(at));
        }
        let Some(callback) = &self.current().verify else { return ok };
        let accepted = self.run(|| callback(self, at, ok)).unwrap_or(false);
        if accepted {
            *self.verdict.lock() = None;
            if !ok {
                self.inspect().handshake.is_lenient();
            }
        } else if ok {
            *self.verdict.lock() = Some(diagnose::refused_by_callback(at));
        }
        accepted
    }

    fn info(&self, at: libc::c_int, value: libc::c_int) {
        if let Some(callback) = &self.current().info {
            let _ = self.run(|| callback(self, at, value));
        }
    }

    fn handshake_begins(&self) {
        self.settle_rules();
    }

    fn handshake_ends(&self) {
        self.conclude_rules();
    }

    fn keylog(&self, line: &str) {
        if let Some(callback) = &self.current().keylog {
            let _ = self.run(|| callback(self, line));
        }
    }

    fn client_hello(&self, hello: ClientHello) -> Result<(), HelloRefused> {
        self.take_client_hello(hello)
    }

    fn acknowledges_server_name(&self) -> bool {
        self.has_acknowledged_name()
    }

    fn alpn_select(&self, offered: &[u8]) -> Select {
        let Some(callback) = &self.current().alpn_select else { return Select::None };
        match self.run(|| callback(self, offered)) {
            Ok(Alpn::Selected(protocol)) => Select::Protocol(protocol),
            Ok(Alpn::None) => Select::None,
            Ok(Alpn::Refused) | Err(Raised) => Select::Refuse,
        }
    }

    fn ocsp_response(&self) -> Staple {
        let Some(callback) = &self.current().ocsp_server else { return Staple::Nothing };
        match self.run(|| callback(self)) {
            Ok(response) if response.is_empty() => Staple::Nothing,
            Ok(response) => Staple::Response(response),
            Err(Raised) => Staple::Fail,
        }
    }

    fn ocsp_judge(&self, response: &[u8]) -> Option<bool> {
        if self.resumes_what_was_judged() {
            return Some(true);
        }
        match &self.current().ocsp_client {
            Some(callback) => self.run(|| callback(self, response)).ok(),
            None => Some(true),
        }
    }

    fn cookie_generate(&self) -> Option<Vec<u8>> {
        let callbacks = self.current();
        let callback = callbacks.cookie_generate.as_ref()?;
        self.run(|| callback(self)).ok()
    }

    fn cookie_verify(&self, cookie: &[u8]) -> bool {
        match &self.current().cookie_verify {
            Some(callback) => self.run(|| callback(self, cookie)).unwrap_or(false),
            None => false,
        }
    }
}

impl Conn {
    pub(super) fn current(&self) -> Arc<Callbacks> {
        self.callbacks.lock().clone()
    }

    /// Runs a callback, unless one raised before: then nothing of the user's runs on this connection any more.
    pub(super) fn run<T>(&self, callback: impl FnOnce() -> Answer<T>) -> Answer<T> {
        if self.callback_failed.load(Ordering::SeqCst) {
            return Err(Raised);
        }
        let answer = callback();
        if self.at_home().is_err() {
            // The callback forked, and this is the child: the parent goes on with the operation, and nobody else.
            if let Ok(mut wire) = self.inspect().ssl.wire().try_borrow_mut() {
                wire.cut_off();
            }
            return answer;
        }
        answer.inspect_err(|Raised| self.force_alert(&self.inspect()))
    }

    /// Ends the connection: OpenSSL reads nothing any more but what it answers with a fatal alert.
    pub(super) fn force_alert(&self, engine: &Engine) {
        self.callback_failed.store(true, Ordering::SeqCst);
        if let Ok(mut wire) = engine.ssl.wire().try_borrow_mut() {
            wire.poison = Some(ForcedAlert::new(self.is_dtls));
            if self.is_dtls {
                wire.end_datagrams();
            }
        };
    }

    /// A callback raised in the operation that just ended, or the handshake was refused: brings the engine to its end, and
    /// returns the error of the operation.
    pub(super) fn end_after_callback(&self, engine: &Engine) -> Error {
        if let Ok(mut wire) = engine.ssl.wire().try_borrow_mut() {
            wire.write_aside(false);
        }
        // Each read throws away a record that had come before, or meets the poison.
        let mut nowhere = [0; 1024];
        let end = loop {
            match engine.ssl.read(&mut nowhere) {
                Ok(_) => {}
                Err(stop) => break stop,
            }
        };
        // DTLS drops what it cannot decrypt without a word; TLS never gets here.
        if matches!(end, Blocked::WantRead) && engine.ssl.is_init_finished() {
            let _ = engine.ssl.shutdown();
        }
        let refusal = engine.refusal.get();
        *self.failure.lock() = Some(refusal.map_or(CALLBACK_RAISED, |refusal| refusal.why).to_owned());
        errors::clear();
        if let Ok(mut wire) = engine.ssl.wire().try_borrow_mut() {
            wire.flush();
        };
        refusal.map_or(Error::bare(Status::Callback), Refusal::error)
    }

    /// Gets the alert onto a transport of functions, if it takes it.
    pub(super) fn last_words(&self) {
        if let Transport::Pipe { pipe, writing, .. } = &self.transport {
            let _ = self.pump_out_once(&**pipe, writing);
        }
    }

    /// Refuses an operation on a connection that a callback has ended.
    pub(super) fn not_ended_by_callback(&self) -> Result<(), Error> {
        if !self.callback_failed.load(Ordering::SeqCst) {
            return Ok(());
        }
        errors::clear();
        let failure = self.failure.lock().clone().unwrap_or_else(|| CALLBACK_RAISED.to_owned());
        Err(Error::openssl().saying(format!("the connection failed before: {failure}")))
    }
}

const CALLBACK_RAISED: &str = "a callback raised an exception";

/// Why the library itself ends a connection.
#[derive(Clone, Copy)]
pub(super) struct Refusal {
    pub why: &'static str,
    /// OpenSSL's reason for the like.
    pub reason: &'static str,
}

impl Refusal {
    pub fn error(self) -> Error {
        let entry = Entry { library: "SSL routines".into(), reason: self.reason.into(), ..Entry::default() };
        Error::with(Status::Error, Detail { message: self.why.into(), entries: vec![entry], ..Detail::default() })
    }
}
