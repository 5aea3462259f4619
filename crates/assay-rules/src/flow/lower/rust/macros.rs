//! What macros are given. The grammar sees only tokens there, but most macros
//! take expressions. They are written into a text of the same length, with
//! calls in the place of the macros and nothing else in it, which is parsed
//! once: every node of it stands where it stands in the file.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use assay_source::SourceText;
use assay_syntax::{NodeRef, ParseLimits, ParsedFile, SyntaxTree, language_by_name, parse};

/// Macros in macros are looked into so deep.
const DEPTH_MAX: u32 = 24;

/// The macros of a file.
pub(super) struct Macros {
    parsed: ParsedFile,
    /// Where macros begin, and where what stands for them does.
    starts: HashMap<u32, u32>,
    /// Where the names of macros end.
    bangs: HashSet<u32>,
    /// Where values begin that are written as their `Debug` says.
    debugged: HashSet<u32>,
}

/// The macros of a file, by where they are.
#[derive(Default)]
pub(super) struct Places<'t> {
    nodes: HashMap<u32, NodeRef<'t>>,
    macros: Option<&'t Macros>,
}

impl<'t> Places<'t> {
    /// Returns what stands for a macro that begins here.
    pub(super) fn at(&self, start: u32) -> Option<NodeRef<'t>> {
        let start = self.macros?.starts.get(&start)?;
        self.nodes.get(start).copied()
    }

    /// Returns whether a call is a macro, by where its name ends.
    pub(super) fn is_macro(&self, name_end: u32) -> bool {
        self.macros
            .is_some_and(|macros| macros.bangs.contains(&name_end))
    }

    /// Returns whether a value is written as its `Debug` says.
    pub(super) fn is_debugged(&self, start: u32) -> bool {
        self.macros
            .is_some_and(|macros| macros.debugged.contains(&start))
    }
}

impl Macros {
    /// Parses what the macros of a tree are given.
    pub(super) fn of(tree: &SyntaxTree) -> Option<Self> {
        let mut found: Vec<NodeRef<'_>> = Vec::new();
        tree.root().visit(|node| match node.kind() {
            "macro_invocation" => {
                found.push(node);
                ControlFlow::Break(())
            }
            "macro_definition" | "attribute_item" => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        if found.is_empty() {
            return None;
        }
        let text = tree.text().as_str().as_bytes();
        let blank = text.iter().map(|byte| match byte {
            b'\n' => b'\n',
            _ => b' ',
        });
        let mut writer = Writer {
            text,
            out: blank.collect(),
            starts: HashMap::new(),
            bangs: HashSet::new(),
            debugged: HashSet::new(),
        };
        for node in found {
            writer.outermost(node);
        }
        let language = language_by_name("rust")?;
        let out = String::from_utf8(writer.out).ok()?;
        let parsed = parse(
            &Arc::new(SourceText::from_text(&out)),
            language,
            &ParseLimits::default(),
        );
        Some(Self {
            parsed,
            starts: writer.starts,
            bangs: writer.bangs,
            debugged: writer.debugged,
        })
    }

    /// Returns where what stands for the macros is.
    pub(super) fn places(&self) -> Places<'_> {
        let root = self.parsed.trees.first().map(SyntaxTree::root);
        let statements = root.into_iter().flat_map(NodeRef::named_children);
        let nodes = statements
            .filter(|statement| statement.kind() == "expression_statement")
            .filter_map(|statement| statement.named_children().next())
            .map(|node| (node.span().start, node));
        Places {
            nodes: nodes.collect(),
            macros: Some(self),
        }
    }
}

/// How what a macro is given is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Expressions with commas between them.
    List,
    /// The same, or one expression and a count: an array.
    Array,
    /// Expressions with marks of how they are shown.
    Log,
    /// Keys and values in braces.
    Json,
    /// An expression, and a pattern.
    Match,
    /// Declarations and statements.
    Block,
    /// Markup with expressions in parentheses.
    Markup,
    /// Something else.
    Other,
}

