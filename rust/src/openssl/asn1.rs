//! ASN.1 values: strings, integers, times.

use super::ffi;
use crate::error::{Error, Result};
use crate::runtime::memory;
use libc::{c_int, c_long};
use std::ptr;

/// The bytes of a string type.
///
/// # Safety
/// `string` must be NULL or live for as long as the slice is used, and not change meanwhile.
pub unsafe fn string_bytes<'a>(string: *const ffi::ASN1_STRING) -> &'a [u8] {
    if string.is_null() {
        return &[];
    }
    // SAFETY: the caller's promise; data is NULL only where there are no bytes.
    unsafe {
        let data = ffi::ASN1_STRING_get0_data(string);
        match usize::try_from(ffi::ASN1_STRING_length(string)) {
            Ok(len) if len > 0 && !data.is_null() => std::slice::from_raw_parts(data, len),
            _ => &[],
        }
    }
}

/// The content of a DER INTEGER: big endian, two's complement, as short as can be.
///
/// # Safety
/// `integer` must be live.
pub unsafe fn integer_bytes(integer: *const ffi::ASN1_INTEGER) -> Result<Vec<u8>> {
    let mut der = ptr::null_mut();
    // SAFETY: the caller's promise; the encoding made here is copied and freed.
    let der = unsafe {
        let len = ffi::i2d_ASN1_INTEGER(integer, &mut der);
        let Some(len) = usize::try_from(len).ok().filter(|_| !der.is_null()) else { return Err(Error::openssl()) };
        let copy = memory::copy(std::slice::from_raw_parts(der, len));
        ffi::OPENSSL_free(der.cast());
        copy?
    };
    // Tag, then the length: one byte below 128, else 0x80 + the number of length bytes that follow.
    let header = match der.get(1) {
        Some(short) if *short < 0x80 => 2,
        Some(long) => 2 + usize::from(*long & 0x7f),
        None => 0,
    };
    Ok(memory::copy(der.get(header..).unwrap_or_default())?)
}

/// An INTEGER from its two's complement bytes (of any length; none mean 0), for as long as `with` runs.
pub fn with_integer<T>(bytes: &[u8], with: impl FnOnce(*mut ffi::ASN1_INTEGER) -> T) -> Result<T> {
    let der = integer_der(bytes);
    let len = c_long::try_from(der.len()).map_err(|_| Error::argument("the number is too large"))?;
    let mut at = der.as_ptr();
    // SAFETY: `at` points at `len` readable bytes; the integer is freed after its one use.
    unsafe {
        let integer = ffi::d2i_ASN1_INTEGER(ptr::null_mut(), &mut at, len);
        if integer.is_null() {
            return Err(Error::openssl());
        }
        let result = with(integer);
        ffi::ASN1_INTEGER_free(integer);
        Ok(result)
    }
}

fn integer_der(bytes: &[u8]) -> Vec<u8> {
    let mut content = if bytes.is_empty() { &[0][..] } else { bytes };
    // A leading 00 or ff is superfluous where the next byte says the sign already.
    while let [first, second, ..] = content {
        if !matches!((first, second >> 7), (0, 0) | (0xff, 1)) {
            break;
        }
        content = &content[1..];
    }
    let mut der = vec![0x02];
    if content.len() < 0x80 {
        der.push(content.len() as u8);
    } else {
        let len = content.len().to_be_bytes();
        let len: Vec<u8> = len.into_iter().skip_while(|byte| *byte == 0).collect();
        der.push(0x80 | len.len() as u8);
        der.extend(len);
    }
    der.extend(content);
    der
}

/// GeneralizedTime text "YYYYMMDDhhmmssZ" of any time; None for one that was never set.
///
/// # Safety
/// `time` must be NULL or live.
pub unsafe fn time_text(time: *const ffi::ASN1_TIME) -> Result<Option<Vec<u8>>> {
    // SAFETY: the caller's promise; what is made here is freed here.
    unsafe {
        if time.is_null() || ffi::ASN1_STRING_length(time.cast()) == 0 {
            return Ok(None);
        }
        if ffi::ASN1_STRING_type(time.cast()) == ffi::V_ASN1_GENERALIZEDTIME {
            return Ok(Some(memory::copy(string_bytes(time.cast()))?));
        }
        if let Some(general) = general_of_utc(string_bytes(time.cast())) {
            return Ok(Some(general));
        }
        let general = ffi::ASN1_TIME_to_generalizedtime(time, ptr::null_mut());
        if general.is_null() {
            return Err(malformed(time));
        }
        let text = memory::copy(string_bytes(general.cast()));
        ffi::ASN1_GENERALIZEDTIME_free(general);
        Ok(Some(text?))
    }
}

