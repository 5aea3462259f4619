//! The words of a comment: what is hidden, folded or code is taken out.

/// Paragraphs of a comment that are taken.
const PARAGRAPHS_MAX: usize = 3;

/// Returns a text without HTML comments and folded parts.
pub(super) fn visible(text: &str) -> String {
    let text = without(text, "<!--", "-->");
    without(&text, "<details", "</details>")
}

/// Takes out what stands between two marks, also where they stand in one another; what
/// is never closed ends with the text.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut deep) = (text, 0_usize);
    loop {
        let opens = rest.find(open);
        let closes = rest.find(close).filter(|_| deep > 0);
        let (at, mark) = match (opens, closes) {
            (Some(opens), Some(closes)) if opens < closes => (opens, open),
            (_, Some(closes)) => (closes, close),
            (Some(opens), None) => (opens, open),
            (None, None) => break,
        };
        if deep == 0 {
            out.push_str(&rest[..at]);
        }
        deep = if mark == open { deep + 1 } else { deep - 1 };
        rest = &rest[at + mark.len()..];
    }
    if deep == 0 {
        out.push_str(rest);
    }
    out
}

/// Returns the first paragraphs as plain text: no fenced code, no marks of emphasis.
pub(super) fn first_words(text: &str) -> String {
    let mut paragraphs: Vec<String> = vec![String::new()];
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        let line = line.trim();
        let mark = ["```", "~~~"]
            .into_iter()
            .find(|mark| line.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (Some(_), _) => {}
            (None, None) if line.is_empty() => {
                if paragraphs.last().is_some_and(|last| !last.is_empty()) {
                    paragraphs.push(String::new());
                }
            }
            (None, None) => {
                let line = line.trim_start_matches(['#', '>']).trim();
                if let Some(last) = paragraphs.last_mut() {
                    if !last.is_empty() {
                        last.push(' ');
                    }
                    last.push_str(&line.replace("**", ""));
                }
            }
        }
        if paragraphs.len() > PARAGRAPHS_MAX {
            break;
        }
    }
    paragraphs.truncate(PARAGRAPHS_MAX);
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{first_words, visible};

    #[test]
    fn hidden_and_folded_parts_go() {
        for (text, expected) in [
            ("a<!-- b -->c", "ac"),
            (
                "a<details><summary>b</summary><details>c</details></details>d",
                "ad",
            ),
            ("a</details>b", "a</details>b"),
            ("a<!-- b", "a"),
            ("", ""),
        ] {
            assert_eq!(visible(text), expected, "{text}");
        }
    }

    #[test]
    fn the_first_words_are_plain() {
        let text = "**A title.**\n\n```rust\ncode\n```\n> one\ntwo\n\nthree\n\nfour";
        assert_eq!(first_words(text), "A title.\none two\nthree");
        assert_eq!(first_words("```\nnever closed"), "");
    }
}
