//! The registry of languages: what each is called, how it is detected, and
//! which nodes of its grammar have which roles. All of it comes from
//! `languages/<id>/language.toml`; the build script turns those into tables.

use std::sync::OnceLock;

use assay_source::{LanguageId, RepoPath};
use tree_sitter::Language as Grammar;

use crate::role::{Field, Role, RoleSet};
use crate::tree::NodeRef;

/// A language as the build script wrote it down.
pub(crate) struct Spec {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) grammar: fn() -> Grammar,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) extensions: &'static [&'static str],
    pub(crate) file_names: &'static [&'static str],
    pub(crate) interpreters: &'static [&'static str],
    pub(crate) line_comments: &'static [&'static str],
    pub(crate) block_comments: &'static [BlockComment],
    pub(crate) quotes: &'static [Quote],
    pub(crate) roles: &'static [(Role, &'static [&'static str])],
    pub(crate) refinements: &'static [RefinementSpec],
    pub(crate) embeddings: &'static [Embedding],
    pub(crate) data_only: bool,
    pub(crate) case_insensitive: bool,
}

/// How a block comment begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockComment {
    /// The opening marker.
    pub start: &'static str,
    /// The closing marker.
    pub end: &'static str,
    /// Whether comments of this kind can hold each other.
    pub nested: bool,
}

/// How a string begins and ends, for reading text without a grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The opening marker.
    pub start: &'static str,
    /// The closing marker.
    pub end: &'static str,
    /// The character that takes the meaning of the next one away, if any.
    pub escape: Option<char>,
    /// Whether the string can go over several lines.
    pub multiline: bool,
}

/// A part of a file that is in another language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Embedding {
    /// The kind of the node that holds the part.
    pub kind: &'static str,
    /// The kind of the child that is the part.
    pub content: &'static str,
    /// The language when no attribute says another.
    pub language: &'static str,
}

/// Changes the roles of a kind of node where its content says so. The first
/// refinement of a kind that holds is taken.
pub(crate) struct RefinementSpec {
    pub(crate) kind: &'static str,
    pub(crate) test: RefinementTest,
    pub(crate) add: &'static [Role],
    pub(crate) remove: &'static [Role],
}

/// When a refinement holds. All parts that are given must.
pub(crate) struct RefinementTest {
    /// The text of the child in the field (or of the first child, for an
    /// empty name; or of the node itself, for `.`) is one of these.
    pub(crate) field: Option<&'static str>,
    pub(crate) texts: &'static [&'static str],
    /// The node has a child of one of these kinds.
    pub(crate) child_kinds: &'static [&'static str],
    /// The parent is of one of these kinds.
    pub(crate) parent_kinds: &'static [&'static str],
}

include!(concat!(env!("OUT_DIR"), "/languages.rs"));

/// A language: its names, its grammar, and the roles of its nodes.
pub struct Language {
    spec: &'static Spec,
    tables: OnceLock<Tables>,
}

impl Language {
    const fn new(spec: &'static Spec) -> Self {
        Self {
            spec,
            tables: OnceLock::new(),
        }
    }

    /// Returns the identity.
    pub const fn id(&self) -> LanguageId {
        LanguageId::new(self.spec.id)
    }

