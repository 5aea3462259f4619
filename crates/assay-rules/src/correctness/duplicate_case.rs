//! # Same case twice
//!
//! A switch has two arms for the same value, and the second one never runs.
//!
//! ## Why it matters
//!
//! A copied arm was not finished: the value that it was for is not handled.
//!
//! ## Not reported
//!
//! - Arms with a guard, and values that call something.
//! - Languages whose compilers refuse it.
//!
//! ## References
//!
//! - [CWE-561](https://cwe.mitre.org/data/definitions/561.html): dead code
//!
//! ## Examples
//!
//! ```javascript bad
//! switch (kind) {
//!   case "a":
//!     one();
//!     break;
//!   case "b":
//!     two();
//!     break;
//!   case "a": // <- here
//!     three();
//!     break;
//! }
//! ```
//!
//! ```javascript good
//! switch (kind) {
//!   case "a":
//!   case "b":
//!     two();
//!     break;
//!   case next():
//!   case next():
//!     three();
//! }
//! ```
//!
//! ```python bad
//! match kind:
//!     case "a":
//!         one()
//!     case "a":  # <- here
//!         two()
//! ```
//!
//! ```python good
//! match kind:
//!     case "a" if ready:
//!         one()
//!     case "a":
//!         two()
//! ```
//!
//! ```php bad
//! <?php
//! switch ($kind) {
//!     case 1:
//!         one();
//!         break;
//!     case 1: // <- here
//!         two();
//!         break;
//! }
//! ```
//!
//! ```php good
//! <?php
//! switch ($kind) {
//!     case 1:
//!         one();
//!         break;
//!     case 2:
//!         two();
//!         break;
//! }
//! ```
//!
//! ```ruby bad
//! case kind
//! when "a"
//!   one
//! when "a" # <- here
//!   two
//! end
//! ```
//!
//! ```ruby good
//! case kind
//! when "a"
//!   one
//! when "b"
//!   two
//! end
//! ```
//!
//! ```bash bad
//! case "$1" in
//!   start) one ;;
//!   stop) two ;;
//!   start) three ;; # <- here
//! esac
//! ```
//!
//! ```bash good
//! case "$1" in
//!   start) one ;;
//!   stop) two ;;
//! esac
//! ```

use std::collections::HashMap;

use assay_finding::{Category, Severity};
use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::context::Context;
use crate::query::{is_pure, token_text};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[561],
    languages: &[
        "bash",
        "javascript",
        "php",
        "python",
        "ruby",
        "tsx",
        "typescript",
    ],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::High,
        Check::Node {
            on: Trigger::roles(&[Role::Switch]),
            check,
        },
    )
};

/// Longer switches are tables that a program has written.
const CASES_MAX: usize = 2_000;

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let mut seen: HashMap<String, NodeRef<'t>> = HashMap::new();
    for case in cases(node).take(CASES_MAX) {
        if case
            .subtree()
            .any(|part| part.has(Role::Guard) || part.is_error())
        {
            continue;
        }
        let Some(label) = label(case).filter(|label| is_pure(*label)) else {
            continue;
        };
        let Some(earlier) = seen.get(&token_text(label)) else {
            seen.insert(token_text(label), label);
            continue;
        };
        let line = earlier.line();
        let earlier = earlier.span();
        context
            .report(
                label,
                format!("`{}` is already handled in line {line}", label.text()),
            )
            .related(earlier, "the arm that runs");
    }
}

/// The arms stand under the switch or under its body.
fn cases<'t>(node: NodeRef<'t>) -> impl Iterator<Item = NodeRef<'t>> {
    const ARMS: RoleSet = RoleSet::of(&[Role::Case]);
    node.named_children()
        .flat_map(|child| {
            let inner = (!child.has_any(ARMS)).then(|| child.named_children());
            std::iter::once(child).chain(inner.into_iter().flatten())
        })
        .filter(|child| child.has_any(ARMS))
}

/// What the arm is for: its only pattern or value.
fn label(case: NodeRef<'_>) -> Option<NodeRef<'_>> {
    case.child(Field::Value)
        .or_else(|| case.child(Field::Pattern))
        .or_else(|| case.child(Field::Condition))
        .or_else(|| case.named_children().next())
        .filter(|label| !label.has(Role::Block))
}
