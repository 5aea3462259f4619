//! # Work left to do, without a reference
//!
//! A comment says that something is still to be done, and names no issue where it is kept.
//!
//! ## Why it matters
//!
//! Nobody looks for such comments, and nobody knows whether they still hold. An issue has an owner.
//!
//! ## Not reported
//!
//! - Anything, unless the rule is switched on.
//! - Comments with a reference: `#12`, `ABC-12`, a URL, a name in brackets, a date.
//!
//! ## Examples
//!
//! ```python bad
//! # TODO: rounding  # <- here
//! total = net + tax
//! ```
//!
//! ```python good
//! # TODO(#12): rounding
//! # FIXME(kim): tax
//! # HACK until SHOP-31 is done
//! total = net + tax
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role};

use crate::context::Context;
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    on: false,
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Info,
        Check::Node {
            on: Trigger::roles(&[Role::Comment]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    const WORDS: &[&str] = &["TODO", "FIXME", "HACK", "XXX"];
    let text = node.text();
    for (index, line) in text.lines().enumerate() {
        let Some(word) = WORDS.iter().find(|word| has_word(line, word)) else {
            continue;
        };
        if has_reference(line, word) {
            continue;
        }
        let line_number = node.line() + index as u32;
        let message = format!("`{word}` in line {line_number} names no issue");
        context.report(node, message);
        return;
    }
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !is_letter(before) && !is_letter(after)
    })
}

fn has_reference(line: &str, word: &str) -> bool {
    let bytes = line.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let named = line
        .find(word)
        .is_some_and(|at| line[at + word.len()..].trim_start().starts_with(['(', '[']));
    let numbered = line.char_indices().any(|(at, c)| {
        c == '#' && is_digit(at + 1)
            // SHOP-12
            || c == '-' && is_digit(at + 1) && at > 0 && bytes[at - 1].is_ascii_uppercase()
    });
    named || numbered || line.contains("://")
}
