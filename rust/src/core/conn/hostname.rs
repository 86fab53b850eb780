//! The host that a client wants: the name it asks for (SNI, RFC 6066) and the name that the peer's certificate must have
//! (RFC 9525).

use super::{Conn, Engine};
use crate::error::{Detail, Entry, Error, Result, VerifyFailure};
use crate::openssl::hostname::{self, Expected};
use crate::openssl::ssl::c_string;
use crate::openssl::{ffi, library, name};
use crate::status::Status;
use libc::c_int;
use openssl::x509::{X509Ref, X509StoreContextRef};
use std::ffi::CString;
use std::net::IpAddr;
use std::sync::atomic::Ordering;

const VERIFY_PEER: c_int = 1;
/// RFC 1035, 2.3.4, without the root's dot.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;
/// RFC 6066, 3, has 65535; OpenSSL's limit is TLSEXT_MAXLEN_host_name.
const MAX_SERVER_NAME: usize = 255;

impl Conn {
    /// Makes this end a client of `host`, a DNS name or an IP address: asks for the name, and refuses a peer whose
    /// certificate is not for it. An address is never asked for, and the dot that may end a name is not sent (RFC 6066).
    /// Call before the handshake begins.
    pub fn set_client(&self, host: &str) -> Result<()> {
        let host = Host::parse(host)?;
        let engine = self.inspect();
        if !engine.ssl.is_before_handshake() || engine.handshake.has_begun() {
            let why = "the handshake has begun: the server's name is set before it";
            return Err(Error::new(Status::Error, why));
        }
        engine.ssl.set_connect_state();
        self.expect(&engine, &host)?;
        verify_peer(&engine);
        let server_name = match &host {
            Host::Name(name) => Some(name.as_c_str()),
            Host::Address(_) => None,
        };
        engine.ssl.set_server_name(server_name).map_err(|error| error.doing("cannot set the server's name"))
    }

    /// Refuses a peer whose certificate is not for this DNS name or IP address, and turns verification on.
    ///
    /// After the handshake the peer is checked at once. In the middle of one it is an error: the certificate may have been
    /// looked at already.
    pub fn set_verify_host(&self, host: &str) -> Result<()> {
        let engine = self.inspect();
        self.change_host(&engine, host)?;
        verify_peer(&engine);
        Ok(())
    }

    /// As `set_verify_host`, but the verification mode stays as it is.
    pub fn set_expected_host(&self, host: &str) -> Result<()> {
        self.change_host(&self.inspect(), host)
    }

    fn change_host(&self, engine: &Engine, host: &str) -> Result<()> {
        let host = Host::parse(host)?;
        // OpenSSL's state is not enough: in the info callback of the first step the rules are settled already.
        if engine.ssl.is_init_finished() {
            check_peer(engine, &host)?;
        } else if !engine.ssl.is_before_handshake() || engine.handshake.is_under_way() {
            let why = "the handshake is under way: the host to verify is set before it begins, or after it";
            return Err(Error::new(Status::Error, why));
        }
        self.expect(engine, &host)
    }

    /// Sets the name a client asks for (SNI). It is sent as it stands and not verified.
    pub fn set_host_name(&self, name: &[u8]) -> Result<()> {
        let text = c_string(name, "the host name")?;
        if name.is_empty() || name.len() > MAX_SERVER_NAME {
            let message =
                format!("a server name of {} bytes cannot be sent: 1 to {MAX_SERVER_NAME} are possible", name.len());
            return Err(refusal(message, "ssl3 ext invalid servername", None));
        }
        self.inspect().ssl.set_server_name(Some(&text)).map_err(|error| error.doing("cannot set the server's name"))
    }

    /// Has later verifications compare the peer's names. All that can be refused is refused before anything changes.
    fn expect(&self, engine: &Engine, host: &Host) -> Result<()> {
        if !host.expected().is_usable()? {
            return Err(Error::argument(format!(
                "{:?} cannot be verified: OpenSSL takes it for no host name",
                host.text()
            )));
        }
        engine.ssl.expect_host(host.expected()).map_err(|error| {
            // The earlier name is lost: rather no connection than one that accepts any name.
            self.closed.store(true, Ordering::SeqCst);
            error.doing(&format!("cannot verify the host {:?}", host.text()))
        })
    }
}

fn verify_peer(engine: &Engine) {
    engine.ssl.set_verify(engine.ssl.verify_mode() | VERIFY_PEER);
}

/// A host as a caller names it.
enum Host {
    /// A DNS name in ASCII, without a dot at its end.
    Name(CString),
    Address(IpAddr),
}

