//! # Commented-out code
//!
//! Several lines of code are kept as comments.
//!
//! ## Why it matters
//!
//! Nobody knows whether it still works or why it is there, and everybody is afraid to take it out.
//! The history of the repository remembers it.
//!
//! ## Not reported
//!
//! - Single lines, examples in documentation, and comments with prose in them.
//! - Pieces that do not parse as the file's language.
//!
//! ## Options
//!
//! - `lines` (default 3): so many lines of code in a row are reported.
//!
//! ## Examples
//!
//! ```python bad
//! def price(order):
//!     # if order.free: # <- here
//!     #     return compute(order)
//!     # total = order.net
//!     return order.net
//! ```
//!
//! ```python good
//! def price(order):
//!     # The tax is left out here: customers outside the union
//!     # pay it when they get their parcel (see billing.py).
//!     #
//!     # for example: 100
//!     return order.net
//! ```
//!
//! ```javascript bad
//! function price(order) {
//!   // const tax = order.net * 0.2; // <- here
//!   // log(tax);
//!   // return order.net + tax;
//!   return order.net;
//! }
//! ```
//!
//! ```javascript good
//! function price(order) {
//!   // Customers outside the union pay the tax
//!   // when they get their parcel; see billing.
//!   return order.net;
//! }
//! ```
//!
//! ```java bad
//! class Shop {
//!     int price(Order order) {
//!         // int tax = order.net() / 5; // <- here
//!         // log(tax);
//!         // return order.net() + tax;
//!         return order.net();
//!     }
//! }
//! ```
//!
//! ```java good
//! class Shop {
//!     /**
//!      * Use it so:
//!      * int p = price(order);
//!      * show(p);
//!      */
//!     int price(Order order) {
//!         return order.net();
//!     }
//! }
//! ```
//!
//! ```go bad
//! package shop
//!
//! func price(o Order) int {
//!     // tax := o.net / 5 // <- here
//!     // log(tax)
//!     // return o.net + tax
//!     return o.net
//! }
//! ```
//!
//! ```go good
//! package shop
//!
//! // price returns the net price,
//! // and never the tax.
//! func price(o Order) int {
//!     return o.net
//! }
//! ```
//!
//! ```rust bad
//! fn price(o: &Order) -> u32 {
//!     // let tax = o.net / 5; // <- here
//!     // log(tax);
//!     // return o.net + tax;
//!     o.net
//! }
//! ```
//!
//! ```rust good
//! /// let tax = 5;
//! /// price(tax);
//! fn price(o: &Order) -> u32 {
//!     // Not the tax; that is another
//!     // function's job.
//!     o.net
//! }
//! ```
//!
//! ```c bad
//! int price(struct order *o) {
//!     // int tax = o->net / 5; // <- here
//!     // log_tax(tax);
//!     // return o->net + tax;
//!     return o->net;
//! }
//! ```
//!
//! ```c good
//! int price(struct order *o) {
//!     /* Not the tax; that is
//!        another function's job. */
//!     return o->net;
//! }
//! ```

use std::sync::Arc;

use assay_finding::{Category, Confidence, Severity};
use assay_source::{SourceText, Span};
use assay_syntax::{NodeRef, ParseLimits, Role, RoleSet, language_by_name, parse};

use crate::context::Context;
use crate::query::is_silenced_elsewhere;
use crate::rule::{Check, NumberOption, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    languages: &[
        "c",
        "cpp",
        "go",
        "java",
        "javascript",
        "python",
        "rust",
        "tsx",
        "typescript",
    ],
    options: &[NumberOption {
        name: "lines",
        summary: "So many lines of code in a row are reported.",
        default: 3,
        min: 1,
        max: 1_000,
    }],
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Low,
        Check::Node {
            on: Trigger::roles(&[Role::Comment]),
            check,
        },
    )
};

/// Longer comments are not parsed.
const BYTES_MAX: usize = 20_000;

/// Words with which a comment says that its code is an example.
const EXAMPLES: &[&str] = &[
    "example",
    "e.g.",
    "i.e.",
    "usage",
    "for instance",
    "such as",
    "equivalent",
    "pseudo",
    "becomes",
    "would be",
    "instead of",
    "same as",
    "generated",
    ">>>",
    "...",
    "output",
];

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let text = context.text();
    let first = node.line();
    let comment = node.text();
    if node.has(Role::DocComment) || comment.len() > BYTES_MAX || is_silenced_elsewhere(node) {
        return;
    }
    let markers = node.tree().language().line_comments();
    let is_line = |line: &str| markers.iter().any(|marker| line.starts_with(marker));
    let is_block = !is_line(comment);
    // Only the first of a run of comment lines that stand alone.
    if text.line(first).trim_start().len() != text.slice(rest_of_line(node)).len()
        || !is_block && first > 1 && is_line(text.line(first - 1).trim_start())
    {
        return;
    }
    let last = if is_block {
        node.last_line()
    } else {
        let run = (first..).take_while(|&line| is_line(text.line(line).trim_start()));
        run.take(BYTES_MAX).last().unwrap_or(first)
    };
    let span = Span::new(
        node.span().start,
        text.lines().line_span(last).end.max(node.span().end),
    );
    if span.len() as usize > BYTES_MAX {
        return;
    }
    let Some(lines) = code_lines(context.text(), first, last, is_block, markers) else {
        return;
    };
    let wanted = context.number("lines") as usize;
    if looks_like_code(&lines, wanted) && parses(&lines, context.language()) {
        let message = format!("{} lines of code are commented out", lines.len());
        context
            .report(node, message)
            .at(Span::new(span.start, end_without_break(text, span)));
    }
}

