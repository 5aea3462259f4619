//! The content of a configuration file as values: mappings, sequences and
//! scalars with their places, whatever notation they were written in.
//!
//! Values stand in one array and name each other by number, so that an alias
//! of YAML costs nothing and cannot blow up.

use std::borrow::Cow;

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
