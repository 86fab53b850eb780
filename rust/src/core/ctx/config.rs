//! Protocol versions, suites, groups, options, sessions: the settings that are numbers or lists.

use super::overrides::{CIPHERS, SRTP, SUITES};
use super::Ctx;
use crate::core::files;
use crate::error::{Error, Result};
use crate::openssl::ffi;
use crate::openssl::name::nid;
use crate::openssl::ssl::c_string;
use libc::{c_int, c_long};
use std::ffi::CStr;

impl Ctx {
    /// OP_* bits to add; the bits as they are then.
    pub fn set_options(&self, options: u64) -> u64 {
        self.change(|ssl| ssl.set_options(options))
    }

    /// MODE_* bits to add; the bits as they are then.
    pub fn set_mode(&self, mode: c_long) -> Result<c_long> {
        if mode & SSL_MODE_ASYNC != 0 {
            return Err(Error::argument(
                "MODE_ASYNC is not supported: a connection cannot take up a job that OpenSSL has put aside",
            ));
        }
        Ok(self.change(|ssl| ssl.ctrl(ffi::SSL_CTRL_MODE, mode)))
    }

    /// MODE_* bits to take off; the bits as they are then.
    pub fn clear_mode(&self, mode: c_long) -> c_long {
        self.change(|ssl| ssl.ctrl(SSL_CTRL_CLEAR_MODE, mode))
    }

    pub fn set_min_version(&self, version: c_int) -> Result<()> {
        number(version)
            .and_then(|version| self.change(|ssl| ssl.set_proto_versions(Some(version), None)))
            .map_err(|error| error.doing(&format!("cannot set the minimum protocol version to {version:#06x}")))
    }

    pub fn set_max_version(&self, version: c_int) -> Result<()> {
        number(version)
            .and_then(|version| self.change(|ssl| ssl.set_proto_versions(None, Some(version))))
            .map_err(|error| error.doing(&format!("cannot set the maximum protocol version to {version:#06x}")))
    }

    /// The cipher suites up to TLS 1.2, in OpenSSL's list syntax.
    pub fn set_cipher_list(&self, list: &[u8]) -> Result<()> {
        let list = c_string(list, "the cipher list")?;
        self.set_list(CIPHERS, list.clone()).map_err(|error| unusable(error, "cipher list", &list))
    }

    /// The TLS 1.3 suites by their names in RFC 8446, colons between.
    pub fn set_ciphersuites(&self, list: &[u8]) -> Result<()> {
        let list = c_string(list, "the list of cipher suites")?;
        self.set_list(SUITES, list.clone()).map_err(|error| unusable(error, "TLS 1.3 cipher suites", &list))
    }

    /// The key exchange groups, in OpenSSL's list syntax.
    pub fn set_groups(&self, list: &[u8]) -> Result<()> {
        let list = c_string(list, "the list of groups")?;
        self.change(|ssl| ssl.set_groups_list(&list)).map_err(|error| {
            let wordless = error.detail.as_ref().is_some_and(|detail| detail.entries.is_empty());
            unusable(if wordless { error.saying("OpenSSL knows no such group") } else { error }, "groups", &list)
        })
    }

    /// One curve as the only key exchange group.
    pub fn set_curve(&self, curve: &CStr) -> Result<()> {
        let nid = nid(curve).ok_or_else(|| Error::argument(format!("unknown curve name {curve:?}")))?;
        self.change(|ssl| ssl.set_group(nid)).map_err(|error| unusable(error, "curve", curve))
    }

    /// Takes the parameters of ephemeral Diffie-Hellman from a PEM file, in place of OpenSSL's choice by the server's key.
    pub fn load_tmp_dh(&self, path: &CStr) -> Result<()> {
        let pem = files::read("cannot read the file of Diffie-Hellman parameters", path)?;
        self.change(|ssl| ssl.set_tmp_dh_pem(&pem))
            .map_err(|error| files::bad("Diffie-Hellman parameters", path, not_dh(error, &pem)))
    }

