//! A TLS session, to be taken up again by a later connection.

use super::ctx::Ctx;
use super::session_bytes;
use crate::error::{Error, Result};
use openssl::ssl::{SslSession, SslSessionRef};
use std::sync::{Arc, Weak};

pub struct Session {
    session: SslSession,
    /// The context of the connection it came from: what verified the peer. None for one that was read from bytes.
    ctx: Option<Weak<Ctx>>,
}

impl Session {
    pub fn of(ctx: &Arc<Ctx>, session: SslSession) -> Arc<Self> {
        Arc::new(Session { session, ctx: Some(Arc::downgrade(ctx)) })
    }

    /// Reads what `to_bytes` gave, or OpenSSL's DER alone. The caller vouches for the bytes: a connection that resumes the
    /// session trusts the peer by what they say of its verification. OpenSSL's DER says nothing of that, and is offered
    /// only by connections that verify nothing.
    pub fn from_bytes(bytes: &[u8]) -> Result<Arc<Self>> {
        Ok(Arc::new(Session { session: session_bytes::read(bytes)?, ctx: None }))
    }

    /// Writes OpenSSL's DER form, secrets included, and beside it how the server was verified, if it was.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        session_bytes::write(&self.session)
    }

    /// The session id; in TLS 1.3 a hash of the ticket, empty before one came.
    pub fn id(&self) -> &[u8] {
        self.session.id()
    }

    /// When it was agreed on, in seconds since 1970, and for how many seconds it is good.
    pub fn time_and_timeout(&self) -> (i64, i64) {
        (self.session.time(), self.session.timeout())
    }

    /// The session for a connection of `ctx`; one of another context is refused, for that one verified by other rules.
    pub(super) fn for_ctx(&self, ctx: &Arc<Ctx>) -> Result<&SslSessionRef> {
        match &self.ctx {
            Some(own) if !std::ptr::eq(own.as_ptr(), Arc::as_ptr(ctx)) => {
                Err(Error::argument("the session belongs to another context, which verified by rules of its own"))
            }
            _ => Ok(&self.session),
        }
    }
}
