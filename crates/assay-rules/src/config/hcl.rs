//! Reads the values of HashiCorp's configuration language: a block with labels
//! is a mapping in mappings, so that `resource "a" "b" {}` is at `resource.a.b`.

use std::borrow::Cow;

use assay_source::Span;
use assay_syntax::{Field, NodeRef, SyntaxTree};

use super::embedded;
use super::json::unescape;
use super::model::{DEPTH_MAX, Entry, Model, ScalarKind, Shape, ValueId};

/// Reads a file.
pub(crate) fn read(tree: &SyntaxTree) -> Model<'_> {
    let mut model = Model::of(tree);
    let root = tree.root();
    let body = root.named_children().find(|child| child.kind() == "body");
    let entries = body.map_or_else(Vec::new, |body| entries(&mut model, body, 0));
    let root = model.add(root.span(), Shape::Mapping(entries));
    model.roots.push(root);
    model
}

fn entries<'t>(model: &mut Model<'t>, body: NodeRef<'t>, depth: usize) -> Vec<Entry<'t>> {
    let mut found = Vec::new();
    if depth > DEPTH_MAX {
        return found;
    }
    for child in body.named_children() {
        if !model.has_room() {
            break;
        }
        match child.kind() {
            "attribute" => {
                let name = child.child(Field::Name);
                let inside = child.named_children().find(|part| Some(*part) != name);
                if let (Some(name), Some(inside)) = (name, inside) {
                    found.push(Entry {
                        key: Cow::Borrowed(name.text()),
                        key_span: name.span(),
                        value: value(model, inside, depth + 1),
                    });
                }
            }
            "block" => found.extend(block(model, child, depth)),
            _ => {}
        }
    }
    found
}

/// Reads a block. A `dynamic "x"` block is what it makes: blocks called `x`.
fn block<'t>(model: &mut Model<'t>, block: NodeRef<'t>, depth: usize) -> Option<Entry<'t>> {
    let mut labels = Vec::new();
    let mut body = None;
    for part in block.named_children() {
        match part.kind() {
            "identifier" => labels.push((Cow::Borrowed(part.text()), part.span())),
            "string_lit" => labels.push((unescape(part.text(), part.span()).0, part.span())),
            "body" => body = Some(part),
            _ => {}
        }
    }
    let (_, last) = labels.last()?;
    let head = Span::new(block.span().start, last.end);
    let mut inside = body.map_or_else(Vec::new, |body| entries(model, body, depth + 1));
    if labels[0].0 == "dynamic" && labels.len() == 2 {
        labels.remove(0);
        let content = inside.iter().find(|entry| entry.key == "content");
        let value = content.map(|content| content.value)?;
        let (key, _) = labels.pop()?;
        return Some(Entry {
            key,
            key_span: head,
            value,
        });
    }
    let mut span = block.span();
    while let Some((key, _)) = labels.pop() {
        let value = model.add(span, Shape::Mapping(std::mem::take(&mut inside)));
        inside.push(Entry {
            key,
            key_span: head,
            value,
        });
        span = block.span();
    }
    inside.pop()
}

fn value<'t>(model: &mut Model<'t>, node: NodeRef<'t>, depth: usize) -> ValueId {
    let span = node.span();
    if depth > DEPTH_MAX || !model.has_room() {
        return model.add(span, Shape::Unknown);
    }
    let plain = |kind| (Cow::Borrowed(node.text()), kind, Some(span.start));
    let (text, kind, start) = match node.kind() {
        "expression" | "literal_value" | "template_expr" | "collection_value" => {
            let mut inside = node.named_children();
            return match (inside.next(), inside.next()) {
                (Some(only), None) => value(model, only, depth + 1),
                _ => model.add(span, Shape::Unknown),
            };
        }
        "operation" if is_negative_number(node) => plain(ScalarKind::Number),
        "numeric_lit" => plain(ScalarKind::Number),
        "bool_lit" => plain(ScalarKind::Boolean),
        "null_lit" => plain(ScalarKind::Null),
        "string_lit" | "quoted_template" => {
            let (text, start) = unescape(node.text(), span);
            (text, ScalarKind::Text, start)
        }
        "heredoc_template" => return heredoc(model, node),
        "tuple" => {
            let items = node
                .named_children()
                .filter(|child| child.kind() == "expression")
                .map(|child| value(model, child, depth + 1))
                .collect();
            return model.add(span, Shape::Sequence(items));
        }
        "object" => {
            let entries = object(model, node, depth);
            return model.add(span, Shape::Mapping(entries));
        }
        "function_call" => return call(model, node, depth),
        _ => return model.add(span, Shape::Unknown),
    };
    model.add_scalar(span, text, kind, start)
}

fn is_negative_number(node: NodeRef<'_>) -> bool {
    let text = node.text();
    text.starts_with('-') && text.parse::<f64>().is_ok()
}

fn object<'t>(model: &mut Model<'t>, node: NodeRef<'t>, depth: usize) -> Vec<Entry<'t>> {
    let mut entries = Vec::new();
    for element in node.named_children() {
        let mut parts = element.named_children();
        let (Some(key), Some(inside)) = (parts.next(), parts.next()) else {
            continue;
        };
        let text = key.text();
        entries.push(Entry {
            key: match text.starts_with('"') {
                true => unescape(text, key.span()).0,
                false => Cow::Borrowed(text),
            },
            key_span: key.span(),
            value: value(model, inside, depth + 1),
        });
    }
    entries
}

/// Functions whose result has the values of their only argument.
const TRANSPARENT: &[&str] = &["jsonencode", "tolist", "toset", "tomap", "sensitive"];

fn call<'t>(model: &mut Model<'t>, node: NodeRef<'t>, depth: usize) -> ValueId {
    let mut parts = node.named_children();
    let name = parts.next().map_or("", NodeRef::text);
    let only = parts.next().and_then(|arguments| {
        let mut arguments = arguments.named_children();
        arguments.next().filter(|_| arguments.next().is_none())
    });
    match only {
        Some(only) if TRANSPARENT.contains(&name) => value(model, only, depth + 1),
        _ => model.add(node.span(), Shape::Unknown),
    }
}

/// A here-document with a policy in JSON has the values of the policy.
fn heredoc<'t>(model: &mut Model<'t>, node: NodeRef<'t>) -> ValueId {
    let (span, text) = (node.span(), node.text());
    let first = text.find('\n').map_or(text.len(), |at| at + 1);
    let last = text.rfind('\n').map_or(text.len(), |at| at + 1).max(first);
    let start = span.start + first as u32;
    let body = &text[first..last];
    if body.trim_start().starts_with('{')
        && let Some(value) = embedded::json(model, body, start)
    {
        return value;
    }
    model.add_scalar(span, Cow::Borrowed(body), ScalarKind::Text, Some(start))
}
