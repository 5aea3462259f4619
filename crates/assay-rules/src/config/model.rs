//! The content of a configuration file as values: mappings, sequences and
//! scalars with their places, whatever notation they were written in.
//!
//! Values stand in one array and name each other by number, so that an alias
//! of YAML costs nothing and cannot blow up.

use std::borrow::Cow;
use std::collections::BTreeMap;

use assay_source::Span;
use assay_syntax::SyntaxTree;

/// The values of one file; what is beyond is not read.
pub(crate) const VALUES_MAX: usize = 200_000;

/// Values nest at most so deep; what is deeper is unknown.
pub(crate) const DEPTH_MAX: usize = 128;

/// A value's number in its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ValueId(u32);

/// All values of one file.
#[derive(Debug, Default)]
pub(crate) struct Model<'t> {
    values: Vec<Value<'t>>,
    /// The root of each document in the file.
    pub(crate) roots: Vec<ValueId>,
    /// What the grammar did not understand.
    pub(crate) errors: Vec<Span>,
    /// The files that were put together; empty for one file alone.
    parts: Vec<Part>,
}

/// One of several files that are read as one: its places follow those of the file before.
#[derive(Debug)]
struct Part {
    start: u32,
    end: u32,
    root: Option<ValueId>,
    /// What names another of the files here: `../user.yaml`.
    links: BTreeMap<String, usize>,
}

/// One value.
#[derive(Debug)]
pub(crate) struct Value<'t> {
    /// Where it is written.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) shape: Shape<'t>,
}

/// What a value is.
#[derive(Debug)]
pub(crate) enum Shape<'t> {
    /// Keys with values, in the order of the text; a key may be there twice.
    Mapping(Vec<Entry<'t>>),
    /// Values in order.
    Sequence(Vec<ValueId>),
    /// A text, number, truth value or nothing.
    Scalar(Scalar<'t>),
    /// What only running the thing tells: a reference, a call, a template.
    Unknown,
}

/// One key with its value.
#[derive(Debug)]
pub(crate) struct Entry<'t> {
    pub(crate) key: Cow<'t, str>,
    pub(crate) key_span: Span,
    pub(crate) value: ValueId,
}

/// A value without parts.
#[derive(Debug)]
pub(crate) struct Scalar<'t> {
    pub(crate) text: Cow<'t, str>,
    pub(crate) kind: ScalarKind,
    /// Where the text begins in the file, when it stands there as it is.
    pub(crate) text_start: Option<u32>,
}

/// How a scalar is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScalarKind {
    Text,
    Boolean,
    Number,
    Null,
}

impl ValueId {
    /// Returns the number, to remember the value by.
    pub(crate) fn number(self) -> u32 {
        self.0
    }
}

impl<'t> Model<'t> {
    /// Starts the model of a tree.
    pub(crate) fn of(tree: &SyntaxTree) -> Self {
        Self {
            errors: tree.errors().to_vec(),
            ..Self::default()
        }
    }

    /// Puts several files together, each with the bytes of its text and what it calls the
    /// others. The first one is the root; what has no room is left out.
    pub(crate) fn join(files: Vec<(Self, u32, BTreeMap<String, usize>)>) -> Self {
        let mut whole = Self::default();
        let mut start = 0u32;
        for (model, bytes, links) in files {
            let shift = whole.values.len() as u32;
            let end = start.saturating_add(bytes).saturating_add(1);
            let fits = whole.values.len() + model.values.len() <= VALUES_MAX && end < u32::MAX;
            let root = model.roots.first().filter(|_| fits);
            whole.parts.push(Part {
                start,
                end,
                root: root.map(|root| ValueId(root.0 + shift)),
                links,
            });
            if fits {
                let moved = |span: Span| Span::new(span.start + start, span.end + start);
                whole
                    .errors
                    .extend(model.errors.iter().map(|span| moved(*span)));
                let values = model.values.into_iter();
                whole
                    .values
                    .extend(values.map(|value| value.moved(shift, start)));
            }
            start = end;
        }
        whole
            .roots
            .extend(whole.parts.first().and_then(|part| part.root));
        whole
    }

    /// Returns which of the files put together a place is in, and where in it.
    pub(crate) fn part_of(&self, span: Span) -> Option<(usize, Span)> {
        let is_in = |part: &Part| (part.start..part.end).contains(&span.start);
        let at = self.parts.iter().position(is_in)?;
        let start = self.parts[at].start;
        Some((at, Span::new(span.start - start, span.end - start)))
    }

    /// Returns the root of the file that a reference leads to from a value: of its own
    /// file when it names none.
    pub(crate) fn root_for(&self, value: ValueId, file: &str) -> Option<ValueId> {
        let own = self.part_of(self.value(value).span);
        match (own, file) {
            (None, "") => self.roots.first().copied(),
            (None, _) => None,
            (Some((at, _)), "") => self.parts[at].root,
            (Some((at, _)), file) => {
                let to = *self.parts[at].links.get(file)?;
                self.parts.get(to)?.root
            }
        }
    }

