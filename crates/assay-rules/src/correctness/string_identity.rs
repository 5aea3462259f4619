//! # Strings compared as objects
//!
//! A string literal is compared with `==`, which asks for the same object and not the same text.
//!
//! ## Why it matters
//!
//! It is true for literals, which the machine shares, and false for the same text that was read
//! from a file, a database or a request.
//!
//! ## Not reported
//!
//! - Comparisons of two literals, and of strings that are not written in place.
//!
//! ## References
//!
//! - [CWE-597](https://cwe.mitre.org/data/definitions/597.html): use of wrong operator in string comparison
//!
//! ## Examples
//!
//! ```java bad
//! class Shop {
//!     boolean open(String state) {
//!         return state == "open" || "shut" != state; // <- here
//!     }
//! }
//! ```
//!
//! ```java fixed
//! class Shop {
//!     boolean open(String state) {
//!         return "open".equals(state) || !"shut".equals(state);
//!     }
//! }
//! ```
//!
//! ```java good
//! class Shop {
//!     boolean open(String state) {
//!         return "open".equals(state) || state == null;
//!     }
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::NodeRef;

use crate::context::{Context, replace};
use crate::query::{bare, operator, sides};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[597],
    fix: true,
    languages: &["java"],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::High,
        Check::Node {
            on: Trigger::kinds(&["binary_expression"]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let operator = operator(node);
    let not = match operator {
        "==" => "",
        "!=" => "!",
        _ => return,
    };
    let Some((left, right)) = sides(node) else {
        return;
    };
    let (left, right) = (bare(left), bare(right));
    let (literal, other) = match (left.kind(), right.kind()) {
        ("string_literal", "string_literal") => return,
        ("string_literal", _) => (left, right),
        (_, "string_literal") => (right, left),
        _ => return,
    };
    let instead = format!("{not}{}.equals({})", literal.text(), other.text());
    context
        .report(
            node,
            format!("`{operator}` compares the objects and not the text of the strings"),
        )
        .safe_fix("Compare with `equals`", vec![replace(node.span(), instead)]);
}
