//! # Hidden characters that reorder the code
//!
//! The file holds invisible characters that make editors show the code in another order than it runs.
//!
//! ## Why it matters
//!
//! With bidirectional controls a comment can look like code and code like a comment, so that a
//! reviewer approves something else than what is compiled ("Trojan Source").
//!
//! ## Not reported
//!
//! - Prose, markup and data, where text that runs from right to left needs them.
//! - Controls that are opened and closed again within one string or comment.
//!
//! ## References
//!
//! - [CWE-1007](https://cwe.mitre.org/data/definitions/1007.html): insufficient visual distinction of homoglyphs
//! - CVE-2021-42574: N. Boucher, R. Anderson: Trojan Source
//!
//! ## Examples
//!
//! `<U+202E>` stands for the character itself.
//!
//! ```python bad
//! allowed = False  # the owner <U+202E><U+2066> only  # <- here
//! ```
//!
//! ```python good
//! label = "the owner \u202e only"
//! ```

use assay_finding::{Category, Severity};
use assay_source::Span;

use crate::context::Context;
use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[1007],
    ..RuleSpec::new(
        Category::Security,
        Severity::High,
        Check::Text {
            words: &[
                "\u{202a}", "\u{202b}", "\u{202d}", "\u{202e}", "\u{2066}", "\u{2067}", "\u{2068}",
            ],
            check,
        },
    )
};

fn check(at: u32, context: &mut Context<'_, '_>) {
    let Some(tree) = context.tree else { return };
    if tree.language().is_data_only() {
        return;
    }
    let text = context.text();
    let line = text.lines().line_of(at);
    let span = text.lines().line_span(line);
    let content = text.line(line);
    let is_control = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let first = content.find(is_control).unwrap_or(0) as u32;
    // One finding a line, and none when all that is opened is closed again.
    if span.start + first != at || is_closed(content) {
        return;
    }
    let c = content[first as usize..].chars().next().unwrap_or(' ');
    context.report_span(
        Span::new(at, at + c.len_utf8() as u32),
        format!(
            "the invisible U+{:04X} makes this line look other than it is",
            u32::from(c)
        ),
    );
}

fn is_closed(line: &str) -> bool {
    let (mut embeddings, mut isolates) = (0_i32, 0_i32);
    for c in line.chars() {
        match c {
            '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' => embeddings += 1,
            '\u{202c}' => embeddings -= 1,
            '\u{2066}'..='\u{2068}' => isolates += 1,
            '\u{2069}' => isolates -= 1,
            _ => {}
        }
    }
    embeddings <= 0 && isolates <= 0
}
