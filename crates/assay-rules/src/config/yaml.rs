//! Reads the values of YAML: documents, anchors, aliases and merge keys.

use std::borrow::Cow;
use std::collections::HashMap;

use assay_source::Span;
use assay_syntax::{Field, NodeRef, SyntaxTree};

use super::json::unescape;
use super::model::{DEPTH_MAX, Entry, Model, ScalarKind, Shape, ValueId};

/// The entries that merge keys may bring into one mapping.
const MERGED_ENTRIES_MAX: usize = 1_000;

/// Reads a file.
pub(crate) fn read(tree: &SyntaxTree) -> Model<'_> {
    let mut reader = Reader {
        model: Model::of(tree),
        anchors: HashMap::new(),
    };
    for document in tree.root().named_children() {
        if document.kind() != "document" {
            continue;
        }
        reader.anchors.clear();
        for node in document.named_children() {
            if matches!(node.kind(), "block_node" | "flow_node") {
                let root = reader.value(node, 0);
                reader.model.roots.push(root);
                break;
            }
        }
    }
    reader.model
}

struct Reader<'t> {
    model: Model<'t>,
    anchors: HashMap<&'t str, ValueId>,
}

impl<'t> Reader<'t> {
    /// Reads a `block_node` or `flow_node`: tag and anchor before the content.
    fn value(&mut self, node: NodeRef<'t>, depth: usize) -> ValueId {
        let span = node.span();
        if depth > DEPTH_MAX || !self.model.has_room() {
            return self.model.add(span, Shape::Unknown);
        }
        let (mut tag, mut anchor, mut content) = (None, None, None);
        for child in node.named_children() {
            match child.kind() {
                "tag" => tag = Some(child.text()),
                "anchor" => anchor = child.text().strip_prefix('&'),
                _ => content = content.or(Some(child)),
            }
        }
        let value = match content {
            Some(content) => self.content(content, depth),
            None => self.null(span),
        };
        // `!Ref x` and its like are calls; YAML's own tags (`!!str`) are not.
        let value = match tag {
            Some(tag) if !tag.starts_with("!!") && tag != "!" => self.tagged(span, tag, value),
            _ => value,
        };
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, value);
        }
        value
    }

    /// Makes `!Sub text` the same as `Fn::Sub: text`.
    fn tagged(&mut self, span: Span, tag: &'t str, value: ValueId) -> ValueId {
        let name = tag.trim_start_matches('!');
        let key = match name {
            "Ref" | "Condition" => Cow::Borrowed(name),
            _ => Cow::Owned(format!("Fn::{name}")),
        };
        let key_span = Span::new(span.start, span.start + tag.len() as u32);
        let entry = Entry {
            key,
            key_span,
            value,
        };
        self.model.add(span, Shape::Mapping(vec![entry]))
    }

    fn null(&mut self, span: Span) -> ValueId {
        self.model
            .add_scalar(span, Cow::Borrowed(""), ScalarKind::Null, None)
    }

    fn content(&mut self, node: NodeRef<'t>, depth: usize) -> ValueId {
        let span = node.span();
        match node.kind() {
            "block_mapping" => self.mapping(node, "block_mapping_pair", depth),
            // `{{ .Values.x }}` is a hole in a template and no mapping.
            "flow_mapping" if node.text().starts_with("{{") => self.model.add(span, Shape::Unknown),
            "flow_mapping" => self.mapping(node, "flow_pair", depth),
            "block_sequence" | "flow_sequence" => {
                let items: Vec<_> = node
                    .named_children()
                    .map(|item| match item.kind() {
                        "block_sequence_item" => item.named_children().next().unwrap_or(item),
                        _ => item,
                    })
                    .collect();
                let items = items
                    .into_iter()
                    .map(|item| match item.kind() {
                        "block_node" | "flow_node" => self.value(item, depth + 1),
                        "block_sequence_item" => self.null(item.span()),
                        _ => self.model.add(item.span(), Shape::Unknown),
                    })
                    .collect();
                self.model.add(span, Shape::Sequence(items))
            }
            "alias" => {
                let name = node.text().trim_start_matches('*');
                // An alias inside its own anchor names what is not there yet.
                match self.anchors.get(name) {
                    Some(&value) => value,
                    None => self.model.add(span, Shape::Unknown),
                }
            }
            _ => self.scalar(node),
        }
    }

    fn scalar(&mut self, node: NodeRef<'t>) -> ValueId {
        let (span, text) = (node.span(), node.text());
        let (text, kind, start) = match node.kind() {
            "plain_scalar" => {
                let kind = match node.named_children().next().map(NodeRef::kind) {
                    Some("boolean_scalar") => ScalarKind::Boolean,
                    Some("integer_scalar" | "float_scalar") => ScalarKind::Number,
                    Some("null_scalar") => ScalarKind::Null,
                    _ => ScalarKind::Text,
                };
                (Cow::Borrowed(text), kind, Some(span.start))
            }
            "double_quote_scalar" => {
                let (text, start) = unescape(text, span);
                (text, ScalarKind::Text, start)
            }
            "single_quote_scalar" => {
                let inner = text.strip_prefix('\'').unwrap_or(text);
                let inner = inner.strip_suffix('\'').unwrap_or(inner);
                match inner.contains("''") {
                    true => (Cow::Owned(inner.replace("''", "'")), ScalarKind::Text, None),
                    false => (Cow::Borrowed(inner), ScalarKind::Text, Some(span.start + 1)),
                }
            }
            "block_scalar" => {
                // The header (`|-`) is no text; the indentation does no harm.
                let body = text.find('\n').map_or(text.len(), |at| at + 1);
                let start = Some(span.start + body as u32);
                (Cow::Borrowed(&text[body..]), ScalarKind::Text, start)
            }
            _ => return self.model.add(span, Shape::Unknown),
        };
        self.model.add_scalar(span, text, kind, start)
    }

    fn mapping(&mut self, node: NodeRef<'t>, pair_kind: &str, depth: usize) -> ValueId {
        let mut entries: Vec<Entry<'t>> = Vec::new();
        let mut merged = Vec::new();
        for pair in node.named_children() {
            if pair.kind() != pair_kind {
                continue;
            }
            let Some(key) = pair.child(Field::Key) else {
                continue;
            };
            let value = match pair.child(Field::Value) {
                Some(inner) => self.value(inner, depth + 1),
                None => self.null(Span::new(pair.span().end, pair.span().end)),
            };
            if key.text() == "<<" {
                merged.push(value);
            } else {
                entries.push(Entry {
                    key: self.key(key),
                    key_span: key.span(),
                    value,
                });
            }
        }
        for source in merged {
            self.merge(source, &mut entries);
        }
        self.model.add(node.span(), Shape::Mapping(entries))
    }

    /// Adds the entries of merged mappings whose keys are not there yet.
    fn merge(&mut self, source: ValueId, entries: &mut Vec<Entry<'t>>) {
        for mapping in self.model.items(source) {
            for entry in self.model.entries(mapping) {
                if entries.len() >= MERGED_ENTRIES_MAX {
                    return;
                }
                if !entries.iter().any(|known| known.key == entry.key) {
                    entries.push(Entry {
                        key: entry.key.clone(),
                        key_span: entry.key_span,
                        value: entry.value,
                    });
                }
            }
        }
    }

    fn key(&self, node: NodeRef<'t>) -> Cow<'t, str> {
        let text = node.text();
        match text.as_bytes().first() {
            Some(b'"') => unescape(text, node.span()).0,
            Some(b'\'') => Cow::Borrowed(text.trim_matches('\'')),
            _ => Cow::Borrowed(text),
        }
    }
}
