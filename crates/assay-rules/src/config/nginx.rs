//! Reads the directives of nginx: a directive is a key with its arguments as
//! one text, a block is a mapping with its arguments under `args`.

use std::borrow::Cow;

use assay_source::{SourceText, Span};

use super::model::{DEPTH_MAX, Entry, Model, ScalarKind, Shape};

/// What shows that the text is a template, which is no configuration yet.
const TEMPLATES: &[&str] = &["{{", "{%", "<%"];

/// Reads a file; nothing when it is a template or no configuration.
pub(crate) fn read(text: &SourceText) -> Option<Model<'_>> {
    let source = text.as_str();
    if TEMPLATES.iter().any(|mark| source.contains(mark)) {
        return None;
    }
    let mut reader = Reader {
        text: source,
        at: 0,
        model: Model::default(),
    };
    let entries = reader.block(0);
    let mut model = reader.model;
    let root = model.add(Span::new(0, source.len() as u32), Shape::Mapping(entries));
    model.roots.push(root);
    Some(model)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    model: Model<'t>,
}

/// What ended a directive.
enum End {
    /// A semicolon, or the end of the block or file.
    Plain,
    /// An opening brace.
    Block,
}

impl<'t> Reader<'t> {
    /// Reads directives up to the brace that closes the block.
    fn block(&mut self, depth: usize) -> Vec<Entry<'t>> {
        let mut entries = Vec::new();
        loop {
            self.skip_blank();
            let byte = self.text.as_bytes().get(self.at).copied();
            match byte {
                None => return entries,
                Some(b'}') => {
                    self.at += 1;
                    return entries;
                }
                Some(b';' | b'{') => self.at += 1,
                Some(_) => match self.directive(depth) {
                    Some(entry) => entries.push(entry),
                    None => return entries,
                },
            }
        }
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            self.at += rest.len() - rest.trim_start().len();
            if !self.text[self.at..].starts_with('#') {
                return;
            }
            let rest = &self.text[self.at..];
            self.at += rest.find('\n').unwrap_or(rest.len());
        }
    }

    fn directive(&mut self, depth: usize) -> Option<Entry<'t>> {
        if !self.model.has_room() || depth > DEPTH_MAX {
            return None;
        }
        let start = self.at;
        let name_end = start + self.word(start);
        let name = &self.text[start..name_end];
        self.at = name_end;
        self.skip_blank();
        let from = self.at;
        let end = self.arguments();
        let arguments = self.text[from..self.at].trim_end();
        let span = Span::new(from as u32, (from + arguments.len()) as u32);
        let is_block = matches!(end, End::Block);
        self.at = (self.at + 1).min(self.text.len());
        let inner = match is_block {
            true if name.ends_with("_by_lua_block") => {
                self.skip_code();
                Vec::new()
            }
            true => self.block(depth + 1),
            false => Vec::new(),
        };
        let text = Cow::Borrowed(unquoted(arguments));
        let scalar = self.model.add_scalar(span, text, ScalarKind::Text, None);
        let value = match is_block {
            false => scalar,
            true => {
                let key = Entry {
                    key: Cow::Borrowed("args"),
                    key_span: span,
                    value: scalar,
                };
                let entries = std::iter::once(key).chain(inner).collect();
                let whole = Span::new(start as u32, self.at as u32);
                self.model.add(whole, Shape::Mapping(entries))
            }
        };
        Some(Entry {
            key: Cow::Borrowed(name),
            key_span: Span::new(start as u32, name_end as u32),
            value,
        })
    }

    /// Returns the length of the word at a place; at least one character.
    fn word(&self, at: usize) -> usize {
        let rest = &self.text[at..];
        let length = rest
            .find(|c: char| c.is_whitespace() || matches!(c, ';' | '{' | '}'))
            .unwrap_or(rest.len());
        length.max(rest.chars().next().map_or(0, char::len_utf8))
    }

    /// Goes to the end of the arguments, over quoted texts, comments and `${x}`.
    fn arguments(&mut self) -> End {
        let bytes = self.text.as_bytes();
        let mut quote = None;
        while let Some(&byte) = bytes.get(self.at) {
            match (quote, byte) {
                (_, b'\\') => self.at += 1,
                (Some(open), _) if open == byte => quote = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b';' | b'}') => return End::Plain,
                (None, b'{') if self.at > 0 && bytes[self.at - 1] == b'$' => {
                    let rest = &bytes[self.at..];
                    self.at += rest.iter().position(|&b| b == b'}').unwrap_or(0);
                }
                (None, b'{') => return End::Block,
                _ => {}
            }
            self.at += 1;
        }
        self.at = self.text.len();
        End::Plain
    }

    /// Goes past the brace that closes a block of another language.
    fn skip_code(&mut self) {
        let mut open = 1_usize;
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            self.at += 1;
            match byte {
                b'{' => open += 1,
                b'}' => open -= 1,
                _ => {}
            }
            if open == 0 {
                return;
            }
        }
    }
}

fn unquoted(text: &str) -> &str {
    for quote in ['"', '\''] {
        let inner = text.strip_prefix(quote);
        if let Some(inner) = inner.and_then(|inner| inner.strip_suffix(quote))
            && !inner.contains(quote)
        {
            return inner;
        }
    }
    text
}
