//! The registry of languages: what each is called, how it is told by its
//! files, and its grammar. All of it comes from
//! `languages/<id>/language.toml`; the build script turns those into tables.

use std::sync::OnceLock;

use assay_source::LanguageId;
use tree_sitter::Language as Grammar;

use crate::guard::Guard;
use crate::hole::Marks;
use crate::refine::{RefinementSpec, RefinementTest, RoleTable};
use crate::role::{Role, RoleSet};

/// A language as the build script wrote it down.
pub(crate) struct Spec {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) grammar: fn() -> Grammar,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) extensions: &'static [&'static str],
    pub(crate) file_names: &'static [&'static str],
    pub(crate) file_names_excepted: &'static [&'static str],
    pub(crate) starts_of_others: &'static [&'static str],
    pub(crate) disambiguations: &'static [Disambiguation],
    pub(crate) interpreters: &'static [&'static str],
    pub(crate) line_comments: &'static [&'static str],
    pub(crate) comments_after_blank: bool,
    pub(crate) block_comments: &'static [BlockComment],
    pub(crate) quotes: &'static [Quote],
    pub(crate) roles: &'static [(Role, &'static [&'static str])],
    /// What is directly in nodes of these kinds is a statement.
    pub(crate) statements_in: &'static [&'static str],
    pub(crate) refinements: &'static [RefinementSpec],
    pub(crate) embeddings: &'static [Embedding],
    pub(crate) holes: &'static [Marks],
    pub(crate) solid: &'static [Marks],
    pub(crate) guard: Guard,
    pub(crate) data_only: bool,
    pub(crate) case_insensitive: bool,
    pub(crate) conventions: &'static [Convention],
}

/// A way of a language that roles cannot say and that changes what is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Convention {
    /// Inside a class its methods are called by their bare names.
    ImplicitSelf,
    /// Functions that only hold other functions serve as namespaces or classes.
    FunctionsAsNamespaces,
    /// Functions that only wrap and return another function are decorators.
    DecoratorFunctions,
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

/// Whether a file with a certain extension is in the language, by its content.
/// A mark is what a line starts with after white space, or with `*` before it,
/// what is anywhere in a line.
pub(crate) struct Disambiguation {
    pub(crate) extension: &'static str,
    /// The file is in this language only when one of these marks is found.
    pub(crate) accept: &'static [&'static str],
    /// The file is not in this language when one of these marks is found.
    pub(crate) reject: &'static [&'static str],
}

