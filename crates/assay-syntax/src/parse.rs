//! Parsing with limits: text in, trees of its languages out, never a failure.

use std::cell::RefCell;
use std::sync::Arc;

use assay_source::{SourceText, Span};

use crate::hole::spans_without_holes;
use crate::language::{Embedding, Language, language_by_name};
use crate::recovery::{Outcome, parse_watched};
use crate::role::Role;
use crate::run::Task;
use crate::tree::{NodeRef, SyntaxTree};

/// How much work parsing one file may be. The limits count steps and nodes and
/// not seconds, so that the same file gives the same tree on every machine.
#[derive(Clone, Copy, Debug)]
pub struct ParseLimits {
    /// The parser's steps for each byte of text, above a fixed allowance. Of
    /// 12,000 real files none needs more than 4; tables of one-digit numbers
    /// need up to 17.
    pub steps_per_byte_max: u32,
    /// How often the parser may read each byte of text, above a fixed allowance:
    /// a lexer that looks far ahead at every character does little in each step
    /// but reads the whole text again. Real files are read once or twice.
    pub reads_per_byte_max: u32,
    /// The nodes of one tree.
    pub nodes_max: u32,
    /// The parts in other languages within one file.
    pub embedded_max: usize,
    /// Is asked now and then, with the parser's steps so far, whether to give
    /// up: the one way to stop for what is outside (the user, a clock).
    pub interrupt: Option<fn(u64) -> bool>,
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self {
            steps_per_byte_max: 40,
            reads_per_byte_max: 64,
            nodes_max: 8_000_000,
            embedded_max: 256,
            interrupt: None,
        }
    }
}

/// What went wrong while a file was parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseProblem {
    /// Parsing took more steps, or read the text more often, than the limit, or
    /// its end would take too much after too many errors; there is no tree.
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
    /// The grammar must not be given the text; there is no tree.
    BeyondGrammar {
        /// The language of the part.
        language: &'static str,
        /// What is in the text.
        what: &'static str,
    },
    /// [`ParseLimits::interrupt`] said to give up; there is no tree.
    Interrupted {
        /// The language of the part.
        language: &'static str,
    },
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
            Self::BeyondGrammar { language, what } => {
                write!(f, "the {language} grammar cannot follow {what}")
            }
            Self::Interrupted { language } => {
                write!(f, "parsing as {language} was interrupted")
            }
        }
    }
}

/// The syntax of one file.
#[derive(Debug, Default)]
pub struct ParsedFile {
    /// The tree of the file's own language, then those of the parts in other
    /// languages in the order of the text, then those of the parts in these.
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
    let (holes, solid) = language.holes();
    let whole = Part {
        language,
        spans: match holes {
            [] => vec![Span::new(0, text.as_str().len() as u32)],
            holes => spans_without_holes(text.as_str(), holes, solid),
        },
    };
    let mut parts = vec![whole];
    let mut at = 0;
    while at < parts.len() {
        let tree = parse_part(&mut file.problems, text, &parts[at], limits);
        if let Some(tree) = tree {
            for part in embedded_parts(&tree, &parts[at].spans) {
                if parts.len() > limits.embedded_max {
                    file.problems.push(ParseProblem::TooManyEmbedded);
                    break;
                }
                parts.push(part);
            }
            file.trees.push(tree);
        }
        at += 1;
    }
    file.problems.dedup();
    file
}

/// A part of a text that is in one language: one span, or several with gaps.
struct Part {
    language: &'static Language,
    spans: Vec<Span>,
}

thread_local! {
    /// Making a parser costs more than parsing a small file.
    static PARSER: RefCell<tree_sitter::Parser> = RefCell::new(tree_sitter::Parser::new());
}

const STEPS_FREE: u64 = 10_000;
const READS_FREE: u64 = 1_000_000;

fn parse_part(
    problems: &mut Vec<ParseProblem>,
    text: &Arc<SourceText>,
    part: &Part,
    limits: &ParseLimits,
) -> Option<SyntaxTree> {
    let language = part.language.id().as_str();
    let guard = part.language.guard();
    let fault = |span: &Span| guard.fault(text.slice(*span));
    if let Some(what) = part.spans.iter().find_map(fault) {
        problems.push(ParseProblem::BeyondGrammar { language, what });
        return None;
    }
    let bytes = text.as_str().as_bytes();
    let length: u64 = part.spans.iter().map(|span| u64::from(span.len())).sum();
    let is_whole = length == bytes.len() as u64;
    let task = Task {
        bytes,
        after: match guard.ends_line && is_whole && !bytes.ends_with(b"\n") {
            true => b"\n",
            false => &[],
        },
        steps_max: STEPS_FREE + length * u64::from(limits.steps_per_byte_max),
        reads_max: READS_FREE + length * u64::from(limits.reads_per_byte_max),
        interrupt: limits.interrupt,
        steps_before: 0,
    };
    let ranges: Vec<_> = part
        .spans
        .iter()
        .filter(|_| !is_whole)
        .map(|&span| included_range(text, span))
        .collect();
    let prepare = |parser: &mut tree_sitter::Parser| {
        parser
            .set_language(part.language.grammar())
            .expect("the registry test loads every grammar");
        parser
            .set_included_ranges(&ranges)
            .expect("parts are in the order of the text and apart");
    };
    let fresh = || {
        let mut parser = tree_sitter::Parser::new();
        prepare(&mut parser);
        parser
    };
    let outcome = PARSER.with_borrow_mut(|parser| {
        prepare(parser);
        parse_watched(parser, task, fresh)
    });
    let tree = match outcome {
        Outcome::Tree(tree) => tree,
        Outcome::TooMuch => {
            problems.push(ParseProblem::TooManySteps { language });
            return None;
        }
        Outcome::Interrupted => {
            problems.push(ParseProblem::Interrupted { language });
            return None;
        }
    };
    let text = Arc::clone(text);
    let (tree, cut) = SyntaxTree::build(part.language, text, &tree, limits.nodes_max);
    if cut {
        problems.push(ParseProblem::TooManyNodes { language });
    }
    Some(tree)
}

