//! Places in a text: byte spans, and lines and columns as people count them.

/// A half-open range of bytes in a decoded text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// Makes a span; `start` must not be after `end`.
    pub fn new(start: u32, end: u32) -> Self {
        debug_assert!(start <= end, "span {start}..{end} runs backwards");
        Self { start, end }
    }

    /// Returns the length in bytes.
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// Returns whether the span is empty.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Returns whether `other` lies wholly inside this span.
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Returns the span as a range for slicing.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A line and a column, both counted from 1; the column counts characters
/// (Unicode scalar values).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// Where the lines of a text begin.
///
/// A line ends after `\n`, as git and the forges count; a lone `\r` ends none.
/// A text that ends with a line end has no further, empty line after it.
#[derive(Clone, Debug)]
pub struct LineMap {
    starts: Vec<u32>,
    len: u32,
}

impl LineMap {
    /// Finds the lines of `text`, which must be shorter than 4 GiB.
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', bytes).map(|at| at as u32 + 1));
        if starts.last() == Some(&(bytes.len() as u32)) {
            starts.pop();
        }
        Self {
            starts,
            len: bytes.len() as u32,
        }
    }

    /// Returns the number of lines; an empty text has none.
    pub fn line_count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// Returns the line (from 1) that holds the byte at `offset`. An offset at
    /// or past the end belongs to the last line.
    pub fn line_of(&self, offset: u32) -> u32 {
        (self.starts.partition_point(|&start| start <= offset) as u32).max(1)
    }

    /// Returns the span of a line (from 1) with its line end, or an empty span
    /// at the end of the text when there is no such line.
    pub fn line_span(&self, line: u32) -> Span {
        let index = line.saturating_sub(1) as usize;
        let start = self.starts.get(index).copied().unwrap_or(self.len);
        let end = self.starts.get(index + 1).copied().unwrap_or(self.len);
        Span::new(start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::{LineMap, Span};

    #[test]
    fn lines_end_at_line_feeds_only() {
        for (text, lines) in [
            ("", vec![]),
            ("a", vec![(0, 1)]),
            ("a\n", vec![(0, 2)]),
            ("a\r\nb\rc\n\nd", vec![(0, 3), (3, 7), (7, 8), (8, 9)]),
        ] {
            let map = LineMap::new(text);
            let found: Vec<_> = (1..=map.line_count())
                .map(|line| map.line_span(line))
                .map(|Span { start, end }| (start, end))
                .collect();
            assert_eq!(found, lines, "{text:?}");
        }
    }

    #[test]
    fn offsets_belong_to_one_line() {
        let map = LineMap::new("ab\ncd\n");
        let lines: Vec<_> = (0..8).map(|at| map.line_of(at)).collect();
        assert_eq!(lines, [1, 1, 1, 2, 2, 2, 2, 2]);
    }
}