fn form_of(name: &str) -> Option<Form> {
    Some(match name {
        "format" | "format_args" | "print" | "println" | "eprint" | "eprintln" | "write"
        | "writeln" | "panic" | "unreachable" | "todo" | "unimplemented" | "assert"
        | "assert_eq" | "assert_ne" | "debug_assert" | "debug_assert_eq" | "debug_assert_ne"
        | "dbg" | "concat" | "anyhow" | "bail" | "ensure" | "eyre" | "format_err" | "query"
        | "query_as" | "query_scalar" | "join" | "try_join" | "pin" | "ready" | "env" | "try"
        | "option_env" | "include_str" => Form::List,
        "vec" | "smallvec" => Form::Array,
        "trace" | "debug" | "info" | "warn" | "error" | "log" | "event" => Form::Log,
        "json" | "doc" | "bson" | "rawdoc" => Form::Json,
        "matches" => Form::Match,
        "lazy_static" | "cfg_if" => Form::Block,
        "html" => Form::Markup,
        "quote" | "parse_quote" | "macro_rules" | "select" | "rsx" | "view" | "hashmap"
        | "btreemap" | "thread_local" | "stringify" | "tokio_select" => Form::Other,
        _ => return None,
    })
}

/// Writes the text.
struct Writer<'t> {
    text: &'t [u8],
    out: Vec<u8>,
    starts: HashMap<u32, u32>,
    bangs: HashSet<u32>,
    debugged: HashSet<u32>,
}

