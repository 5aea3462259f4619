//! Makes the patches of a series to one file one patch, without the file: the
//! lines that both know must agree, and the rest stays unknown.

use std::ops::Range;

use assay_source::{Hunk, LineRange, PatchHunk, SourceText, diff_lines};
use gix::bstr::ByteSlice;

use super::apply::Effort;

/// Returns the hunks that do what `first` and then `second` do; none when
/// `second` does not fit what `first` left, or the effort is used up.
pub(super) fn compose(
    first: &[PatchHunk],
    second: &[PatchHunk],
    effort: &mut Effort,
) -> Option<Vec<PatchHunk>> {
    let before: Vec<Side<'_>> = first.iter().map(Side::left).collect();
    let after: Vec<Side<'_>> = second.iter().map(Side::found).collect();
    let (mut before, mut after) = (&before[..], &after[..]);
    // How much further down the lines between hunks are than in the base, and
    // how much further down they will be in the head.
    let (mut moved, mut moves) = (0, 0);
    let mut composed = Vec::new();
    while let Some(start) = first_line(before, after) {
        let (mut one, mut other, mut end) = (0, 0, start);
        loop {
            let reaches = |side: &&Side<'_>| side.middle.start <= end;
            if let Some(side) = before.get(one).filter(reaches) {
                (one, end) = (one + 1, end.max(side.middle.end));
            } else if let Some(side) = after.get(other).filter(reaches) {
                (other, end) = (other + 1, end.max(side.middle.end));
            } else {
                break;
            }
        }
        let group = Group {
            middle: start..end,
            before: &before[..one],
            after: &after[..other],
        };
        (before, after) = (&before[one..], &after[other..]);
        effort.0 = effort.0.checked_sub(group.line_count())?;
        composed.extend(group.hunk((moved, moves))?);
        moved = group.before.last().map_or(moved, |side| -side.offset());
        moves = group.after.last().map_or(moves, Side::offset);
    }
    Some(composed)
}

fn first_line(before: &[Side<'_>], after: &[Side<'_>]) -> Option<i64> {
    let starts = [before.first(), after.first()];
    starts
        .into_iter()
        .flatten()
        .map(|side| side.middle.start)
        .min()
}

/// A hunk seen from the version between the two patches.
struct Side<'a> {
    /// Its lines in that version.
    middle: Range<i64>,
    known: Vec<&'a [u8]>,
    /// Its lines in the base of the first patch or the head of the second.
    outer_start: i64,
    outer: Vec<&'a [u8]>,
}

impl<'a> Side<'a> {
    /// What a hunk of the first patch left.
    fn left(hunk: &'a PatchHunk) -> Self {
        Self::new(
            (hunk.head_start, &hunk.head_text),
            (hunk.base_start, &hunk.base_text),
        )
    }

    /// What a hunk of the second patch found.
    fn found(hunk: &'a PatchHunk) -> Self {
        Self::new(
            (hunk.base_start, &hunk.base_text),
            (hunk.head_start, &hunk.head_text),
        )
    }

    fn new(middle: (u32, &'a [u8]), outer: (u32, &'a [u8])) -> Self {
        let known: Vec<&[u8]> = middle.1.lines_with_terminator().collect();
        let start = i64::from(middle.0);
        Self {
            middle: start..start + known.len() as i64,
            known,
            outer_start: i64::from(outer.0),
            outer: outer.1.lines_with_terminator().collect(),
        }
    }

    /// How much further down the line behind it is outside.
    fn offset(&self) -> i64 {
        self.outer_start + self.outer.len() as i64 - self.middle.end
    }
}

/// Hunks of both patches that meet.
struct Group<'s, 'a> {
    middle: Range<i64>,
    before: &'s [Side<'a>],
    after: &'s [Side<'a>],
}

