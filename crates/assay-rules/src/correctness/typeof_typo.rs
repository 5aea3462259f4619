//! # Type name that typeof never gives
//!
//! The result of `typeof` is compared with a word that it can never be.
//!
//! ## Why it matters
//!
//! The comparison is always false: one letter is wrong, or the name of a class was meant.
//!
//! ## Not reported
//!
//! - Comparisons with another `typeof` or with a variable.
//!
//! ## References
//!
//! - ECMA-262, section 13.5.3: the typeof operator
//!
//! ## Examples
//!
//! ```javascript bad
//! if (typeof order === "undefned") { // <- here
//!   open();
//! }
//! ```
//!
//! ```javascript fixed
//! if (typeof order === "undefined") {
//!   open();
//! }
//! ```
//!
//! ```javascript good
//! if (typeof order === "undefined" || typeof order === typeof other) {
//!   open();
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role};

use crate::context::{Context, replace};
use crate::query::{bare, operator, sides};
use crate::rule::{Check, RuleSpec, Trigger};
use crate::settings::nearest;

pub(crate) const RULE: RuleSpec = RuleSpec {
    fix: true,
    languages: &["javascript", "tsx", "typescript"],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::High,
        Check::Node {
            on: Trigger::roles(&[Role::Comparison]),
            check,
        },
    )
};

const TYPES: &[&str] = &[
    "undefined",
    "object",
    "boolean",
    "number",
    "string",
    "function",
    "symbol",
    "bigint",
    // What old browsers gave for some of their own objects.
    "unknown",
];

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    if !matches!(operator(node), "==" | "===" | "!=" | "!==") {
        return;
    }
    let Some((left, right)) = sides(node) else {
        return;
    };
    let (left, right) = (bare(left), bare(right));
    let is_typeof = |side: NodeRef<'_>| side.has(Role::Unary) && operator(side) == "typeof";
    let literal = match (is_typeof(left), is_typeof(right)) {
        (true, false) => right,
        (false, true) => left,
        _ => return,
    };
    if !literal.has(Role::String) || literal.has(Role::Interpolation) {
        return;
    }
    let Some(word) = literal
        .text()
        .get(1..literal.text().len().saturating_sub(1))
    else {
        return;
    };
    if TYPES.contains(&word) {
        return;
    }
    let meant = nearest(word, TYPES.iter().copied());
    let draft = context.report(node, format!("`typeof` never gives \"{word}\""));
    if let Some(meant) = meant {
        let quote = literal.text().chars().next().unwrap_or('"');
        draft.unsafe_fix(
            format!("Compare with \"{meant}\""),
            vec![replace(literal.span(), format!("{quote}{meant}{quote}"))],
        );
    }
}
