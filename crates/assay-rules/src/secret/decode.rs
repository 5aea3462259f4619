//! Texts inside encoded texts, one level deep: base64, hexadecimal and percent
//! escapes. A run of characters that decodes to readable text is searched like
//! any other text.

use super::check::decode_base64;

/// A shorter run holds no secret with its name.
const RUN_BYTES_MIN: usize = 24;
/// A longer run is a file and no value.
const RUN_BYTES_MAX: usize = 32 * 1024;
/// Escapes that make a run worth decoding.
const ESCAPES_MIN: usize = 2;
/// Bytes of base64 that are decoded to see whether it is text at all.
const SAMPLE_BYTES: usize = 24;
/// Runs of one text that are decoded.
const RUNS_MAX: usize = 2_000;

/// A run with what it says.
pub(super) struct Decoded {
    pub(super) range: std::ops::Range<usize>,
    pub(super) text: String,
    pub(super) encoding: &'static str,
}

/// Which bytes a run is made of.
static IS_RUN: [bool; 256] = {
    let mut table = [false; 256];
    let characters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-%.";
    let mut at = 0;
    while at < characters.len() {
        table[characters[at] as usize] = true;
        at += 1;
    }
    table
};

/// Returns the runs of a text that decode to readable text.
pub(super) fn decoded(text: &str) -> Vec<Decoded> {
    let bytes = text.as_bytes();
    let is_run = |at: usize| IS_RUN[usize::from(bytes[at])];
    let (mut out, mut at, mut left) = (Vec::new(), 0, RUNS_MAX);
    // Looking at each place where a long run has to have a byte finds them all.
    while at + RUN_BYTES_MIN <= bytes.len() && left > 0 {
        let last = at + RUN_BYTES_MIN - 1;
        if let Some(gap) = (at..=last).rev().find(|&at| !is_run(at)) {
            at = gap + 1;
            continue;
        }
        let mut end = last + 1;
        while end < bytes.len() && is_run(end) {
            end += 1;
        }
        if end - at <= RUN_BYTES_MAX {
            left -= 1;
            out.extend(decode(text, at..end));
        }
        at = end + 1;
    }
    out
}

fn decode(text: &str, range: std::ops::Range<usize>) -> Option<Decoded> {
    let run = text.get(range.clone())?;
    let make = |bytes: Vec<u8>, range, encoding| {
        let text = String::from_utf8(bytes).ok()?;
        is_readable(&text).then_some(Decoded {
            range,
            text,
            encoding,
        })
    };
    if run.bytes().filter(|&b| b == b'%').count() >= ESCAPES_MIN {
        return make(decode_percent(run)?, range, "percent escapes");
    }
    // What stands before an equals sign in the middle is a name.
    let from = run.trim_end_matches('=').rfind('=').map_or(0, |at| at + 1);
    let run = &run[from..];
    let range = range.start + from..range.end;
    // A token with its own detector begins so.
    if run.len() < RUN_BYTES_MIN || run.starts_with("eyJ") {
        return None;
    }
    if run.len() % 2 == 0 && run.bytes().all(|b| b.is_ascii_hexdigit()) {
        return make(decode_hexadecimal(run), range, "hexadecimal");
    }
    let sample = decode_base64(&run[..SAMPLE_BYTES.min(run.len())])?;
    let is_text = sample
        .iter()
        .all(|&b| b == b'\n' || b == b'\r' || b == b'\t' || (b' '..0x7f).contains(&b));
    if !is_text {
        return None;
    }
    make(decode_base64(run)?, range, "base64")
}

fn is_readable(text: &str) -> bool {
    text.chars()
        .all(|c| matches!(c, '\n' | '\r' | '\t') || !c.is_control())
}

fn decode_hexadecimal(run: &str) -> Vec<u8> {
    run.as_bytes()
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

fn decode_percent(run: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(run.len());
    let mut rest = run;
    while let Some(at) = rest.find('%') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        out.push(u8::from_str_radix(rest.get(at + 1..at + 3)?, 16).ok()?);
        rest = &rest[at + 3..];
    }
    out.extend_from_slice(rest.as_bytes());
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::decoded;
    use crate::secret::check::encode_base64;

    #[test]
    fn runs_that_say_something_are_decoded() {
        let plain = "password: some longer text here";
        let encoded = encode_base64(plain.as_bytes(), false);
        let hexadecimal: String = plain.bytes().map(|b| format!("{b:02x}")).collect();
        for (text, expected) in [
            (format!("data: {encoded}\n"), Some((plain, "base64"))),
            (format!("DATA={encoded}"), Some((plain, "base64"))),
            (
                format!("x = \"{hexadecimal}\""),
                Some((plain, "hexadecimal")),
            ),
            (
                "q=user%3Aname%40host.example.org".to_owned(),
                Some(("q=user:name@host.example.org", "percent escapes")),
            ),
            (
                "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4".to_owned(),
                None,
            ),
            ("0123456789abcdef0123456789abcdef".to_owned(), None),
            ("too short".to_owned(), None),
            (format!("{}é", "%".repeat(40)), None),
        ] {
            let found = decoded(&text);
            let found = found.first().map(|one| (one.text.as_str(), one.encoding));
            assert_eq!(found, expected, "{text}");
        }
    }
}