/// Parses a text and keeps nothing; returns whether there was a tree. No
/// analysis costs less: benches measure against it.
pub fn parse_alone(text: &str, language: &'static Language) -> bool {
    bare_tree(text, language).is_some()
}

fn bare_tree(text: &str, language: &'static Language) -> Option<tree_sitter::Tree> {
    PARSER.with_borrow_mut(|parser| {
        parser
            .set_language(language.grammar())
            .expect("the registry test loads every grammar");
        parser
            .set_included_ranges(&[])
            .expect("no ranges are in order");
        parser.parse(text, None)
    })
}

/// Parses a text, walks over every node and keeps nothing; returns the number of
/// nodes. This is the least that any analysis costs: benches measure against it.
pub fn parse_and_visit(text: &str, language: &'static Language) -> usize {
    let Some(tree) = bare_tree(text, language) else {
        return 0;
    };
    let mut cursor = tree.walk();
    let mut nodes = 0;
    'walk: loop {
        nodes += usize::from(cursor.node().kind_id() > 0);
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                break 'walk;
            }
        }
    }
    nodes
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

/// Finds the parts of a tree that are in another language. `within` are the
/// spans that the tree was parsed from.
fn embedded_parts(tree: &SyntaxTree, within: &[Span]) -> Vec<Part> {
    let embeddings = tree.language().embeddings();
    let mut parts: Vec<Part> = Vec::new();
    // For each embedding whose parts are one text, where that is in `parts`.
    let mut combined = vec![None; embeddings.len()];
    if embeddings.is_empty() {
        return parts;
    }
    for node in tree.nodes() {
        if !tree.language().embeds(node.kind_id()) {
            continue;
        }
        for (position, embedding) in embeddings.iter().enumerate() {
            if embedding.kind != node.kind() {
                continue;
            }
            let content = match embedding.content {
                None => Some(node),
                Some(kind) => node.children().find(|child| child.kind() == kind),
            };
            let Some(content) = content else { continue };
            let spans = common(content.span(), within);
            if spans.is_empty() {
                continue;
            }
            let Some(language) = embedded_language(node, embedding) else {
                continue;
            };
            match combined[position] {
                Some(at) => {
                    let part: &mut Part = &mut parts[at];
                    part.spans.extend(spans);
                }
                None => {
                    if embedding.combined {
                        combined[position] = Some(parts.len());
                    }
                    parts.push(Part { language, spans });
                }
            }
        }
    }
    parts
}

/// Returns what of a span is in the spans, without what is empty.
fn common(span: Span, within: &[Span]) -> Vec<Span> {
    let first = within.partition_point(|other| other.end <= span.start);
    within[first..]
        .iter()
        .take_while(|other| other.start < span.end)
        .map(|other| Span::new(other.start.max(span.start), other.end.min(span.end)))
        .filter(|part| !part.is_empty())
        .collect()
}

/// Decides the language of a part by the attributes of its start tag: `lang`
/// names it, `type` is looked up in the embedding, and without either it is
/// the embedding's default. What names no known language (a template, a block
/// of data) is not parsed.
fn embedded_language(node: NodeRef<'_>, embedding: &Embedding) -> Option<&'static Language> {
    let tag = node.children().next();
    let attribute = |name: &str| {
        let tag = tag?;
        let pair = tag.children().find(|child| {
            child.has(Role::Pair)
                && child
                    .child_with(Role::Identifier)
                    .is_some_and(|key| key.text().eq_ignore_ascii_case(name))
        })?;
        let value = pair.subtree().skip(1).find(|part| part.has(Role::String));
        let value = value.map_or("", |value| value.text().trim_matches(['"', '\'']));
        // A media type may have parameters: `text/javascript; charset=utf-8`.
        let essence = value.split(';').next().unwrap_or("").trim();
        (!essence.is_empty()).then(|| essence.to_ascii_lowercase())
    };
    if let Some(name) = attribute("lang") {
        return language_by_name(&name);
    }
    let Some(kind) = attribute("type") else {
        return language_by_name(embedding.language);
    };
    let (_, language) = embedding.types.iter().find(|(known, _)| *known == kind)?;
    language_by_name(language)
}
