//! Checks the files as modules: names that say something, and no file that no
//! `mod` declares, which the compiler would silently leave out.

use super::Problems;
use super::rust::mask;
use super::tree::{File, Tree};

/// Names that gather what nobody wanted to place.
pub(super) const VAGUE_NAMES: [&str; 10] = [
    "common", "core", "helper", "helpers", "misc", "shared", "types", "util", "utility", "utils",
];

/// Checks each Rust file of each crate.
pub(super) fn check(tree: &Tree, problems: &mut Problems) {
    for (file, text) in tree.rust_files() {
        check_names(file, text, problems);
        check_declared(tree, file, problems);
    }
}

fn check_names(file: &File, text: &str, problems: &mut Problems) {
    let mend = "name the concept it owns, or move the parts to those that do";
    let stem = file.path.trim_end_matches(".rs");
    let inside = stem
        .split('/')
        .skip_while(|part| *part != "src" && *part != "tests");
    for part in inside.filter(|part| VAGUE_NAMES.contains(part)) {
        let what = format!("a module named `{part}`");
        problems.add(&file.path, 1, what, mend);
    }
    for (number, line) in (1..).zip(mask(text).code.lines()) {
        if let Some(name) = declared(line).filter(|name| VAGUE_NAMES.contains(name)) {
            let what = format!("a module named `{name}`");
            problems.add(&file.path, number, what, mend);
        }
    }
}

/// Returns the name that a line `mod name;` or `mod name {` declares.
fn declared(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(')')?.1,
        Some(rest) => rest,
        None => line,
    };
    let rest = line.trim_start().strip_prefix("mod ")?.trim_start();
    let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    Some(&rest[..length])
}

fn check_declared(tree: &Tree, file: &File, problems: &mut Problems) {
    let parents = parents(&file.path);
    let stem = match file.name() {
        "mod.rs" => file.path.rsplit('/').nth(1).unwrap_or_default(),
        name => name.trim_end_matches(".rs"),
    };
    let texts = || parents.iter().filter_map(|path| tree.text(path));
    if parents.is_empty() {
        return;
    }
    let is_declared = texts().any(|text| {
        let code = mask(text).code;
        code.lines().any(|line| declared(line) == Some(stem))
    });
    let is_generated = texts().any(|text| text.contains("include!(concat!(env!(\"OUT_DIR\")"));
    if !is_declared && !is_generated {
        let what = format!("no file declares `mod {stem};`, so nothing compiles this one");
        problems.add(&file.path, 1, what, "declare it, or delete it");
    }
}

/// Returns where a file below `src` or `tests/it` may be declared; empty for
/// roots (`lib.rs`, `main.rs`, `build.rs`, benches, single-file tests).
fn parents(path: &str) -> Vec<String> {
    let roots = ["/src/", "/tests/it/"];
    let Some(root) = roots.iter().find_map(|root| {
        let at = path.find(root)?;
        Some(&path[..at + root.len()])
    }) else {
        return Vec::new();
    };
    let mut folders: Vec<&str> = path[root.len()..].split('/').collect();
    let name = folders.pop().unwrap_or_default();
    if name == "mod.rs" {
        folders.pop();
    }
    if folders.is_empty() {
        if name == "lib.rs" || name == "main.rs" {
            return Vec::new();
        }
        return vec![format!("{root}lib.rs"), format!("{root}main.rs")];
    }
    if folders == ["bin"] {
        return Vec::new();
    }
    let folder = folders.join("/");
    vec![
        format!("{root}{folder}.rs"),
        format!("{root}{folder}/mod.rs"),
    ]
}
