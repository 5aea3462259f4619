//! What belongs to a change and was not changed: what its lines use, who uses what it
//! changed, and the tests of that, from the code graph, the most telling first.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;

use assay_graph::{
    Certainty, DefinitionId, DefinitionKind, EdgeKind, FileId, Graph, NoStore, Pair, PairLimits,
    is_code_file, load_pair,
};
use assay_source::{ChangeStatus, RepoPath};
use assay_syntax::Trees;

use super::context::{LINE_CHARS_MAX, ShownFile};
use super::reading::Reader;

/// Names that are searched for in a large repository.
const NAMES_MAX: usize = 200;
/// Lines of a definition that is shown.
const DEFINITION_LINES_MAX: u32 = 40;
/// Lines around a call that is shown.
const CALL_LINES: u32 = 4;
/// Places of one question.
const SNIPPETS_MAX: usize = 24;
/// Users of one definition that are looked at.
const USERS_MAX: usize = 12;
/// A place that tells less is not shown: more is not better.
const SCORE_MIN: u32 = 40;

/// What a place is to the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Definition,
    Caller,
    Test,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Definition => "DEFINITION",
            Self::Caller => "CALLER",
            Self::Test => "TEST",
        }
    }
}

/// A place that could be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snippet {
    score: u32,
    kind: Kind,
    path: RepoPath,
    first: u32,
    last: u32,
    /// Such as `` `mean`, used in line 12 of app.py ``.
    about: String,
}

/// What was chosen of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Related {
    pub(super) text: String,
    pub(super) shown: usize,
    pub(super) left: usize,
}

/// The code graph around a change.
pub(super) struct Neighbours {
    pair: Option<Pair>,
    /// What is not known of the rest of the repository.
    pub(super) note: Option<String>,
}

impl Neighbours {
    /// Reads the graph as far as it says something of these files.
    pub(super) fn load(reader: &Reader<'_>, files: &[ShownFile]) -> Self {
        let none = Self {
            pair: None,
            note: None,
        };
        if reader.subject.is_scan || files.is_empty() {
            return none;
        }
        let changed: Vec<_> = reader
            .subject
            .change
            .files
            .iter()
            .filter(|file| file.base.iter().chain(&file.head).any(is_code_file))
            .map(|file| {
                let is_copy = matches!(file.status, ChangeStatus::Copied { .. });
                (file.base.as_ref().filter(|_| !is_copy), file.head.as_ref())
            })
            .collect();
        if changed.is_empty() {
            return none;
        }
        let names = names(files);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let trees = Trees::new(0);
        let limits = (&PairLimits::default(), &trees);
        let tree = reader.subject.tree;
        let loaded = match &reader.settings.facts {
            Some(store) => load_pair(tree, &changed, &names, &**store, limits),
            None => load_pair(tree, &changed, &names, &NoStore, limits),
        };
        let Ok(pair) = loaded else {
            let note = "the files of the head cannot be listed, so the model was shown nothing around the change";
            return Self {
                pair: None,
                note: Some(note.to_owned()),
            };
        };
        let note = (pair.left > 0).then(|| {
            format!("for what belongs to the change, the {} files that lie farthest from it were not looked at", pair.left)
        });
        Self {
            pair: Some(pair),
            note,
        }
    }

    /// Returns the graph of the head.
    pub(super) fn head(&self) -> Option<&Graph> {
        Some(&self.pair.as_ref()?.head)
    }

    /// Returns pairs of files of which one uses the other.
    pub(super) fn links(&self, files: &[ShownFile]) -> Vec<(usize, usize)> {
        let Some(graph) = self.head() else {
            return Vec::new();
        };
        let places: HashMap<FileId, usize> = files
            .iter()
            .enumerate()
            .filter_map(|(at, file)| Some((graph.file_at(&file.path)?, at)))
            .collect();
        let mut links = BTreeSet::new();
        for edge in graph.edges() {
            if edge.certainty == Certainty::Ambiguous {
                continue;
            }
            let (from, to) = (graph.file_of(edge.from), graph.file_of(edge.to));
            if let (true, Some(&one), Some(&other)) =
                (from != to, places.get(&from), places.get(&to))
            {
                links.insert((one.min(other), one.max(other)));
            }
        }
        links.into_iter().collect()
    }

    /// Returns what belongs to the changed lines of a file.
    pub(super) fn around(&self, file: &ShownFile) -> Vec<Snippet> {
        let Some(graph) = self.head() else {
            return Vec::new();
        };
        let Some(id) = graph.file_at(&file.path) else {
            return Vec::new();
        };
        let changed: BTreeSet<DefinitionId> = file
            .changed
            .iter()
            .map(|&line| graph.definition_at(id, line))
            .collect();
        let mut found = Vec::new();
        for &definition in &changed {
            used(graph, file, definition, &mut found);
            if graph.definition(definition).kind != DefinitionKind::File {
                users(graph, file, definition, &mut found);
            }
        }
        found
    }
}

/// Returns what the graph is asked about: what is called or made in the changed lines,
/// and what is defined around them.
fn names(files: &[ShownFile]) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut names = Vec::new();
    for file in files {
        let called = called_names(&file.added).into_iter();
        for name in file.around.iter().cloned().chain(called) {
            if name.len() > 2 && names.len() < NAMES_MAX && seen.insert(name.clone()) {
                names.push(name);
            }
        }
    }
    names
}

