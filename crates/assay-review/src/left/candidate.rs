//! What a change takes away, by the facts of the changed files alone: definitions
//! that are gone, functions that take something else, files that are gone.

use std::collections::{BTreeMap, HashSet};

use assay_finding::Coverage;
use assay_graph::{Definition, DefinitionKind, Facts, LocalId, is_code_file};
use assay_source::{Change, ChangeStatus, RepoPath};

use crate::file::Examined;

/// More than this is a rewrite of everything, and the rest is not followed.
const DEFINITIONS_MAX: usize = 400;
/// Names of so few characters are found everywhere.
const NAME_CHARS_MIN: usize = 2;

/// What the change takes away.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) definitions: Vec<TakenDefinition>,
    pub(crate) files: Vec<TakenFile>,
    /// Names that are new in some file of the change: what is gone may have moved.
    pub(crate) new_names: HashSet<String>,
}

/// A definition of the base that is gone or different.
pub(crate) struct TakenDefinition {
    /// The file, as a place in the change.
    pub(crate) file: usize,
    /// The definition in the facts of the base.
    pub(crate) base: LocalId,
    /// The definition in the facts of the head, when it is there.
    pub(crate) head: Option<LocalId>,
    pub(crate) name: String,
    pub(crate) qualified: String,
    pub(crate) kind: DefinitionKind,
}

/// A file that is not at its path any more.
pub(crate) struct TakenFile {
    /// The file, as a place in the change.
    pub(crate) file: usize,
    /// Where it was.
    pub(crate) path: RepoPath,
    /// Its name without the ending.
    pub(crate) stem: String,
}

impl Taken {
    pub(crate) fn is_empty(&self) -> bool {
        self.definitions.is_empty() && self.files.is_empty()
    }
}

/// Lists what the change takes away.
pub(crate) fn candidates(examined: &[Examined], change: &Change) -> Taken {
    let mut taken = Taken::default();
    let heads: HashSet<&RepoPath> = change
        .files
        .iter()
        .filter_map(|file| Some(&file.head.as_ref()?.path))
        .collect();
    for (at, (file, change)) in examined.iter().zip(&change.files).enumerate() {
        let [base, head] = &file.facts;
        if let Some(head) = head {
            let old = base.as_deref().map(qualified_names).unwrap_or_default();
            let new = qualified_names(head).into_keys();
            let names = new.filter(|name| !old.contains_key(name));
            taken
                .new_names
                .extend(names.map(|name| last(&name).to_owned()));
        }
        // A copy takes nothing away.
        if matches!(change.status, ChangeStatus::Copied { .. }) {
            continue;
        }
        let path = change.base.as_ref().map(|version| &version.path);
        let stays = change
            .head
            .as_ref()
            .is_some_and(|head| Some(&head.path) == path);
        // It was renamed, and another file took its place.
        if !stays && path.is_some_and(|path| heads.contains(path)) {
            continue;
        }
        let is_code = change.base.as_ref().is_some_and(is_code_file);
        if let Some(path) = path.filter(|_| !stays && is_code) {
            let name = String::from_utf8_lossy(path.file_name()).into_owned();
            let stem = name.split('.').next().unwrap_or("");
            let stem = match stem {
                "__init__" | "index" | "mod" => folder_name(path),
                stem => stem.to_owned(),
            };
            taken.files.push(TakenFile {
                file: at,
                path: path.clone(),
                stem,
            });
        }
        let Some(base) = base else { continue };
        // What the grammar did not understand may hold what seems to be gone.
        let is_partial = matches!(file.entry.coverage, Coverage::Partial(..));
        let is_whole = !is_partial || head.is_none();
        let empty = BTreeMap::new();
        let new = head.as_deref().map_or(empty, qualified_names);
        for (qualified, ids) in qualified_names(base) {
            let definition = &base.definitions[ids[0].index()];
            if !is_offered(base, definition) {
                continue;
            }
            let mut pairs: Vec<(LocalId, Option<LocalId>)> = Vec::new();
            match new.get(&qualified) {
                None if is_whole && !is_container_gone(base, definition, &new) => {
                    pairs.push((ids[0], None));
                }
                None => {}
                // One name may be said twice: `exports.f = function f() {}`, overloads.
                Some(now) if now.len() == ids.len() => {
                    let head = head.as_deref().unwrap_or(base);
                    let both = ids.iter().copied().zip(now.iter().copied());
                    let both = both.filter(|&(one, other)| is_different(base, one, head, other));
                    pairs.extend(both.map(|(one, other)| (one, Some(other))));
                }
                Some(_) => {}
            }
            for (id, found) in pairs {
                if taken.definitions.len() >= DEFINITIONS_MAX {
                    break;
                }
                taken.definitions.push(TakenDefinition {
                    file: at,
                    base: id,
                    head: found,
                    name: base.text(definition.name).to_owned(),
                    qualified: qualified.clone(),
                    kind: base.definitions[id.index()].kind,
                });
            }
        }
    }
    taken.definitions.sort_by(|one, other| {
        (one.file, one.base, &one.qualified).cmp(&(other.file, other.base, &other.qualified))
    });
    taken
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn folder_name(path: &RepoPath) -> String {
    let parts: Vec<&[u8]> = path.parts().collect();
    let folder = parts.len().checked_sub(2).map_or(&b""[..], |at| parts[at]);
    String::from_utf8_lossy(folder).into_owned()
}

/// The definitions of a file that code elsewhere can reach, by their names.
fn qualified_names(facts: &Facts) -> BTreeMap<String, Vec<LocalId>> {
    let mut names: BTreeMap<String, Vec<LocalId>> = BTreeMap::new();
    for id in facts.local_ids().skip(1) {
        names.entry(facts.qualified_name(id)).or_default().push(id);
    }
    names
}

/// Whether it is a thing that others use: no local name, no test, no field.
fn is_offered(facts: &Facts, definition: &Definition) -> bool {
    let is_kind = definition.kind.is_callable()
        || matches!(
            definition.kind,
            DefinitionKind::Class
                | DefinitionKind::Interface
                | DefinitionKind::Alias
                | DefinitionKind::Variable
        );
    let around = &facts.definitions[definition.container.index()];
    let is_local = definition.container != LocalId::FILE && around.kind.is_callable();
    let name = facts.text(definition.name);
    is_kind && !is_local && !definition.is_test && name.chars().count() >= NAME_CHARS_MIN
}

/// Whether what is around a definition is gone as well: then that is what is said.
fn is_container_gone(
    facts: &Facts,
    definition: &Definition,
    new: &BTreeMap<String, Vec<LocalId>>,
) -> bool {
    definition.container != LocalId::FILE
        && !new.contains_key(&facts.qualified_name(definition.container))
}

fn is_different(base: &Facts, one: LocalId, head: &Facts, other: LocalId) -> bool {
    let (one, other) = (
        &base.definitions[one.index()],
        &head.definitions[other.index()],
    );
    if !one.kind.is_callable() || !other.kind.is_callable() {
        return false;
    }
    let shape = |facts: &Facts, definition: &Definition| -> Vec<(String, bool, bool)> {
        let parameters = facts.parameters_of(definition).iter();
        parameters
            .map(|parameter| {
                let has_default = !facts.text(parameter.default_text).is_empty();
                (
                    facts.text(parameter.name).to_owned(),
                    parameter.is_variadic,
                    parameter.is_optional || has_default,
                )
            })
            .collect()
    };
    shape(base, one) != shape(head, other)
}
