//! The rules by which a client verified its server, and the chain that met them. A session keeps both: who resumes it sees
//! no certificate, so that only a connection with the same rules may rely on it.
//!
//! No signature is checked again. What a moment can change is: the dates of the chain, and whether its anchor is trusted.

use crate::openssl::session_data;
use crate::openssl::ssl::info::session_peer;
use crate::openssl::ssl::Ssl;
use crate::openssl::store_params::{self, StoreVersion};
use crate::openssl::verify_rules::{is_anchored, VerifyRules};
use openssl::ssl::SslSessionRef;
use openssl::x509::store::X509StoreRef;
use openssl::x509::X509;
use std::any::Any;
use std::sync::Arc;

/// What a client that verifies demands of a server.
pub struct Rules {
    pub verify: VerifyRules,
    pub parties: Parties,
}

/// The parts of the rules that exist in this process alone.
#[derive(Default)]
pub struct Parties {
    /// None: that of another process.
    store: Option<StoreVersion>,
    /// The verify callback, which has a word on each certificate.
    callback: Option<Identity>,
    /// The callback that judges the OCSP response; None where no response was asked for or nothing judges it.
    ocsp: Option<Identity>,
}

/// Tells a callback from every other one, of any time. It does not keep the callback alive.
pub struct Identity {
    address: usize,
    /// A Weak, because of which no other callback gets the address.
    _place: Box<dyn Any + Send + Sync>,
}

/// A chain, from the server's certificate to the anchor, that OpenSSL accepted under these rules, every certificate of it.
pub struct Verified {
    pub rules: Rules,
    pub chain: Vec<X509>,
}

impl Rules {
    /// Returns the rules of a handshake that begins now, with the verify callback and the one that judges an OCSP response.
    pub fn of(ssl: &Ssl, callback: Option<Identity>, judge: Option<Identity>) -> Self {
        let (store, ocsp) = (store_params::version(&ssl.verify_store()), judge.filter(|_| ssl.asks_for_ocsp()));
        Rules { verify: ssl.verify_rules(), parties: Parties { store, callback, ocsp } }
    }

    /// Returns true if a session may be resumed under these rules: its full handshake met the same ones, or stricter, and
    /// its chain meets them still. `store` is the one of these rules.
    pub fn are_met_by(&self, session: &SslSessionRef, store: &X509StoreRef) -> bool {
        Verified::of(session).is_some_and(|verified| {
            !self.verify.ask_for_revocation()
                && self.ask_no_more_than(&verified.rules)
                && self.verify.accept_dates_of(&verified.chain)
                && verified.chain.first().is_some_and(|leaf| self.verify.name.fits(leaf))
                && self.trust(&verified, store)
        })
    }

    fn ask_no_more_than(&self, others: &Rules) -> bool {
        // No name at all asks for less than any name does.
        let name = if self.verify.name.is_none() { &self.verify.name } else { &others.verify.name };
        let comparable = VerifyRules { name: name.clone(), ..others.verify.clone() };
        let (own, theirs) = (&self.parties, &others.parties);
        self.verify == comparable
            && is_none_or_the_same(&own.callback, &theirs.callback)
            && is_none_or_the_same(&own.ocsp, &theirs.ocsp)
    }

    fn trust(&self, verified: &Verified, store: &X509StoreRef) -> bool {
        match (&self.parties.store, &verified.rules.parties.store) {
            (None, _) => false,
            (Some(now), Some(then)) if now.is_unchanged(then) => true,
            (Some(now), Some(then)) => now.is_same_store(then) && is_anchored(&verified.chain, store),
            (Some(_), None) => is_anchored(&verified.chain, store),
        }
    }
}

impl Verified {
    /// Returns what a full handshake found that ended just now under `rules`; None where its certificate is not the first
    /// of a verified chain (an anonymous cipher suite has none).
    pub fn by(ssl: &Ssl, session: &SslSessionRef, rules: Rules) -> Option<Self> {
        let chain = ssl.verified_chain().unwrap_or_default();
        (ssl.verify_result() == openssl_sys::X509_V_OK && is_certificate_of(session, &chain))
            .then_some(Verified { rules, chain })
    }

    /// Returns the record of a session; None where its server was not verified.
    pub fn of(session: &SslSessionRef) -> Option<Arc<Self>> {
        session_data::get(session)?.downcast().ok()
    }

    /// Records the end of a full handshake: with None that the server was not verified.
    pub fn record(verified: Option<Self>, session: &SslSessionRef) {
        session_data::set(session, verified.map(|verified| Arc::new(verified) as session_data::Data));
    }
}

/// Returns true if the chain begins with the certificate that the session keeps.
pub fn is_certificate_of(session: &SslSessionRef, chain: &[X509]) -> bool {
    let der = |cert: &X509| cert.to_der().ok();
    match (session_peer(session), chain.first()) {
        (Some(peer), Some(leaf)) => der(&peer).is_some_and(|peer| Some(peer) == der(leaf)),
        _ => false,
    }
}

impl Identity {
    pub fn of<T: ?Sized + Send + Sync + 'static>(callback: &Arc<T>) -> Self {
        let address = Arc::as_ptr(callback).cast::<()>() as usize;
        Identity { address, _place: Box::new(Arc::downgrade(callback)) }
    }
}

fn is_none_or_the_same(wanted: &Option<Identity>, given: &Option<Identity>) -> bool {
    match (wanted, given) {
        (None, _) => true,
        (Some(wanted), Some(given)) => wanted.address == given.address,
        (Some(_), None) => false,
    }
}