    /// Returns the name for people.
    pub fn name(&self) -> &'static str {
        self.spec.name
    }

    /// Returns the other names by which code fences and modelines call it.
    pub fn aliases(&self) -> &'static [&'static str] {
        self.spec.aliases
    }

    /// Returns the file extensions, without the dot.
    pub fn extensions(&self) -> &'static [&'static str] {
        self.spec.extensions
    }

    /// Returns the whole file names that are this language.
    pub fn file_names(&self) -> &'static [&'static str] {
        self.spec.file_names
    }

    /// Returns the programs that a `#!` line names for it.
    pub fn interpreters(&self) -> &'static [&'static str] {
        self.spec.interpreters
    }

    /// Returns the markers of line comments.
    pub fn line_comments(&self) -> &'static [&'static str] {
        self.spec.line_comments
    }

    /// Returns the markers of block comments.
    pub fn block_comments(&self) -> &'static [BlockComment] {
        self.spec.block_comments
    }

    /// Returns the markers of strings, longest first.
    pub fn quotes(&self) -> &'static [Quote] {
        self.spec.quotes
    }

    /// Returns the parts of files that are in other languages.
    pub fn embeddings(&self) -> &'static [Embedding] {
        self.spec.embeddings
    }

    /// Returns whether the language holds data or markup and no functions.
    pub fn is_data_only(&self) -> bool {
        self.spec.data_only
    }

    /// Returns whether names and keywords ignore case.
    pub fn is_case_insensitive(&self) -> bool {
        self.spec.case_insensitive
    }

    /// Returns the name of a kind of node.
    pub fn kind_name(&self, kind: u16) -> &'static str {
        self.tables()
            .kinds
            .get(kind as usize)
            .copied()
            .unwrap_or("ERROR")
    }

    /// Returns the numbers of all kinds of nodes with that name.
    pub fn kind_ids(&self, name: &str) -> Vec<u16> {
        let kinds = &self.tables().kinds;
        (0..kinds.len() as u16)
            .filter(|&kind| kinds[kind as usize] == name)
            .collect()
    }

    pub(crate) fn grammar(&self) -> &Grammar {
        &self.tables().grammar
    }

    pub(crate) fn tables(&self) -> &Tables {
        self.tables.get_or_init(|| Tables::new(self.spec))
    }
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.spec.id)
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.spec.id == other.spec.id
    }
}

impl Eq for Language {}

/// What is worked out of a specification when the language is first used.
pub(crate) struct Tables {
    grammar: Grammar,
    kinds: Vec<&'static str>,
    /// Role sets: one for each kind, then one for each refinement.
    pub(crate) roles: Vec<RoleSet>,
    pub(crate) fields: Vec<Field>,
    /// Whether a kind has refinements.
    pub(crate) refined: Vec<bool>,
    pub(crate) refinements: Vec<Refinement>,
}

/// A refinement with its kind looked up.
pub(crate) struct Refinement {
    pub(crate) kind: u16,
    test: &'static RefinementTest,
}

impl Refinement {
    pub(crate) fn holds(&self, node: NodeRef<'_>) -> bool {
        let test = self.test;
        if let Some(field) = test.field {
            let child = match field {
                "" => node.children().next(),
                "." => Some(node),
                name => {
                    let field = Field::from_grammar(name);
                    node.children().find(|child| child.field() == field)
                }
            };
            if !child.is_some_and(|child| test.texts.contains(&child.text())) {
                return false;
            }
        }
        if !test.child_kinds.is_empty()
            && !node
                .children()
                .any(|child| test.child_kinds.iter().any(|kind| is_kind(child, kind)))
        {
            return false;
        }
        test.parent_kinds.is_empty()
            || node
                .parent()
                .is_some_and(|parent| test.parent_kinds.contains(&parent.kind()))
    }
}

/// A name in quotes is a token, any other a named kind of node.
fn is_kind(node: NodeRef<'_>, name: &str) -> bool {
    match name
        .strip_prefix('\'')
        .and_then(|name| name.strip_suffix('\''))
    {
        Some(token) => !node.is_named() && node.kind() == token,
        None => node.is_named() && node.kind() == name,
    }
}