    /// Returns all that stands under a key, wherever it is.
    pub(crate) fn all_under(&self, key: &str) -> impl Iterator<Item = &str> {
        let entries = self.values.iter().flat_map(|value| match &value.shape {
            Shape::Mapping(entries) => entries.as_slice(),
            _ => &[],
        });
        entries
            .filter(move |entry| entry.key == key)
            .filter_map(|entry| Some(&*self.scalar(entry.value)?.text))
    }

    /// Adds a value; beyond the limit every value is the last one.
    pub(crate) fn add(&mut self, span: Span, shape: Shape<'t>) -> ValueId {
        if self.values.len() < VALUES_MAX {
            self.values.push(Value { span, shape });
        }
        ValueId(self.values.len() as u32 - 1)
    }

    /// Returns whether there is room for more values.
    pub(crate) fn has_room(&self) -> bool {
        self.values.len() < VALUES_MAX
    }

    /// Returns a value.
    pub(crate) fn value(&self, id: ValueId) -> &Value<'t> {
        &self.values[id.0 as usize]
    }

    /// Returns the entries of a mapping; none of anything else.
    pub(crate) fn entries(&self, id: ValueId) -> &[Entry<'t>] {
        match &self.value(id).shape {
            Shape::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// Returns the first entry with the key.
    pub(crate) fn entry(&self, id: ValueId, key: &str) -> Option<&Entry<'t>> {
        self.entries(id).iter().find(|entry| entry.key == key)
    }

    /// Returns the first value with the key.
    pub(crate) fn get(&self, id: ValueId, key: &str) -> Option<ValueId> {
        self.entry(id, key).map(|entry| entry.value)
    }

    /// Returns the values of a sequence; a single value counts as its own list.
    pub(crate) fn items(&self, id: ValueId) -> Vec<ValueId> {
        match &self.value(id).shape {
            Shape::Sequence(items) => items.clone(),
            _ => vec![id],
        }
    }

    /// Returns the scalar that a value is.
    pub(crate) fn scalar(&self, id: ValueId) -> Option<&Scalar<'t>> {
        match &self.value(id).shape {
            Shape::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Returns the text under a key.
    pub(crate) fn text(&self, id: ValueId, key: &str) -> Option<&str> {
        let scalar = self.scalar(self.get(id, key)?)?;
        (scalar.kind != ScalarKind::Null).then_some(&*scalar.text)
    }

    /// Returns whether the grammar lost its way within the span.
    pub(crate) fn is_broken(&self, span: Span) -> bool {
        self.errors
            .iter()
            .any(|error| error.start < span.end && span.start < error.end.max(error.start + 1))
    }

    /// Adds a text that stands in the file as it is.
    pub(crate) fn add_text(&mut self, span: Span, text: &'t str) -> ValueId {
        self.add_scalar(
            span,
            Cow::Borrowed(text),
            ScalarKind::Text,
            Some(span.start),
        )
    }

    /// Adds a scalar.
    pub(crate) fn add_scalar(
        &mut self,
        span: Span,
        text: Cow<'t, str>,
        kind: ScalarKind,
        text_start: Option<u32>,
    ) -> ValueId {
        let scalar = Scalar {
            text,
            kind,
            text_start,
        };
        self.add(span, Shape::Scalar(scalar))
    }
}

impl Value<'_> {
    /// Returns the value with its numbers and places moved behind those of other files.
    fn moved(mut self, ids: u32, bytes: u32) -> Self {
        let moved = |span: Span| Span::new(span.start + bytes, span.end + bytes);
        self.span = moved(self.span);
        match &mut self.shape {
            Shape::Mapping(entries) => {
                for entry in entries {
                    entry.key_span = moved(entry.key_span);
                    entry.value.0 += ids;
                }
            }
            Shape::Sequence(items) => items.iter_mut().for_each(|item| item.0 += ids),
            Shape::Scalar(scalar) => {
                scalar.text_start = scalar.text_start.map(|start| start + bytes);
            }
            Shape::Unknown => {}
        }
        self
    }
}

impl Scalar<'_> {
    /// Returns whether the text is another one of the same meaning: truth
    /// values have several names.
    pub(crate) fn is(&self, other: &str) -> bool {
        match other {
            "true" => self.truth() == Some(true),
            "false" => self.truth() == Some(false),
            "null" => self.kind == ScalarKind::Null,
            _ => self.text == other,
        }
    }

    fn truth(&self) -> Option<bool> {
        let is = |words: &[&str]| {
            words
                .iter()
                .any(|word| self.text.eq_ignore_ascii_case(word))
        };
        if is(&["true", "yes", "on"]) {
            Some(true)
        } else if is(&["false", "no", "off"]) {
            Some(false)
        } else {
            None
        }
    }
}
