//! Unified diffs say what leads from the base to the head.

use assay_source::{SourceText, unified_diff};
use proptest::proptest;

/// Applies a unified diff as `patch` does, trusting only its line numbers.
fn patched(base: &str, diff: &str) -> String {
    let lines: Vec<&str> = base.split_inclusive('\n').collect();
    let mut out = String::new();
    let mut at = 0;
    for line in diff.lines().skip(2) {
        let content = &line[1..];
        match line.as_bytes()[0] {
            b'@' => {
                let range = line[4..].split(' ').next().unwrap();
                let (start, count) = range.split_once(',').unwrap_or((range, "1"));
                let start: usize = start.parse().unwrap();
                let next = if count == "0" { start } else { start - 1 };
                out.push_str(&lines[at..next].concat());
                at = next;
            }
            sign @ (b' ' | b'-') => {
                assert_eq!(lines[at].trim_end_matches('\n'), content);
                if sign == b' ' {
                    out.push_str(lines[at]);
                }
                at += 1;
            }
            b'+' => out.extend([content, "\n"]),
            // The line above has no line end.
            b'\\' => {}
            other => panic!("a line begins with {other}"),
        }
    }
    out + &lines[at..].concat()
}

proptest! {
    #[test]
    fn a_unified_diff_leads_from_base_to_head(
        base in "([abc]\n){0,24}",
        head in "([abc]\n){0,24}",
    ) {
        let texts = (SourceText::from_text(&*base), SourceText::from_text(&*head));
        let diff = unified_diff("a", &texts.0, &texts.1);
        assert_eq!(diff.is_empty(), base == head);
        if !diff.is_empty() {
            assert_eq!(patched(&base, &diff), head, "{diff}");
        }
    }
}

#[test]
fn a_unified_diff_says_what_ends_without_a_line_end() {
    let diff = unified_diff(
        "a",
        &SourceText::from_text("x\ny"),
        &SourceText::from_text("x\nz\n"),
    );
    assert_eq!(
        diff,
        "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n x\n-y\n\\ No newline at end of file\n+z\n"
    );
}
