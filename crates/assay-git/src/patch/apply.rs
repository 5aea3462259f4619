//! Applies hunks to a text, forwards and backwards: every context line must be
//! there, but the whole may have moved.

use gix::bstr::ByteSlice;

use super::parse::TextHunk;

/// Which way a patch goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the base to the head.
    Forward,
    /// From the head to the base.
    Backward,
}

/// Lines that may be compared in search of the places of moved hunks, over all
/// files of a patch.
#[derive(Debug)]
pub(crate) struct Effort(pub(crate) u64);

impl Default for Effort {
    fn default() -> Self {
        Self(50_000_000)
    }
}

/// Applies the hunks; none when they do not fit.
pub(crate) fn apply(
    content: &[u8],
    hunks: &[TextHunk],
    direction: Direction,
    effort: &mut Effort,
) -> Option<Vec<u8>> {
    apply_with(content, hunks, direction, effort, false).or_else(|| {
        // The headers end with a carriage return as well: either the whole
        // patch was converted on its way, or the text is like that.
        let converted = hunks.iter().any(|hunk| hunk.cr_stripped);
        let has_cr = converted && content.find(b"\r\n").is_some();
        has_cr
            .then(|| apply_with(content, hunks, direction, effort, true))
            .flatten()
    })
}

fn apply_with(
    content: &[u8],
    hunks: &[TextHunk],
    direction: Direction,
    effort: &mut Effort,
    restore_cr: bool,
) -> Option<Vec<u8>> {
    let lines: Vec<&[u8]> = content.lines_with_terminator().collect();
    let mut out = Vec::with_capacity(content.len());
    let mut done = 0;
    let mut moved: i64 = 0;
    for text in hunks {
        let hunk = &text.hunk;
        let (start, old, new) = match direction {
            Direction::Forward => (hunk.base_start, &hunk.base_text, &hunk.head_text),
            Direction::Backward => (hunk.head_start, &hunk.head_text, &hunk.base_text),
        };
        let restored;
        let (old, new): (&[u8], &[u8]) = if restore_cr && text.cr_stripped {
            restored = (restore(old), restore(new));
            (&restored.0, &restored.1)
        } else {
            (old, new)
        };
        let wanted: Vec<&[u8]> = old.lines_with_terminator().collect();
        let expected = i64::from(start) - 1 + moved;
        let place = find(&lines, &wanted, done, expected, effort)?;
        for line in &lines[done..place] {
            out.extend_from_slice(line);
        }
        // A line without its end can only be the last one.
        let is_cut = |text: &[u8]| !text.is_empty() && !text.ends_with(b"\n");
        done = place + wanted.len();
        if is_cut(new) && done < lines.len() {
            return None;
        }
        if !out.is_empty() && !out.ends_with(b"\n") && !new.is_empty() {
            return None;
        }
        out.extend_from_slice(new);
        moved = i64::try_from(place).ok()? - (i64::from(start) - 1);
    }
    if done < lines.len() && !out.is_empty() && !out.ends_with(b"\n") {
        return None;
    }
    for line in &lines[done..] {
        out.extend_from_slice(line);
    }
    Some(out)
}

fn restore(text: &[u8]) -> Vec<u8> {
    text.replace(b"\n", b"\r\n")
}

