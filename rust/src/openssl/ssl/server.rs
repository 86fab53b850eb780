//! What a server sets on one SSL before OpenSSL chooses a session.

use super::super::check::check;
use super::Ssl;
use crate::error::Result;
use crate::openssl::ffi;
use crate::openssl::ssl_ctx::SslCtx;
use foreign_types::ForeignTypeRef;
use libc::c_uint;
use openssl::stack::StackRef;
use openssl::x509::X509Name;

impl Ssl {
    /// Returns true once a handshake has come so far that this end sent its Finished message.
    pub fn has_sent_finished(&self) -> bool {
        !self.finished().is_empty()
    }

    /// Sets what sessions are labelled with. A session with another label is not resumed.
    pub fn set_session_id_context(&self, id: &[u8; 32]) -> Result<()> {
        // SAFETY: OpenSSL copies the bytes.
        check(unsafe { ffi::SSL_set_session_id_context(self.as_ptr(), id.as_ptr(), id.len() as c_uint) })
    }

    /// Returns true if the session, if there is one, has this label.
    pub fn has_session_label(&self, id: &[u8; 32]) -> bool {
        // SAFETY: a live SSL; its session's label is borrowed and readable for the length.
        unsafe {
            let session = ffi::SSL_get_session(self.as_ptr());
            if session.is_null() {
                return true;
            }
            let mut len: c_uint = 0;
            let label = ffi::SSL_SESSION_get0_id_context(session, &mut len);
            !label.is_null() && std::slice::from_raw_parts(label, len as usize) == id
        }
    }

    /// Sends no session tickets from now on (TLS 1.3).
    pub fn send_no_tickets(&self) -> Result<()> {
        // SAFETY: a live SSL.
        check(unsafe { ffi::SSL_set_num_tickets(self.as_ptr(), 0) })
    }

    /// Labels the session that is being made. Call in a full handshake only: other connections share a session that is
    /// resumed.
    pub fn label_session(&self, id: &[u8; 32]) -> Result<()> {
        // SAFETY: a live SSL, and its session, if any; OpenSSL copies the bytes.
        unsafe {
            let session = ffi::SSL_get_session(self.as_ptr());
            if session.is_null() {
                return Ok(());
            }
            check(ffi::SSL_SESSION_set1_id_context(session, id.as_ptr(), id.len() as c_uint))
        }
    }

    /// Calls `take` with the DER form of each authority that a server names to its clients.
    pub fn each_client_ca(&self, mut take: impl FnMut(&[u8])) -> Result<()> {
        // SAFETY: the stack belongs to the SSL or its context, and lives as long as this borrow of the SSL.
        unsafe {
            let stack = ffi::SSL_get_client_CA_list(self.as_ptr());
            if !stack.is_null() {
                for name in StackRef::<X509Name>::from_ptr(stack) {
                    take(&name.to_der()?);
                }
            }
        }
        Ok(())
    }

    /// Takes over the depth, purpose and flags of verification from a context. Expected names stay.
    pub fn take_verify_params(&self, ctx: &SslCtx) -> Result<()> {
        const ALL: libc::c_ulong = libc::c_ulong::MAX;
        // SAFETY: the parameters are parts of the live SSL and SSL_CTX. OpenSSL copies what is set in `theirs`.
        unsafe {
            let own = ffi::SSL_get0_param(self.as_ptr());
            let theirs = ffi::SSL_CTX_get0_param(ctx.as_ptr());
            check(ffi::X509_VERIFY_PARAM_set1(own, theirs))?;
            ffi::X509_VERIFY_PARAM_set_depth(own, ffi::X509_VERIFY_PARAM_get_depth(theirs));
            ffi::X509_VERIFY_PARAM_clear_flags(own, ALL);
            check(ffi::X509_VERIFY_PARAM_set_flags(own, ffi::X509_VERIFY_PARAM_get_flags(theirs)))
        }
    }
}
