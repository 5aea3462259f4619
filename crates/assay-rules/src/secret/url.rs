//! Credentials in URLs: `scheme://user:password@host`.

use assay_source::Span;

use super::check::is_placeholder;
use super::scan::SecretHit;

/// Bytes of the part before the `@`.
const USER_INFO_BYTES_MAX: usize = 256;

/// Finds the password of the URL whose `://` stands at the offsets.
pub(super) fn credentials(
    text: &str,
    detector: usize,
    start: usize,
    end: usize,
) -> Option<SecretHit> {
    let bytes = text.as_bytes();
    let to = (end + USER_INFO_BYTES_MAX).min(bytes.len());
    let window = &bytes[end..to];
    let at = memchr::memchr(b'@', window)?;
    let info = &window[..at];
    if info.iter().any(|b| {
        b.is_ascii_whitespace()
            || matches!(
                b,
                b'/' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'?' | b'#' | b'|'
            )
    }) {
        return None;
    }
    // The port of an earlier host would be digits only, but a host has no `@`.
    let colon = memchr::memchr(b':', info)?;
    let password = text.get(end + colon + 1..end + at)?;
    let scheme_start = bytes[..start]
        .iter()
        .rposition(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-')))
        .map_or(0, |at| at + 1);
    let host = bytes.get(end + at + 1)?;
    if password.is_empty()
        || scheme_start == start
        || !(host.is_ascii_alphanumeric()
            || matches!(host, b'[' | b'$' | b'{' | b'%' | b'<' | b'_'))
    {
        return None;
    }
    if is_template(password) || is_placeholder(password) || SHOWN.contains(&password) {
        return None;
    }
    let span = Span::new((end + colon + 1) as u32, (end + at) as u32);
    Some(SecretHit::sure(detector, span))
}

/// Passwords that documentation shows.
const SHOWN: &[&str] = &[
    "password", "pass", "passwd", "pwd", "secret", "test", "user", "pw",
];

/// Returns whether the value is put in from somewhere else.
fn is_template(value: &str) -> bool {
    value.starts_with(['$', '{', '<', '%', '[', '#', '*', ':'])
        || value.contains("${")
        || value.contains("{{")
}
