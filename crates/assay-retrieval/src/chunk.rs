//! Cuts a file into chunks: the passages that a search can find.
//!
//! Code is cut along its syntax: a function is a chunk, a class is one without its
//! methods, and what is left of the file is cut into runs of lines. Long ones are
//! split, and the parts overlap. Documents are cut at their headings (`section`).

use assay_source::{RepoPath, SourceText, Span};
use assay_syntax::{
    Field, NodeRef, ParsedFile, Role, RoleSet, Symbol, SymbolKind, SyntaxTree, symbols,
};

use crate::section::sections;
use crate::word::each_term;

/// Chunks of one file; the rest of it is left out.
pub(crate) const FILE_CHUNKS_MAX: usize = 2_000;
/// Lines of one chunk; a longer one is split.
const CHUNK_LINES_MAX: u32 = 80;
/// Lines that two parts of one function share.
const OVERLAP_LINES: u32 = 10;
/// Lines of a run of code outside functions.
const RUN_LINES_MAX: u32 = 40;
/// A function inside another one is a chunk of its own from so many lines on.
const INNER_LINES_MIN: u32 = 3;
/// Terms of one chunk.
const CHUNK_TERMS_MAX: usize = 4_000;
/// Bytes of a name, qualified or not.
const NAME_BYTES_MAX: usize = 200;

/// What a chunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChunkKind {
    /// A function, method or constructor.
    Function,
    /// A class, interface or other type, without its methods.
    Class,
    /// A section of a document.
    Section,
    /// Lines outside of all of these.
    Lines,
}

impl ChunkKind {
    /// Returns the word for it in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Class => "class",
            Self::Section => "section",
            Self::Lines => "lines",
        }
    }

    pub(crate) const ALL: [Self; 4] = [Self::Function, Self::Class, Self::Section, Self::Lines];
}

/// One passage of a file, and what is indexed of it. It holds no text: the file does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) kind: ChunkKind,
    /// Its own name: of a function, a class, a heading; or empty.
    pub(crate) name: String,
    /// The names around it.
    pub(crate) owner: String,
    /// From 1, both belong to it.
    pub(crate) first_line: u32,
    pub(crate) last_line: u32,
    /// The terms of comments and documentation.
    pub(crate) doc: Vec<String>,
    /// The terms of the rest.
    pub(crate) body: Vec<String>,
}

/// A chunk and the words by which a model knows it.
pub(crate) struct Cut {
    pub(crate) chunk: Chunk,
    /// Spans of documentation, first, then of the rest.
    pub(crate) doc: Vec<Span>,
    pub(crate) span: Span,
}

const COMMENTS: RoleSet = RoleSet::of(&[Role::Comment, Role::DocComment]);

/// Cuts a file that is code; `parsed` is its text as its language reads it.
pub(crate) fn cut_code(parsed: &ParsedFile, text: &SourceText) -> Vec<Cut> {
    let mut cuts = Vec::new();
    // Lines that belong to a function or a class.
    let mut taken = vec![false; text.lines().line_count() as usize + 2];
    for tree in &parsed.trees {
        cut_tree(tree, text, &mut taken, &mut cuts);
    }
    cut_runs(text, &taken, &mut cuts);
    cuts.sort_by_key(|cut| (cut.chunk.first_line, cut.chunk.last_line));
    cuts.truncate(FILE_CHUNKS_MAX);
    for cut in &mut cuts {
        fill_terms(cut, text);
    }
    cuts
}

/// Cuts a document or a file of data.
pub(crate) fn cut_text(path: &RepoPath, text: &SourceText) -> Vec<Cut> {
    let mut cuts = Vec::new();
    if is_document(path) {
        for section in sections(text.as_str(), path.extension().unwrap_or_default()) {
            split_lines(
                text,
                (section.first_line, section.last_line),
                CHUNK_LINES_MAX,
                |lines| {
                    let mut cut = Cut::new(text, ChunkKind::Section, lines);
                    cut.chunk.name = bounded(&section.title);
                    cut.chunk.owner = bounded(&section.titles_above);
                    cuts.push(cut);
                },
            );
        }
    } else {
        cut_runs(text, &[], &mut cuts);
    }
    cuts.truncate(FILE_CHUNKS_MAX);
    for cut in &mut cuts {
        fill_terms(cut, text);
    }
    cuts
}

