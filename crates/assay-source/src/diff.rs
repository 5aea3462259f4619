//! Line differences between two texts, and the mapping of lines across them.

use imara_diff::{Algorithm, Diff, InternedInput, TokenSource};

use crate::text::SourceText;

/// A run of lines: the first one (from 1) and how many. An empty run stands
/// before its first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineRange {
    /// The first line, from 1.
    pub start: u32,
    /// The number of lines.
    pub count: u32,
}

impl LineRange {
    /// Returns one past the last line.
    pub fn end(self) -> u32 {
        self.start + self.count
    }

    /// Returns whether the line is in the run.
    pub fn contains(self, line: u32) -> bool {
        self.start <= line && line < self.end()
    }
}

/// One contiguous run of changed lines, without context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hunk {
    /// The lines removed from the base.
    pub base: LineRange,
    /// The lines added in the head.
    pub head: LineRange,
}

/// Computes the changed runs of lines between two texts (histogram algorithm,
/// with the hunks slid to where people expect them).
pub fn diff_lines(base: &SourceText, head: &SourceText) -> Vec<Hunk> {
    // All of a new file is new, and a scan reads nothing but new files.
    let [before, after] = [base, head].map(|text| text.lines().line_count());
    if before == 0 || after == 0 {
        let all = |count: u32| LineRange { start: 1, count };
        let hunk = Hunk {
            base: all(before),
            head: all(after),
        };
        return Vec::from_iter((before != after).then_some(hunk));
    }
    let input = InternedInput::new(Lines(base), Lines(head));
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let range = |range: std::ops::Range<u32>| LineRange {
        start: range.start + 1,
        count: range.end - range.start,
    };
    diff.hunks()
        .map(|hunk| Hunk {
            base: range(hunk.before),
            head: range(hunk.after),
        })
        .collect()
}

/// Returns the difference between two versions of a file as a unified diff with
/// three lines of context, as `git apply` and `patch -p1` read it; empty when
/// there is none.
pub fn unified_diff(path: &str, base: &SourceText, head: &SourceText) -> String {
    use std::fmt::Write as _;
    const CONTEXT: u32 = 3;
    let hunks = diff_lines(base, head);
    let mut out = String::new();
    if hunks.is_empty() {
        return out;
    }
    // Writing to a string cannot fail.
    let _ = write!(out, "--- a/{path}\n+++ b/{path}\n");
    let near = |one: &Hunk, next: &Hunk| next.base.start - one.base.end() <= 2 * CONTEXT;
    for group in hunks.chunk_by(near) {
        let (first, last) = (&group[0], &group[group.len() - 1]);
        let before = CONTEXT.min(first.base.start - 1);
        let after = CONTEXT.min(base.lines().line_count() + 1 - last.base.end());
        let range = |start: u32, end: u32| {
            let (start, count) = (start - before, end + after + before - start);
            // An empty range is named by the line before it.
            match count {
                0 => format!("{},0", start - 1),
                1 => start.to_string(),
                _ => format!("{start},{count}"),
            }
        };
        let _ = writeln!(
            out,
            "@@ -{} +{} @@",
            range(first.base.start, last.base.end()),
            range(first.head.start, last.head.end())
        );
        let mut at = first.base.start - before;
        for hunk in group {
            put_lines(&mut out, ' ', base, at..hunk.base.start);
            put_lines(&mut out, '-', base, hunk.base.start..hunk.base.end());
            put_lines(&mut out, '+', head, hunk.head.start..hunk.head.end());
            at = hunk.base.end();
        }
        put_lines(&mut out, ' ', base, at..at + after);
    }
    out
}

fn put_lines(out: &mut String, sign: char, text: &SourceText, lines: std::ops::Range<u32>) {
    for line in lines {
        let content = text.slice(text.lines().line_span(line));
        out.push(sign);
        out.push_str(content);
        if !content.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// The lines of a text with their line ends, as the line map counts them.
struct Lines<'a>(&'a SourceText);

impl<'a> TokenSource for Lines<'a> {
    type Token = &'a str;
    type Tokenizer = std::vec::IntoIter<&'a str>;

    fn tokenize(&self) -> Self::Tokenizer {
        let map = self.0.lines();
        (1..=map.line_count())
            .map(|line| self.0.slice(map.line_span(line)))
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn estimate_tokens(&self) -> u32 {
        self.0.lines().line_count()
    }
}

/// Maps unchanged lines of a head to the lines of its base.
#[derive(Clone, Debug, Default)]
pub struct LineMapping {
    hunks: Vec<Hunk>,
}

impl LineMapping {
    /// Makes the mapping from hunks in order, as [`diff_lines`] returns them.
    pub fn new(hunks: Vec<Hunk>) -> Self {
        Self { hunks }
    }

    /// Returns the base line of a head line; none when the change added it.
    pub fn base_line(&self, head_line: u32) -> Option<u32> {
        let next = self
            .hunks
            .partition_point(|hunk| hunk.head.start <= head_line);
        let Some(before) = next.checked_sub(1).map(|index| self.hunks[index]) else {
            return Some(head_line);
        };
        if before.head.contains(head_line) {
            return None;
        }
        Some(head_line - before.head.end() + before.base.end())
    }

    /// Returns the head line of a base line; none when the change removed or
    /// altered it.
    pub fn head_line(&self, base_line: u32) -> Option<u32> {
        let next = self
            .hunks
            .partition_point(|hunk| hunk.base.start <= base_line);
        let Some(before) = next.checked_sub(1).map(|index| self.hunks[index]) else {
            return Some(base_line);
        };
        if before.base.contains(base_line) {
            return None;
        }
        Some(base_line - before.base.end() + before.head.end())
    }

    /// Returns whether the change added or altered the head line.
    pub fn is_changed(&self, head_line: u32) -> bool {
        self.base_line(head_line).is_none()
    }

    /// Returns whether any line of `first..=last` was added, or a line was
    /// removed between them.
    pub fn touches(&self, first: u32, last: u32) -> bool {
        self.hunks.iter().any(|hunk| {
            if hunk.head.count == 0 {
                first < hunk.head.start && hunk.head.start <= last
            } else {
                hunk.head.start <= last && first < hunk.head.end()
            }
        })
    }

    /// Returns the hunks.
    pub fn hunks(&self) -> &[Hunk] {
        &self.hunks
    }
}
