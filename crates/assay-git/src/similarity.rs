//! How alike two files are, measured as git measures it, so that renames are
//! found where `git diff` finds them.
//!
//! A file is cut into lines (long ones into pieces); the bytes that both files
//! have in equal pieces, wherever they are, count as kept.

/// A score of 100 %.
pub(crate) const SCORE_MAX: u64 = 60_000;
/// Bytes of a piece.
const PIECE_BYTES_MAX: u32 = 64;
/// Pieces are told apart by a number below this prime. It is the same as in git:
/// a better one would give other scores for large files.
const PIECE_KINDS: u32 = 107_927;
/// Bytes that are looked at to tell binary files.
const BINARY_PREFIX_BYTES: usize = 8000;

/// The pieces of a file: which kinds, and how many bytes of each.
pub(crate) struct Signature {
    pieces: Vec<(u32, u32)>,
    bytes: u64,
}

impl Signature {
    pub(crate) fn new(content: &[u8]) -> Self {
        let prefix = &content[..content.len().min(BINARY_PREFIX_BYTES)];
        let is_text = !prefix.contains(&0);
        let mut pieces = Vec::with_capacity(content.len() / 32 + 1);
        let (mut low, mut high, mut count) = (0u32, 0u32, 0u32);
        let mut finish = |low: u32, high: u32, count: u32| {
            let kind = low.wrapping_add(high.wrapping_mul(0x61)) % PIECE_KINDS;
            pieces.push((kind, count));
        };
        for (at, &byte) in content.iter().enumerate() {
            if is_text && byte == b'\r' && content.get(at + 1) == Some(&b'\n') {
                continue;
            }
            // A 64-bit number in two halves, turned left by seven bits.
            let turned = (low << 7) ^ (high >> 25);
            high = (high << 7) ^ (low >> 25);
            low = turned.wrapping_add(u32::from(byte));
            count += 1;
            if count == PIECE_BYTES_MAX || byte == b'\n' {
                finish(low, high, count);
                (low, high, count) = (0, 0, 0);
            }
        }
        if count > 0 {
            finish(low, high, count);
        }
        pieces.sort_unstable_by_key(|&(kind, _)| kind);
        pieces.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = kept.1.saturating_add(next.1);
            }
            same
        });
        Self {
            pieces,
            bytes: content.len() as u64,
        }
    }

    /// Returns how much of the larger file is also in the other, up to [`SCORE_MAX`].
    pub(crate) fn score(&self, other: &Self) -> u64 {
        let bytes_max = self.bytes.max(other.bytes);
        if other.bytes == 0 {
            return 0;
        }
        let mut others = other.pieces.iter().peekable();
        let mut kept = 0;
        for &(kind, count) in &self.pieces {
            while others.next_if(|(other, _)| *other < kind).is_some() {}
            if let Some(&(_, other)) = others.next_if(|(other, _)| *other == kind) {
                kept += u64::from(count.min(other));
            }
        }
        kept * SCORE_MAX / bytes_max
    }
}

/// Returns whether files of these sizes can be as alike as the score says.
pub(crate) fn sizes_allow(one: u64, other: u64, score_min: u64) -> bool {
    let larger = one.max(other);
    larger.saturating_mul(SCORE_MAX - score_min) >= one.abs_diff(other).saturating_mul(SCORE_MAX)
}

/// Returns a score as a percentage.
pub(crate) fn percent(score: u64) -> u8 {
    u8::try_from(score * 100 / SCORE_MAX).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::{SCORE_MAX, Signature, percent, sizes_allow};

    fn check(one: &str, other: &str, expected: u8) {
        let score = Signature::new(one.as_bytes()).score(&Signature::new(other.as_bytes()));
        assert_eq!(percent(score), expected, "{one:?} {other:?}");
    }

    #[test]
    fn scores_count_the_bytes_of_equal_lines() {
        check("a\nb\nc\nd\n", "a\nb\nc\nd\n", 100);
        check("a\nb\nc\nd\n", "d\nc\nb\na\n", 100);
        check("a\nb\nc\nd\n", "a\nb\nx\ny\n", 50);
        check("a\nb\n", "a\nb\nc\nd\n", 50);
        check("a\r\nb\r\n", "a\nb\n", 66);
        check("", "", 0);
        check("a", "", 0);
        check(&"x".repeat(128), &"x".repeat(64), 50);
    }

    #[test]
    fn sizes_that_differ_too_much_are_not_compared() {
        assert!(sizes_allow(100, 50, SCORE_MAX / 2));
        assert!(!sizes_allow(100, 49, SCORE_MAX / 2));
        assert!(sizes_allow(0, 0, SCORE_MAX / 2));
    }
}
