//! Expressions of logical operators, taken apart in the order of the text.
//!
//! `a && (b && c) || d` is one expression: parentheses change nothing for the
//! reader who goes from left to right. A negation or a call begins another.

use crate::role::{Field, Role};
use crate::tree::NodeRef;

/// Returns whether a logical operation is not part of another one.
pub(super) fn is_outermost(node: NodeRef<'_>) -> bool {
    let around = node.ancestors().find(|&around| !is_parenthesised(around));
    !around.is_some_and(|around| around.has(Role::Logical))
}

/// Calls back for each operator of the expression, from left to right.
pub(super) fn visit_operators<'t>(expression: NodeRef<'t>, mut callback: impl FnMut(NodeRef<'t>)) {
    let mut inside = expression.subtree().skip(1);
    let mut skip = 0;
    while let Some(node) = inside.nth(skip) {
        skip = 0;
        if node.has(Role::Logical) || is_parenthesised(node) {
            continue;
        }
        if is_operator(node) {
            callback(node);
        }
        skip = node.subtree_len() - 1;
    }
}

/// The word or sign of a logical operation among its children.
fn is_operator(node: NodeRef<'_>) -> bool {
    node.parent()
        .is_some_and(|parent| parent.has(Role::Logical))
        && (node.field() == Field::Operator
            || (!node.is_named()
                && node.text().starts_with(|first: char| {
                    first.is_ascii_alphabetic() || "&|".contains(first)
                })))
}

/// An expression with parentheses around it and nothing else.
fn is_parenthesised(node: NodeRef<'_>) -> bool {
    let mut children = node.children();
    node.is_named()
        && children.next().is_some_and(|first| first.text() == "(")
        && children.last().is_some_and(|last| last.text() == ")")
        && node.named_children().count() == 1
}
