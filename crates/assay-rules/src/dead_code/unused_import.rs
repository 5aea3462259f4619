//! # Unused import
//!
//! A file imports a name and never uses it.
//!
//! ## Why it matters
//!
//! The reader looks for a dependency that is not there, and loading it costs time.
//!
//! ## Not reported
//!
//! - Imports for their effect (`import "./setup"`), re-exports, and imports with a comment that
//!   silences a linter.
//! - Python: `__init__.py`, `compat.py` and `conftest.py`, which give names on; names in `__all__`;
//!   imports in `try` and in `if`, `from __future__`, `import a as a`; names that occur in a
//!   string, which may be an annotation.
//! - Scripts inside HTML, Vue and Svelte, whose templates use the names.
//! - JavaScript: `React` in files with JSX.
//! - Java: names that the comments mention, and imports of all of a package.
//!
//! ## References
//!
//! - [CWE-1164](https://cwe.mitre.org/data/definitions/1164.html): irrelevant code
//!
//! ## Examples
//!
//! ```python bad
//! import os
//! import sys  # <- here
//! from shop import buy, sell as trade  # <- here
//!
//! buy(os.name)
//! ```
//!
//! ```python fixed
//! import os
//! from shop import buy
//!
//! buy(os.name)
//! ```
//!
//! ```python good
//! from __future__ import annotations
//! import os.path
//! from shop import Order
//!
//! def buy(order: "Order") -> None:
//!     print(os.path.sep)
//! ```
//!
//! ```javascript bad
//! import fs from "fs"; // <- here
//! import { buy, sell } from "./shop"; // <- here
//!
//! buy();
//! ```
//!
//! ```javascript fixed
//! import { buy } from "./shop";
//!
//! buy();
//! ```
//!
//! ```javascript good
//! import "./setup";
//! import * as shop from "./shop";
//! import { sell } from "./shop";
//!
//! shop.buy();
//! export { sell };
//! ```
//!
//! ```java bad
//! import java.util.List;
//! import java.util.Map; // <- here
//!
//! class Shop {
//!     List<Order> orders;
//! }
//! ```
//!
//! ```java fixed
//! import java.util.List;
//!
//! class Shop {
//!     List<Order> orders;
//! }
//! ```
//!
//! ```java good
//! import java.util.*;
//! import java.util.Map;
//! import static org.example.Assert.check;
//!
//! class Shop {
//!     /** See {@link Map}. */
//!     List<Order> orders = check();
//! }
//! ```

use std::collections::HashSet;

use assay_finding::{Category, Edit, Severity};
use assay_source::Span;
use assay_syntax::{Field, NodeRef, Role, RoleSet, SyntaxTree};

use crate::context::{Context, replace};
use crate::query::{is_embedded, whole_lines};
use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[1164],
    fix: true,
    languages: &["java", "javascript", "python", "tsx", "typescript"],
    ..RuleSpec::new(Category::Maintainability, Severity::Low, Check::Tree(check))
};

/// One imported name.
struct Imported<'t> {
    statement: NodeRef<'t>,
    /// The part of the statement that brings the name, when it has several.
    part: NodeRef<'t>,
    name: &'t str,
}

fn check<'t>(tree: &'t SyntaxTree, context: &mut Context<'_, 't>) {
    let name = context.path().file_name();
    let gives_on = context.language() == "python"
        && (name == b"__init__.py" || name.ends_with(b"compat.py") || name == b"conftest.py");
    if gives_on || is_embedded(context) || !tree.errors().is_empty() {
        return;
    }
    let mut imported: Vec<Imported<'t>> = Vec::new();
    for node in tree.nodes().filter(|node| {
        node.has(Role::Import) && node.has(Role::Statement) || node.kind() == "import_declaration"
    }) {
        match context.language() {
            "python" => python(node, &mut imported),
            "java" => java(node, &mut imported),
            _ => script(node, &mut imported),
        }
    }
    if imported.is_empty() {
        return;
    }
    let wanted: HashSet<&str> = imported.iter().map(|import| import.name).collect();
    let used = used_names(tree, &wanted, context.language());
    let unused: Vec<Imported<'t>> = imported
        .into_iter()
        .filter(|import| !used.contains(import.name) && !is_silenced(import.statement))
        .collect();
    for import in &unused {
        let siblings = unused
            .iter()
            .filter(|other| other.statement == import.statement)
            .count();
        let edit = removal(import, siblings);
        let draft = context.report(
            import.part,
            format!("`{}` is imported and never used", import.name),
        );
        draft.at(import.part.span());
        if let Some(edit) = edit {
            draft.safe_fix(
                format!("Remove the import of `{}`", import.name),
                vec![edit],
            );
        }
    }
}

/// Returns which of the wanted names occur outside imports.
fn used_names<'t>(
    tree: &'t SyntaxTree,
    wanted: &HashSet<&'t str>,
    language: &str,
) -> HashSet<&'t str> {
    let mut used = HashSet::new();
    // Most names are of another length, and need not be looked up.
    let lengths = wanted
        .iter()
        .fold(0_u64, |set, name| set | length_bit(name.len()));
    let is_wanted = |length: usize| lengths & length_bit(length) != 0;
    let mut past = 0;
    for node in tree.nodes() {
        let span = node.span();
        if span.start < past {
            continue;
        }
        if node.has(Role::Import) && !node.has(Role::Call) {
            past = span.end;
        } else if node.is_leaf() && node.is_named() && is_wanted(span.len() as usize) {
            used.extend(wanted.get(node.text()));
        }
        if is_prose(node, language) {
            let words = node
                .text()
                .split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
            let words = words.filter(|word| is_wanted(word.len()));
            used.extend(words.filter_map(|word| wanted.get(word)));
        }
        // What is written as an element is a call of these.
        if node.has(Role::Element) {
            used.extend(
                ["React", "h", "jsx"]
                    .iter()
                    .filter_map(|name| wanted.get(name)),
            );
        }
    }
    used
}

