//! Whom a client trusts: rules that are settled at the first step of a handshake and hold until its end, also where the
//! handshake resumes a session.
//!
//! At the first step a session that does not meet the rules is taken back, so that the handshake is a full one. At the end
//! of a full handshake the session learns by which rules the server was verified. At the end of a resumed one a session
//! that should not have been resumed ends the connection.

use super::callbacks::Refusal;
use super::{Conn, Engine};
use crate::core::verified::{Identity, Rules, Verified};
use crate::error::{Error, Result};
use crate::status::Status;
use std::cell::{Cell, RefCell};

const VERIFY_NONE: libc::c_int = 0;
const OTHER_RULES: Refusal = Refusal {
    why: "the server resumed a session that was verified by other rules than those of the connection",
    reason: "certificate verify failed",
};

/// What a connection knows of its handshakes.
#[derive(Default)]
pub(super) struct Handshake {
    begun: Cell<bool>,
    under_way: Cell<bool>,
    /// A client's rules as they were at the first step; None where it verifies nothing.
    rules: RefCell<Option<Rules>>,
    /// The session at the first step met the rules.
    may_resume: Cell<bool>,
    /// The verify callback accepted what OpenSSL refused.
    was_lenient: Cell<bool>,
}

impl Handshake {
    pub fn is_lenient(&self) {
        self.was_lenient.set(true);
    }

    pub fn has_begun(&self) -> bool {
        self.begun.get()
    }

    /// A handshake has taken its first step and has not ended.
    pub fn is_under_way(&self) -> bool {
        self.under_way.get()
    }

    /// The handshake under way is given up: the next operation begins another one.
    pub fn starts_over(&self) {
        self.under_way.set(false);
    }
}

impl Conn {
    pub(super) fn settle_rules(&self) {
        let engine = self.inspect();
        let (ssl, handshake) = (&engine.ssl, &engine.handshake);
        handshake.begun.set(true);
        handshake.under_way.set(true);
        handshake.was_lenient.set(false);
        handshake.may_resume.set(false);
        // Where a name is expected without verification, the caller goes by the result (verify_result).
        let verifies = !ssl.is_server() && (ssl.verify_mode() != VERIFY_NONE || !ssl.verify_rules().name.is_none());
        let callbacks = self.current();
        let callback = callbacks.verify.as_ref().map(Identity::of);
        let judge = callbacks.ocsp_client.as_ref().map(Identity::of);
        let rules = verifies.then(|| Rules::of(ssl, callback, judge));
        if let (Some(rules), Some(session)) = (&rules, ssl.session()) {
            if rules.are_met_by(&session, &ssl.verify_store()) {
                handshake.may_resume.set(true);
            } else if ssl.is_before_handshake() {
                ssl.withdraw_session();
            }
        }
        handshake.rules.replace(rules);
    }

    pub(super) fn conclude_rules(&self) {
        let engine = self.inspect();
        let (ssl, handshake) = (&engine.ssl, &engine.handshake);
        // Post-handshake authentication ends, too, but it settled no rules and changes none.
        if !handshake.under_way.replace(false) {
            return;
        }
        let rules = handshake.rules.take();
        let Some(session) = ssl.session().filter(|_| !ssl.is_server()) else { return };
        match (rules, ssl.session_reused()) {
            (Some(_), true) if !handshake.may_resume.get() || Verified::of(&session).is_none() => {
                engine.refusal.set(Some(OTHER_RULES));
                self.force_alert(&engine);
            }
            (_, true) => {}
            (Some(rules), false) if !handshake.was_lenient.get() => {
                Verified::record(Verified::by(ssl, &session, rules), &session);
            }
            (_, false) => Verified::record(None, &session),
        }
    }

    /// A resumed handshake brings no OCSP response. The rules have seen to it that this connection's callback accepted one
    /// in the full handshake.
    pub(super) fn resumes_what_was_judged(&self) -> bool {
        let engine = self.inspect();
        engine.handshake.may_resume.get() && engine.ssl.session_reused()
    }

    /// Refuses to change a client's rules while a handshake goes by them.
    pub(super) fn rules_may_change(&self, engine: &Engine, what: &str) -> Result<()> {
        if engine.handshake.under_way.get() && !engine.ssl.is_server() {
            let why = format!("{what} cannot change in the middle of a client's handshake");
            return Err(Error::new(Status::Error, why));
        }
        Ok(())
    }

    /// Refuses what OpenSSL can take before the first handshake only.
    pub(super) fn has_not_begun(&self, engine: &Engine, what: &str) -> Result<()> {
        if engine.handshake.begun.get() || engine.busy.get() || !engine.ssl.is_before_handshake() {
            let why = format!("{what} can be set before the first handshake has begun, and not later");
            return Err(Error::new(Status::Error, why));
        }
        Ok(())
    }
}
