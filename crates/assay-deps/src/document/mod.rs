//! Structured text with places: JSON, YAML, TOML and XML as one kind of tree
//! whose every key and value knows its bytes. The readers of package files stand
//! on it, so a finding can point at the entry that it is about.
//!
//! Invariant: a text that is wrong gives the part before the fault and a
//! [`Flaw`]; nothing here panics or recurses deeper than [`DEPTH_MAX`].

mod json;
mod toml;
mod xml;
mod yaml;

use std::borrow::Cow;

use assay_source::Span;

pub(crate) use json::parse_json;
pub(crate) use toml::parse_toml;
pub(crate) use xml::{Element, parse_xml};
pub(crate) use yaml::parse_yaml;

/// How deep lists, maps and elements may be in each other. Real package files
/// reach about 20; version 1 of npm's lockfile is the deepest.
pub(crate) const DEPTH_MAX: usize = 256;

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) span: Span,
    pub(crate) message: String,
}

impl Flaw {
    pub(crate) fn new(at: usize, message: impl Into<String>) -> Self {
        let at = offset(at);
        Self {
            span: Span::new(at, at),
            message: message.into(),
        }
    }
}

/// Turns an index into a text into an offset; texts are shorter than 4 GiB.
pub(crate) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Makes the span between two indexes.
pub(crate) fn span(start: usize, end: usize) -> Span {
    Span::new(offset(start), offset(end.max(start)))
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node<'a> {
    pub(crate) span: Span,
    pub(crate) value: Value<'a>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    /// A number or a date, as it is written.
    Number(Cow<'a, str>),
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Map(Vec<Entry<'a>>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry<'a> {
    pub(crate) key: Cow<'a, str>,
    pub(crate) key_span: Span,
    pub(crate) value: Node<'a>,
}

impl Entry<'_> {
    /// Returns the bytes from the key to the end of the value.
    pub(crate) fn span(&self) -> Span {
        let end = self.value.span.end.max(self.key_span.end);
        Span::new(self.key_span.start.min(end), end)
    }
}

impl<'a> Node<'a> {
    pub(crate) fn null(span: Span) -> Self {
        Self {
            span,
            value: Value::Null,
        }
    }

    /// Returns the entries of a map; of anything else none.
    pub(crate) fn entries(&self) -> &[Entry<'a>] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Returns the parts of a list; of anything else none.
    pub(crate) fn items(&self) -> &[Node<'a>] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// Returns the value of a key; of a key that stands twice, the last one,
    /// as the programs that read these files do.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Returns the entry of a key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries().iter().rev().find(|entry| entry.key == key)
    }

    /// Returns the value at the end of a path of keys.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Node<'a>> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Returns the text of a text.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the text of a text or a number: versions are written as both.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the text of a key's value.
    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Node::scalar)
    }

    /// Returns whether a key's value is `true`.
    pub(crate) fn flag(&self, key: &str) -> bool {
        matches!(
            self.get(key).map(|node| &node.value),
            Some(Value::Bool(true))
        )
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }
}
