//! Questions that rules of many kinds ask about a piece of syntax, answered in
//! roles and fields so that the answer holds in every language.

use assay_source::Span;
use assay_syntax::{Field, NodeRef, Role, RoleSet};

/// Pieces of code longer than this are not compared: nested code would make
/// comparing quadratic.
const COMPARED_NODES_MAX: usize = 2_000;

/// Brackets nest at most so deep before a question is given up.
const BRACKETS_MAX: usize = 64;

/// Returns the expression inside the round brackets around it, if any.
pub(crate) fn bare(node: NodeRef<'_>) -> NodeRef<'_> {
    let mut node = node;
    for _ in 0..BRACKETS_MAX {
        let mut children = node.children();
        let opens = children
            .next()
            .is_some_and(|child| !child.is_named() && child.kind() == "(");
        if !opens || node.has(Role::Collection) || node.has(Role::Arguments) {
            return node;
        }
        let mut inside = node.named_children();
        match (inside.next(), inside.next()) {
            (Some(only), None) if node.children().last().is_some_and(|c| c.kind() == ")") => {
                node = only;
            }
            _ => return node,
        }
    }
    node
}

/// Returns the text of the operator of a unary or binary operation.
pub(crate) fn operator(node: NodeRef<'_>) -> &str {
    node.child(Field::Operator)
        .or_else(|| {
            node.children()
                .find(|child| !child.is_named() && !matches!(child.kind(), "(" | ")"))
        })
        .map_or("", NodeRef::text)
}

/// Returns the two sides of a binary operation, comparison or assignment;
/// nothing for a chain such as `a < b < c`.
pub(crate) fn sides(node: NodeRef<'_>) -> Option<(NodeRef<'_>, NodeRef<'_>)> {
    if let (Some(left), Some(right)) = (node.child(Field::Left), node.child(Field::Right)) {
        return Some((left, right));
    }
    let mut inside = node
        .named_children()
        .filter(|child| child.field() != Field::Operator && !child.has(Role::Operator));
    match (inside.next(), inside.next(), inside.next()) {
        (Some(left), Some(right), None) => Some((left, right)),
        _ => None,
    }
}

/// Returns whether two pieces of code are the same but for layout and comments.
pub(crate) fn same_code(a: NodeRef<'_>, b: NodeRef<'_>) -> bool {
    if a.subtree_len().max(b.subtree_len()) > COMPARED_NODES_MAX {
        return false;
    }
    let (mut a, mut b) = (tokens(a), tokens(b));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(x), Some(y)) if x.kind_id() == y.kind_id() && x.text() == y.text() => {}
            _ => return false,
        }
    }
}

/// Returns the leaves under a node that are no comments.
pub(crate) fn tokens<'t>(node: NodeRef<'t>) -> impl Iterator<Item = NodeRef<'t>> {
    // A comment can have leaves of its own (the text of a documentation comment).
    let mut past = node.span().start;
    let mut in_comment = false;
    node.subtree().filter(move |part| {
        if part.has(Role::Comment) {
            past = past.max(part.span().end);
            in_comment = true;
            return false;
        }
        if in_comment && part.span().start < past {
            return false;
        }
        in_comment = false;
        part.is_leaf()
    })
}

const EFFECTS: RoleSet = RoleSet::of(&[
    Role::Call,
    Role::Assignment,
    Role::Await,
    Role::Yield,
    Role::Throw,
    Role::Return,
    Role::Function,
]);

/// Returns whether evaluating the expression twice is the same as once: it
/// calls, assigns and waits for nothing.
pub(crate) fn is_pure(node: NodeRef<'_>) -> bool {
    node.subtree_len() <= COMPARED_NODES_MAX
        && !node.subtree().any(|part| {
            part.has_any(EFFECTS)
                || matches!(
                    part.kind(),
                    "++" | "--" | "<-" | "!!" | "macro_invocation" | "delete"
                )
                || part.is_error()
        })
}

/// Returns the statements of a block: its named children but for comments.
pub(crate) fn statements<'t>(block: NodeRef<'t>) -> impl Iterator<Item = NodeRef<'t>> {
    block
        .named_children()
        .filter(|child| !matches!(child.kind(), "empty_statement" | ";"))
}

/// Returns whether there is a comment anywhere under the node.
pub(crate) fn has_comment(node: NodeRef<'_>) -> bool {
    node.subtree().any(|part| part.has(Role::Comment))
}

/// Returns the body of a function, loop, clause or handler.
pub(crate) fn body(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    node.child(Field::Body)
        .or_else(|| node.child(Field::Consequence))
        .or_else(|| {
            node.children()
                .filter(|child| child.has(Role::Block))
                .last()
        })
}

/// Returns the span from the start of a node to the end of its first line, for
/// findings about something long.
pub(crate) fn first_line(node: NodeRef<'_>) -> Span {
    let span = node.span();
    let text = node.text();
    let length = text.find('\n').unwrap_or(text.len());
    let line = text[..length].trim_end();
    Span::new(span.start, span.start + line.len() as u32)
}
