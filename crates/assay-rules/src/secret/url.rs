//! Credentials in URLs: `scheme://user:password@host`.

use assay_source::Span;

use super::assignment::{Candidate, Separator};

/// Bytes of the part before the `@`.
const USER_INFO_BYTES_MAX: usize = 256;

/// Finds the password of the URL whose `://` stands at the offsets.
pub(super) fn credentials(
    text: &str,
    detector: usize,
    start: usize,
    end: usize,
) -> Option<Candidate> {
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
    Some(Candidate {
        detector,
        name: Span::new(scheme_start as u32, start as u32),
        keyword: Span::new(start as u32, end as u32),
        value: Span::new((end + colon + 1) as u32, (end + at) as u32),
        separator: Separator::Url,
        is_quoted: false,
        is_wrapped: false,
    })
}