impl Tables {
    fn new(spec: &'static Spec) -> Self {
        let grammar = (spec.grammar)();
        let kind_count = grammar.node_kind_count();
        let mut kinds = Vec::with_capacity(kind_count);
        let mut roles = vec![RoleSet::EMPTY; kind_count];
        let mut by_name: std::collections::HashMap<&str, RoleSet> =
            std::collections::HashMap::new();
        for (role, names) in spec.roles {
            for name in *names {
                let set = by_name.entry(name).or_default();
                *set = set.with(*role);
            }
        }
        for (kind, set) in roles.iter_mut().enumerate() {
            // Grammars are compiled in, but the library lends their names only
            // for the life of its handle: a few kilobytes a language, once.
            let name = grammar.node_kind_for_id(kind as u16).unwrap_or("");
            kinds.push(&*name.to_owned().leak());
            let quoted;
            let key = if grammar.node_kind_is_named(kind as u16) {
                name
            } else {
                quoted = format!("'{name}'");
                &quoted
            };
            *set = by_name.get(key).copied().unwrap_or_default();
        }
        let mut refined = vec![false; kind_count];
        let mut refinements = Vec::new();
        for refinement in spec.refinements {
            for kind in 0..kind_count {
                if kinds[kind] == refinement.kind && grammar.node_kind_is_named(kind as u16) {
                    refined[kind] = true;
                    roles.push(
                        roles[kind]
                            .without(RoleSet::of(refinement.remove))
                            .union(RoleSet::of(refinement.add)),
                    );
                    refinements.push(Refinement {
                        kind: kind as u16,
                        test: &refinement.test,
                    });
                }
            }
        }
        let fields = (0..=grammar.field_count() as u16)
            .map(|id| {
                grammar
                    .field_name_for_id(id)
                    .map_or(Field::None, Field::from_grammar)
            })
            .collect();
        Self {
            grammar,
            kinds,
            roles,
            fields,
            refined,
            refinements,
        }
    }

    /// Returns the class of a node that the refinement at `position` holds for.
    pub(crate) fn refined_class(&self, position: usize) -> u16 {
        (self.kinds.len() + position) as u16
    }
}

/// Returns every language, sorted by its id.
pub fn languages() -> &'static [Language] {
    &LANGUAGES
}

/// Returns the language with the id.
pub fn language_by_id(id: LanguageId) -> Option<&'static Language> {
    LANGUAGES.iter().find(|language| language.id() == id)
}

/// Returns the language that goes by the name: its id, an alias, or a file
/// extension, in any case.
pub fn language_by_name(name: &str) -> Option<&'static Language> {
    let is = |other: &&str| other.eq_ignore_ascii_case(name);
    LANGUAGES
        .iter()
        .find(|language| {
            is(&language.spec.id) || language.spec.aliases.iter().any(|alias| is(alias))
        })
        .or_else(|| {
            LANGUAGES
                .iter()
                .find(|language| language.spec.extensions.iter().any(|ext| is(ext)))
        })
}

/// How far into a file a `#!` line or a modeline is looked for.
const HEAD_BYTES_MAX: usize = 512;

/// Finds the language of a file: a modeline says it outright, then the file's
/// name, then its extension, then its `#!` line.
pub fn detect(path: &RepoPath, text: &str) -> Option<&'static Language> {
    modeline(text)
        .and_then(language_by_name)
        .or_else(|| by_path(path))
        .or_else(|| interpreter(text).and_then(by_interpreter))
}

fn by_path(path: &RepoPath) -> Option<&'static Language> {
    let name = path.file_name();
    let is_name = |known: &&str| {
        // `Dockerfile` also stands for `Dockerfile.dev`.
        let known = known.as_bytes();
        name.eq_ignore_ascii_case(known)
            || (name.len() > known.len()
                && name[..known.len()].eq_ignore_ascii_case(known)
                && name[known.len()] == b'.'
                && path
                    .extension()
                    .is_none_or(|ext| by_extension(ext).is_none()))
    };
    LANGUAGES
        .iter()
        .find(|language| language.spec.file_names.iter().any(is_name))
        .or_else(|| by_extension(path.extension()?))
}

fn by_extension(extension: &[u8]) -> Option<&'static Language> {
    let exact = |language: &&Language| {
        language
            .spec
            .extensions
            .iter()
            .any(|known| known.as_bytes() == extension)
    };
    let folded = |language: &&Language| {
        language
            .spec
            .extensions
            .iter()
            .any(|known| known.as_bytes().eq_ignore_ascii_case(extension))
    };
    LANGUAGES
        .iter()
        .find(exact)
        .or_else(|| LANGUAGES.iter().find(folded))
}

fn by_interpreter(program: &str) -> Option<&'static Language> {
    // `python3.11` is `python3` is `python`.
    let bare = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    LANGUAGES.iter().find(|language| {
        language
            .spec
            .interpreters
            .iter()
            .any(|known| *known == program || *known == bare)
    })
}

