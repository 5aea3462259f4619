//! Finds dependencies that a manifest names and no code of the crate does.

use toml::Table;

use super::Problems;
use super::manifest::line_of_key;
use super::rust::mask;
use super::tree::Tree;
use super::workspace::{Kind, Workspace};

/// The code of one crate by what may use which dependencies.
#[derive(Default)]
struct Code {
    build: String,
    shipped: String,
    tests: String,
}

/// Checks the workspace's table and each crate.
pub(super) fn check(tree: &Tree, workspace: &Workspace, problems: &mut Problems) {
    check_table(tree, workspace, problems);
    for found in &workspace.crates {
        let code = code_of(tree, &found.folder);
        for dependency in &found.dependencies {
            let name = dependency.alias.replace('-', "_");
            let is_used = match dependency.kind {
                Kind::Build => has_word(&code.build, &name),
                Kind::Normal => has_word(&code.shipped, &name),
                Kind::Dev => has_word(&code.shipped, &name) || has_word(&code.tests, &name),
            };
            if !is_used {
                let manifest = found.manifest();
                let line = line_of_key(tree, &manifest, &dependency.alias);
                let what = format!("`{}` is not used", dependency.alias);
                problems.add(&manifest, line, what, "take it out");
            }
        }
    }
}

/// Finds entries of `[workspace.dependencies]` that no crate takes.
fn check_table(tree: &Tree, workspace: &Workspace, problems: &mut Problems) {
    let path = "Cargo.toml";
    let table: Table = tree
        .text(path)
        .unwrap_or_default()
        .parse()
        .unwrap_or_default();
    let names = table
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies")?.as_table());
    for name in names.into_iter().flatten().map(|(name, _)| name) {
        let mut dependencies = workspace
            .crates
            .iter()
            .flat_map(|found| &found.dependencies);
        let is_binary = workspace.find(name).is_some();
        if !is_binary && !dependencies.any(|dependency| dependency.alias == *name) {
            let what = format!("no crate takes `{name}`");
            problems.add(path, line_of_key(tree, path, name), what, "take it out");
        }
    }
}

fn code_of(tree: &Tree, folder: &str) -> Code {
    let mut code = Code::default();
    for file in &tree.files {
        let inside = file.path.strip_prefix(folder);
        let Some(inside) = inside.and_then(|rest| rest.strip_prefix('/')) else {
            continue;
        };
        let Some(text) = &file.text else { continue };
        if inside == "build.rs" {
            code.build.push_str(&mask(text).code);
        } else if file.has_extension("rs") && inside.starts_with("src/") {
            code.shipped.push_str(&mask(text).code);
        } else if file.has_extension("rs") {
            code.tests.push_str(&mask(text).code);
        } else if file.has_extension("toml") && inside != "Cargo.toml" && !file.is_data() {
            // What a build script turns into code, such as the languages.
            code.shipped.push_str(text);
        }
    }
    code
}

fn has_word(text: &str, word: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(is_word)
            && !text[at + word.len()..].chars().next().is_some_and(is_word)
    })
}