/// Finds where the lines are, nearest to where they are expected.
fn find(
    lines: &[&[u8]],
    wanted: &[&[u8]],
    from: usize,
    expected: i64,
    effort: &mut Effort,
) -> Option<usize> {
    let last = lines.len().checked_sub(wanted.len())?;
    if from > last {
        return None;
    }
    let expected = usize::try_from(expected.max(0)).ok()?.clamp(from, last);
    if wanted.is_empty() {
        return Some(expected);
    }
    let mut fits = |place: usize| {
        for (line, wanted) in lines[place..].iter().zip(wanted) {
            effort.0 = effort.0.checked_sub(1)?;
            if line != wanted {
                return Some(false);
            }
        }
        Some(true)
    };
    for distance in 0..=last {
        let before = expected
            .checked_sub(distance)
            .filter(|&place| place >= from);
        let after = Some(expected + distance).filter(|&place| place <= last && distance > 0);
        if before.is_none() && after.is_none() {
            break;
        }
        for place in [before, after].into_iter().flatten() {
            if fits(place)? {
                return Some(place);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Direction, Effort, apply};
    use crate::input::Limits;
    use crate::patch::parse::{Body, TextHunk, parse};

    fn hunks(text: &str) -> Vec<TextHunk> {
        let patch = format!("--- a/x\n+++ b/x\n{text}");
        let parsed = parse(patch.as_bytes(), &Limits::default()).expect("well formed");
        match &parsed.files[0].body {
            Body::Text(hunks) => hunks.clone(),
            body => panic!("{body:?}"),
        }
    }

    fn check(base: &str, patch: &str, head: Option<&str>) {
        let hunks = hunks(patch);
        let text =
            |bytes: Option<Vec<u8>>| bytes.map(|bytes| String::from_utf8(bytes).expect("text"));
        let forward = apply(
            base.as_bytes(),
            &hunks,
            Direction::Forward,
            &mut Effort::default(),
        );
        assert_eq!(text(forward).as_deref(), head, "{base:?} {patch}");
        if let Some(head) = head {
            let back = apply(
                head.as_bytes(),
                &hunks,
                Direction::Backward,
                &mut Effort::default(),
            );
            assert_eq!(text(back).as_deref(), Some(base), "back: {patch}");
        }
    }

    #[test]
    fn hunks_apply_where_they_fit() {
        let patch = "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n";
        check("a\nb\nc\n", patch, Some("a\nB\nc\n"));
        check("0\n1\na\nb\nc\nd\n", patch, Some("0\n1\na\nB\nc\nd\n"));
        check("a\nx\nc\n", patch, None);
        check("", patch, None);
        check("a\nb\nc", patch, None);
        check("a\r\nb\r\nc\r\n", patch, None);
        check("", "@@ -0,0 +1,2 @@\n+a\n+b\n", Some("a\nb\n"));
        check("a\n", "@@ -1 +0,0 @@\n-a\n", Some(""));
        check("a\nb\n", "@@ -1,0 +2 @@\n+x\n", Some("a\nx\nb\n"));
    }

    #[test]
    fn missing_line_ends_are_kept() {
        let note = "\\ No newline at end of file\n";
        check(
            "a",
            &format!("@@ -1 +1 @@\n-a\n{note}+b\n{note}"),
            Some("b"),
        );
        check("a\n", &format!("@@ -1 +1 @@\n-a\n+a\n{note}"), Some("a"));
        check(
            "x\na",
            &format!("@@ -1,2 +1,3 @@\n x\n-a\n{note}+a\n+b\n"),
            Some("x\na\nb\n"),
        );
        check(
            "x\na",
            &format!("@@ -1,2 +1,2 @@\n-x\n+y\n a\n{note}"),
            Some("y\na"),
        );
        check("a\nmore\n", &format!("@@ -1 +1 @@\n-a\n+a\n{note}"), None);
    }

    #[test]
    fn converted_patches_apply_to_either_line_end() {
        let patch = "@@ -1,2 +1,2 @@\r\n-a\r\n+A\r\n b\r\n";
        check("a\nb\n", patch, Some("A\nb\n"));
        check("a\r\nb\r\n", patch, Some("A\r\nb\r\n"));
    }

    #[test]
    fn the_search_ends() {
        let base = "a\n".repeat(100_000);
        let patch = format!(
            "@@ -1,{0} +1,{0} @@\n{1}-b\n+c\n",
            1001,
            " a\n".repeat(1000)
        );
        let mut effort = Effort(1_000_000);
        let found = apply(
            base.as_bytes(),
            &hunks(&patch),
            Direction::Forward,
            &mut effort,
        );
        assert_eq!(found, None);
        assert_eq!(effort.0, 0);
    }
}
