//! PEM in its plain form (RFC 7468), decoded without OpenSSL's line reader, which takes longer than parsing the
//! certificate inside. Whatever is not plain is left to OpenSSL, which also finds the words for what is wrong.

use crate::runtime::memory;

/// The bytes of the first object in the text when that has this label, no headers, and faultless base64; else None.
pub fn body(text: &[u8], label: &str) -> Option<Vec<u8>> {
    let begin = format!("-----BEGIN {label}-----");
    let end = format!("-----END {label}-----");
    let start = find(text, b"-----BEGIN ")?;
    // OpenSSL's line reader takes a NUL for a line's end: what it then finds is for it to say.
    let starts_line = (start == 0 || text.get(start - 1) == Some(&b'\n')) && !text.get(..start)?.contains(&0);
    let rest = text.get(start..)?.strip_prefix(begin.as_bytes()).filter(|_| starts_line)?;
    let base64 = rest.get(..find(rest, b"-----")?)?;
    let after = rest.get(base64.len()..)?.strip_prefix(end.as_bytes())?;
    let ended = after.is_empty() || after.starts_with(b"\n") || after.starts_with(b"\r\n");
    let plain = base64.starts_with(b"\n") || base64.starts_with(b"\r\n");
    (ended && plain).then(|| decode(base64)).flatten()
}

/// Base64 in the lines that RFC 7468 asks of writers: 64 characters each, the last one shorter or not. A blank line or a
/// short one inside is for OpenSSL to judge.
fn decode(base64: &[u8]) -> Option<Vec<u8>> {
    // Without memory OpenSSL's reader finds none either, and says so.
    let mut out = memory::with_room(base64.len() / 4 * 3).ok()?;
    let (mut padded, mut ended) = (false, false);
    let lines = base64.strip_prefix(b"\r").unwrap_or(base64).strip_prefix(b"\n")?.strip_suffix(b"\n")?;
    for line in lines.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if ended || line.is_empty() || line.len() > 64 {
            return None;
        }
        ended = line.len() < 64;
        let groups = line.chunks_exact(4);
        if !groups.remainder().is_empty() {
            return None;
        }
        for group in groups {
            if padded {
                return None;
            }
            let padding = group.iter().rev().take_while(|byte| **byte == b'=').count();
            padded = padding > 0;
            let value =
                group.iter().take(4 - padding).try_fold(0u32, |value, byte| Some(value << 6 | digit(*byte)?))?;
            let bytes = (value << (6 * padding)).to_be_bytes();
            out.extend(bytes.get(1..4usize.checked_sub(padding).filter(|end| *end > 1)?)?);
        }
    }
    Some(out)
}

fn digit(byte: u8) -> Option<u32> {
    match DIGITS[usize::from(byte)] {
        NONE => None,
        digit => Some(u32::from(digit)),
    }
}

const NONE: u8 = 0xff;

/// The value of each byte that is a digit of base64.
const DIGITS: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut digits = [NONE; 256];
    let mut value = 0;
    while value < alphabet.len() {
        digits[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    digits
};

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pem(lines: &str) -> Vec<u8> {
        format!("-----BEGIN X-----\n{lines}\n-----END X-----\n").into_bytes()
    }

    #[test]
    fn plain_text_of_any_length_is_decoded_as_openssl_does() {
        for len in 1..200usize {
            let bytes: Vec<u8> = (0..len).map(|n| (n * 151 + len) as u8).collect();
            let base64 = openssl::base64::encode_block(&bytes);
            let lines: Vec<&str> = base64.as_bytes().chunks(64).map(|l| std::str::from_utf8(l).unwrap()).collect();
            assert_eq!(body(&pem(&lines.join("\n")), "X"), Some(bytes.clone()), "{len}");
            let crlf = String::from_utf8(pem(&lines.join("\n"))).unwrap().replace('\n', "\r\n");
            assert_eq!(body(format!("words\n{crlf}more").as_bytes(), "X"), Some(bytes));
        }
    }

    #[test]
    fn whatever_is_not_plain_is_left_to_openssl() {
        for odd in [
            "A",
            "AA",
            "AAA",
            "A===",
            "====",
            "AA=A",
            "AA==\nAAAA",
            "",
            "\nAAAA",
            "AAAA\n\nAAAA",
            "AAAA\n",
            "AAAA\nAAAA",
            "AA==AAAA",
            "AA-A",
            "AA A",
            "Header: x\n\nAAAA",
            " AAAA",
            "AAAA ",
            "AAAAé",
        ] {
            assert_eq!(body(&pem(odd), "X"), None, "{odd:?}");
        }
        let plain = String::from_utf8(pem("AAAA")).unwrap();
        assert!(body(plain.as_bytes(), "X").is_some());
        for odd in [
            String::new(),
            format!("-----BEGIN Y-----\nAAAA\n-----END Y-----\n{plain}"),
            format!("words {plain}"),
            format!("a NUL\0\n{plain}"),
            plain.replace("END X", "END Y"),
            plain.replace("END X-----", "END X"),
            plain.replace("BEGIN X-----\n", "BEGIN X-----"),
            plain.replace("-----END X-----", ""),
        ] {
            assert_eq!(body(odd.as_bytes(), "X"), None, "{odd:?}");
        }
    }
}