impl<'a> Group<'_, 'a> {
    fn line_count(&self) -> u64 {
        let sides = self.before.iter().chain(self.after);
        sides
            .map(|side| (side.known.len() + side.outer.len() + 1) as u64)
            .sum()
    }

    /// Makes one hunk of them; nothing when the second patch took back what
    /// the first one did.
    fn hunk(&self, (moved, moves): (i64, i64)) -> Option<Option<PatchHunk>> {
        let middle = self.middle_lines()?;
        let (base_start, base_text) = self.outside(&middle, self.before, -moved)?;
        let (head_start, head_text) = self.outside(&middle, self.after, moves)?;
        if base_text == head_text {
            return Some(None);
        }
        let base = SourceText::decode(base_text.clone()).ok()?;
        let head = SourceText::decode(head_text.clone()).ok()?;
        let place = |range: LineRange, start: u32| LineRange {
            start: range.start + start - 1,
            count: range.count,
        };
        let runs = diff_lines(&base, &head).into_iter().map(|run| Hunk {
            base: place(run.base, base_start),
            head: place(run.head, head_start),
        });
        Some(Some(PatchHunk {
            runs: runs.collect(),
            base_start,
            base_text,
            head_start,
            head_text,
        }))
    }

    /// Returns the lines of the version in between; none when the patches
    /// disagree about one.
    fn middle_lines(&self) -> Option<Vec<&'a [u8]>> {
        let mut lines: Vec<Option<&[u8]>> =
            vec![None; (self.middle.end - self.middle.start) as usize];
        for side in self.before.iter().chain(self.after) {
            let at = (side.middle.start - self.middle.start) as usize;
            for (line, &known) in lines[at..].iter_mut().zip(&side.known) {
                if line.is_some_and(|line| line != known) {
                    return None;
                }
                *line = Some(known);
            }
        }
        lines.into_iter().collect()
    }

    /// Returns the first line and the text of the version on one side.
    fn outside(&self, middle: &[&[u8]], sides: &[Side<'_>], offset: i64) -> Option<(u32, Vec<u8>)> {
        let start = sides.first().map_or(self.middle.start + offset, |side| {
            side.outer_start - (side.middle.start - self.middle.start)
        });
        let at = |line: i64| (line - self.middle.start) as usize;
        let mut lines: Vec<&[u8]> = Vec::new();
        let mut done = self.middle.start;
        for side in sides {
            lines.extend(&middle[at(done)..at(side.middle.start)]);
            lines.extend(&side.outer);
            done = side.middle.end;
        }
        lines.extend(&middle[at(done)..]);
        // A line without its end can only be the last one.
        let (_, above) = lines.split_last().unwrap_or((&&b""[..], &[]));
        let is_whole = above.iter().all(|line| line.ends_with(b"\n"));
        let start = u32::try_from(start).ok().filter(|&start| start > 0)?;
        is_whole.then(|| (start, lines.concat()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, prop};
    use proptest::{prop_assert_eq, proptest};

    use assay_source::{SourceText, unified_diff};

    use super::compose;
    use crate::input::Limits;
    use crate::patch::apply::{Direction, Effort, apply};
    use crate::patch::parse::{Body, TextHunk, parse};

    fn hunks(text: &str) -> Vec<TextHunk> {
        let parsed = parse(text.as_bytes(), &Limits::default()).expect("well formed");
        match parsed.files.first().map(|file| &file.body) {
            Some(Body::Text(hunks)) => hunks.clone(),
            _ => Vec::new(),
        }
    }

    fn plain(hunks: &[TextHunk]) -> Vec<assay_source::PatchHunk> {
        hunks.iter().map(|text| text.hunk.clone()).collect()
    }

    /// Composes two patches and returns the places and texts of the hunks.
    fn composed(first: &str, second: &str) -> Option<Vec<(u32, String, u32, String)>> {
        let of = |text: &str| plain(&hunks(&format!("--- a/x\n+++ b/x\n{text}")));
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        let hunks = compose(&of(first), &of(second), &mut Effort::default())?;
        let row = |hunk: &assay_source::PatchHunk| {
            let (base, head) = (text(&hunk.base_text), text(&hunk.head_text));
            (hunk.base_start, base, hunk.head_start, head)
        };
        Some(hunks.iter().map(row).collect())
    }

    fn check(first: &str, second: &str, expected: Option<&[(u32, &str, u32, &str)]>) {
        let rows = expected.map(|rows| {
            let row = |row: &(u32, &str, u32, &str)| (row.0, row.1.into(), row.2, row.3.into());
            rows.iter().map(row).collect::<Vec<_>>()
        });
        assert_eq!(composed(first, second), rows, "{first}{second}");
    }

    #[test]
    fn hunks_that_meet_become_one() {
        let first = "@@ -3,3 +3,4 @@\n c\n-d\n+D\n+DD\n e\n";
        check(
            first,
            "@@ -4,2 +4 @@\n-D\n DD\n",
            Some(&[(3, "c\nd\ne\n", 3, "c\nDD\ne\n")]),
        );
        // The second knows lines that the first one does not.
        check(
            first,
            "@@ -6,2 +6,2 @@\n e\n-f\n+F\n",
            Some(&[(3, "c\nd\ne\nf\n", 3, "c\nD\nDD\ne\nF\n")]),
        );
        check(
            first,
            "@@ -1,3 +1,2 @@\n-a\n b\n c\n",
            Some(&[(1, "a\nb\nc\nd\ne\n", 1, "b\nc\nD\nDD\ne\n")]),
        );
        // Apart, each keeps its place on both sides.
        check(
            first,
            "@@ -21 +21,2 @@\n t\n+u\n",
            Some(&[
                (3, "c\nd\ne\n", 3, "c\nD\nDD\ne\n"),
                (20, "t\n", 21, "t\nu\n"),
            ]),
        );
        check(
            first,
            "@@ -1 +1,2 @@\n+0\n a\n",
            Some(&[
                (1, "a\n", 1, "0\na\n"),
                (3, "c\nd\ne\n", 4, "c\nD\nDD\ne\n"),
            ]),
        );
    }

    #[test]
    fn what_is_taken_back_is_no_change() {
        let (there, back) = ("@@ -2 +2 @@\n-a\n+b\n", "@@ -2 +2 @@\n-b\n+a\n");
        check(there, back, Some(&[]));
        check(
            "@@ -0,0 +1,2 @@\n+a\n+b\n",
            "@@ -1,2 +0,0 @@\n-a\n-b\n",
            Some(&[]),
        );
    }

    #[test]
    fn patches_that_disagree_are_not_composed() {
        check("@@ -2 +2 @@\n-a\n+b\n", "@@ -2 +2 @@\n-c\n+d\n", None);
        let cut = "\\ No newline at end of file\n";
        check(
            &format!("@@ -2 +2 @@\n-a\n+b\n{cut}"),
            "@@ -2 +2,2 @@\n b\n+c\n",
            None,
        );
        let hunks = plain(&hunks("--- a/x\n+++ b/x\n@@ -2 +2 @@\n-a\n+b\n"));
        assert_eq!(compose(&hunks, &hunks, &mut Effort(3)), None);
    }

    fn lines() -> impl Strategy<Value = String> {
        prop::collection::vec(0..4_u8, 0..40).prop_map(|lines| {
            let line = |line: u8| format!("{line}\n");
            lines.into_iter().map(line).collect()
        })
    }

    proptest! {
        /// Three versions, and two patches with as much context as git gives.
        #[test]
        fn a_composed_patch_does_what_both_do(base in lines(), middle in lines(), head in lines()) {
            let text = |text: &String| SourceText::from_text(text.clone());
            let patch = |one, other| hunks(&unified_diff("x", &text(one), &text(other)));
            let (first, second) = (patch(&base, &middle), patch(&middle, &head));
            let composed = compose(&plain(&first), &plain(&second), &mut Effort::default());
            let composed = composed.expect("they fit");
            let composed: Vec<TextHunk> = composed
                .into_iter()
                .map(|hunk| TextHunk { line: 0, hunk, cr_stripped: false })
                .collect();
            let apply = |from: &String, direction| {
                apply(from.as_bytes(), &composed, direction, &mut Effort::default())
                    .map(|bytes| String::from_utf8(bytes).expect("text"))
            };
            prop_assert_eq!(apply(&base, Direction::Forward), Some(head.clone()));
            prop_assert_eq!(apply(&head, Direction::Backward), Some(base.clone()));
        }
    }
}