    /// Takes the parameters of ephemeral Diffie-Hellman from PEM in memory, as load_tmp_dh().
    pub fn set_tmp_dh(&self, pem: &[u8]) -> Result<()> {
        self.change(|ssl| ssl.set_tmp_dh_pem(pem))
            .map_err(|error| not_dh(error, pem).doing("cannot use the Diffie-Hellman parameters"))
    }

    /// Says whether clients answer certificate requests that come after the handshake (TLS 1.3). Connections that exist
    /// keep what they have.
    pub fn set_post_handshake_auth(&self, enabled: bool) {
        self.change(|ssl| ssl.set_post_handshake_auth(enabled));
    }

    /// Sets an id of up to 32 bytes that goes into the label of this context's sessions: a server resumes a session only
    /// under the id and the verification rules that it was made under.
    pub fn set_session_id_context(&self, id: &[u8]) -> Result<()> {
        let mut late = self.change.lock();
        // OpenSSL's own copy is never used. Setting it checks the length.
        self.ssl.set_session_id_context(id).map_err(|error| error.doing("cannot set the session id context"))?;
        late.session_id = id.into();
        Ok(())
    }

    /// SESS_CACHE_* bits; gives the bits as they were.
    pub fn set_session_cache_mode(&self, mode: c_long) -> c_long {
        self.change(|ssl| ssl.ctrl(ffi::SSL_CTRL_SET_SESS_CACHE_MODE, mode))
    }

    pub fn session_cache_mode(&self) -> c_long {
        self.change(|ssl| ssl.ctrl(SSL_CTRL_GET_SESS_CACHE_MODE, 0))
    }

    /// Seconds that sessions live; gives the seconds as they were.
    pub fn set_timeout(&self, seconds: c_long) -> c_long {
        self.change(|ssl| ssl.set_timeout(seconds))
    }

    pub fn timeout(&self) -> c_long {
        self.change(|ssl| ssl.timeout())
    }

    /// The protocols a client offers, each behind a length byte (RFC 7301).
    pub fn set_alpn_protos(&self, protocols: &[u8]) -> Result<()> {
        self.change(|ssl| ssl.set_alpn_protos(protocols))
            .map_err(|error| error.doing("the ALPN protocols must be of 1 to 255 bytes each"))
    }

    /// The SRTP profiles to negotiate (RFC 5764), colons between.
    pub fn set_srtp_profiles(&self, profiles: &[u8]) -> Result<()> {
        let profiles = c_string(profiles, "the list of SRTP profiles")?;
        self.set_list(SRTP, profiles.clone()).map_err(|error| unusable(error, "SRTP profiles", &profiles))
    }

    pub fn verify_mode(&self) -> c_int {
        self.change(|ssl| ssl.verify_mode())
    }

    pub fn set_verify_depth(&self, depth: c_int) {
        self.change(|ssl| ssl.set_verify_depth(depth));
    }

    /// -1 when it was never set.
    pub fn verify_depth(&self) -> c_int {
        self.change(|ssl| ssl.verify_depth())
    }
}

/// A protocol version as it stands in a record.
fn number(version: c_int) -> Result<u16> {
    u16::try_from(version).map_err(|_| Error::openssl())
}

/// What a file has in place of Diffie-Hellman parameters; where it has them, `error` says what is wrong with them.
fn not_dh(error: Error, pem: &[u8]) -> Error {
    let found = files::pem_labels(pem).unwrap_or_default();
    match found.first() {
        None => error.saying("it has no PEM block (Expecting: DH PARAMETERS)"),
        Some(_) if found.iter().any(|label| label.ends_with("DH PARAMETERS")) => {
            error.doing("its DH PARAMETERS cannot be used")
        }
        Some(other) => error.saying(format!("it has a PEM block of another kind: {other} (Expecting: DH PARAMETERS)")),
    }
}

fn unusable(error: Error, what: &str, list: &CStr) -> Error {
    error.doing(&format!("cannot use the {what} {list:?}"))
}

/// SSL_CTX_ctrl commands that openssl-sys does not name.
const SSL_CTRL_GET_SESS_CACHE_MODE: c_int = 45;
const SSL_CTRL_CLEAR_MODE: c_int = 78;
const SSL_MODE_ASYNC: c_long = 0x100;