/// Returns the words before a parenthesis, and those that begin as types do.
fn called_names(code: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut names = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find(is_part) {
        rest = &rest[start..];
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let is_type = word.starts_with(char::is_uppercase);
        if after.starts_with('(') || is_type {
            names.push(word.to_owned());
        }
        rest = after;
    }
    names
}

fn sure(certainty: Certainty) -> u32 {
    match certainty {
        Certainty::Resolved => 100,
        Certainty::ByName => 60,
        Certainty::Ambiguous => 0,
    }
}

/// Finds what the changed lines of a definition use.
fn used(graph: &Graph, file: &ShownFile, definition: DefinitionId, found: &mut Vec<Snippet>) {
    for edge in graph.outgoing(definition) {
        let line = edge.place.line;
        if !file.changed.contains(&line) {
            continue;
        }
        let kind = graph.definition(edge.to).kind;
        if kind == DefinitionKind::File {
            continue;
        }
        let weight = match edge.kind {
            EdgeKind::Call | EdgeKind::New => sure(edge.certainty),
            EdgeKind::Inherit | EdgeKind::Override => sure(edge.certainty) * 8 / 10,
            EdgeKind::Mention => sure(edge.certainty) / 2,
        };
        let about = format!(
            "`{}`, used in line {line} of {}",
            graph.qualified_name(edge.to),
            file.label
        );
        found.push(whole(graph, edge.to, (weight, Kind::Definition), about));
    }
}

/// Finds who uses a changed definition.
fn users(graph: &Graph, file: &ShownFile, definition: DefinitionId, found: &mut Vec<Snippet>) {
    let named = graph.definition(definition);
    // Who is called in another way than before may break its callers.
    let is_signature = file.changed.contains(&named.place.line);
    let name = graph.qualified_name(definition);
    let edges = graph.incoming(definition);
    let real =
        edges.filter(|edge| edge.from != definition && edge.certainty > Certainty::Ambiguous);
    for edge in real.take(USERS_MAX) {
        let path = graph.path_of(edge.from).clone();
        if graph.is_test(edge.from) {
            let about = format!("`{}`, which runs `{name}`", graph.qualified_name(edge.from));
            let score = sure(edge.certainty) / 2;
            found.push(whole(graph, edge.from, (score, Kind::Test), about));
            continue;
        }
        let line = edge.place.line;
        let score = sure(edge.certainty) * 7 / 10 + if is_signature { 40 } else { 0 };
        found.push(Snippet {
            score,
            kind: Kind::Caller,
            path,
            first: line.saturating_sub(CALL_LINES).max(1),
            last: line + CALL_LINES,
            about: format!(
                "`{}`, which uses `{name}` in line {line}",
                graph.qualified_name(edge.from)
            ),
        });
    }
}

fn whole(graph: &Graph, id: DefinitionId, (score, kind): (u32, Kind), about: String) -> Snippet {
    let definition = graph.definition(id);
    let first = definition.place.line;
    Snippet {
        score,
        kind,
        path: graph.path_of(id).clone(),
        first,
        last: definition.last_line.min(first + DEFINITION_LINES_MAX - 1),
        about,
    }
}

/// Chooses among places as many as there is room for, the most telling first, and none
/// that is shown already.
pub(super) fn choose(
    reader: &Reader<'_>,
    mut found: Vec<Snippet>,
    shown: &HashMap<&RepoPath, &BTreeSet<u32>>,
    bytes_max: usize,
) -> Related {
    found.retain(|one| {
        let lines = shown.get(&one.path);
        one.score >= SCORE_MIN
            && !lines.is_some_and(|lines| lines.contains(&one.first) && lines.contains(&one.last))
    });
    found.sort_by(|one, other| {
        let key = |one: &Snippet| {
            (
                std::cmp::Reverse(one.score),
                one.kind,
                one.path.clone(),
                one.first,
            )
        };
        key(one).cmp(&key(other))
    });
    let mut related = Related::default();
    let mut taken: HashMap<RepoPath, Vec<(u32, u32)>> = HashMap::new();
    for one in found {
        let known = taken.entry(one.path.clone()).or_default();
        if known
            .iter()
            .any(|&(first, last)| first <= one.last && one.first <= last)
        {
            continue;
        }
        let Some(text) = rendered(reader, &one) else {
            continue;
        };
        if related.shown >= SNIPPETS_MAX || related.text.len() + text.len() > bytes_max {
            related.left += 1;
            continue;
        }
        known.push((one.first, one.last));
        related.text.push_str(&text);
        related.shown += 1;
    }
    related
}

fn rendered(reader: &Reader<'_>, one: &Snippet) -> Option<String> {
    let masked = reader.head(&one.path)?;
    let text = &masked.text;
    let last = one.last.min(text.lines().line_count());
    let mut out = format!(
        "{} {} ({})\n",
        one.kind.name(),
        one.path.to_display(),
        one.about
    );
    for line in one.first..=last {
        let code: String = text.line(line).chars().take(LINE_CHARS_MAX).collect();
        let _ = writeln!(out, " {line:>5} | {code}");
    }
    (one.first <= last).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::called_names;

    #[test]
    fn what_is_called_or_made_is_named() {
        let code = "x = mean(values, key) + Total.of(3)\nif (a) { return b.c (d) }";
        assert_eq!(called_names(code), ["mean", "Total", "of"]);
    }
}
