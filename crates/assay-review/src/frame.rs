//! Cuts the lines of code around a finding out of its file.

use std::collections::BTreeSet;

use assay_finding::{Finding, Frame, FrameLine, Location};
use assay_source::{LineMapping, SourceText, Span};

/// Lines before and after the finding.
const CONTEXT_LINES: u32 = 2;
/// Lines of the finding itself; of a longer one the first are shown.
const FINDING_LINES_MAX: u32 = 6;
/// Lines that the edits of a fix touch; a fix of more lines shows no code.
const FIX_LINES_MAX: u32 = 60;
/// Characters of a line.
const LINE_CHARS_MAX: usize = 400;

/// Fills the frames of a finding and of its related places in the same file.
/// Invariant: the finding's first line is in its frame.
pub(crate) fn fill(finding: &mut Finding, text: &SourceText, mapping: &LineMapping) {
    let mut numbers = lines_around(&finding.location, text);
    for edit in finding.fix.iter().flat_map(|fix| &fix.edits) {
        let first = text.lines().line_of(edit.span.start);
        let last = text.lines().line_of(edit.span.end);
        if last - first < FIX_LINES_MAX {
            numbers.extend(first..=last);
        }
    }
    finding.frame = frame(&numbers, text, mapping);
    let path = finding.location.path.clone();
    for related in &mut finding.related {
        if related.location.path == path {
            let numbers = lines_around(&related.location, text);
            related.frame = frame(&numbers, text, mapping);
        }
    }
}

/// Returns the lines around a place of a text.
pub(crate) fn of(location: &Location, text: &SourceText, mapping: &LineMapping) -> Frame {
    frame(&lines_around(location, text), text, mapping)
}

fn lines_around(location: &Location, text: &SourceText) -> BTreeSet<u32> {
    let first = location.start.line;
    // A span that ends at the start of a line does not reach into it.
    let last = if location.end.column == 1 && location.end.line > first {
        location.end.line - 1
    } else {
        location.end.line
    };
    let (from, to) = if last - first >= FINDING_LINES_MAX {
        (first, first + FINDING_LINES_MAX - 1)
    } else {
        (
            first.saturating_sub(CONTEXT_LINES).max(1),
            last + CONTEXT_LINES,
        )
    };
    (from..=to.min(text.lines().line_count())).collect()
}

fn frame(numbers: &BTreeSet<u32>, text: &SourceText, mapping: &LineMapping) -> Frame {
    let lines = numbers
        .iter()
        .map(|&number| {
            let line = text.line(number);
            let start = text.lines().line_span(number).start;
            FrameLine {
                number,
                span: Span::new(start, start + line.len() as u32),
                text: line.chars().take(LINE_CHARS_MAX).collect(),
                changed: mapping.is_changed(number),
            }
        })
        .collect();
    Frame { lines }
}
