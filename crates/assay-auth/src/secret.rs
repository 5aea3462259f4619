//! Comparing and hashing of what is secret. One cryptographic library does all of
//! it (`ring`, which TLS uses already); its own comparison is not public, so
//! `subtle` compares.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{Context, SHA256};
use subtle::ConstantTimeEq;

/// So many bytes has a SHA-256.
pub(crate) const HASH_BYTES: usize = 32;

/// Returns the SHA-256 of the parts. Each is preceded by its length, so that
/// nothing can move from one part to its neighbour.
pub(crate) fn hash(parts: &[&[u8]]) -> [u8; HASH_BYTES] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut hash = [0; HASH_BYTES];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Returns whether both are the same, in a time that does not tell where they
/// differ.
pub(crate) fn is_same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// Returns whether both texts are the same; not even their lengths show in the
/// time that it takes.
pub(crate) fn is_same_text(left: &str, right: &str) -> bool {
    is_same(&hash(&[left.as_bytes()]), &hash(&[right.as_bytes()]))
}

/// Writes lower-case hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.collect()
}

/// Reads hexadecimal digits in either case; exactly as many as there is room for.
pub(crate) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    Some(bytes)
}

/// Writes URL-safe base64 without padding.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads URL-safe base64: no padding, no blanks, no bits left over, so that bytes
/// have one text.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::{from_base64, from_hex, hash, is_same, is_same_text, to_base64, to_hex};

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
        assert_ne!(hash(&[b"abc"]), hash(&[b"abc", b""]));
        assert!(is_same(b"abc", b"abc") && !is_same(b"abc", b"ab") && !is_same(b"abc", b"abd"));
        assert!(is_same_text("", "") && !is_same_text("a", "A"));
    }

    #[test]
    fn bytes_have_one_text() {
        assert_eq!(to_hex(&[0, 0xab, 0xff]), "00abff");
        assert_eq!(from_hex("00ABff"), Some([0, 0xab, 0xff]));
        for wrong in ["00abf", "00abff00", "00abfg", "+0abff", ""] {
            assert_eq!(from_hex::<3>(wrong), None, "{wrong}");
        }
        assert_eq!(from_base64(&to_base64(b"\xff\xfe!")).unwrap(), b"\xff\xfe!");
        for wrong in ["_w==", "_x", "/w", "_w\n", " _w", "_"] {
            assert_eq!(from_base64(wrong), None, "{wrong}");
        }
    }
}
