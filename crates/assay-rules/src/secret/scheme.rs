//! Credentials after the word that says how they are sent: `Basic` and
//! `Bearer` in headers.

use assay_source::Span;

use super::assignment::{Candidate, Separator};
use super::check::{decode_base64, is_placeholder};
use super::scan::SecretHit;

/// Characters of a credential.
const VALUE_BYTES_MAX: usize = 4_096;
/// Bytes of a user's name.
const USER_BYTES_MAX: usize = 128;
/// A shorter word after `Bearer` is a word.
const BEARER_BYTES_MIN: usize = 10;

fn token(text: &str, from: usize) -> &str {
    let window = &text.as_bytes()[from..(from + VALUE_BYTES_MAX).min(text.len())];
    let is_token = |b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_' | b'.' | b'~')
    };
    let length = window
        .iter()
        .position(|&b| !is_token(b))
        .unwrap_or(window.len());
    text.get(from..from + length).unwrap_or("")
}

/// Passwords that documentation shows.
const SHOWN: &[&str] = &[
    "password",
    "pass",
    "passwd",
    "pwd",
    "secret",
    "test",
    "user",
    "pw",
    "foo",
    "bar",
    "admin",
    "opensesame",
    "open sesame",
    "changeme",
];

/// Finds user and password in base64 after `Basic `.
pub(super) fn basic(text: &str, detector: usize, end: usize) -> Option<SecretHit> {
    let value = token(text, end);
    if value.len() < 8 {
        return None;
    }
    let decoded = String::from_utf8(decode_base64(value)?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    if password.is_empty() || user.len() > USER_BYTES_MAX || decoded.chars().any(char::is_control) {
        return None;
    }
    let lower = password.to_ascii_lowercase();
    let span = Span::new(end as u32, (end + value.len()) as u32);
    Some(SecretHit {
        is_reported: !SHOWN.contains(&lower.as_str()) && !is_placeholder(&lower),
        encoding: Some("base64"),
        ..SecretHit::sure(detector, span)
    })
}

/// Returns whether a value is the base64 of a user and a password, or of a user
/// alone.
pub(super) fn is_basic(value: &str) -> bool {
    decode_base64(value)
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .is_some_and(|text| text.contains(':') && !text.chars().any(char::is_control))
}

/// Takes what stands after `Bearer `.
pub(super) fn bearer(text: &str, detector: usize, start: usize, end: usize) -> Option<Candidate> {
    let value = token(text, end);
    (value.len() >= BEARER_BYTES_MIN).then(|| Candidate {
        detector,
        name: Span::new(start as u32, end as u32 - 1),
        keyword: Span::new(start as u32, end as u32 - 1),
        value: Span::new(end as u32, (end + value.len()) as u32),
        separator: Separator::Scheme,
        is_quoted: false,
        is_wrapped: false,
    })
}