fn end_without_break(text: &SourceText, span: Span) -> u32 {
    let trimmed = text.slice(span).trim_end();
    span.start + trimmed.len() as u32
}

/// The part of the node's first line from its start on.
fn rest_of_line(node: NodeRef<'_>) -> Span {
    let text = node.tree().text();
    let line = text.lines().line_span(node.line());
    let end = line.start + text.line(node.line()).len() as u32;
    Span::new(node.span().start.min(end), end)
}

/// Takes the comment marks off; nothing when the comment is documentation or
/// says that it shows something.
fn code_lines<'t>(
    text: &'t SourceText,
    first: u32,
    last: u32,
    is_block: bool,
    markers: &[&str],
) -> Option<Vec<&'t str>> {
    let mut lines = Vec::new();
    for number in first..=last {
        let line = text.line(number);
        let mut inner = line.trim_start();
        if is_block {
            let is_doc = inner.starts_with("/**") || inner.starts_with("/*!");
            if number == first && is_doc {
                return None;
            }
            inner = inner.strip_prefix("/*").unwrap_or(inner);
            inner = inner.trim_end().strip_suffix("*/").unwrap_or(inner);
            inner = inner.strip_prefix('*').unwrap_or(inner);
        } else {
            let marker = markers.iter().find(|marker| inner.starts_with(**marker))?;
            inner = &inner[marker.len()..];
            // `///` and `//!` document, `#!` runs, `##` and `#:` are headings.
            if inner.starts_with(['/', '!', '#', ':', '-', '=', '*']) {
                return None;
            }
        }
        let inner = inner.trim_end();
        let lower = inner.to_lowercase();
        if EXAMPLES.iter().any(|word| lower.contains(word)) {
            return None;
        }
        if !inner.trim().is_empty() {
            lines.push(inner);
        }
    }
    Some(lines)
}

/// Most lines must end or begin as only code does.
fn looks_like_code(lines: &[&str], wanted: usize) -> bool {
    let strong = lines.iter().filter(|line| is_code(line.trim())).count();
    let prose = lines.iter().any(|line| is_prose(line.trim()));
    strong >= wanted.max(1) && strong * 3 >= lines.len() * 2 && !prose
}

fn is_code(line: &str) -> bool {
    const STARTS: &[&str] = &[
        "if ", "if(", "for ", "for(", "while ", "while(", "return ", "def ", "fn ", "let ",
        "const ", "var ", "import ", "from ", "elif ", "raise ", "throw ", "func ", "else:",
        "try:",
    ];
    let ends = line.ends_with([';', '{', '}'])
        || line.ends_with(");")
        || line.ends_with(')') && line.contains('(') && !line.contains(" (")
        || line.ends_with(':') && STARTS.iter().any(|start| line.starts_with(start));
    let assigns = (line.contains(" = ") || line.contains(" := ") || line.contains(" += "))
        && !line.ends_with('.');
    let starts = STARTS.iter().any(|start| line.starts_with(start))
        && line.contains(['(', '=', '.', '[', '"', '\''])
        && !line.ends_with('.');
    ends || assigns || starts
}

/// A sentence: words only, or an end that code does not have.
fn is_prose(line: &str) -> bool {
    let words = line.split_whitespace().count();
    let plain = line
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, ' ' | ',' | '.' | '\'' | '-' | ':'));
    words >= 4 && plain
        || line.ends_with('.')
        || line.ends_with(':')
            && !is_code(line)
            && !line.starts_with("case ")
            && line != "default:"
            && !line.starts_with("else")
}

/// What code is made of; a piece without any of it is a list of words.
const ACTIONS: RoleSet = RoleSet::of(&[
    Role::Call,
    Role::Assignment,
    Role::Variable,
    Role::Return,
    Role::If,
    Role::Loop,
    Role::Function,
    Role::Import,
    Role::Throw,
]);

fn parses(lines: &[&str], language: &str) -> bool {
    let Some(language) = language_by_name(language) else {
        return false;
    };
    let indent = lines
        .iter()
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    let code: String = lines
        .iter()
        .flat_map(|line| [line.get(indent..).unwrap_or(""), "\n"])
        .collect();
    let text = Arc::new(SourceText::from_text(code));
    let parsed = parse(&text, language, &ParseLimits::default());
    let Some(tree) = parsed.trees.first() else {
        return false;
    };
    tree.errors().is_empty()
        && parsed.problems.is_empty()
        && tree.nodes().any(|node| node.has_any(ACTIONS))
        && !tree
            .nodes()
            .any(|node| node.has(Role::Label) || is_formula(node))
}

/// `x := 1` alone is mathematics; Python's grammar takes it for code.
fn is_formula(node: NodeRef<'_>) -> bool {
    node.kind() == "named_expression"
        && node
            .parent()
            .is_some_and(|parent| parent.kind() == "expression_statement")
}
