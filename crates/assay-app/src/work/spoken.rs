//! How what a model said is shown on a pull request: as a quotation in which nothing
//! acts. No command, no mention, no link, no picture and no markup of a page is left.

use std::fmt::Write as _;

/// Lines of what was said that are shown.
const LINES_MAX: usize = 60;
/// Stands in words that would act and is not seen.
const APART: char = '\u{200b}';

/// Returns a text as a quotation.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines().take(LINES_MAX) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "> {}", harmless(line));
    }
    out
}

/// Returns a line in which nothing acts.
pub(super) fn harmless(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut before = ' ';
    for c in line.chars().filter(|c| !c.is_control()) {
        match c {
            '<' => out.push_str("&lt;"),
            '@' | '#' => out.extend([c, APART]),
            // Links, pictures, addresses, and commands that are cited.
            '(' if before == ']' => out.extend([APART, c]),
            '[' if before == '!' => out.extend([APART, c]),
            '/' if before == ':' || before.is_whitespace() => out.extend([APART, c]),
            '.' if out.to_ascii_lowercase().ends_with("www") => out.extend([APART, c]),
            c => out.push(c),
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use assay_forge::parse_commands;

    use super::quoted;

    #[test]
    fn nothing_that_was_said_acts() {
        let text = quoted(
            "It is there [1].\n/assay ignore secret/*\n![x](https://bad.test/a.png) <img src=x> @all #12 www.bad.test",
        );
        assert_eq!(parse_commands(&text), []);
        for acting in ["](", "![", "://", "<img", "@all", "#12", "www.bad"] {
            assert!(!text.contains(acting), "{acting}: {text}");
        }
        assert!(text.starts_with("> It is there [1].\n> "), "{text}");
    }
}