/// A part of a file that is in another language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Embedding {
    /// The kind of the node that holds the part.
    pub kind: &'static str,
    /// The kind of the child that is the part; none when it is the node itself.
    pub content: Option<&'static str>,
    /// The language when no attribute says another.
    pub language: &'static str,
    /// The languages by what a `type` attribute says, in lower case; the part
    /// is not parsed when it says something else.
    pub types: &'static [(&'static str, &'static str)],
    /// Whether all parts are one text (with gaps) and not one each.
    pub combined: bool,
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

    /// Returns the whole file names that are this language; one `*` in a name
    /// stands for any characters.
    pub fn file_names(&self) -> &'static [&'static str] {
        self.spec.file_names
    }

    /// Returns the patterns of the file names that are not this language
    /// although a pattern of [`Language::file_names`] fits.
    pub fn file_names_excepted(&self) -> &'static [&'static str] {
        self.spec.file_names_excepted
    }

    /// Returns with what a text begins that is not in this language although
    /// the path says so.
    pub fn starts_of_others(&self) -> &'static [&'static str] {
        self.spec.starts_of_others
    }

    /// Returns what the content of a file must and must not show.
    pub(crate) fn disambiguation(&self, extension: &str) -> Option<&'static Disambiguation> {
        self.spec
            .disambiguations
            .iter()
            .find(|rule| rule.extension == extension)
    }

    /// Returns the programs that a `#!` line names for it.
    pub fn interpreters(&self) -> &'static [&'static str] {
        self.spec.interpreters
    }

    /// Returns the markers of line comments.
    pub fn line_comments(&self) -> &'static [&'static str] {
        self.spec.line_comments
    }

    /// Returns whether the marker of a line comment counts only at the start of
    /// a line or after a blank (`$#` and `${#name}` in a shell are none).
    pub fn are_comments_after_blank(&self) -> bool {
        self.spec.comments_after_blank
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

    /// Returns whether nodes of a kind may hold a part in another language.
    pub(crate) fn embeds(&self, kind: u16) -> bool {
        let embeds = &self.tables().embeds;
        embeds.get(usize::from(kind)).copied().unwrap_or(false)
    }

    /// Returns whether the language holds data or markup and no functions.
    pub fn is_data_only(&self) -> bool {
        self.spec.data_only
    }

    /// Returns whether names and keywords ignore case.
    pub fn is_case_insensitive(&self) -> bool {
        self.spec.case_insensitive
    }

    pub(crate) fn follows(&self, convention: Convention) -> bool {
        self.spec.conventions.contains(&convention)
    }

    pub(crate) fn kind_count(&self) -> usize {
        self.tables().kinds.len()
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

    /// Returns the reserved words: the grammar's tokens that are words. Some of
    /// them are names elsewhere in the language (`of`, `get`), so this is for
    /// reading text without a grammar.
    pub fn keywords(&self) -> impl Iterator<Item = &'static str> {
        let tables = self.tables();
        tables.kinds.iter().enumerate().filter_map(|(kind, name)| {
            let word = if !tables.grammar.node_kind_is_named(kind as u16) {
                name
            } else {
                // Grammars without case (SQL) name the node of each keyword.
                name.strip_prefix("keyword_")?
            };
            let is_word = word.len() > 1
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                && !word.as_bytes()[0].is_ascii_digit();
            is_word.then_some(word)
        })
    }

    /// Returns how many classes of nodes there are.
    pub fn class_count(&self) -> usize {
        self.tables().roles.roles.len()
    }

    /// Returns the roles that every node of the class has.
    pub fn class_roles(&self, class: u16) -> RoleSet {
        let roles = &self.tables().roles.roles;
        roles.get(class as usize).copied().unwrap_or_default()
    }

    /// Returns the name of the kind that every node of the class is of.
    pub fn class_kind_name(&self, class: u16) -> &'static str {
        self.kind_name(self.tables().roles.kind_of_class(class))
    }

    /// Returns the marks around what the grammar must not see, and those around
    /// what has no such marks.
    pub(crate) fn holes(&self) -> (&'static [Marks], &'static [Marks]) {
        (self.spec.holes, self.spec.solid)
    }

    pub(crate) fn guard(&self) -> Guard {
        self.spec.guard
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
    /// By the number of a kind: whether an embedding is of it.
    embeds: Vec<bool>,
    pub(crate) roles: RoleTable,
}