/// Returns the program that a `#!` line names; `env` and its flags are passed over.
fn interpreter(text: &str) -> Option<&str> {
    let line = text.strip_prefix("#!")?.lines().next()?;
    let mut words = line.split_ascii_whitespace();
    let program = words.next()?.rsplit('/').next()?;
    if program != "env" {
        return Some(program);
    }
    words
        .find(|word| !word.starts_with('-') && !word.contains('='))?
        .rsplit('/')
        .next()
}

/// Returns the language that an Emacs (`-*- mode: x -*-`) or Vim
/// (`vim: set ft=x :`) modeline names in the first lines.
fn modeline(text: &str) -> Option<&str> {
    let head = &text[..text.floor_char_boundary(HEAD_BYTES_MAX)];
    head.lines().take(5).find_map(|line| {
        if let Some(inside) = line.split("-*-").nth(1) {
            let mode = inside
                .split(';')
                .find_map(|part| part.trim().strip_prefix("mode:"))
                .unwrap_or(inside)
                .trim();
            return (!mode.contains([':', ' ']) && !mode.is_empty()).then_some(mode);
        }
        let (_, settings) = line.split_once("vim:").or_else(|| line.split_once("vi:"))?;
        settings.split([' ', ':', '\t']).find_map(|word| {
            word.strip_prefix("ft=")
                .or_else(|| word.strip_prefix("filetype="))
        })
    })
}

#[cfg(test)]
mod tests {
    use assay_source::RepoPath;

    use super::{LANGUAGES, Language, detect};

    /// `'if'` is the token, `if` the named kind.
    fn unquote(kind: &&'static str) -> (&'static str, bool) {
        match kind
            .strip_prefix('\'')
            .and_then(|kind| kind.strip_suffix('\''))
        {
            Some(token) => (token, false),
            None => (*kind, true),
        }
    }

    fn names_in(language: &Language) -> Vec<(&'static str, bool)> {
        let spec = language.spec;
        let roles = spec.roles.iter().flat_map(|(_, kinds)| kinds.iter());
        let mut names: Vec<_> = roles.map(unquote).collect();
        for refinement in spec.refinements {
            names.push((refinement.kind, true));
            names.extend(
                refinement
                    .test
                    .parent_kinds
                    .iter()
                    .map(|kind| (*kind, true)),
            );
            names.extend(refinement.test.child_kinds.iter().map(unquote));
        }
        for embedding in spec.embeddings {
            names.push((embedding.kind, true));
            names.push((embedding.content, true));
        }
        names
    }

    #[test]
    fn every_node_name_is_in_the_grammar() {
        let mut wrong = Vec::new();
        for language in &LANGUAGES {
            let grammar = language.grammar();
            for (name, named) in names_in(language) {
                let known = (0..grammar.node_kind_count() as u16).any(|kind| {
                    grammar.node_kind_for_id(kind) == Some(name)
                        && grammar.node_kind_is_named(kind) == named
                });
                if !known {
                    wrong.push(format!("{language:?}: {name} (named: {named})"));
                }
            }
        }
        assert!(
            wrong.is_empty(),
            "not in the grammar:\n{}",
            wrong.join("\n")
        );
    }

    #[test]
    fn languages_are_detected() {
        for (path, text, expected) in [
            ("a/b.py", "", Some("python")),
            ("A.PY", "", Some("python")),
            ("tool", "#!/usr/bin/env -S python3.11 -u\n", Some("python")),
            ("tool", "#!/bin/node\n", Some("javascript")),
            (
                "tool",
                "# -*- mode: python; coding: utf-8 -*-\n",
                Some("python"),
            ),
            ("tool", "# -*- coding: utf-8 -*-\n", None),
            ("tool.txt", "// vim: set ts=4 ft=rust :\n", Some("rust")),
            ("notes", "hello", None),
        ] {
            let found = detect(&RepoPath::from(path), text).map(|language| language.id().as_str());
            assert_eq!(found, expected, "{path} {text:?}");
        }
    }
}
