//! Each language's fixture against its golden file: what Assay sees in the
//! fixture, for people to judge. `UPDATE_GOLDEN=1` rewrites the golden files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::{env, fs};

use assay_syntax::{
    Language, NodeRef, ParsedFile, Role, SymbolKind, SyntaxTree, imports, languages, symbols,
};
use toml::{Table, Value};

use crate::fixture::{fixture, fixtures, folder, parse_text};

/// So many places of a role are shown; the count has them all.
const PLACES_MAX: usize = 8;
const TEXT_CHARS_MAX: usize = 44;

#[test]
fn fixtures_give_their_golden_files() {
    let update = env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for (language, text) in fixtures() {
        let found = render(language, &parse_text(language, &text));
        let path = folder(language).join("golden.txt");
        if update {
            fs::write(&path, &found).expect("the golden file can be written");
            continue;
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if let Some(line) = first_difference(&expected, &found) {
            wrong.push(format!("{}: {line}", language.id()));
        }
    }
    assert!(
        wrong.is_empty(),
        "golden files differ (`UPDATE_GOLDEN=1 cargo test` rewrites them; read the result):\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_language_has_a_fixture() {
    let lacking: Vec<_> = languages()
        .iter()
        .filter(|language| fixture(language).is_none())
        .collect();
    assert!(
        lacking.is_empty(),
        "no file `fixture.<ext>` in the folder of {lacking:?}"
    );
}

#[test]
fn fixtures_parse_without_errors() {
    let mut wrong = Vec::new();
    for (language, text) in fixtures() {
        let file = parse_text(language, &text);
        for problem in &file.problems {
            wrong.push(format!("{}: {problem}", language.id()));
        }
        for tree in &file.trees {
            for &span in tree.errors() {
                let line = tree.text().lines().line_of(span.start);
                wrong.push(format!(
                    "{}: line {line} is not understood as {:?}: {:?}",
                    language.id(),
                    tree.language(),
                    clip(tree.text().slice(span)),
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A role that a language declares is worth nothing until a fixture shows that
/// the nodes named for it do occur.
#[test]
fn fixtures_hit_every_role_of_their_language() {
    let mut wrong = Vec::new();
    for (language, text) in fixtures() {
        if language.is_data_only() {
            continue;
        }
        let file = parse_text(language, &text);
        let hit: BTreeSet<_> = file.trees[0]
            .nodes()
            .flat_map(|node| node.roles().iter())
            .map(Role::as_str)
            .collect();
        for role in declared_roles(language) {
            if !hit.contains(role.as_str()) {
                wrong.push(format!("{}: the fixture has no {role}", language.id()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The specification of a language and those that it extends.
fn specifications(language: &Language) -> Vec<Table> {
    let mut found: Vec<Table> = Vec::new();
    let mut folder = Some(folder(language));
    while let Some(here) = folder {
        let table: Table = fs::read_to_string(here.join("language.toml"))
            .expect("every language has a language.toml")
            .parse()
            .expect("the build script read it too");
        folder = table
            .get("extends")
            .and_then(Value::as_str)
            .map(|base| here.with_file_name(base));
        found.push(table);
    }
    found
}

/// The roles and kinds of nodes that `[roles]` lists.
fn declared_kinds(language: &Language) -> Vec<(String, Vec<String>)> {
    specifications(language)
        .iter()
        .filter_map(|table| table.get("roles")?.as_table())
        .flatten()
        .map(|(role, kinds)| (role.clone(), strings(kinds)))
        .collect()
}

fn declared_roles(language: &Language) -> BTreeSet<String> {
    let mut roles: BTreeSet<_> = declared_kinds(language)
        .into_iter()
        .filter(|(_, kinds)| !kinds.is_empty())
        .map(|(role, _)| role)
        .collect();
    for table in specifications(language) {
        let refinements = table.get("refine").and_then(Value::as_array);
        for refinement in refinements.into_iter().flatten() {
            roles.extend(refinement.get("add").map(strings).unwrap_or_default());
        }
    }
    roles
}

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().expect("a list");
    items
        .iter()
        .map(|item| item.as_str().expect("a list of strings").to_owned())
        .collect()
}

fn render(language: &Language, file: &ParsedFile) -> String {
    let mut out = String::new();
    let Some(tree) = file.trees.first() else {
        return "no tree\n".to_owned();
    };
    write_symbols(&mut out, tree);
    write_imports(&mut out, tree);
    write_roles(&mut out, tree);
    write_unseen(&mut out, language, tree);
    write_embedded(&mut out, file);
    out
}

fn write_symbols(out: &mut String, tree: &SyntaxTree) {
    let symbols = symbols(tree);
    if symbols.is_empty() {
        return;
    }
    out.push_str("# Symbols\n");
    for symbol in &symbols {
        let depth =
            std::iter::successors(symbol.enclosing, |&index| symbols[index].enclosing).count();
        let node = tree.node(symbol.node);
        let parameters = match symbol.kind {
            SymbolKind::Module | SymbolKind::Field => String::new(),
            SymbolKind::Class if symbol.parameters.is_empty() => String::new(),
            _ => format!("({})", symbol.parameters.join(", ")),
        };
        line(
            out,
            &format!(
                "{:indent$}{} {}{parameters} {}",
                "",
                symbol.kind.as_str(),
                symbol.qualified_name,
                lines_of(node),
                indent = depth * 2,
            ),
        );
    }
    out.push('\n');
}

fn write_imports(out: &mut String, tree: &SyntaxTree) {
    let imports = imports(tree);
    if imports.is_empty() {
        return;
    }
    out.push_str("# Imports\n");
    for import in &imports {
        let at = tree.text().lines().line_of(import.span.start);
        line(out, &format!("{at}: {}", import.module));
    }
    out.push('\n');
}

fn write_roles(out: &mut String, tree: &SyntaxTree) {
    out.push_str("# Roles\n");
    for &role in Role::ALL {
        let nodes: Vec<_> = tree.nodes().filter(|node| node.has(role)).collect();
        if nodes.is_empty() {
            continue;
        }
        line(out, &format!("{} {}", role.as_str(), nodes.len()));
        if role == Role::Operator {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for node in nodes {
                *counts.entry(node.kind()).or_default() += 1;
            }
            let counts = counts.iter().map(|(kind, count)| format!("{kind} {count}"));
            line(
                out,
                &format!("    {}", counts.collect::<Vec<_>>().join("  ")),
            );
            continue;
        }
        for node in nodes.iter().take(PLACES_MAX) {
            line(
                out,
                &format!("    {}: {}", lines_of(*node), clip(node.text())),
            );
        }
    }
    out.push('\n');
}

/// The named kinds of nodes that have a role and that the fixture does not have.
fn write_unseen(out: &mut String, language: &Language, tree: &SyntaxTree) {
    let seen: BTreeSet<String> = tree
        .nodes()
        .filter(|node| node.is_named())
        .map(|node| node.kind().to_owned())
        .collect();
    let unseen: BTreeSet<String> = declared_kinds(language)
        .into_iter()
        .flat_map(|(_, kinds)| kinds)
        .filter(|kind| !kind.starts_with('\'') && !seen.contains(kind))
        .collect();
    if unseen.is_empty() {
        return;
    }
    out.push_str("# Kinds of nodes with a role that are not in the fixture\n");
    for kind in unseen {
        line(out, &kind);
    }
    out.push('\n');
}

fn write_embedded(out: &mut String, file: &ParsedFile) {
    let parts = file.trees.get(1..).unwrap_or_default();
    if parts.is_empty() {
        return;
    }
    out.push_str("# Embedded\n");
    for tree in parts {
        let root = tree.root();
        line(
            out,
            &format!(
                "{} {}: {}",
                tree.language().id(),
                lines_of(root),
                clip(root.text())
            ),
        );
        for symbol in symbols(tree) {
            line(
                out,
                &format!("  {} {}", symbol.kind.as_str(), symbol.qualified_name),
            );
        }
    }
    out.push('\n');
}

fn lines_of(node: NodeRef<'_>) -> String {
    match (node.line(), node.last_line()) {
        (first, last) if first == last => first.to_string(),
        (first, last) => format!("{first}-{last}"),
    }
}

/// The text on one line, short.
fn clip(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= TEXT_CHARS_MAX {
        return flat;
    }
    let head: String = flat.chars().take(TEXT_CHARS_MAX).collect();
    format!("{}…", head.trim_end())
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("a string takes all");
}

fn first_difference(expected: &str, found: &str) -> Option<String> {
    if expected == found {
        return None;
    }
    let mut expected = expected.lines();
    let mut found = found.lines();
    for number in 1.. {
        let (want, have) = (expected.next(), found.next());
        if want != have {
            return Some(format!(
                "golden.txt line {number} is {want:?}, found {have:?}"
            ));
        }
        if want.is_none() {
            break;
        }
    }
    Some("golden.txt differs in its line ends".to_owned())
}
