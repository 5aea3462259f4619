//! Writes down the changed lines of a file, with some around them and without secrets, for a
//! report that is kept where the files are not.

use std::sync::Arc;

use assay_finding::{DiffLine, DiffPart, DiffSide, FileDiff};
use assay_rules::{MaskedText, SecretRules};
use assay_source::{Hunk, RepoPath, SourceText};

use crate::redact;

/// Lines before and after what changed.
const CONTEXT_LINES: u32 = 5;
/// Lines of one file; further parts are left out, and the difference says so.
const FILE_LINES_MAX: usize = 8_000;
/// Lines of a whole review.
const REVIEW_LINES_MAX: usize = 60_000;
/// Characters of a line.
const LINE_CHARS_MAX: usize = 2_000;

/// One version of a file: where it is, and its text.
pub(crate) type Side<'a> = (&'a RepoPath, Option<&'a Arc<SourceText>>);

/// Writes down what differs between two versions of a file.
pub(crate) fn write(base: Side<'_>, head: Side<'_>, hunks: &[Hunk], own: &SecretRules) -> FileDiff {
    let mut diff = FileDiff::default();
    if hunks.is_empty() {
        return diff;
    }
    let masked = |(path, text): Side<'_>| match text {
        Some(text) => redact::mask_file(path, text, None, own),
        None => MaskedText::new(&Arc::new(SourceText::from_text("")), &[]),
    };
    let texts = [masked(base), masked(head)];
    let mut writer = Writer {
        base: &texts[0].text,
        head: &texts[1].text,
        left: FILE_LINES_MAX,
    };
    for group in groups(hunks) {
        match writer.part(group) {
            Some(part) => diff.parts.push(part),
            None => {
                diff.is_cut = true;
                break;
            }
        }
    }
    diff
}

/// Cuts differences from the end where there are more lines than a review may have.
pub(crate) fn limit<'a>(diffs: impl Iterator<Item = &'a mut FileDiff>) {
    let mut left = REVIEW_LINES_MAX;
    for diff in diffs {
        let lines: usize = diff.parts.iter().map(|part| part.lines.len()).sum();
        match left.checked_sub(lines) {
            Some(rest) => left = rest,
            None => {
                diff.parts.clear();
                diff.is_cut = true;
            }
        }
    }
}

/// Puts hunks together whose surroundings touch.
fn groups(hunks: &[Hunk]) -> impl Iterator<Item = &[Hunk]> {
    hunks.chunk_by(|one, next| next.head.start.saturating_sub(one.head.end()) <= 2 * CONTEXT_LINES)
}

struct Writer<'a> {
    base: &'a SourceText,
    head: &'a SourceText,
    left: usize,
}

impl Writer<'_> {
    fn part(&mut self, hunks: &[Hunk]) -> Option<DiffPart> {
        let (one, last) = (hunks.first()?, hunks.last()?);
        let before = CONTEXT_LINES
            .min(one.head.start - 1)
            .min(one.base.start - 1);
        let mut part = DiffPart {
            base_start: one.base.start - before,
            head_start: one.head.start - before,
            lines: Vec::new(),
        };
        let mut at = part.head_start;
        for hunk in hunks {
            self.lines(&mut part, DiffSide::Both, at..hunk.head.start)?;
            self.lines(&mut part, DiffSide::Base, hunk.base.start..hunk.base.end())?;
            self.lines(&mut part, DiffSide::Head, hunk.head.start..hunk.head.end())?;
            at = hunk.head.end();
        }
        let count = self.head.lines().line_count();
        let after = (last.head.end() + CONTEXT_LINES).min(count + 1);
        self.lines(&mut part, DiffSide::Both, at..after)?;
        Some(part)
    }

    fn lines(
        &mut self,
        part: &mut DiffPart,
        side: DiffSide,
        numbers: std::ops::Range<u32>,
    ) -> Option<()> {
        let text = match side {
            DiffSide::Base => self.base,
            DiffSide::Both | DiffSide::Head => self.head,
        };
        self.left = self.left.checked_sub(numbers.len())?;
        let line = |number| DiffLine {
            side,
            text: text.line(number).chars().take(LINE_CHARS_MAX).collect(),
        };
        part.lines.extend(numbers.map(line));
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::Arc;

    use assay_rules::SecretRules;
    use assay_source::{RepoPath, SourceText, diff_lines};

    use super::write;

    fn shown(base: &str, head: &str) -> String {
        let path = RepoPath::from_bytes("a.py");
        let [base, head] = [base, head].map(|text| Arc::new(SourceText::from_text(text)));
        let hunks = diff_lines(&base, &head);
        let (base, head) = ((&path, Some(&base)), (&path, Some(&head)));
        let diff = write(base, head, &hunks, &SecretRules::default());
        let mut text = String::new();
        for part in diff.parts {
            writeln!(text, "@ {} {}", part.base_start, part.head_start).unwrap();
            for line in part.lines {
                writeln!(text, "{}{}", line.side.sign(), line.text).unwrap();
            }
        }
        text
    }

    #[test]
    fn lines_stand_with_those_around_them() {
        for (base, head, wanted) in [
            ("a\nb\nc\n", "a\nB\nc\n", "@ 1 1\n a\n-b\n+B\n c\n"),
            ("", "a\nb\n", "@ 1 1\n+a\n+b\n"),
            ("a\nb\n", "", "@ 1 1\n-a\n-b\n"),
            ("a\n", "a\nb\n", "@ 1 1\n a\n+b\n"),
            ("a\nb\n", "b\n", "@ 1 1\n-a\n b\n"),
            ("a\n", "a\n", ""),
        ] {
            assert_eq!(shown(base, head), wanted, "{base:?} {head:?}");
        }
    }

    #[test]
    fn what_is_far_apart_is_in_parts() {
        let lines: Vec<String> = (1..=40).map(|number| format!("line {number}\n")).collect();
        let mut changed = lines.clone();
        changed[2] = "here\n".to_owned();
        changed.remove(29);
        let shown = shown(&lines.concat(), &changed.concat());
        let heads: Vec<_> = shown.lines().filter(|line| line.starts_with('@')).collect();
        assert_eq!(heads, ["@ 1 1", "@ 25 25"]);
        assert!(shown.contains("\n line 8\n@ 25 25\n line 25\n"));
        assert!(shown.contains("\n line 29\n-line 30\n line 31\n"));
    }

    #[test]
    fn secrets_are_masked_on_both_sides() {
        let secret = ["gh", "p_", "R7mK2vX9qLwT4nB8cJ5hF3dS6gA1zYp0QeUi"].concat();
        let base = format!("token = \"{secret}\"\nx = 1\n");
        let shown = shown(&base, &format!("api_token = \"{secret}\"\nx = 2\n"));
        assert!(!shown.contains(&secret), "{shown}");
        assert!(shown.contains("-token = ") && shown.contains("+api_token = "));
    }
}
