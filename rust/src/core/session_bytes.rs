//! A session as bytes. OpenSSL's DER has the server's certificate alone and nothing of how it was verified, so where that
//! is known it stands beside:
//!
//! ```text
//! SEQUENCE {
//!     SSL_SESSION,                    -- OpenSSL's DER
//!     [0] SEQUENCE {                  -- the tags of the fields count up from 0
//!         version, flags, depth, authLevel, purpose, hostFlags, hosts, address, email, time, chain } }
//! ```
//!
//! Numbers are big-endian and of fixed size; text that is not set and a time that is not set have no bytes. What exists in
//! one process alone (the store, callbacks) is not written.

// A session's bytes are as many as its chain has: docs/memory.md lists them.
#![allow(clippy::disallowed_methods)]

use super::verified::{is_certificate_of, Parties, Rules, Verified};
use crate::error::{Error, Result};
use crate::openssl::hostname::ExpectedName;
use crate::openssl::session_data;
use crate::openssl::verify_rules::VerifyRules;
use openssl::ssl::{SslSession, SslSessionRef};
use openssl::x509::X509;
use std::ffi::CString;

const SEQUENCE: u8 = 0x30;
const RECORD: u8 = 0xa0;
const HOST: u8 = 0x0c;
const VERSION: u8 = 1;

/// Writes a session: OpenSSL's DER, with the record of its verification where it has one.
pub fn write(session: &SslSessionRef) -> Result<Vec<u8>> {
    let der = session.to_der()?;
    match Verified::of(session) {
        Some(verified) => Ok(tagged(SEQUENCE, &[der, record(&verified)?].concat())),
        None => Ok(der),
    }
}

/// Reads what write() gave, or OpenSSL's DER alone. A record of a later version counts as none.
pub fn read(bytes: &[u8]) -> Result<SslSession> {
    session_data::register();
    let mut outer = Reader(bytes);
    let content = outer.take(SEQUENCE).filter(|content| content.first() == Some(&SEQUENCE));
    let Some(content) = content.filter(|_| outer.0.is_empty()) else { return plain(bytes) };
    let (der, rest) = Reader(content).split(SEQUENCE).ok_or_else(unreadable)?;
    let session = plain(der)?;
    let mut rest = Reader(rest);
    let fields = rest.take(RECORD).filter(|_| rest.0.is_empty()).ok_or_else(unreadable)?;
    if let Some(verified) = verified(fields)? {
        if !is_certificate_of(&session, &verified.chain) {
            return Err(Error::openssl().doing("cannot read the session: the chain is another server's"));
        }
        Verified::record(Some(verified), &session);
    }
    Ok(session)
}

fn plain(der: &[u8]) -> Result<SslSession> {
    SslSession::from_der(der).map_err(|stack| Error::from(stack).doing("cannot read the session"))
}

fn unreadable() -> Error {
    Error::openssl().doing("cannot read the session")
}

fn record(verified: &Verified) -> Result<Vec<u8>> {
    let VerifyRules { flags, depth, auth_level, purpose, time, name } = &verified.rules.verify;
    let hosts: Vec<_> = name.hosts.iter().map(|host| tagged(HOST, host.as_bytes())).collect();
    let text = |text: &Option<CString>| text.as_ref().map_or(Vec::new(), |text| text.as_bytes().to_vec());
    let chain = verified.chain.iter().map(|cert| cert.to_der()).collect::<std::result::Result<Vec<_>, _>>()?;
    let fields = [
        vec![VERSION],
        flags.to_be_bytes().to_vec(),
        depth.to_be_bytes().to_vec(),
        auth_level.to_be_bytes().to_vec(),
        purpose.to_be_bytes().to_vec(),
        name.host_flags.to_be_bytes().to_vec(),
        hosts.concat(),
        text(&name.address),
        text(&name.email),
        time.map_or(Vec::new(), |time| time.to_be_bytes().to_vec()),
        chain.concat(),
    ];
    let fields: Vec<_> = (0x80..).zip(fields).map(|(tag, content)| tagged(tag, &content)).collect();
    Ok(tagged(RECORD, &fields.concat()))
}

/// Reads the record; None for one of another version.
fn verified(fields: &[u8]) -> Result<Option<Verified>> {
    let mut tags = 0x80..;
    let mut fields = Reader(fields);
    let mut next = || fields.take(tags.next()?);
    if next() != Some(&[VERSION]) {
        return Ok(None);
    }
    let verify = (|| {
        Some(VerifyRules {
            flags: u64::from_be_bytes(number(next()?)?),
            depth: i32::from_be_bytes(number(next()?)?),
            auth_level: i32::from_be_bytes(number(next()?)?),
            purpose: i32::from_be_bytes(number(next()?)?),
            name: ExpectedName {
                host_flags: u32::from_be_bytes(number(next()?)?),
                hosts: items(next()?, |reader| CString::new(reader.take(HOST)?).ok())?,
                address: text(next()?)?,
                email: text(next()?)?,
            },
            time: match next()? {
                [] => None,
                time => Some(i64::from_be_bytes(number(time)?)),
            },
        })
    })();
    let chain = next().and_then(|certs| {
        items(certs, |reader| {
            let (cert, rest) = Reader(reader.0).split(SEQUENCE)?;
            reader.0 = rest;
            X509::from_der(cert).ok()
        })
    });
    match (verify, chain, fields.0) {
        (Some(verify), Some(chain), []) => {
            Ok(Some(Verified { rules: Rules { verify, parties: Parties::default() }, chain }))
        }
        _ => Err(unreadable()),
    }
}

fn number<const SIZE: usize>(bytes: &[u8]) -> Option<[u8; SIZE]> {
    bytes.try_into().ok()
}

/// No text is Some(None), what cannot be text is None.
fn text(bytes: &[u8]) -> Option<Option<CString>> {
    match bytes {
        [] => Some(None),
        bytes => CString::new(bytes).ok().map(Some),
    }
}

fn items<T>(bytes: &[u8], mut item: impl FnMut(&mut Reader<'_>) -> Option<T>) -> Option<Vec<T>> {
    let mut reader = Reader(bytes);
    let mut items = Vec::new();
    while !reader.0.is_empty() {
        items.push(item(&mut reader)?);
    }
    Some(items)
}

/// Returns a tag, the length of the content and the content (X.690, 8.1).
fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short @ ..=127) => bytes.push(short),
        _ => {
            let length = content.len().to_be_bytes();
            let length: Vec<_> = length.into_iter().skip_while(|byte| *byte == 0).collect();
            bytes.push(0x80 | length.len() as u8);
            bytes.extend(length);
        }
    }
    bytes.extend(content);
    bytes
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Takes the content of the next value, which must have this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (content, rest) = self.content(tag)?;
        self.0 = rest;
        Some(content)
    }

    /// Splits the next value, its tag and length included, from what is behind it.
    fn split(&self, tag: u8) -> Option<(&'a [u8], &'a [u8])> {
        let (_, rest) = self.content(tag)?;
        self.0.split_at_checked(self.0.len() - rest.len())
    }

    fn content(&self, tag: u8) -> Option<(&'a [u8], &'a [u8])> {
        let (head, rest) = self.0.split_first_chunk::<2>()?;
        let (length, rest) = match head {
            [found, _] if *found != tag => return None,
            [_, short @ ..=127] => (usize::from(*short), rest),
            [_, long] => {
                let (length, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
                (
                    length
                        .iter()
                        .try_fold(0usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))?,
                    rest,
                )
            }
        };
        rest.split_at_checked(length)
    }
}
