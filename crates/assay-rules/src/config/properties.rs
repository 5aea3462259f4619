//! Reads the properties of Java: one key with its value a line, with dots in
//! the keys.

use std::borrow::Cow;

use assay_source::{SourceText, Span};

use super::model::{Entry, Model, ScalarKind, Shape};

/// Reads a file.
pub(crate) fn read(text: &SourceText) -> Model<'_> {
    let mut model = Model::default();
    let mut entries = Vec::new();
    let mut start = 0;
    for line in text.as_str().split_inclusive('\n') {
        let from = start;
        start += line.len();
        let content = line.trim();
        if content.is_empty() || content.starts_with(['#', '!']) || !model.has_room() {
            continue;
        }
        let Some(at) = content.find(['=', ':']) else {
            continue;
        };
        let from = from + (line.len() - line.trim_start().len());
        let (key, value) = (content[..at].trim_end(), &content[at + 1..]);
        let value_start = from + at + 1 + (value.len() - value.trim_start().len());
        let value = value.trim();
        let span = Span::new(value_start as u32, (value_start + value.len()) as u32);
        let id = model.add_scalar(
            span,
            Cow::Borrowed(value),
            ScalarKind::Text,
            Some(span.start),
        );
        entries.push(Entry {
            key: Cow::Borrowed(key),
            key_span: Span::new(from as u32, (from + key.len()) as u32),
            value: id,
        });
    }
    let whole = Span::new(0, text.as_str().len() as u32);
    let root = model.add(whole, Shape::Mapping(entries));
    model.roots.push(root);
    model
}
