//! Which lines of a text are code, comment or blank, so that any range of lines
//! can be counted at once.

use assay_source::{SourceText, Span};

use super::value::Lines;

/// How many lines of each sort there are up to each line.
pub(super) struct LineTable {
    /// One entry before the first line, then one after each.
    sums: Vec<Lines>,
}

impl LineTable {
    /// Sorts the lines of a text; the comments must be in its order.
    pub(super) fn new(text: &SourceText, comments: &[Span]) -> Self {
        let bytes = text.as_str().as_bytes();
        let mut comments = comments.iter().copied().peekable();
        let mut sum = Lines::default();
        let mut sums = Vec::with_capacity(text.lines().line_count() as usize + 1);
        sums.push(sum);
        for line in 1..=text.lines().line_count() {
            let span = text.lines().line_span(line);
            let (mut at, mut has_code, mut has_comment) = (span.start, false, false);
            while at < span.end {
                while comments.next_if(|comment| comment.end <= at).is_some() {}
                match comments.peek() {
                    Some(comment) if comment.start <= at => {
                        has_comment = true;
                        at = comment.end;
                    }
                    _ if bytes[at as usize].is_ascii_whitespace() => at += 1,
                    next => {
                        has_code = true;
                        has_comment |= next.is_some_and(|comment| comment.start < span.end);
                        at = span.end;
                    }
                }
            }
            sum.physical += 1;
            sum.source += u32::from(has_code);
            sum.comment += u32::from(has_comment);
            sum.blank += u32::from(!has_code && !has_comment);
            sums.push(sum);
        }
        Self { sums }
    }

    /// Counts the lines from `first` to `last`, both from 1 and included.
    pub(super) fn count(&self, first: u32, last: u32) -> Lines {
        let at = |line: u32| self.sums[(line as usize).min(self.sums.len() - 1)];
        let (before, after) = (at(first.saturating_sub(1)), at(last));
        Lines {
            physical: after.physical.saturating_sub(before.physical),
            source: after.source.saturating_sub(before.source),
            comment: after.comment.saturating_sub(before.comment),
            blank: after.blank.saturating_sub(before.blank),
        }
    }

    /// Counts all lines.
    pub(super) fn all(&self) -> Lines {
        self.count(1, self.sums.len() as u32)
    }
}

#[cfg(test)]
mod tests {
    use assay_source::{SourceText, Span};

    use super::{LineTable, Lines};

    fn check(text: &str, comments: &[(u32, u32)], expected: (u32, u32, u32, u32)) {
        let comments: Vec<_> = comments.iter().map(|&(a, b)| Span::new(a, b)).collect();
        let table = LineTable::new(&SourceText::from_text(text), &comments);
        let (physical, source, comment, blank) = expected;
        let lines = Lines {
            physical,
            source,
            comment,
            blank,
        };
        assert_eq!(table.all(), lines, "{text:?}");
    }

    #[test]
    fn a_line_with_code_and_comment_is_both() {
        check("", &[], (0, 0, 0, 0));
        check("a\n\n \t\r\nb", &[], (4, 2, 0, 2));
        check("a # b\n# c\n", &[(2, 5), (6, 9)], (2, 2 - 1, 2, 0));
        // Comments before and after the code, and two on a line.
        check(
            "/* */ a // b\n/**/ /**/\n",
            &[(0, 5), (8, 12), (13, 17), (18, 22)],
            (2, 1, 2, 0),
        );
    }

    #[test]
    fn a_blank_line_inside_a_comment_is_comment() {
        check("/*\n\n*/ a\n", &[(0, 6)], (3, 1, 3, 0));
    }

    #[test]
    fn a_range_counts_its_own_lines() {
        let text = SourceText::from_text("a\n\n# c\nb\n");
        let table = LineTable::new(&text, &[Span::new(3, 6)]);
        let lines = table.count(2, 3);
        assert_eq!(
            (lines.physical, lines.source, lines.comment, lines.blank),
            (2, 0, 1, 1)
        );
        assert_eq!(table.count(4, 99).physical, 1);
    }
}
