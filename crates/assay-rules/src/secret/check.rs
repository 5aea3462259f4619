//! Checks of a value: entropy, structure, checksums, and whether it is a
//! placeholder that nobody could log in with.

use assay_source::checksum_base_sixty_two;

/// A check that a detector's data file can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// The pattern and the entropy decide.
    None,
    /// The last six characters are the base-62 CRC-32 of the random ones, as
    /// GitHub and npm make their tokens.
    Crc,
    /// Three parts of base64, of which the first is a JSON object with `alg`.
    Jwt,
    /// After the prefix of four letters comes the account's number in base 32.
    AwsKey,
    /// Digits and letters both occur.
    Mixed,
}

impl Check {
    /// Returns whether the value can be what it looks like.
    pub(crate) fn holds(self, value: &str) -> bool {
        match self {
            Self::None => true,
            Self::Crc => has_checksum(value),
            Self::Jwt => is_jwt(value),
            Self::AwsKey => is_aws_key(value),
            Self::Mixed => {
                value.bytes().any(|b| b.is_ascii_digit())
                    && value.bytes().any(|b| b.is_ascii_alphabetic())
            }
        }
    }
}

/// Returns the Shannon entropy of the bytes in bits per byte.
pub(crate) fn entropy(bytes: &[u8]) -> f32 {
    if bytes.is_empty() {
        return 0.0;
    }
    let mut counts = [0_u32; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    let total = bytes.len() as f32;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| {
            let share = count as f32 / total;
            -share * share.log2()
        })
        .sum()
}

/// Words that stand in values which are there to be replaced.
const PLACEHOLDER_WORDS: &[&str] = &[
    "example",
    "xxxx",
    "changeme",
    "change_me",
    "change-me",
    "placeholder",
    "dummy",
    "replace",
    "redacted",
    "00000000",
    "12345678",
    "abcdefgh",
    "insert",
    "sample",
    "fake",
    "your",
    "deadbeef",
    "aaaaaaaa",
    "ffffffff",
    "******",
    "......",
    "foobar",
    "todo",
    "<",
    ">",
    "${",
    "{{",
    "%s",
];

/// Returns whether a long random-looking token is none: made of a word for
/// placeholders, of few characters, or of the alphabet in order.
pub(crate) fn is_placeholder(value: &str) -> bool {
    if is_published(value) {
        return true;
    }
    let lower = value.to_ascii_lowercase();
    // In a long random text each short word stands by chance.
    let word_min = lower.len() / 64;
    if PLACEHOLDER_WORDS
        .iter()
        .any(|word| word.len() > word_min && lower.contains(word))
    {
        return true;
    }
    is_monotonous(lower.as_bytes())
}

/// Parts of the tokens that standards and the pages of tools show: of RFC 6750
/// and of the best known decoder of JSON web tokens (in all three alignments
/// that a whole token may have).
const PUBLISHED: &[&str] = &[
    "9.B5f-4.1Jq",
    "IjoiMTIzNDU2Nzg5MCIsIm5hbWUiOiJKb2huIERvZS",
    "kwIiwibmFtZSI6IkpvaG4gRG9l",
];

/// Returns whether a value is one that a standard or a manual shows.
pub(super) fn is_published(value: &str) -> bool {
    PUBLISHED.iter().any(|part| value.contains(part))
}

/// Returns whether a value has no more to it than a few characters repeated or
/// a run along the alphabet.
pub(crate) fn is_monotonous(bytes: &[u8]) -> bool {
    if bytes.len() < 8 {
        return false;
    }
    let mut seen = [false; 256];
    for &byte in bytes {
        seen[usize::from(byte)] = true;
    }
    let distinct = seen.iter().filter(|&&seen| seen).count();
    let steps = bytes
        .windows(2)
        .filter(|pair| pair[1] == pair[0].wrapping_add(1) || pair[1] == pair[0])
        .count();
    distinct <= 3 || distinct * 6 < bytes.len().min(64) || steps * 5 >= bytes.len() * 3
}

fn has_checksum(token: &str) -> bool {
    let Some(at) = token.rfind('_') else {
        return false;
    };
    let body = &token.as_bytes()[at + 1..];
    let Some(split) = body.len().checked_sub(6) else {
        return false;
    };
    checksum_base_sixty_two(&body[..split]).as_bytes() == &body[split..]
}

fn is_jwt(value: &str) -> bool {
    let mut parts = value.split('.');
    let (Some(header), Some(_)) = (parts.next(), parts.next()) else {
        return false;
    };
    decode_base64(header).is_some_and(|json| {
        json.first() == Some(&b'{')
            && [&b"\"alg\""[..], b"\"enc\"", b"\"typ\"", b"\"kid\""]
                .iter()
                .any(|key| json.windows(key.len()).any(|window| window == *key))
    })
}

/// The twelve digits after `AKIA` are base 32 and hold the account's number,
/// which is no larger than twelve decimal digits.
fn is_aws_key(value: &str) -> bool {
    value.len() >= 16
        && value
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Decodes base64 of either alphabet, with or without padding.
pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    if text.len() % 4 == 1 {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(out)
}

/// Encodes base64, URL-safe and without padding or standard and with.
pub(crate) fn encode_base64(bytes: &[u8], url_safe: bool) -> String {
    let alphabet: &[u8; 64] = if url_safe {
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    } else {
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    };
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_u32, |bits, &b| (bits << 8) | u32::from(b))
            << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            out.push(char::from(
                alphabet[(bits >> (18 - 6 * digit)) as usize & 63],
            ));
        }
        if !url_safe {
            out.extend(std::iter::repeat_n('=', 3 - chunk.len()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{decode_base64, encode_base64, entropy, is_placeholder};

    #[test]
    fn base64_goes_both_ways() {
        for text in ["", "a", "ab", "abc", "user:pass?>~"] {
            for url_safe in [false, true] {
                let encoded = encode_base64(text.as_bytes(), url_safe);
                assert_eq!(decode_base64(&encoded).as_deref(), Some(text.as_bytes()));
            }
        }
        assert_eq!(decode_base64("a"), None);
        assert_eq!(decode_base64("a b="), None);
    }

    #[test]
    fn placeholders_are_known() {
        for (value, expected) in [
            ("XXXXXXXXXXXXXXXX", true),
            ("1234567890abcdef1234567890abcdef", true),
            ("abcdefghijklmnop", true),
            ("my-example-token-1", true),
            ("q8Zr2LmV0xTn5Wb1", false),
        ] {
            assert_eq!(is_placeholder(value), expected, "{value}");
        }
        assert!(entropy(b"aaaa") < 0.1 && entropy(b"abcd") > 1.9);
    }
}
