//! # Conflict marker left in
//!
//! A marker of an unresolved merge conflict is still in the file.
//!
//! ## Why it matters
//!
//! Both versions are in the text: code does not compile or, in data and templates, does something
//! that nobody wrote.
//!
//! ## Not reported
//!
//! - A single marker without its counterparts: a heading underlined with `=======`, a test
//!   that quotes one.
//! - Markers that do not start their line.
//!
//! ## Examples
//!
//! ```yaml bad errors=yes
//! service:
//! <<<<<<< HEAD  # <- here
//!   port: 80
//! =======
//!   port: 8080
//! >>>>>>> feature
//! ```
//!
//! ```markdown good
//! A heading
//! =======
//! and <<<<<<< HEAD in a sentence
//! ```

use assay_finding::{Category, Severity};
use assay_source::Span;

use crate::context::Context;
use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec::new(
    Category::Correctness,
    Severity::Critical,
    Check::Text {
        words: &["<<<<<<< "],
        check,
    },
);

/// Both sides of a conflict are looked for in so many bytes after its start.
const CONFLICT_BYTES_MAX: usize = 1 << 20;

fn check(at: u32, context: &mut Context<'_, '_>) {
    let text = context.text().as_str();
    let start = at as usize;
    if start > 0 && text.as_bytes()[start - 1] != b'\n' {
        return;
    }
    let end = text.floor_char_boundary(start.saturating_add(CONFLICT_BYTES_MAX));
    let mut has_middle = false;
    for line in text[start..end].lines().skip(1) {
        if line.starts_with("<<<<<<< ") {
            return;
        }
        has_middle |= line == "=======";
        if has_middle && line.starts_with(">>>>>>> ") {
            let line = text[start..end].lines().next().unwrap_or("");
            let span = Span::new(at, at + line.len() as u32);
            context.report_span(span, "a merge conflict is not resolved here");
            return;
        }
    }
}
