//! Reads the values of JSON.

use std::borrow::Cow;

use assay_source::Span;
use assay_syntax::{Field, NodeRef, SyntaxTree};

use super::model::{DEPTH_MAX, Entry, Model, ScalarKind, Shape, ValueId};

/// Reads a file.
pub(crate) fn read(tree: &SyntaxTree) -> Model<'_> {
    let mut model = Model::of(tree);
    for node in tree.root().named_children().take(1) {
        let root = value(&mut model, node, 0);
        model.roots.push(root);
    }
    model
}

fn value<'t>(model: &mut Model<'t>, node: NodeRef<'t>, depth: usize) -> ValueId {
    let span = node.span();
    if depth > DEPTH_MAX || !model.has_room() {
        return model.add(span, Shape::Unknown);
    }
    let word = |kind| (Cow::Borrowed(node.text()), kind, Some(span.start));
    let (text, kind, start) = match node.kind() {
        "object" => {
            let mut entries = Vec::new();
            for pair in node.named_children().filter(|child| child.kind() == "pair") {
                if let (Some(key), Some(inner)) = (pair.child(Field::Key), pair.child(Field::Value))
                {
                    entries.push(Entry {
                        key: unquoted(key).0,
                        key_span: key.span(),
                        value: value(model, inner, depth + 1),
                    });
                }
            }
            return model.add(span, Shape::Mapping(entries));
        }
        "array" => {
            let items = node
                .named_children()
                .filter(|child| !child.is_error())
                .map(|child| value(model, child, depth + 1))
                .collect();
            return model.add(span, Shape::Sequence(items));
        }
        "string" => {
            let (text, start) = unquoted(node);
            (text, ScalarKind::Text, start)
        }
        "number" => word(ScalarKind::Number),
        "true" | "false" => word(ScalarKind::Boolean),
        "null" => word(ScalarKind::Null),
        _ => return model.add(span, Shape::Unknown),
    };
    model.add_scalar(span, text, kind, start)
}

fn unquoted(node: NodeRef<'_>) -> (Cow<'_, str>, Option<u32>) {
    unescape(node.text(), node.span())
}

/// Takes the double quotes away and puts in what escapes stand for. Returns
/// where the text begins when nothing was escaped.
pub(crate) fn unescape(quoted: &str, span: Span) -> (Cow<'_, str>, Option<u32>) {
    let inner = quoted.strip_prefix('"').unwrap_or(quoted);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    if !inner.contains('\\') {
        return (Cow::Borrowed(inner), Some(span.start + 1));
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            // A line that goes on: what stands for nothing.
            Some('\n') => {}
            Some('u') => {
                let code: String = chars.by_ref().take(4).collect();
                let code = u32::from_str_radix(&code, 16).ok();
                out.push(code.and_then(char::from_u32).unwrap_or('\u{fffd}'));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    (Cow::Owned(out), None)
}