/// Returns whether a file is a document by its name.
pub(crate) fn is_document(path: &RepoPath) -> bool {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    matches!(
        extension.as_slice(),
        b"md" | b"markdown" | b"mdx" | b"rst" | b"adoc" | b"asciidoc" | b"txt" | b"org"
    )
}

impl Cut {
    fn new(text: &SourceText, kind: ChunkKind, (first, last): (u32, u32)) -> Self {
        let (start, end) = (text.lines().line_span(first), text.lines().line_span(last));
        Self {
            chunk: Chunk {
                kind,
                name: String::new(),
                owner: String::new(),
                first_line: first,
                last_line: last,
                doc: Vec::new(),
                body: Vec::new(),
            },
            doc: Vec::new(),
            span: Span::new(start.start, end.end.max(start.start)),
        }
    }
}

fn cut_tree(tree: &SyntaxTree, text: &SourceText, taken: &mut [bool], cuts: &mut Vec<Cut>) {
    let found = symbols(tree);
    let comments = comment_lines(tree);
    for (at, symbol) in found.iter().enumerate() {
        if symbol.name.is_empty() || cuts.len() >= FILE_CHUNKS_MAX {
            continue;
        }
        let node = tree.node(symbol.node);
        let (mut first, last) = (node.line(), node.last_line());
        let kind = match symbol.kind {
            SymbolKind::Function | SymbolKind::Method | SymbolKind::Constructor => {
                let is_inner = is_in_function(&found, symbol);
                if is_inner && last - first + 1 < INNER_LINES_MIN {
                    continue;
                }
                ChunkKind::Function
            }
            SymbolKind::Class => ChunkKind::Class,
            _ => continue,
        };
        let leading = leading_comments(text, &comments, &mut first);
        let mut doc = leading;
        doc.extend(docstring(node));
        mark(taken, first, last);
        let owner = symbol
            .qualified_name
            .strip_suffix(&symbol.name)
            .unwrap_or_default()
            .trim_end_matches('.');
        let mut push = |lines: (u32, u32)| {
            let mut cut = Cut::new(text, kind, lines);
            cut.chunk.name = bounded(&symbol.name);
            cut.chunk.owner = bounded(owner);
            cut.doc
                .extend(doc.iter().filter(|span| cut.span.contains(**span)));
            cuts.push(cut);
        };
        match kind {
            ChunkKind::Class => {
                for lines in class_lines(tree, &found, at, (first, last)) {
                    split_lines(text, lines, CHUNK_LINES_MAX, &mut push);
                }
            }
            _ => split_lines(text, (first, last), CHUNK_LINES_MAX, &mut push),
        }
    }
}

fn is_in_function(found: &[Symbol], symbol: &Symbol) -> bool {
    std::iter::successors(symbol.enclosing, |&at| found[at].enclosing)
        .any(|at| found[at].kind.is_function())
}

/// Returns the lines of a class that belong to none of its methods: its head, and
/// runs of at least two lines between methods.
fn class_lines(
    tree: &SyntaxTree,
    found: &[Symbol],
    class: usize,
    (first, last): (u32, u32),
) -> Vec<(u32, u32)> {
    let mut runs = Vec::new();
    let mut at = first;
    let parts = found[class + 1..].iter().filter(|symbol| {
        symbol.enclosing == Some(class)
            && (symbol.kind == SymbolKind::Class || symbol.kind.is_function())
            && !symbol.name.is_empty()
    });
    for part in parts {
        let node = tree.node(part.node);
        if node.line() > at + 1 || (at == first && node.line() > at) {
            runs.push((at, node.line() - 1));
        }
        at = at.max(node.last_line() + 1);
    }
    if at < last || runs.is_empty() {
        runs.push((at.min(last), last));
    }
    runs
}

/// Returns the lines on which comments begin and end, sorted.
fn comment_lines(tree: &SyntaxTree) -> Vec<(u32, u32, Span)> {
    tree.nodes()
        .filter(|node| node.has_any(COMMENTS))
        .map(|node| (node.line(), node.last_line(), node.span()))
        .collect()
}

