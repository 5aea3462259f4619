//! A text with its tokens, and what is asked of them: lines, places, identity.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use assay_finding::{Identity, IdentityHasher, Location};
use assay_source::{RepoPath, SourceText, Span};
use assay_syntax::Language;

use super::CloneBlock;
use super::finding::CLONE_RULE;
use super::lex::{Class, Code, Lexed};
use super::pair::Block;
use super::winnow::CodeHasher;
use crate::query::is_test_path;

/// The identities of blocks of one text that were asked for: a block that has
/// many copies is settled with each of them.
pub(crate) type Identities = Mutex<HashMap<Range<u32>, Identity>>;

/// A text with its tokens, whose lines are known.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) path: &'a RepoPath,
    pub(crate) text: &'a SourceText,
    pub(crate) lexed: &'a Lexed,
    /// Whether letters of both cases are the same.
    pub(crate) fold_case: bool,
    /// Where test code begins, see [`tests_from`].
    pub(crate) tests_from: u32,
    pub(crate) identities: Option<&'a Identities>,
}

/// Returns the byte from which on a text is test code: all of it by its path,
/// or what follows the attribute with which the tests of a Rust file begin.
pub(crate) fn tests_from(path: &RepoPath, text: &SourceText, language: &Language) -> u32 {
    if is_test_path(path) {
        0
    } else if language.id().as_str() == "rust" {
        let at = memchr::memmem::find(text.as_str().as_bytes(), b"#[cfg(test)]");
        at.map_or(u32::MAX, |at| at as u32)
    } else {
        u32::MAX
    }
}

impl Text<'_> {
    pub(crate) fn line_of(&self, token: u32) -> u32 {
        self.lexed.lines[token as usize]
    }

    pub(crate) fn last_line_of(&self, token: u32) -> u32 {
        let end = self.lexed.ends[token as usize];
        let line = self.line_of(token);
        let map = self.text.lines();
        if end <= map.line_span(line).end {
            line
        } else {
            map.line_of(end - 1)
        }
    }

    /// Returns the lines from the first token to the last.
    pub(crate) fn line_count(&self, tokens: &Range<u32>) -> u32 {
        self.last_line_of(tokens.end - 1) - self.line_of(tokens.start) + 1
    }

    /// Returns whether the tokens are test code.
    pub(crate) fn is_test(&self, tokens: &Range<u32>) -> bool {
        self.lexed.starts[tokens.start as usize] >= self.tests_from
    }

    /// Returns the bytes before the first token of its line.
    pub(crate) fn indent(&self, token: u32) -> u32 {
        let start = self.lexed.starts[token as usize];
        start - self.text.lines().line_span(self.line_of(token)).start
    }

    pub(crate) fn leads(&self, token: u32) -> bool {
        token == 0 || self.last_line_of(token - 1) < self.line_of(token)
    }

    pub(crate) fn trails(&self, token: u32) -> bool {
        token as usize + 1 == self.lexed.len() || self.last_line_of(token) < self.line_of(token + 1)
    }

    pub(crate) fn code(&self, token: u32) -> Code {
        self.lexed.codes[token as usize]
    }

    pub(crate) fn slice(&self, token: u32) -> &str {
        let token = token as usize;
        let span = Span::new(self.lexed.starts[token], self.lexed.ends[token]);
        self.text.slice(span)
    }

    pub(crate) fn block(&self, file: u32, tokens: Range<u32>) -> Block {
        let start = self.lexed.starts[tokens.start as usize];
        let end = self.lexed.ends[tokens.end as usize - 1];
        Block {
            file,
            block: CloneBlock {
                location: Location {
                    path: self.path.clone(),
                    span: Span::new(start, end),
                    start: self.text.position(start),
                    end: self.text.position(end),
                },
                tokens: tokens.end - tokens.start,
            },
            identity: self.identity(&tokens),
            tokens,
        }
    }

    /// Returns the identity of the tokens: names are numbered in the order of
    /// their first use, so a consistent renaming does not change it.
    fn identity(&self, tokens: &Range<u32>) -> Identity {
        let Some(identities) = self.identities else {
            return self.new_identity(tokens);
        };
        let known = || identities.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(identity) = known().get(tokens) {
            return *identity;
        }
        let identity = self.new_identity(tokens);
        known().insert(tokens.clone(), identity);
        identity
    }

    fn new_identity(&self, tokens: &Range<u32>) -> Identity {
        let mut names: HashMap<Code, usize, BuildHasherDefault<CodeHasher>> = HashMap::default();
        let mut shape = String::new();
        for token in tokens.clone() {
            let code = self.code(token);
            match code.class() {
                Class::Fixed => shape.push_str(self.slice(token)),
                Class::Number => shape.push('0'),
                Class::String => shape.push('"'),
                Class::Identifier => {
                    let next = names.len();
                    let number = *names.entry(code).or_insert(next);
                    shape.push('#');
                    push_number(&mut shape, number);
                }
            }
            shape.push(' ');
        }
        let mut hasher = IdentityHasher::new(CLONE_RULE);
        hasher.part(&shape);
        hasher.finish()
    }
}

/// Adds a number in decimal: formatting would be most of the work of an identity.
fn push_number(text: &mut String, number: usize) {
    if number >= 10 {
        push_number(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}
