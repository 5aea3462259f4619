//! Which lines differ between two contents, found exactly as git finds them, so
//! that the owner of a line is the one that `git blame` names.
//!
//! Git counts how often a line stands in the whole of both files before it looks
//! at what differs. Only where one side has nothing but what the other has too,
//! which is most changes, is it enough to look around the place.

use assay_source::{Hunk, LineRange};
use gix::diff::blob::{Algorithm, Diff, InternedInput, sources::byte_lines};

/// Lines around the place that are looked at, so that a hunk can slide.
const SLIDE_LINES: usize = 100;
/// Bytes that are compared at a time.
const CHUNK_BYTES: usize = 64;

/// Returns the changed runs of lines; a line ends with a line feed.
pub(crate) fn diff(base: &[u8], head: &[u8]) -> Vec<Hunk> {
    let place = Place::of(base, head);
    if place.base.is_empty() || place.head.is_empty() {
        let around = place.around(base);
        let skipped = count(&base[..around.start]);
        let base_end = around.end;
        let head_end = head.len() - (base.len() - base_end);
        return compare(
            &base[around.start..base_end],
            &head[around.start..head_end],
            skipped,
        );
    }
    compare(base, head, 0)
}

fn compare(base: &[u8], head: &[u8], skipped: u32) -> Vec<Hunk> {
    let input = InternedInput::new(byte_lines(base), byte_lines(head));
    let mut diff = Diff::compute(Algorithm::Myers, &input);
    diff.postprocess_lines(&input);
    let range = |range: std::ops::Range<u32>| LineRange {
        start: range.start + 1 + skipped,
        count: range.end - range.start,
    };
    diff.hunks()
        .map(|hunk| Hunk {
            base: range(hunk.before),
            head: range(hunk.after),
        })
        .collect()
}

/// Counts the lines of a content: a last one without its end counts.
pub(crate) fn line_count(content: &[u8]) -> u32 {
    count(content) + u32::from(content.last().is_some_and(|&byte| byte != b'\n'))
}

fn count(content: &[u8]) -> u32 {
    u32::try_from(content.iter().filter(|&&byte| byte == b'\n').count()).unwrap_or(u32::MAX / 2)
}

/// The whole lines of two contents that are not the same at both ends.
struct Place {
    base: std::ops::Range<usize>,
    head: std::ops::Range<usize>,
}

impl Place {
    fn of(base: &[u8], head: &[u8]) -> Self {
        let prefix = common_prefix(base, head);
        let start = base[..prefix]
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        let suffix = common_suffix(&base[start..], &head[start..]);
        let tail = &base[base.len() - suffix..];
        let at_line = |content: &[u8]| {
            let at = content.len() - suffix;
            at == 0 || content[at - 1] == b'\n'
        };
        // What is equal may begin within a line.
        let cut = if at_line(base) && at_line(head) {
            0
        } else {
            tail.iter()
                .position(|&byte| byte == b'\n')
                .map_or(tail.len(), |at| at + 1)
        };
        let suffix = suffix - cut;
        Self {
            base: start..base.len() - suffix,
            head: start..head.len() - suffix,
        }
    }

    /// Returns the bytes of the base around the place.
    fn around(&self, base: &[u8]) -> std::ops::Range<usize> {
        let mut start = self.base.start;
        let mut end = self.base.end;
        for _ in 0..SLIDE_LINES {
            if start > 0 {
                let before = &base[..start - 1];
                start = before
                    .iter()
                    .rposition(|&byte| byte == b'\n')
                    .map_or(0, |at| at + 1);
            }
            let after = &base[end..];
            end += after
                .iter()
                .position(|&byte| byte == b'\n')
                .map_or(after.len(), |at| at + 1);
        }
        start..end
    }
}

fn common_prefix(one: &[u8], other: &[u8]) -> usize {
    let chunks = one
        .chunks_exact(CHUNK_BYTES)
        .zip(other.chunks_exact(CHUNK_BYTES));
    let whole = chunks.take_while(|(one, other)| one == other).count() * CHUNK_BYTES;
    let rest = one[whole..].iter().zip(&other[whole..]);
    whole + rest.take_while(|(one, other)| one == other).count()
}

fn common_suffix(one: &[u8], other: &[u8]) -> usize {
    let chunks = one
        .rchunks_exact(CHUNK_BYTES)
        .zip(other.rchunks_exact(CHUNK_BYTES));
    let whole = chunks.take_while(|(one, other)| one == other).count() * CHUNK_BYTES;
    let rest = one[..one.len() - whole]
        .iter()
        .rev()
        .zip(other[..other.len() - whole].iter().rev());
    whole + rest.take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

    use super::{compare, diff, line_count};

    #[test]
    fn hunks_stand_where_lines_differ() {
        for (base, head, expected) in [
            ("", "", &[][..]),
            ("", "a\nb\n", &[[1, 0, 1, 2]][..]),
            ("a\nb\nc\n", "a\nc\n", &[[2, 1, 2, 0]]),
            ("a\nb\nc\n", "a\nx\nc\n", &[[2, 1, 2, 1]]),
            ("a\nb", "a\nb\n", &[[2, 1, 2, 1]]),
            ("a\n", "b\na\n", &[[1, 0, 1, 1]]),
            ("xa\n", "a\n", &[[1, 1, 1, 1]]),
        ] {
            let found: Vec<[u32; 4]> = diff(base.as_bytes(), head.as_bytes())
                .iter()
                .map(|hunk| {
                    [
                        hunk.base.start,
                        hunk.base.count,
                        hunk.head.start,
                        hunk.head.count,
                    ]
                })
                .collect();
            assert_eq!(found, expected, "{base:?} {head:?}");
        }
        assert_eq!(
            [line_count(b""), line_count(b"a"), line_count(b"a\nb\n")],
            [0, 1, 2]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn looking_around_the_place_is_enough(base in "([ab]?\n){0,12}[ab]?", at in 0usize..14, more in "([ab]?\n){0,4}") {
            let lines: Vec<&str> = base.split_inclusive('\n').collect();
            let at = at.min(lines.len());
            let head = format!("{}{more}{}", lines[..at].concat(), lines[at..].concat());
            let whole = compare(base.as_bytes(), head.as_bytes(), 0);
            prop_assert_eq!(diff(base.as_bytes(), head.as_bytes()), whole);
        }
    }
}