/// GeneralizedTime text of a UTCTime in the form of RFC 5280, "YYMMDDhhmmssZ", on a day that every month has; None for
/// others, which OpenSSL looks at (loading a certificate does not). Years from 50 on are in the 20th century.
fn general_of_utc(utc: &[u8]) -> Option<Vec<u8>> {
    let [y, _, digits @ .., b'Z'] = utc else { return None };
    let within = |pair: &[u8], low: &[u8], high: &[u8]| low <= pair && pair <= high;
    const LIMITS: [(&[u8], &[u8]); 5] =
        [(b"01", b"12"), (b"01", b"28"), (b"00", b"23"), (b"00", b"59"), (b"00", b"59")];
    let legal = digits.len() == 10 && digits.chunks(2).zip(LIMITS).all(|(pair, (low, high))| within(pair, low, high));
    let century: &[u8] = if *y < b'5' { b"20" } else { b"19" };
    (legal && utc.iter().take(12).all(u8::is_ascii_digit)).then(|| century.iter().chain(utc).copied().collect())
}

/// Seconds since 1970 of any legal time, offset applied, fraction dropped; None for one that was never set.
///
/// # Safety
/// `time` must be NULL or live.
pub unsafe fn time_seconds(time: *const ffi::ASN1_TIME) -> Result<Option<i64>> {
    // SAFETY: the caller's promise; tm is a plain struct that OpenSSL fills.
    unsafe {
        if time.is_null() || ffi::ASN1_STRING_length(time.cast()) == 0 {
            return Ok(None);
        }
        let mut tm: libc::tm = std::mem::zeroed();
        if ffi::ASN1_TIME_to_tm(time, &mut tm) != 1 {
            return Err(malformed(time));
        }
        Ok(Some(unix_seconds(&tm)))
    }
}

/// The error of a time whose text is no time.
///
/// # Safety
/// `time` must be live.
unsafe fn malformed(time: *const ffi::ASN1_TIME) -> Error {
    // SAFETY: the caller's promise.
    let text = unsafe { string_bytes(time.cast()) };
    Error::openssl().saying(format!("the time \"{}\" is malformed", text.escape_ascii()))
}

/// The refusal of a text that `with_time` cannot read.
pub fn no_time(text: &std::ffi::CStr) -> Error {
    let text = text.to_bytes().escape_ascii();
    Error::argument(format!("Invalid string: \"{text}\" is not a time in the form YYYYMMDDhhmmssZ"))
}

/// A time from its text, for as long as `with` runs; None when the text is no legal time.
pub fn with_time<T>(text: &std::ffi::CStr, with: impl FnOnce(*mut ffi::ASN1_TIME) -> T) -> Option<T> {
    // SAFETY: the time is made, used once, and freed here.
    unsafe {
        let time = ffi::ASN1_TIME_new();
        if time.is_null() {
            return None;
        }
        let set: c_int = ffi::ASN1_TIME_set_string(time, text.as_ptr());
        let result = (set == 1).then(|| with(time));
        ffi::ASN1_TIME_free(time);
        result
    }
}

/// The time so many seconds from now, for as long as `with` runs; None when ASN.1 cannot express it.
pub fn with_time_from_now<T>(seconds: c_long, with: impl FnOnce(*mut ffi::ASN1_TIME) -> T) -> Option<T> {
    const DAY: c_long = 86_400;
    let days = c_int::try_from(seconds / DAY).ok()?;
    // SAFETY: the time is made, used once, and freed here.
    unsafe {
        let time = ffi::X509_time_adj_ex(ptr::null_mut(), days, seconds % DAY, ptr::null_mut());
        if time.is_null() {
            return None;
        }
        let result = with(time);
        ffi::ASN1_TIME_free(time);
        Some(result)
    }
}

/// Days of the Gregorian calendar counted from 0000-03-01, so that leap days come last in their year.
fn unix_seconds(tm: &libc::tm) -> i64 {
    let (year, month) = (i64::from(tm.tm_year) + 1900, i64::from(tm.tm_mon) + 1);
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + i64::from(tm.tm_mday)
        - 1;
    const DAYS_TO_1970: i64 = 719_468;
    (days - DAYS_TO_1970) * 86_400 + i64::from(tm.tm_hour) * 3600 + i64::from(tm.tm_min) * 60 + i64::from(tm.tm_sec)
}
