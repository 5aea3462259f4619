//! Reads JSON that stands as text in another file, such as a policy in a
//! here-document, with its places in that file.

use std::borrow::Cow;
use std::sync::Arc;

use assay_source::{SourceText, Span};
use assay_syntax::{ParseLimits, language_by_name, parse};

use super::json;
use super::model::{Entry, Model, Shape, ValueId};

/// Longer texts are not read.
const BYTES_MAX: usize = 64 * 1024;

/// Reads the text, which begins at `start` of the file; nothing when it is no
/// JSON.
pub(crate) fn json<'t>(model: &mut Model<'t>, text: &str, start: u32) -> Option<ValueId> {
    if text.len() > BYTES_MAX {
        return None;
    }
    let source = Arc::new(SourceText::from_text(text));
    let parsed = parse(&source, language_by_name("json")?, &ParseLimits::default());
    let tree = parsed.trees.first()?;
    if !tree.errors().is_empty() {
        return None;
    }
    let inner = json::read(tree);
    let root = *inner.roots.first()?;
    Some(copy(model, &inner, root, start))
}

fn copy(to: &mut Model<'_>, from: &Model<'_>, id: ValueId, start: u32) -> ValueId {
    let moved = |span: Span| Span::new(span.start + start, span.end + start);
    let value = from.value(id);
    let span = moved(value.span);
    match &value.shape {
        Shape::Mapping(entries) => {
            let entries = entries
                .iter()
                .map(|entry| Entry {
                    key: Cow::Owned(entry.key.to_string()),
                    key_span: moved(entry.key_span),
                    value: copy(to, from, entry.value, start),
                })
                .collect();
            to.add(span, Shape::Mapping(entries))
        }
        Shape::Sequence(items) => {
            let items = items
                .iter()
                .map(|&item| copy(to, from, item, start))
                .collect();
            to.add(span, Shape::Sequence(items))
        }
        Shape::Scalar(scalar) => {
            let text = Cow::Owned(scalar.text.to_string());
            let text_start = scalar.text_start.map(|at| at + start);
            to.add_scalar(span, text, scalar.kind, text_start)
        }
        Shape::Unknown => to.add(span, Shape::Unknown),
    }
}