impl Writer<'_> {
    fn outermost(&mut self, node: NodeRef<'_>) {
        let Some(tree) = node.named_children().find(|n| n.kind() == "token_tree") else {
            return;
        };
        let path = node.children().take_while(|child| child.kind() != "!");
        let Some(path) = path.last() else { return };
        let name = path.text().rsplit("::").next().unwrap_or("");
        let form = self.form(name, tree);
        if form == Form::Other {
            return;
        }
        let (start, end) = (path.span().start, tree.span().end);
        let range = start as usize..end as usize;
        let text = self.text;
        self.out[range.clone()].copy_from_slice(&text[range]);
        let begin = self.macro_at((start, path.span().end), tree, form, 0);
        self.starts.insert(node.span().start, begin);
        match self.out.get_mut(end as usize) {
            Some(next) => *next = b';',
            None => self.out.push(b';'),
        }
    }

    fn form(&self, name: &str, tree: NodeRef<'_>) -> Form {
        let form = form_of(name).unwrap_or_else(|| match is_list(tree) {
            true => Form::List,
            false => Form::Other,
        });
        // Pages in the manner of JSX are something else.
        let is_jsx = || tree.children().nth(1).is_some_and(|n| n.kind() == "<");
        match form {
            Form::Markup if is_jsx() => Form::Other,
            form => form,
        }
    }

    fn put(&mut self, at: u32, byte: u8) {
        if let Some(own) = self.out.get_mut(at as usize)
            && *own != b'\n'
        {
            *own = byte;
        }
    }

    fn blank(&mut self, from: u32, to: u32) {
        for at in from..to {
            self.put(at, b' ');
        }
    }

    fn around(&mut self, tree: NodeRef<'_>, open: u8, close: u8) {
        self.put(tree.span().start, open);
        self.put(tree.span().end - 1, close);
    }

    /// Writes a macro whose name has this place; returns where it begins.
    fn macro_at(&mut self, name: (u32, u32), tree: NodeRef<'_>, form: Form, depth: u32) -> u32 {
        let start = tree.span().start;
        // What is between the name and what it is given: the `!`.
        self.blank(name.1, start);
        if depth > DEPTH_MAX || form == Form::Other {
            self.blank(start + 1, tree.span().end - 1);
            self.around(tree, b'(', b')');
            self.bangs.insert(name.1);
            return name.0;
        }
        match form {
            Form::Array => {
                self.blank(name.0, name.1);
                self.around(tree, b'[', b']');
                self.inside(tree, depth);
                return start;
            }
            Form::Block => {
                self.blank(name.0, name.1);
                self.around(tree, b'{', b'}');
                self.inside(tree, depth);
                return start;
            }
            Form::Json => self.pairs(tree, depth),
            Form::Log => self.fields(tree, depth),
            Form::Match => {
                self.without_guard(tree);
                self.inside(tree, depth);
            }
            Form::Markup => {
                self.blank(start + 1, tree.span().end - 1);
                self.groups(tree, depth);
            }
            _ => self.inside(tree, depth),
        }
        self.around(tree, b'(', b')');
        self.bangs.insert(name.1);
        name.0
    }

    /// Writes the macros among tokens.
    fn inside(&mut self, tree: NodeRef<'_>, depth: u32) {
        if depth > DEPTH_MAX {
            return;
        }
        let mut path: Option<(u32, u32, &str)> = None;
        let mut before = "";
        let mut is_macro = false;
        for child in tree.children() {
            let kind = child.kind();
            match kind {
                "identifier" | "crate" | "self" | "super" => {
                    let start = match path {
                        Some((start, ..)) if before == "::" => start,
                        _ => child.span().start,
                    };
                    path = Some((start, child.span().end, child.text()));
                    is_macro = false;
                }
                "!" => is_macro = path.is_some() && matches!(before, "identifier"),
                "::" => {}
                "token_tree" => {
                    match path.filter(|_| is_macro && before == "!") {
                        Some((start, end, name)) => {
                            let form = self.form(name, child);
                            self.macro_at((start, end), child, form, depth + 1);
                        }
                        None => self.inside(child, depth + 1),
                    }
                    path = None;
                }
                _ => path = None,
            }
            before = kind;
        }
    }

    /// `{ "key": value }` becomes `("key", value)`.
    fn pairs(&mut self, tree: NodeRef<'_>, depth: u32) {
        if depth > DEPTH_MAX {
            return;
        }
        self.inside(tree, depth);
        for child in tree.children() {
            let is_brace = child.text().starts_with('{');
            match child.kind() {
                "token_tree" if is_brace => {
                    self.pairs(child, depth + 1);
                    self.around(child, b'(', b')');
                }
                "token_tree" if child.text().starts_with('[') => self.pairs(child, depth + 1),
                ":" => self.put(child.span().start, b','),
                _ => {}
            }
        }
    }

    /// `user = %name, ?error` lose their marks, `target:` becomes `target =`.
    fn fields(&mut self, tree: NodeRef<'_>, depth: u32) {
        self.inside(tree, depth);
        let mut before = "(";
        let mut is_debugged = false;
        for child in tree.children() {
            if is_debugged {
                self.debugged.insert(child.span().start);
                is_debugged = false;
            }
            let kind = child.kind();
            match kind {
                "%" | "?" if matches!(before, "=" | "," | "(" | "[" | "{") => {
                    self.put(child.span().start, b' ');
                    is_debugged = kind == "?";
                }
                ":" => self.put(child.span().start, b'='),
                _ => {}
            }
            before = kind;
        }
    }

    /// A pattern is read without what stands behind `if`.
    fn without_guard(&mut self, tree: NodeRef<'_>) {
        let guard = tree.children().find(|child| child.kind() == "if");
        if let Some(guard) = guard {
            self.blank(guard.span().start, tree.span().end - 1);
        }
    }

    /// Writes what stands in parentheses, with commas between.
    fn groups(&mut self, tree: NodeRef<'_>, depth: u32) {
        if depth > DEPTH_MAX {
            return;
        }
        for child in tree.children().filter(|n| n.kind() == "token_tree") {
            if child.text().starts_with('(') {
                let range = child.span().start as usize..child.span().end as usize;
                let text = self.text;
                self.out[range.clone()].copy_from_slice(&text[range]);
                self.inside(child, depth + 1);
                self.put(child.span().end, b',');
            } else {
                self.groups(child, depth + 1);
            }
        }
    }
}

/// Returns whether tokens look like expressions with commas between them.
fn is_list(tree: NodeRef<'_>) -> bool {
    if !tree.text().starts_with('(') {
        return false;
    }
    let mut was_operand = false;
    for child in tree.children() {
        let is_operand = matches!(
            child.kind(),
            "identifier" | "string_literal" | "integer_literal" | "raw_string_literal"
        );
        if is_operand && was_operand {
            return false;
        }
        if matches!(
            child.kind(),
            "=>" | ";" | "$" | "#" | ":" | "@" | "fn" | "let" | "struct" | "pub" | "type" | "impl"
        ) {
            return false;
        }
        was_operand = is_operand;
    }
    true
}
