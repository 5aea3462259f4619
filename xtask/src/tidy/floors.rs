//! Compares the edges between crates, and from crates to outside libraries,
//! with the tables of `ARCHITECTURE.md`.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::Problems;
use super::manifest::line_of_key;
use super::table::{self, Row};
use super::tree::Tree;
use super::workspace::{Crate, Dependency, Kind, Workspace};

const DOCUMENT: &str = "ARCHITECTURE.md";
const ANY: &str = "any";
const ANY_TEST: &str = "tests";

/// Where a crate stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Floor {
    /// From 0, the ground, to 7, the binary.
    Number(u8),
    /// Beside the building: the outside world.
    Side,
    /// Only for development; never shipped.
    Dev,
}

impl Floor {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "side" => Some(Self::Side),
            "dev" => Some(Self::Dev),
            _ => word
                .parse()
                .ok()
                .filter(|&number| number <= 7)
                .map(Self::Number),
        }
    }
}

/// Says why a crate on one floor must not import a crate on another.
fn objection(from: Floor, to: Floor, kind: Kind) -> Option<&'static str> {
    match (from, to) {
        (Floor::Dev, _) => None,
        (_, Floor::Dev) if kind == Kind::Dev => None,
        (_, Floor::Dev) => Some("development crates are for tests only"),
        (Floor::Side, Floor::Number(0 | 1)) => None,
        (Floor::Side, _) => Some("side crates import floors 0 and 1 only"),
        (Floor::Number(5 | 7), Floor::Side) => None,
        (_, Floor::Side) => Some("only floors 5 and 7 import side crates"),
        (Floor::Number(from), Floor::Number(to)) if to < from => None,
        (Floor::Number(from), Floor::Number(to)) if to == from => {
            Some("crates on the same floor do not import each other")
        }
        _ => Some("a crate imports only lower floors"),
    }
}

/// Checks the crates and their dependencies against both tables.
pub(super) fn check(tree: &Tree, workspace: &Workspace, problems: &mut Problems) {
    let document = tree.text(DOCUMENT).unwrap_or_default();
    let floors = table::find(document, &["floor", "crate"]);
    let libraries = table::find(document, &["library", "used by"]);
    let (Some(floors), Some(libraries)) = (floors, libraries) else {
        problems.add(
            DOCUMENT,
            1,
            "there is no table `| floor | crate |` or no table `| library | used by |`",
            "tidy reads both; bring them back",
        );
        return;
    };
    let floors = floor_of_crates(&floors, workspace, problems);
    check_libraries_known(&libraries, workspace, problems);
    check_wrappers(tree, &libraries, workspace, problems);
    for from in &workspace.crates {
        for dependency in &from.dependencies {
            if dependency.is_member {
                check_member(tree, from, dependency, &floors, problems);
            } else {
                check_library(tree, from, dependency, &libraries, problems);
            }
        }
    }
}

fn floor_of_crates<'a>(
    rows: &[Row<'a>],
    workspace: &Workspace,
    problems: &mut Problems,
) -> BTreeMap<&'a str, Floor> {
    let mut floors = BTreeMap::new();
    for row in rows {
        let Some(floor) = Floor::parse(row.cells[0]) else {
            let what = format!("`{}` is no floor", row.cells[0]);
            problems.add(DOCUMENT, row.line, what, "write 0 to 7, side or dev");
            continue;
        };
        for name in table::quoted(row.cells[1]) {
            floors.insert(name, floor);
            if workspace.find(name).is_none() {
                let what = format!("the workspace has no crate `{name}`");
                problems.add(DOCUMENT, row.line, what, "take it out of the floor table");
            }
        }
    }
    for found in &workspace.crates {
        if !floors.contains_key(found.name.as_str()) {
            let what = format!("`{}` is on no floor", found.name);
            let mend = "add it to the floor table of ARCHITECTURE.md";
            problems.add(&found.manifest(), 1, what, mend);
        }
    }
    floors
}

fn check_member(
    tree: &Tree,
    from: &Crate,
    dependency: &Dependency,
    floors: &BTreeMap<&str, Floor>,
    problems: &mut Problems,
) {
    let floor = |name: &str| floors.get(name).copied();
    let (Some(low), Some(high)) = (floor(&dependency.name), floor(&from.name)) else {
        return;
    };
    if let Some(why) = objection(high, low, dependency.kind) {
        let what = format!(
            "`{}` must not import `{}`: {why}",
            from.name, dependency.name
        );
        let mend = "move the code to the floor that owns it, or pass the thing in through a trait";
        let line = line_of_key(tree, &from.manifest(), &dependency.alias);
        problems.add(&from.manifest(), line, what, mend);
    }
}

