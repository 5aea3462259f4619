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
    a.subtree_len().max(b.subtree_len()) <= COMPARED_NODES_MAX && pieces(a).eq(pieces(b))
}

/// Returns the text of a node piece by piece: its leaves, and what the grammar
/// leaves between them, without white space and comments around the pieces.
pub(crate) fn pieces(node: NodeRef<'_>) -> Pieces<'_> {
    Pieces {
        node,
        next: 0,
        at: node.span().start,
        leaf: None,
    }
}

/// The pieces of a node's text.
pub(crate) struct Pieces<'t> {
    node: NodeRef<'t>,
    /// The next node of the subtree, counted from its root.
    next: usize,
    /// The text before this is done.
    at: u32,
    /// A leaf that comes after the text before it.
    leaf: Option<Span>,
}

impl<'t> Pieces<'t> {
    /// Returns the text up to a place, when there is more than white space.
    fn text_before(&mut self, end: u32) -> Option<&'t str> {
        let gap = Span::new(self.at.min(end), end);
        self.at = end;
        let text = self.node.tree().text().slice(gap).trim();
        (!text.is_empty()).then_some(text)
    }
}

impl<'t> Iterator for Pieces<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let tree = self.node.tree();
        loop {
            if let Some(span) = self.leaf.take() {
                self.at = span.end;
                return Some(tree.text().slice(span));
            }
            let Some(part) = self.node.subtree_node(self.next) else {
                return self.text_before(self.node.span().end);
            };
            self.next += 1;
            let span = part.span();
            if span.start < self.at || span.is_empty() {
                continue;
            }
            if part.has(Role::Comment) {
                let before = self.text_before(span.start);
                self.at = span.end;
                if before.is_some() {
                    return before;
                }
            } else if part.is_leaf() {
                let before = self.text_before(span.start);
                self.leaf = Some(span);
                if before.is_some() {
                    return before;
                }
            }
        }
    }
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

/// Returns whether there is a comment anywhere under the node. One that only
/// silences a rule is no explanation to the rule itself.
pub(crate) fn has_comment(node: NodeRef<'_>) -> bool {
    node.subtree()
        .any(|part| part.has(Role::Comment) && !part.text().contains("assay:ignore"))
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

/// One branch of an `if` with its `else if`s and its `else`.
#[derive(Clone, Copy)]
pub(crate) struct Branch<'t> {
    /// The condition; none for `else`.
    pub(crate) condition: Option<NodeRef<'t>>,
    /// What is done.
    pub(crate) body: Option<NodeRef<'t>>,
}

/// Returns whether an `if` is the first of its chain: no `else if` of another.
pub(crate) fn is_chain_head(node: NodeRef<'_>) -> bool {
    if node.has(Role::ElseIf) {
        return false;
    }
    let Some(parent) = node.parent() else {
        return true;
    };
    let continues = parent.has(Role::Else) && only_child(parent) == Some(node)
        || parent.has(Role::If) && node.field() == Field::Alternative;
    !continues
}

fn only_child(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let mut children = node.named_children();
    let only = children.next()?;
    children.next().is_none().then_some(only)
}

/// A chain of conditions is followed for so many steps.
const BRANCHES_MAX: usize = 128;

