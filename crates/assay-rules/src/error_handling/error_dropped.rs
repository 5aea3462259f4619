//! # Error found and dropped
//!
//! A function finds that `err` is not nil and returns nil as its error.
//!
//! ## Why it matters
//!
//! The caller goes on as if all were well, with values that were never set.
//!
//! ## Not reported
//!
//! - Branches that do anything else with the error, or that say why in a comment.
//!
//! ## References
//!
//! - [CWE-391](https://cwe.mitre.org/data/definitions/391.html): unchecked error condition
//!
//! ## Examples
//!
//! ```go bad
//! package shop
//!
//! func buy(order *Order) (*Receipt, error) {
//!     receipt, err := save(order)
//!     if err != nil {
//!         return nil, nil // <- here
//!     }
//!     return receipt, nil
//! }
//! ```
//!
//! ```go good
//! package shop
//!
//! func buy(order *Order) (*Receipt, error) {
//!     receipt, err := save(order)
//!     if err != nil {
//!         return nil, err
//!     }
//!     if _, err := find(order); err != nil {
//!         // Not found is fine.
//!         return nil, nil
//!     }
//!     return receipt, nil
//! }
//! ```

use assay_finding::{Category, Confidence, Severity};
use assay_syntax::{Field, NodeRef, Role};

use crate::context::Context;
use crate::query::{bare, has_comment, jump, operator, sides, statements};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[391],
    confidence: Confidence::Medium,
    languages: &["go"],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::Low,
        Check::Node {
            on: Trigger::roles(&[Role::If]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let (Some(condition), Some(body)) =
        (node.child(Field::Condition), node.child(Field::Consequence))
    else {
        return;
    };
    let condition = bare(condition);
    let Some((left, right)) = sides(condition) else {
        return;
    };
    if operator(condition) != "!=" || left.text() != "err" || !right.has(Role::Null) {
        return;
    }
    let mut inside = body.named_children().flat_map(|child| {
        let is_list = child.kind() == "statement_list";
        let list = is_list.then(|| statements(child));
        (!is_list)
            .then_some(child)
            .into_iter()
            .chain(list.into_iter().flatten())
    });
    let (Some(only), None) = (inside.next(), inside.next()) else {
        return;
    };
    let Some(jump) = jump(only).filter(|jump| jump.has(Role::Return)) else {
        return;
    };
    let last = jump
        .named_children()
        .last()
        .and_then(|list| match list.kind() {
            "expression_list" => list.named_children().last(),
            _ => Some(list),
        });
    let uses_error = jump.subtree().any(|part| part.text() == "err");
    let returns_nil = last.is_some_and(|last| last.has(Role::Null)) && !uses_error;
    if returns_nil && !has_comment(body) && returns_error(node) {
        context.report(
            jump,
            "`err` is not nil here, and the function returns nil as its error",
        );
    }
}

/// Returns whether the last result of the function around is an error.
fn returns_error(node: NodeRef<'_>) -> bool {
    node.ancestor_with(Role::Function)
        .and_then(|function| function.child(Field::ReturnType))
        .is_some_and(|result| {
            result
                .text()
                .trim_end_matches(')')
                .trim_end_matches([',', ' '])
                .ends_with("error")
        })
}