impl Tables {
    fn new(spec: &'static Spec) -> Self {
        let grammar = (spec.grammar)();
        let kinds: Vec<&'static str> = (0..grammar.node_kind_count())
            .map(|kind| {
                // Grammars are compiled in, but the library lends their names only
                // for the life of its handle: a few kilobytes a language, once.
                let name = grammar.node_kind_for_id(kind as u16).unwrap_or("");
                &*name.to_owned().leak()
            })
            .collect();
        let roles = RoleTable::new(spec, &grammar, &kinds);
        let embeds = |kind: &&'static str| spec.embeddings.iter().any(|one| one.kind == *kind);
        Self {
            grammar,
            embeds: kinds.iter().map(embeds).collect(),
            kinds,
            roles,
        }
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
        .find(|language| is(&language.spec.id) || language.spec.aliases.iter().any(is))
        .or_else(|| {
            LANGUAGES
                .iter()
                .find(|language| language.spec.extensions.iter().any(is))
        })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{LANGUAGES, Language, language_by_name};
    use crate::refine::{kind_of_step, unquoted};
    use crate::role::Field;

    /// `'if'` is the token, `if` the named kind.
    fn unquote(kind: &&'static str) -> (&'static str, bool) {
        match unquoted(kind) {
            Some(token) => (token, false),
            None => (*kind, true),
        }
    }

    fn names_in(language: &Language) -> Vec<(&'static str, bool)> {
        let spec = language.spec;
        let roles = spec.roles.iter().flat_map(|(_, kinds)| kinds.iter());
        let mut names: Vec<_> = roles.map(unquote).collect();
        names.extend(spec.statements_in.iter().map(unquote));
        for refinement in spec.refinements {
            let test = &refinement.test;
            for kinds in [
                refinement.kinds,
                test.child_kinds,
                test.lacking_kinds,
                test.field_kinds,
                test.after_kinds,
                test.next_kinds,
                test.before_kinds,
            ] {
                names.extend(kinds.iter().map(unquote));
            }
            let paths = test.field.iter().chain(test.has);
            let steps = paths.flat_map(|path| path.split('/'));
            names.extend(steps.filter_map(kind_of_step).map(|kind| (kind, true)));
            let parents = test.parent_kinds.iter().flat_map(|path| path.split('/'));
            names.extend(parents.map(|kind| (kind, true)));
            names.extend(test.through_kinds.iter().map(|kind| (*kind, true)));
        }
        for embedding in spec.embeddings {
            names.push((embedding.kind, true));
            names.extend(embedding.content.map(|kind| (kind, true)));
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
    fn every_field_of_a_refinement_is_known() {
        for language in &LANGUAGES {
            for refinement in language.spec.refinements {
                let test = &refinement.test;
                let paths = test.field.iter().chain(test.has);
                let steps = paths.flat_map(|path| path.split('/'));
                let path = steps.filter(|step| kind_of_step(step).is_none());
                let others = [test.own_fields, test.parent_fields, test.lacking_fields];
                let names = path.chain(others.iter().flat_map(|names| names.iter().copied()));
                for name in names.chain(refinement.becomes) {
                    let is_known =
                        matches!(name, "" | "." | "$") || Field::from_grammar(name) != Field::Other;
                    assert!(is_known, "{language:?}: {name} in {:?}", refinement.kinds);
                }
            }
        }
    }

    #[test]
    fn keywords_are_words_of_the_grammar() {
        let rust = language_by_name("rust").unwrap();
        let words: Vec<_> = rust.keywords().collect();
        for (word, is_keyword) in [
            ("fn", true),
            ("match", true),
            ("identifier", false),
            ("->", false),
            ("ERROR", false),
        ] {
            assert_eq!(words.contains(&word), is_keyword, "{word}");
        }
    }

    #[test]
    fn no_two_languages_claim_the_same_name() {
        let mut claimed: HashMap<(&str, String), &Language> = HashMap::new();
        for language in &LANGUAGES {
            let folded = |name: &&str| name.to_ascii_lowercase();
            let exact = |name: &&str| (*name).to_owned();
            let aliases = language.aliases().iter().map(folded);
            let aliases = aliases.chain([language.id().as_str().to_owned()]);
            let all = [
                ("alias", aliases.collect::<Vec<_>>()),
                (
                    "extension",
                    // Content decides for some, and others have what is left.
                    language
                        .extensions()
                        .iter()
                        .filter(|name| {
                            language
                                .disambiguation(name)
                                .is_none_or(|rule| rule.accept.is_empty())
                        })
                        .map(exact)
                        .collect(),
                ),
                (
                    "file name",
                    language.file_names().iter().map(folded).collect(),
                ),
                (
                    "interpreter",
                    language.interpreters().iter().map(exact).collect(),
                ),
            ];
            for (what, names) in all {
                for name in names {
                    if let Some(other) = claimed.insert((what, name.clone()), language) {
                        panic!("the {what} {name} is claimed by {other:?} and {language:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_embedded_language_exists() {
        for language in &LANGUAGES {
            for embedding in language.embeddings() {
                let types = embedding.types.iter().map(|(_, language)| *language);
                for name in types.chain([embedding.language]) {
                    assert!(language_by_name(name).is_some(), "{language:?}: {name}");
                }
            }
        }
    }
}
