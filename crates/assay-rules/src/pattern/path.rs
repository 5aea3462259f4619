//! Dotted paths of expressions: `crypto.createHash('md5').update` is
//! `crypto.createHash.update` in every language, whatever its separators.

use assay_syntax::{Field, NodeRef, Role, RoleSet};

/// Expressions nest at most so deep in a path; beyond, it is unknown.
const DEPTH_MAX: usize = 48;

/// A path has at most so many names; beyond, it is unknown.
const SEGMENTS_MAX: usize = 64;

/// Stands for a part of a path that is no name.
pub(crate) const UNKNOWN: &str = "?";

const NAMES: RoleSet = RoleSet::of(&[Role::Identifier, Role::TypeName, Role::SelfReference]);
const NOT_PATHS: RoleSet = RoleSet::of(&[
    Role::Ternary,
    Role::Logical,
    Role::Comparison,
    Role::Lambda,
    Role::Comprehension,
    Role::Coalesce,
]);

/// Returns whether a node lists arguments of a call or a type.
pub(crate) fn is_list_of_arguments(node: NodeRef<'_>) -> bool {
    node.has(Role::Arguments)
        || node.field() == Field::Arguments
        || matches!(
            node.kind(),
            "type_arguments"
                | "type_argument_list"
                | "template_argument_list"
                | "type_parameters"
                | "token_tree"
                | "annotation_argument_list"
                | "attribute_argument_list"
                | "call_suffix"
                | "argument_list"
        )
}

/// Returns whether a node is what stands after the arguments: a block, a body,
/// an initializer.
fn is_tail(node: NodeRef<'_>) -> bool {
    node.has_any(const { RoleSet::of(&[Role::Lambda, Role::Block, Role::Collection]) })
        || matches!(
            node.kind(),
            "do_block"
                | "block"
                | "class_body"
                | "declaration_list"
                | "literal_value"
                | "initializer_expression"
                | "annotated_lambda"
                | "lambda_literal"
                | "field_initializer_list"
                | "array_rank_specifier"
                | "dimensions_expr"
        )
}

/// Returns the names of the path that an expression is; the calls in it go by
/// what they call.
pub(crate) fn segments<'t>(node: NodeRef<'t>) -> Vec<&'t str> {
    let mut out = Vec::new();
    add(node, &mut out, 0);
    out
}

fn add<'t>(node: NodeRef<'t>, out: &mut Vec<&'t str>, depth: usize) {
    if depth > DEPTH_MAX || out.len() >= SEGMENTS_MAX {
        out.insert(0, UNKNOWN);
        return;
    }
    let kind = node.kind();
    if node.has(Role::String) {
        out.push("\"");
    } else if kind == "variable_name" || node.is_leaf() {
        if node.has_any(NAMES) || matches!(kind, "this" | "super" | "self" | "name") {
            out.push(node.text());
        } else if node.is_named() && !matches!(kind, "optional_chain" | "field_identifier") {
            out.push(UNKNOWN);
        } else if kind == "field_identifier" {
            out.push(node.text());
        }
    } else if node.has(Role::Index) && kind != "slice_expression" {
        let mut inside = node.named_children();
        let (object, index) = (inside.next(), inside.next());
        if let Some(object) = object {
            add(object, out, depth + 1);
        }
        match index.and_then(plain_string) {
            Some(key) => out.push(key),
            None => out.push("[]"),
        }
    } else if node.has_any(NOT_PATHS) || node.has(Role::Binary) && !node.has(Role::Member) {
        out.push(UNKNOWN);
    } else if kind.contains("cast") || matches!(kind, "as_expression" | "satisfies_expression") {
        let value = node.child(Field::Value).or_else(|| match kind {
            "as_expression" | "satisfies_expression" => node.named_children().next(),
            _ => node.named_children().last(),
        });
        if let Some(value) = value {
            add(value, out, depth + 1);
        }
    } else if kind == "command" {
        if let Some(name) = node.named_children().next() {
            out.push(name.text());
        }
    } else {
        let is_call = node.has(Role::Call);
        for child in node.children() {
            if is_list_of_arguments(child) || child.has(Role::Comment) {
                continue;
            }
            if is_tail(child) {
                if is_call || !out.is_empty() {
                    continue;
                }
                out.push("[]");
                continue;
            }
            if child.is_named() || child.has_any(NAMES) || matches!(child.kind(), "this" | "self") {
                add(child, out, depth + 1);
            }
        }
        if kind == "macro_invocation" {
            out.push("!");
        }
    }
}

/// Returns the content of a string without anything in it but text.
pub(crate) fn plain_string<'t>(node: NodeRef<'t>) -> Option<&'t str> {
    let mut node = node;
    if !node.has(Role::String) {
        // An index or argument may be wrapped once.
        let mut inside = node.named_children();
        node = inside.next().filter(|_| inside.next().is_none())?;
        if !node.has(Role::String) {
            return None;
        }
    }
    if node.has(Role::Interpolation) {
        return None;
    }
    let text = node.text();
    let body = text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '@');
    let body = body.trim_start_matches('#').trim_end_matches('#');
    for quote in ["\"\"\"", "'''", "\"", "'", "`"] {
        if let Some(inner) = body.strip_prefix(quote) {
            return Some(inner.strip_suffix(quote).unwrap_or(inner));
        }
    }
    Some(text)
}

/// Returns the last name of what a call calls, without making the whole path.
pub(crate) fn last_name<'t>(node: NodeRef<'t>) -> Option<&'t str> {
    last_name_node(node).map(|name| {
        plain_string(name)
            .filter(|_| name.has(Role::String))
            .unwrap_or(name.text())
    })
}

/// Returns the node that holds the last name of what a call calls.
pub(crate) fn last_name_node(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let mut node = node;
    for _ in 0..DEPTH_MAX {
        let kind = node.kind();
        if kind == "variable_name" || node.is_leaf() {
            let is_name = node.has_any(NAMES) || matches!(kind, "name" | "super" | "this");
            return is_name.then_some(node);
        }
        match kind {
            "command" => node = node.named_children().next()?,
            "command_name" => return node.named_children().next(),
            _ if node.has(Role::Index) && kind != "generic_name" => {
                let index = node.named_children().nth(1)?;
                return index.subtree().take(3).find(|part| part.has(Role::String));
            }
            _ if node.has(Role::String) => return None,
            _ => {
                let mut last = None;
                for child in node.children() {
                    if child.field() == Field::Arguments || child.has(Role::Arguments) {
                        break;
                    }
                    if child.is_named()
                        && !child.has(Role::Comment)
                        && !is_list_of_arguments(child)
                        && !is_tail(child)
                    {
                        last = Some(child);
                    }
                }
                node = last?;
            }
        }
    }
    None
}