/// Returns the branches of an `if` in order, through every form that grammars
/// have for `else if`: flat clauses, nested clauses, nested statements.
pub(crate) fn branches(head: NodeRef<'_>) -> Vec<Branch<'_>> {
    let mut found = Vec::new();
    let mut current = Some(head);
    while let Some(node) = current.take() {
        if found.len() >= BRANCHES_MAX {
            break;
        }
        let own = own_branch(node);
        found.push(own);
        let rest = node
            .named_children()
            .filter(|child| Some(*child) != own.condition && Some(*child) != own.body);
        for child in rest {
            if child.has(Role::ElseIf) {
                if child.named_children().any(|part| part.has_any(CLAUSES)) {
                    current = Some(child);
                } else {
                    found.push(own_branch(child));
                }
            } else if child.has(Role::Else) {
                match only_child(child).filter(|inner| inner.has(Role::If)) {
                    Some(inner) => current = Some(inner),
                    None => found.push(Branch {
                        condition: None,
                        body: body(child).or_else(|| only_child(child)),
                    }),
                }
            } else if child.field() == Field::Alternative {
                if child.has(Role::If) {
                    current = Some(child);
                } else {
                    found.push(Branch {
                        condition: None,
                        body: Some(child),
                    });
                }
            }
        }
    }
    found
}

const CLAUSES: RoleSet = RoleSet::of(&[Role::ElseIf, Role::Else]);

fn own_branch(node: NodeRef<'_>) -> Branch<'_> {
    let condition = condition(node);
    let body = node
        .child(Field::Consequence)
        .or_else(|| node.child(Field::Body))
        .or_else(|| {
            node.named_children()
                .filter(|child| Some(*child) != condition && !child.has_any(CLAUSES))
                .find(|child| child.field() != Field::Alternative)
        });
    Branch { condition, body }
}

/// Returns the condition of a conditional or loop.
pub(crate) fn condition(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    node.child(Field::Condition).or_else(|| {
        node.named_children()
            .next()
            .filter(|first| !first.has(Role::Block) && node.has_any(CONDITIONALS))
    })
}

const CONDITIONALS: RoleSet = RoleSet::of(&[Role::If, Role::ElseIf, Role::Ternary]);

/// Returns the jump that a statement is: a return, throw, break, continue or
/// goto that stands alone.
pub(crate) fn jump(statement: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let is_jump = |node: NodeRef<'_>| node.has_any(JUMPS) && node.kind() != "try_expression";
    if is_jump(statement) {
        return Some(statement);
    }
    only_child(statement)
        .filter(|only| statement.kind() == "expression_statement" && is_jump(*only))
}

const JUMPS: RoleSet = RoleSet::of(&[
    Role::Return,
    Role::Throw,
    Role::Break,
    Role::Continue,
    Role::Goto,
]);

/// Returns the span of a statement with its whole line when it stands alone on
/// it, for a fix that takes the statement out.
pub(crate) fn whole_lines(node: NodeRef<'_>) -> Span {
    let span = node.span();
    let text = node.tree().text().as_str();
    let before = &text[..span.start as usize];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let after = &text[span.end as usize..];
    let line_end = after.find('\n').map_or(after.len(), |at| at + 1);
    let alone =
        before[line_start..].trim().is_empty() && matches!(after[..line_end].trim(), "" | ";");
    if alone {
        Span::new(line_start as u32, span.end + line_end as u32)
    } else {
        span
    }
}

/// Returns whether a path is one of tests: by a folder's name, or the file's.
pub fn is_test_path(path: &assay_source::RepoPath) -> bool {
    let Some(path) = path.as_str() else {
        return false;
    };
    let mut parts = path.split('/').collect::<Vec<_>>();
    let name = parts.pop().unwrap_or("");
    let stem = name.split('.').next().unwrap_or("");
    parts.iter().any(|part| {
        matches!(
            part.to_ascii_lowercase().as_str(),
            "test"
                | "tests"
                | "spec"
                | "specs"
                | "__tests__"
                | "testing"
                | "testdata"
                | "e2e"
                | "fixtures"
        )
    }) || stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_spec")
        || stem.ends_with("Test")
        || stem.ends_with("Tests")
        || stem.ends_with("Spec")
        || matches!(stem, "conftest" | "test" | "tests")
        || name.contains(".test.")
        || name.contains(".spec.")
}

/// Returns the tokens of a piece of code with one space between them.
pub(crate) fn token_text(node: NodeRef<'_>) -> String {
    let mut text = String::new();
    for piece in pieces(node).take(COMPARED_NODES_MAX) {
        text.push_str(piece);
        text.push(' ');
    }
    text
}

/// Returns where a finding about a whole function or class is shown: its name,
/// else its first line.
pub(crate) fn head(node: NodeRef<'_>) -> Span {
    match node.name_node() {
        Some(name) if node.encloses(name) => name.span(),
        _ => first_line(node),
    }
}

/// Returns whether a comment on the node's first line speaks to another linter:
/// somebody has looked at the place and decided.
pub(crate) fn is_silenced_elsewhere(node: NodeRef<'_>) -> bool {
    const MARKS: &[&str] = &[
        "noqa",
        "NOSONAR",
        "nosec",
        "NOLINT",
        "nolint",
        "pylint:",
        "eslint-disable",
        "biome-ignore",
        "rubocop:disable",
        "phpcs:ignore",
        "@phpstan-ignore",
        "noinspection",
        "@ts-ignore",
        "@ts-expect-error",
        "type: ignore",
        "NOPMD",
        "CHECKSTYLE",
    ];
    let text = node.tree().text();
    let has_mark = |line: u32| {
        let line = text.line(line);
        MARKS.iter().any(|mark| line.contains(mark))
    };
    has_mark(node.line())
        || node.line() > 1
            && text.line(node.line() - 1).contains("-next-line")
            && has_mark(node.line() - 1)
}

/// Returns whether the node is in a part of a file of another language, where
/// names may be used by what is around it.
pub(crate) fn is_embedded(context: &crate::context::Context<'_, '_>) -> bool {
    let outer = context.input.parsed.and_then(|parsed| parsed.trees.first());
    match (outer, context.tree) {
        (Some(outer), Some(tree)) => outer.language() != tree.language(),
        _ => false,
    }
}
