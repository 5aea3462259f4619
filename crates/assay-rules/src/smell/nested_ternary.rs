//! # Nested conditional expression
//!
//! A conditional expression stands inside another one, which most readers have to take apart.
//!
//! ## Why it matters
//!
//! Which branch belongs to which condition is a question of precedence that differs between
//! languages. An `if` statement, a table or a function with early returns says it plainly.
//!
//! ## Not reported
//!
//! - One conditional in the last branch of another: such a chain reads like `else if`.
//!
//! ## Examples
//!
//! ```python bad
//! size = ("big" if wide else "tall") if large else "small"  # <- here
//! ```
//!
//! ```python good
//! size = "big" if large else "tall" if tall else "small"
//! ```
//!
//! ```javascript bad
//! const size = large ? wide ? "big" : "tall" : "small"; // <- here
//! ```
//!
//! ```javascript good
//! const size = large ? "big" : tall ? "tall" : "small";
//! ```
//!
//! ```java bad
//! class Box {
//!     int size() { return large ? (wide ? 3 : 2) : 1; } // <- here
//! }
//! ```
//!
//! ```java good
//! class Box {
//!     int size() { return large ? 3 : wide ? 2 : 1; }
//! }
//! ```
//!
//! ```c bad
//! int size(int large, int wide) {
//!     return large ? wide ? 3 : 2 : 1; // <- here
//! }
//! ```
//!
//! ```c good
//! int size(int large, int wide) {
//!     return large ? 3 : 1;
//! }
//! ```
//!
//! ```c-sharp bad
//! class Box {
//!     int Size() { return large ? (wide ? 3 : 2) : 1; } // <- here
//! }
//! ```
//!
//! ```c-sharp good
//! class Box {
//!     int Size() { return large ? 3 : wide ? 2 : 1; }
//! }
//! ```
//!
//! ```php bad
//! <?php
//! $size = $large ? ($wide ? 3 : 2) : 1; // <- here
//! ```
//!
//! ```php good
//! <?php
//! $size = $large ? 3 : 1;
//! ```
//!
//! ```ruby bad
//! size = large ? (wide ? 3 : 2) : 1 # <- here
//! ```
//!
//! ```ruby good
//! size = large ? 3 : 1
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role};

use crate::context::Context;
use crate::query::bare;
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    languages: &[
        "c",
        "c-sharp",
        "cpp",
        "java",
        "javascript",
        "php",
        "python",
        "ruby",
        "tsx",
        "typescript",
    ],
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Low,
        Check::Node {
            on: Trigger::roles(&[Role::Ternary]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let Some(last) = node.named_children().last() else {
        return;
    };
    let nested = node
        .named_children()
        .filter(|child| *child != last)
        .any(|child| bare(child).has(Role::Ternary));
    if nested {
        context.report(node, "a conditional expression is nested in another one");
    }
}