fn length_bit(length: usize) -> u64 {
    1 << length.min(63)
}

/// Text in which a name counts as used: documentation and written-out types.
fn is_prose(node: NodeRef<'_>, language: &str) -> bool {
    if node.has(Role::Comment) {
        let text = node.text();
        return language == "java"
            || language != "python" && text.starts_with("/**")
            || text.contains("type:");
    }
    language == "python" && node.has(Role::String) && node.kind() != "concatenated_string"
}

/// Returns whether a comment on the statement or before it speaks to a linter.
fn is_silenced(statement: NodeRef<'_>) -> bool {
    let text = statement.tree().text();
    let marked = |line: u32| {
        let line = text.line(line);
        [
            "noqa",
            "isort",
            "eslint",
            "@ts-",
            "noinspection",
            "pylint",
            "NOPMD",
            "type: ignore",
            "biome",
        ]
        .iter()
        .any(|mark| line.contains(mark))
    };
    (statement.line()..=statement.last_line()).any(marked)
        || statement.line() > 1
            && text.line(statement.line() - 1).contains("disable")
            && marked(statement.line() - 1)
}

fn python<'t>(statement: NodeRef<'t>, found: &mut Vec<Imported<'t>>) {
    const CONDITIONAL: RoleSet = RoleSet::of(&[Role::Try, Role::If, Role::Class]);
    if statement.kind() == "future_import_statement"
        || statement
            .ancestors()
            .any(|around| around.has_any(CONDITIONAL))
    {
        return;
    }
    for part in statement
        .children()
        .filter(|child| child.field() == Field::Name)
    {
        let name = match (part.child(Field::Name), part.child(Field::Alias)) {
            (Some(name), Some(alias)) if name.text() == alias.text() => continue,
            (_, Some(alias)) => alias.text(),
            _ => part.text().split('.').next().unwrap_or("").trim(),
        };
        if !name.starts_with('_') && !name.is_empty() {
            found.push(Imported {
                statement,
                part,
                name,
            });
        }
    }
}

fn java<'t>(statement: NodeRef<'t>, found: &mut Vec<Imported<'t>>) {
    if statement.children().any(|child| child.kind() == "asterisk") {
        return;
    }
    let last = statement
        .subtree()
        .filter(|part| part.has(Role::Identifier) && part.is_leaf())
        .last();
    if let Some(name) = last {
        found.push(Imported {
            statement,
            part: statement,
            name: name.text(),
        });
    }
}

fn script<'t>(statement: NodeRef<'t>, found: &mut Vec<Imported<'t>>) {
    let Some(clause) = statement
        .children()
        .find(|child| child.kind() == "import_clause")
    else {
        return;
    };
    for part in clause.named_children() {
        match part.kind() {
            "identifier" => found.push(Imported {
                statement,
                part,
                name: part.text(),
            }),
            "namespace_import" => {
                if let Some(name) = part.named_children().last() {
                    found.push(Imported {
                        statement,
                        part,
                        name: name.text(),
                    });
                }
            }
            "named_imports" => {
                for specifier in part.named_children() {
                    let name = specifier
                        .child(Field::Alias)
                        .or_else(|| specifier.child(Field::Name));
                    if let Some(name) = name {
                        found.push(Imported {
                            statement,
                            part: specifier,
                            name: name.text(),
                        });
                    }
                }
            }
            _ => {}
        }
    }
}

/// How to take the name out of its statement: all of the statement when nothing
/// else is in it, one part with its comma otherwise. Two parts of one statement
/// would be edits that meet, so the first only is taken and then the next.
fn removal(import: &Imported<'_>, unused: usize) -> Option<Edit> {
    let names = names_in(import.statement);
    if import.part == import.statement || names <= 1 || names == unused {
        return Some(replace(whole_lines(import.statement), ""));
    }
    // `import a, { b }`: taking one of two kinds apart is left to a person.
    if matches!(import.part.kind(), "namespace_import")
        || import
            .part
            .parent()
            .is_some_and(|p| p.kind() == "import_clause")
    {
        return None;
    }
    let next = import.part.next_sibling().filter(|next| next.kind() == ",");
    if let Some(comma) = next {
        let after = comma.next_sibling().map_or(comma.span().end, |next| {
            if next.kind() == "}" {
                comma.span().end
            } else {
                next.span().start
            }
        });
        return Some(replace(Span::new(import.part.span().start, after), ""));
    }
    let comma = import
        .part
        .previous_sibling()
        .filter(|comma| comma.kind() == ",")?;
    Some(replace(
        Span::new(comma.span().start, import.part.span().end),
        "",
    ))
}

fn names_in(statement: NodeRef<'_>) -> usize {
    let mut found = Vec::new();
    match statement.tree().language().id().as_str() {
        "python" => statement
            .children()
            .filter(|child| child.field() == Field::Name)
            .count(),
        "java" => 1,
        _ => {
            script(statement, &mut found);
            found.len()
        }
    }
}