fn check_library(
    tree: &Tree,
    from: &Crate,
    dependency: &Dependency,
    rows: &[Row<'_>],
    problems: &mut Problems,
) {
    let manifest = from.manifest();
    let line = line_of_key(tree, &manifest, &dependency.alias);
    let Some(row) = rows.iter().find(|row| names(row, &dependency.name)) else {
        let what = format!("no crate may use the library `{}`", dependency.name);
        let mend = "argue for it in the library table of ARCHITECTURE.md, or do without";
        problems.add(&manifest, line, what, mend);
        return;
    };
    let owners = row.cells.get(1).copied().unwrap_or_default();
    let is_test = dependency.kind == Kind::Dev;
    let allowed = owners.split(',').map(|owner| owner.trim()).any(|owner| {
        owner == ANY || owner == ANY_TEST && is_test || owner.trim_matches('`') == from.name
    });
    if !allowed {
        let what = format!(
            "`{}` must not use the library `{}`; it belongs to {owners}",
            from.name, dependency.name
        );
        let mend = "call the crate that owns it";
        problems.add(&manifest, line, what, mend);
    }
}

/// Returns whether the row is about the library: `tree-sitter*` is about all
/// whose names begin so.
fn names(row: &Row<'_>, library: &str) -> bool {
    table::quoted(row.cells[0]).any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => library.starts_with(prefix),
        None => library == pattern,
    })
}

fn check_libraries_known(rows: &[Row<'_>], workspace: &Workspace, problems: &mut Problems) {
    let used = |pattern: &str| {
        let mut dependencies = workspace
            .crates
            .iter()
            .flat_map(|found| &found.dependencies);
        dependencies.any(|dependency| match pattern.strip_suffix('*') {
            Some(prefix) => dependency.name.starts_with(prefix),
            None => dependency.name == pattern,
        })
    };
    for row in rows {
        for pattern in table::quoted(row.cells[0]).filter(|pattern| !used(pattern)) {
            let what = format!("no crate uses the library `{pattern}`");
            problems.add(DOCUMENT, row.line, what, "take it out of the table");
        }
        for owner in table::quoted(row.cells.get(1).copied().unwrap_or_default()) {
            if workspace.find(owner).is_none() {
                let what = format!("the workspace has no crate `{owner}`");
                problems.add(DOCUMENT, row.line, what, "take it out of the table");
            }
        }
    }
}

/// Checks that `deny.toml` names the owners of a library that the table does.
/// It names more: the outside libraries that use it too.
fn check_wrappers(tree: &Tree, rows: &[Row<'_>], workspace: &Workspace, problems: &mut Problems) {
    let path = "deny.toml";
    let text = tree.text(path).unwrap_or_default();
    let table: Table = text.parse().unwrap_or_default();
    let banned = table
        .get("bans")
        .and_then(|bans| bans.get("deny")?.as_array());
    for entry in banned.into_iter().flatten() {
        let name = entry.get("crate").and_then(Value::as_str);
        let wrappers = entry.get("wrappers").and_then(Value::as_array);
        let (Some(name), Some(wrappers)) = (name, wrappers) else {
            continue;
        };
        let mut wrappers: Vec<&str> = wrappers
            .iter()
            .filter_map(Value::as_str)
            .filter(|wrapper| workspace.find(wrapper).is_some())
            .collect();
        wrappers.sort_unstable();
        let row = rows.iter().find(|row| names(row, name));
        let owners = row.and_then(|row| row.cells.get(1)).copied();
        let mut owners: Vec<&str> = table::quoted(owners.unwrap_or_default()).collect();
        owners.sort_unstable();
        if wrappers != owners {
            let mark = format!("crate = \"{name}\"");
            let line = text.lines().position(|line| line.contains(&mark));
            let what = format!("`{name}` may be used by {wrappers:?}, in {DOCUMENT} by {owners:?}");
            let mend = "name the same crates in both";
            problems.add(path, line.map_or(1, |index| index + 1), what, mend);
        }
    }
}
