//! # Comparison that converts its operands
//!
//! `==` and `!=` convert operands of different types before they compare.
//!
//! ## Why it matters
//!
//! `"" == 0`, `null == undefined` and `[1] == 1` are all true. With `===` two values are equal
//! when they are the same.
//!
//! ## Not reported
//!
//! - Comparison with `null` or `undefined`, which asks for both at once.
//! - `typeof x == "..."`, `x.length == 1` and comparisons of two literals of one type.
//! - Files that compare loosely more often than strictly: there it is a habit and no slip.
//!
//! ## References
//!
//! - ECMA-262, section 7.2.14: IsLooselyEqual
//!
//! ## Examples
//!
//! ```javascript bad
//! if (count == input.value) { // <- here
//!   done();
//! }
//! ```
//!
//! ```javascript fixed
//! if (count === input.value) {
//!   done();
//! }
//! ```
//!
//! ```javascript good
//! if (count === 0 || value == null || typeof value == "string" || list.length == 1) {
//!   done();
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{Field, NodeRef, Role, SyntaxTree};

use crate::context::{Context, replace};
use crate::query::{bare, is_silenced_elsewhere, operator, sides};
use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    fix: true,
    languages: &["javascript", "tsx", "typescript"],
    ..RuleSpec::new(Category::Correctness, Severity::Low, Check::Tree(check))
};

/// So many loose comparisons are slips, also where nothing is strict.
const SLIPS_MAX: usize = 2;

fn check<'t>(tree: &'t SyntaxTree, context: &mut Context<'_, 't>) {
    let mut strict = 0;
    let mut loose = Vec::new();
    for node in tree.nodes().filter(|node| node.has(Role::Comparison)) {
        match operator(node) {
            "===" | "!==" => strict += 1,
            "==" if converts(node) => loose.push((node, "===")),
            "!=" if converts(node) => loose.push((node, "!==")),
            _ => {}
        }
    }
    // In a file that compares loosely throughout, it is the file's habit.
    if loose.len() > SLIPS_MAX && loose.len() > strict {
        return;
    }
    for (node, instead) in loose {
        let Some(token) = node.child(Field::Operator) else {
            continue;
        };
        let message = format!(
            "`{}` converts its operands; `{instead}` does not",
            token.text()
        );
        context.report(node, message).unsafe_fix(
            format!("Compare with `{instead}`"),
            vec![replace(token.span(), instead)],
        );
    }
}

/// Returns whether the operands may be of different types.
fn converts(node: NodeRef<'_>) -> bool {
    let Some((left, right)) = sides(node) else {
        return false;
    };
    let (left, right) = (bare(left), bare(right));
    let has_known_type = |side: NodeRef<'_>| {
        side.has(Role::Null)
            || side.kind() == "undefined"
            || side.has(Role::Unary) && side.text().starts_with("typeof")
            || side
                .child(Field::Property)
                .is_some_and(|property| property.text() == "length")
    };
    let both_strings = left.kind() == right.kind() && left.has(Role::String);
    !(has_known_type(left) || has_known_type(right) || both_strings || is_silenced_elsewhere(node))
}
