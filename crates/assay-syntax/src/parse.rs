//! Parsing with limits: text in, trees of its languages out, never a failure.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::Arc;

use assay_source::{SourceText, Span};

use crate::language::{Embedding, Language, language_by_name};
use crate::role::Field;
use crate::tree::{NodeRef, SyntaxTree};

/// How much work parsing one file may be. The limits count steps and nodes and
/// not seconds, so that the same file gives the same tree on every machine.
#[derive(Clone, Copy, Debug)]
pub struct ParseLimits {
    /// The parser's steps for each byte of text, above a fixed allowance; real
    /// files need less than two, files made to hurt need thousands.
    pub steps_per_byte_max: u32,
    /// The nodes of one tree.
    pub nodes_max: u32,
    /// The parts in other languages within one file.
    pub embedded_max: usize,
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self {
            steps_per_byte_max: 40,
            nodes_max: 8_000_000,
            embedded_max: 256,
        }
    }
}

/// What went wrong while a file was parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseProblem {
    /// Parsing took more steps than the limit; there is no tree.
    TooManySteps {
        /// The language of the part.
        language: &'static str,
    },
    /// The tree has more nodes than the limit; it ends early.
    TooManyNodes {
        /// The language of the part.
        language: &'static str,
    },
    /// There are more parts in other languages than the limit.
    TooManyEmbedded,
}

impl std::fmt::Display for ParseProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooManySteps { language } => {
                write!(f, "parsing as {language} took more steps than the limit")
            }
            Self::TooManyNodes { language } => {
                write!(
                    f,
                    "the {language} syntax tree has more nodes than the limit"
                )
            }
            Self::TooManyEmbedded => {
                f.write_str("more embedded parts in other languages than the limit")
            }
        }
    }
}

/// The syntax of one file.
#[derive(Debug, Default)]
pub struct ParsedFile {
    /// The tree of the file's own language, then those of the parts in other
    /// languages, in the order of the text.
    pub trees: Vec<SyntaxTree>,
    /// What went wrong.
    pub problems: Vec<ParseProblem>,
}

impl ParsedFile {
    /// Returns the spans that no grammar understood.
    pub fn errors(&self) -> impl Iterator<Item = Span> {
        self.trees
            .iter()
            .flat_map(|tree| tree.errors().iter().copied())
    }
}

/// Parses a text as a language, with the other languages embedded in it.
pub fn parse(
    text: &Arc<SourceText>,
    language: &'static Language,
    limits: &ParseLimits,
) -> ParsedFile {
    let mut file = ParsedFile::default();
    parse_into(&mut file, text, language, None, limits);
    let mut at = 0;
    while at < file.trees.len() {
        let embedded = embedded_parts(&file.trees[at]);
        for (language, span) in embedded {
            if file.trees.len() > limits.embedded_max {
                file.problems.push(ParseProblem::TooManyEmbedded);
                return file;
            }
            parse_into(&mut file, text, language, Some(span), limits);
        }
        at += 1;
    }
    file
}

thread_local! {
    /// Making a parser costs more than parsing a small file.
    static PARSER: RefCell<tree_sitter::Parser> = RefCell::new(tree_sitter::Parser::new());
}

/// The parser asks for leave once in so many of its operations
/// (`OP_COUNT_PER_PARSER_CALLBACK_CHECK` in tree-sitter).
const STEPS_PER_CALLBACK: u64 = 100;
const STEPS_FREE: u64 = 100_000;

fn parse_into(
    file: &mut ParsedFile,
    text: &Arc<SourceText>,
    language: &'static Language,
    part: Option<Span>,
    limits: &ParseLimits,
) {
    let bytes = text.as_str().as_bytes();
    let length = part.map_or(bytes.len() as u64, |span| u64::from(span.len()));
    let steps_max = STEPS_FREE + length * u64::from(limits.steps_per_byte_max);
    let mut steps = 0;
    let mut progress = |_: &tree_sitter::ParseState| {
        steps += STEPS_PER_CALLBACK;
        if steps > steps_max {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let tree = PARSER.with_borrow_mut(|parser| {
        parser
            .set_language(language.grammar())
            .expect("the registry test loads every grammar");
        let ranges: Vec<_> = part
            .map(|span| included_range(text, span))
            .into_iter()
            .collect();
        parser
            .set_included_ranges(&ranges)
            .expect("one range is in order");
        let tree = parser.parse_with_options(
            &mut |at, _| &bytes[at.min(bytes.len())..],
            None,
            Some(tree_sitter::ParseOptions::new().progress_callback(&mut progress)),
        );
        if tree.is_none() {
            parser.reset();
        }
        tree
    });
    let name = language.id().as_str();
    let Some(tree) = tree else {
        file.problems
            .push(ParseProblem::TooManySteps { language: name });
        return;
    };
    let (tree, cut) = SyntaxTree::build(language, Arc::clone(text), &tree, limits.nodes_max);
    file.trees.push(tree);
    if cut {
        file.problems
            .push(ParseProblem::TooManyNodes { language: name });
    }
}

fn included_range(text: &SourceText, span: Span) -> tree_sitter::Range {
    let point = |offset: u32| {
        let line = text.lines().line_of(offset);
        let start = text.lines().line_span(line).start;
        tree_sitter::Point::new(line as usize - 1, offset.saturating_sub(start) as usize)
    };
    tree_sitter::Range {
        start_byte: span.start as usize,
        end_byte: span.end as usize,
        start_point: point(span.start),
        end_point: point(span.end),
    }
}

/// Finds the parts of a tree that are in another language.
fn embedded_parts(tree: &SyntaxTree) -> Vec<(&'static Language, Span)> {
    let embeddings = tree.language().embeddings();
    if embeddings.is_empty() {
        return Vec::new();
    }
    tree.nodes()
        .filter_map(|node| {
            let embedding = embeddings
                .iter()
                .find(|embedding| embedding.kind == node.kind())?;
            let content = node
                .children()
                .find(|child| child.kind() == embedding.content)?;
            let name = embedded_language(node, embedding)?;
            (!content.span().is_empty()).then(|| Some((language_by_name(name)?, content.span())))?
        })
        .collect()
}

/// Decides the language of a part by the `lang` or `type` attribute of its
/// start tag, else by the embedding's default. A value that names no known
/// language (a template, a data block) means no parse.
fn embedded_language<'t>(node: NodeRef<'t>, embedding: &Embedding) -> Option<&'t str> {
    let tag = node.children().next()?;
    for attribute in tag.children().filter(|child| child.kind() == "attribute") {
        let mut parts = attribute.subtree().filter(|part| part.is_leaf());
        let Some(name) = parts.next() else { continue };
        if !name.text().eq_ignore_ascii_case("lang") && !name.text().eq_ignore_ascii_case("type") {
            continue;
        }
        let value = attribute
            .subtree()
            .find(|part| part.kind() == "attribute_value")
            .map_or("", NodeRef::text);
        return match value {
            "" | "module" | "text/javascript" | "application/javascript" => {
                Some(embedding.language)
            }
            "text/css" => Some("css"),
            "text/typescript" => Some("typescript"),
            other => language_by_name(other).map(|language| language.id().as_str()),
        };
    }
    debug_assert!(node.field() != Field::Name);
    Some(embedding.language)
}
