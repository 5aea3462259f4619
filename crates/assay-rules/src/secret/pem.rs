//! Private keys in PEM and the like, over several lines or in one with escapes.

use assay_source::Span;

use super::check::entropy;
use super::scan::SecretHit;

/// Bytes of a key with its header.
const KEY_BYTES_MAX: usize = 16 * 1024;
/// A shorter body is there for show.
const BODY_CHARS_MIN: usize = 48;
/// Bytes of the line `-----BEGIN ... PRIVATE KEY-----`.
const HEADER_BYTES_MAX: usize = 80;

/// Finds the private key whose header has `PRIVATE KEY` at the offset.
pub(super) fn private_key(text: &str, detector: usize, at: usize) -> Option<SecretHit> {
    let from = text.floor_char_boundary(at.saturating_sub(HEADER_BYTES_MAX));
    let begin = from + text[from..at].rfind("-----BEGIN ")?;
    let middle = text.get(begin + "-----BEGIN ".len()..at)?;
    if !middle
        .bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ')
    {
        return None;
    }
    let limit = text.floor_char_boundary((begin + KEY_BYTES_MAX).min(text.len()));
    let header_end = at + text.get(at..limit)?.find("-----")? + 5;
    let rest = text.get(header_end..limit)?;
    let body_len = rest
        .find("-----END")
        .or_else(|| rest.find("-----BEGIN"))
        .unwrap_or_else(|| body_length(rest));
    let body = &rest[..body_len];
    let characters: Vec<u8> = body
        .lines()
        .filter(|line| !line.contains(": "))
        .flat_map(str::bytes)
        .filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
        .collect();
    if characters.len() < BODY_CHARS_MIN || entropy(&characters) < 4.0 {
        return None;
    }
    let span = Span::new(begin as u32, header_end as u32);
    let masked = Span::new(header_end as u32, (header_end + body_len) as u32);
    Some(SecretHit {
        masked,
        ..SecretHit::sure(detector, span)
    })
}

/// Without an end the body is what looks like base64.
fn body_length(rest: &str) -> usize {
    let is_body = |b: u8| {
        b.is_ascii_alphanumeric()
            || matches!(
                b,
                b'+' | b'/' | b'=' | b'\n' | b'\r' | b'\\' | b' ' | b'"' | b','
            )
    };
    rest.bytes().position(|b| !is_body(b)).unwrap_or(rest.len())
}