impl Host {
    /// Reads a DNS name or an IP address. An IPv6 address may stand in brackets, as in a URL.
    fn parse(text: &str) -> Result<Self> {
        let bad = |why: &str| Err(Error::argument(format!("{text:?} cannot be verified: {why}")));
        if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return match inner.parse() {
                Ok(address) => Ok(Host::Address(IpAddr::V6(address))),
                Err(_) => bad("brackets are for an IPv6 address"),
            };
        }
        if let Ok(address) = text.parse() {
            return Ok(Host::Address(address));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        match why_no_name(name) {
            Some(why) => bad(why),
            None => Ok(Host::Name(c_string(name.as_bytes(), "the host name")?)),
        }
    }

    fn expected(&self) -> Expected<'_> {
        match self {
            Host::Name(name) => Expected::Name(name),
            Host::Address(address) => Expected::Address(*address),
        }
    }

    fn text(&self) -> String {
        match self {
            Host::Name(name) => name.to_string_lossy().into_owned(),
            Host::Address(address) => address.to_string(),
        }
    }
}

/// Says why a text is no host name, if it is none (RFC 1123, 2.1; underscores are in use and legal here).
fn why_no_name(name: &str) -> Option<&'static str> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let mut labels = name.split('.');
    Some(match name {
        "" => "it is empty",
        _ if !name.is_ascii() => "it is not ASCII; give the A-label form (IDNA) of an international name",
        _ if name.contains('*') => "a wildcard is the certificate's to have, not the peer's",
        _ if !name.bytes().all(legal) => "it is neither a DNS name nor an IP address",
        _ if name.starts_with('.') => "it begins with a dot",
        _ if labels.clone().any(str::is_empty) => {
            "it has an empty label: two dots in a row, or more than one at its end"
        }
        _ if name.len() > MAX_NAME => "a DNS name has at most 253 characters",
        _ if labels.clone().any(|label| label.len() > MAX_LABEL) => "a label of a DNS name has at most 63 characters",
        _ if labels.clone().any(|label| label.starts_with('-') || label.ends_with('-')) => {
            "a label of a DNS name neither begins nor ends with a hyphen"
        }
        _ if labels.next_back().is_some_and(is_number) => {
            "it ends with a number, as an IP address does, but is not one in its full form"
        }
        _ => return None,
    })
}

/// Returns true for what resolvers take as the last part of an IPv4 address: decimal, or hexadecimal after "0x".
fn is_number(label: &str) -> bool {
    let hexadecimal = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    match hexadecimal {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// Checks the peer of a finished handshake: its chain was verified and its certificate is for the host.
fn check_peer(engine: &Engine, host: &Host) -> Result<()> {
    let unknown =
        |why: String| refusal(format!("the peer cannot be verified as {:?}: {why}", host.text()), UNVERIFIED, None);
    let Some(cert) = engine.ssl.peer_certificate() else {
        return Err(unknown("it has shown no certificate".to_owned()));
    };
    if engine.ssl.verify_mode() & VERIFY_PEER == 0 && engine.ssl.session_reused() {
        return Err(unknown("the session was resumed without verification".to_owned()));
    }
    let code = engine.ssl.verify_result();
    if code != ffi::X509_V_OK {
        return Err(unknown(library::verify_error_text(code).to_string_lossy().into_owned()));
    }
    if host.expected().is_in(&cert)? {
        return Ok(());
    }
    let code = match host {
        Host::Name(_) => ffi::X509_V_ERR_HOSTNAME_MISMATCH,
        Host::Address(_) => ffi::X509_V_ERR_IP_ADDRESS_MISMATCH,
    };
    let words = library::verify_error_text(code).to_string_lossy();
    let failure = VerifyFailure {
        code,
        depth: 0,
        message: format!("{words}: {}", names_differ(Some(host.text()), Some(&cert))),
        subject: name::rfc2253(cert.subject_name()).unwrap_or_default(),
    };
    Err(refusal(failure.sentence(), UNVERIFIED, Some(failure)))
}

const UNVERIFIED: &str = "certificate verify failed";

fn refusal(message: String, reason: &str, verify: Option<VerifyFailure>) -> Error {
    let entry = Entry { library: "SSL routines".into(), reason: reason.into(), ..Entry::default() };
    let message = message.into();
    Error::with(Status::Error, Detail { message, entries: vec![entry], verify, ..Detail::default() })
}

/// Says which name a verification wanted, and which names the certificate has.
pub(super) fn mismatch(at: &X509StoreContextRef) -> String {
    names_differ(hostname::wanted(at), at.current_cert())
}

fn names_differ(wanted: Option<String>, cert: Option<&X509Ref>) -> String {
    let quoted = |name: String| format!("\"{name}\"");
    let wanted = wanted.map_or("another name".to_owned(), quoted);
    let offered: Vec<_> = cert.map(hostname::offered).unwrap_or_default();
    match offered.is_empty() {
        true => format!("wanted {wanted}, and the certificate has no DNS name and no IP address"),
        false => {
            let offered: Vec<_> = offered.into_iter().map(quoted).collect();
            format!("wanted {wanted}, and the certificate is for {}", offered.join(", "))
        }
    }
}