/// Takes the comments and annotations that stand right before a line, and moves the
/// line up to the first of them.
fn leading_comments(
    text: &SourceText,
    comments: &[(u32, u32, Span)],
    first: &mut u32,
) -> Vec<Span> {
    let mut spans = Vec::new();
    while *first > 1 {
        let above = *first - 1;
        let line = text.line(above).trim();
        if line.starts_with('@') || line.starts_with("#[") {
            *first = above;
            continue;
        }
        let comment = comments
            .binary_search_by_key(&above, |comment| comment.1)
            .ok()
            .map(|at| comments[at])
            // A comment behind code belongs to that code.
            .filter(|comment| text.slice(line_start(text, comment.2)).trim().is_empty());
        let Some((start, _, span)) = comment else {
            break;
        };
        *first = start;
        spans.push(span);
    }
    spans.reverse();
    spans
}

fn line_start(text: &SourceText, span: Span) -> Span {
    let line = text.lines().line_of(span.start);
    Span::new(text.lines().line_span(line).start, span.start)
}

/// Returns where the documentation stands that is the first statement of a body.
fn docstring(node: NodeRef<'_>) -> Option<Span> {
    if node.tree().language().id().as_str() != "python" {
        return None;
    }
    let first = node.child(Field::Body)?.named_children().next()?;
    let string = if first.has(Role::String) {
        first
    } else {
        first
            .named_children()
            .next()
            .filter(|inner| inner.has(Role::String))?
    };
    Some(string.span())
}

fn mark(taken: &mut [bool], first: u32, last: u32) {
    let last = (last as usize + 1).min(taken.len());
    if let Some(lines) = taken.get_mut(first as usize..last) {
        lines.fill(true);
    }
}

/// Cuts the lines that nothing has taken into runs.
fn cut_runs(text: &SourceText, taken: &[bool], cuts: &mut Vec<Cut>) {
    let is_free = |line: u32| !taken.get(line as usize).copied().unwrap_or(false);
    let count = text.lines().line_count();
    let mut run: Option<(u32, u32)> = None;
    let mut push = |run: Option<(u32, u32)>| {
        if let Some(lines) = run {
            cuts.push(Cut::new(text, ChunkKind::Lines, lines));
        }
    };
    for line in 1..=count {
        let is_blank = text.line(line).trim().is_empty();
        match run {
            _ if !is_free(line) => push(run.take()),
            None if !is_blank => run = Some((line, line)),
            None => {}
            Some((first, _)) if line - first >= RUN_LINES_MAX => {
                push(run.take());
                run = (!is_blank).then_some((line, line));
            }
            Some((first, _)) if !is_blank => run = Some((first, line)),
            Some(_) => {}
        }
    }
    push(run);
}

/// Splits a long range of lines into parts that overlap.
fn split_lines(
    text: &SourceText,
    (first, last): (u32, u32),
    lines_max: u32,
    mut push: impl FnMut((u32, u32)),
) {
    let last = last.min(text.lines().line_count()).max(first);
    let mut at = first;
    loop {
        let end = (at + lines_max - 1).min(last);
        // A short rest stays with the part before it.
        let end = if last - end <= OVERLAP_LINES {
            last
        } else {
            end
        };
        push((at, end));
        if end >= last {
            return;
        }
        at = end + 1 - OVERLAP_LINES;
    }
}

fn bounded(name: &str) -> String {
    let mut end = name.len().min(NAME_BYTES_MAX);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    // One line, whatever the file says.
    name[..end].replace(['\n', '\r', '\t'], " ")
}

fn fill_terms(cut: &mut Cut, text: &SourceText) {
    let mut at = cut.span.start;
    let mut body = Vec::new();
    for doc in &cut.doc {
        each_term(text.slice(*doc), |term| push_term(&mut cut.chunk.doc, term));
        if doc.start > at {
            each_term(text.slice(Span::new(at, doc.start)), |term| {
                push_term(&mut body, term);
            });
        }
        at = doc.end.max(at);
    }
    let rest = Span::new(at, cut.span.end.max(at));
    each_term(text.slice(rest), |term| push_term(&mut body, term));
    cut.chunk.body = body;
}

fn push_term(terms: &mut Vec<String>, term: &str) {
    if terms.len() < CHUNK_TERMS_MAX {
        terms.push(term.to_owned());
    }
}
