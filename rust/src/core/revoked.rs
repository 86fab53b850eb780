//! An entry of a revocation list: which certificate, since when, and why (RFC 5280, 5.3).

use crate::error::{Error, Result};
use crate::openssl::crl as raw;
use crate::runtime::memory;
use crate::runtime::mutex::Mutex;
use openssl::x509::X509Revoked;
use std::ffi::CStr;
use std::sync::Arc;

pub struct Revoked {
    entry: Mutex<X509Revoked>,
}

/// CRLReason by the names of RFC 5280; removeFromCRL (8) is for delta lists and left out.
pub const REASONS: [(&str, i64); 7] = [
    ("unspecified", 0),
    ("keyCompromise", 1),
    ("CACompromise", 2),
    ("affiliationChanged", 3),
    ("superseded", 4),
    ("cessationOfOperation", 5),
    ("certificateHold", 6),
];

impl Revoked {
    pub fn new() -> Result<Arc<Self>> {
        raw::empty_entry().map(Self::from_openssl)
    }

    pub fn from_openssl(entry: X509Revoked) -> Arc<Self> {
        Arc::new(Revoked { entry: Mutex::new(entry) })
    }

    /// An independent copy.
    pub fn to_openssl(&self) -> Result<X509Revoked> {
        raw::duplicate_entry(&self.entry.lock()).map_err(|error| error.doing("cannot copy the entry"))
    }

    /// Upper case hexadecimal, two digits a byte.
    pub fn serial(&self) -> Result<String> {
        to_hex(&raw::entry_serial(&self.entry.lock())?)
    }

    pub fn set_serial(&self, hex: &str) -> Result<()> {
        let bytes = from_hex(hex)?;
        raw::set_entry_serial(&mut self.entry.lock(), &bytes)
    }

    /// GeneralizedTime text; None when it was never set.
    pub fn date(&self) -> Result<Option<Vec<u8>>> {
        raw::entry_date(&self.entry.lock())
    }

    pub fn set_date(&self, when: &CStr) -> Result<()> {
        raw::set_entry_date(&mut self.entry.lock(), when)
    }

    /// The reason in OpenSSL's words ("Key Compromise"); None when there is none.
    pub fn reason(&self) -> Result<Option<Vec<u8>>> {
        raw::entry_reason(&self.entry.lock())
    }

    /// By its name, with case and blanks not counting; None takes the reason out.
    pub fn set_reason(&self, reason: Option<&str>) -> Result<()> {
        let code = reason.map(|reason| reason_code(reason).ok_or_else(|| unknown_reason(reason))).transpose()?;
        raw::set_entry_reason(&mut self.entry.lock(), code)
    }
}

fn reason_code(reason: &str) -> Option<i64> {
    let reason: String = reason.chars().filter(|c| *c != ' ').collect();
    REASONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&reason)).map(|(_, code)| *code)
}

fn unknown_reason(reason: &str) -> Error {
    let names: Vec<&str> = REASONS.iter().map(|(name, _)| *name).collect();
    Error::argument(format!("{reason:?} is no reason for a revocation; known are {}", names.join(", ")))
}

/// Two's complement, big endian, of a hexadecimal number with or without a sign.
fn from_hex(text: &str) -> Result<Vec<u8>> {
    let bad_hex = || Error::argument("bad hex string");
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(bad_hex());
    }
    let padding: &[u8] = if digits.len() % 2 == 1 { b"000" } else { b"00" };
    let digits = memory::concat(&[padding, digits.as_bytes()])?;
    let mut bytes = memory::with_room(digits.len() / 2)?;
    for pair in digits.chunks(2) {
        let Some(byte) = std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()) else {
            return Err(bad_hex());
        };
        bytes.push(byte);
    }
    if negative {
        negate(&mut bytes);
    }
    Ok(bytes)
}

fn to_hex(bytes: &[u8]) -> Result<String> {
    let negative = bytes.first().is_some_and(|first| *first >= 0x80);
    let mut bytes = memory::concat(&[if negative { &[0xff] } else { &[] }, bytes])?;
    if negative {
        negate(&mut bytes);
    }
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let mut text = memory::with_room(1 + 2 * bytes.len().max(1))?;
    text.extend(negative.then_some(b'-'));
    text.extend(
        bytes
            .iter()
            .skip(start)
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|digit| b"0123456789ABCDEF"[usize::from(digit)]),
    );
    if start == bytes.len() {
        text.extend(b"00");
    }
    String::from_utf8(text).map_err(|_| Error::argument("not text"))
}

fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes.iter_mut().rev() {
        (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_survives_the_way_to_twos_complement_and_back() {
        for (text, bytes, back) in [
            ("0", &[0, 0][..], "00"),
            ("7f", &[0, 0x7f], "7F"),
            ("80", &[0, 0x80], "80"),
            ("abc", &[0, 0x0a, 0xbc], "0ABC"),
            ("-1", &[0xff, 0xff], "-01"),
            ("-80", &[0xff, 0x80], "-80"),
            ("-ff", &[0xff, 0x01], "-FF"),
        ] {
            assert_eq!(from_hex(text).unwrap(), bytes, "{text}");
            assert_eq!(to_hex(bytes).unwrap(), back, "{text}");
        }
        for wrong in ["", "-", "0x10", "12zz", " 1", "1 ", "+1", "é"] {
            assert_eq!(from_hex(wrong).unwrap_err().message(), "bad hex string", "{wrong}");
        }
    }

    #[test]
    fn every_reason_is_found_by_its_name_in_any_case() {
        for (name, code) in REASONS {
            assert_eq!(reason_code(&name.to_uppercase()), Some(code));
        }
        assert_eq!(reason_code("Cessation Of Operation"), Some(5));
        assert_eq!(reason_code("removeFromCRL"), None);
    }
}
