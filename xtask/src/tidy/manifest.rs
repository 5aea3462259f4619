//! Checks the manifests: lints, versions and edition come from the workspace,
//! names say what a crate is.

use toml::{Table, Value};

use super::Problems;
use super::modules::VAGUE_NAMES;
use super::tree::Tree;
use super::workspace::{Crate, Workspace};

const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

/// Returns the line (from 1) on which a key of a TOML file stands: `key = ...`,
/// `key.workspace = ...` or `[... .key]`; 1 when it is not found.
pub(super) fn line_of_key(tree: &Tree, path: &str, key: &str) -> usize {
    let text = tree.text(path).unwrap_or_default();
    let is_key = |line: &str| {
        let line = line.trim_start();
        let rest = line
            .strip_prefix(key)
            .or_else(|| line.strip_prefix(&format!("\"{key}\"")));
        rest.is_some_and(|rest| rest.trim_start().starts_with(['=', '.']))
            || line.starts_with('[') && line.contains(&format!(".{key}]"))
    };
    let found = text.lines().position(is_key);
    found.map_or(1, |index| index + 1)
}

/// Checks the root manifest and that of each crate.
pub(super) fn check(tree: &Tree, workspace: &Workspace, problems: &mut Problems) {
    check_root(tree, problems);
    for found in &workspace.crates {
        let path = found.manifest();
        let Some(Ok(table)) = tree.text(&path).map(str::parse::<Table>) else {
            problems.add(&path, 1, "git does not track the manifest", "add it");
            continue;
        };
        check_names(found, &path, problems);
        check_inherited(tree, &path, &table, problems);
        check_sources(tree, &path, &table, problems);
    }
}

fn check_root(tree: &Tree, problems: &mut Problems) {
    let path = "Cargo.toml";
    let Some(Ok(table)) = tree.text(path).map(str::parse::<Table>) else {
        return;
    };
    let lint = table
        .get("workspace")
        .and_then(|workspace| workspace.get("lints")?.get("rust")?.get("unsafe_code"));
    let level = lint.and_then(|lint| lint.as_str().or_else(|| lint.get("level")?.as_str()));
    if level != Some("forbid") {
        let line = line_of_key(tree, path, "unsafe_code");
        let what = "unsafe code is not forbidden in the whole workspace";
        let mend = "set `unsafe_code = \"forbid\"` in [workspace.lints.rust]";
        problems.add(path, line, what, mend);
    }
}

fn check_names(found: &Crate, path: &str, problems: &mut Problems) {
    let folder = found.folder.rsplit('/').next().unwrap_or_default();
    if folder != found.name {
        let what = format!("crate `{}` is in a folder `{folder}`", found.name);
        problems.add(path, 1, what, "give both the same name");
    }
    let noun = found.name.rsplit('-').next().unwrap_or_default();
    if VAGUE_NAMES.contains(&noun) {
        let what = format!("`{}` does not say what the crate is", found.name);
        let mend = "move the parts to the crates that own the concepts";
        problems.add(path, 1, what, mend);
    }
}

fn check_inherited(tree: &Tree, path: &str, table: &Table, problems: &mut Problems) {
    let inherits = |value: Option<&Value>| {
        value
            .and_then(|value| value.get("workspace"))
            .and_then(Value::as_bool)
            == Some(true)
    };
    if !inherits(table.get("lints")) {
        let what = "the crate does not take the workspace's lints";
        let mend = "write `[lints]` and `workspace = true`";
        problems.add(path, line_of_key(tree, path, "lints"), what, mend);
    }
    let package = table.get("package");
    for key in INHERITED {
        if !inherits(package.and_then(|package| package.get(key))) {
            let what = format!("`{key}` is not the workspace's");
            let line = line_of_key(tree, path, key);
            problems.add(path, line, what, "write `.workspace = true`");
        }
    }
    let description = package.and_then(|package| package.get("description"));
    if description
        .and_then(Value::as_str)
        .is_none_or(str::is_empty)
    {
        let mend = "say in one sentence what it owns";
        problems.add(path, 1, "the crate has no description", mend);
    }
}

fn check_sources(tree: &Tree, path: &str, table: &Table, problems: &mut Problems) {
    let mut tables: Vec<&Table> = vec![table];
    let targets = table.get("target").and_then(Value::as_table);
    tables.extend(
        targets
            .into_iter()
            .flatten()
            .filter_map(|(_, value)| value.as_table()),
    );
    for table in tables {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let dependencies = table.get(kind).and_then(Value::as_table);
            for (name, value) in dependencies.into_iter().flatten() {
                if value.get("workspace").and_then(Value::as_bool) != Some(true) {
                    let what = format!("`{name}` has a version or path of its own");
                    let mend = "put it into [workspace.dependencies] and write `.workspace = true`";
                    problems.add(path, line_of_key(tree, path, name), what, mend);
                }
            }
        }
    }
}
