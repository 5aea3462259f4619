//! The graph: the definitions of all files, and who uses whom.
//!
//! It is made anew from the facts of the files whenever it is asked for: the
//! facts are kept, and putting them together costs milliseconds.

use std::sync::Arc;

use assay_source::RepoPath;

use crate::extract::plan::Family;
use crate::facts::{Definition, DefinitionKind, EntryKind, Facts, LocalId, Place, Visibility};
use crate::layout::Manifest;
use crate::name::{Interner, Name, QuickMap};
use crate::resolve;

/// A definition anywhere in the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DefinitionId(pub(crate) u32);

impl DefinitionId {
    /// Returns the place of the definition as an index below
    /// [`Graph::definition_count`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A file of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub(crate) u32);

impl FileId {
    /// Returns the place of the file as an index into [`Graph::files`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// How sure it is that an edge is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Certainty {
    /// One of several definitions that it may be.
    Ambiguous,
    /// The one definition of that name; what it is called on is not known.
    ByName,
    /// Followed through scopes, imports and types.
    Resolved,
}

impl Certainty {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ambiguous => "ambiguous",
            Self::ByName => "by-name",
            Self::Resolved => "resolved",
        }
    }
}

/// What an edge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum EdgeKind {
    /// One calls the other.
    Call,
    /// One makes a value of the other.
    New,
    /// One names the other: as a value, a type, a decorator.
    Mention,
    /// One extends or implements the other.
    Inherit,
    /// One is there in place of the other: a method of a derived type.
    Override,
}

impl EdgeKind {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::New => "new",
            Self::Mention => "mention",
            Self::Inherit => "inherit",
            Self::Override => "override",
        }
    }
}

/// One definition uses another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// What uses.
    pub from: DefinitionId,
    /// What is used.
    pub to: DefinitionId,
    /// How.
    pub kind: EdgeKind,
    /// How sure that is.
    pub certainty: Certainty,
    /// Where, in the file of `from`.
    pub place: Place,
}

/// What came of looking a use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Outcome {
    /// Nothing is known of what it is called on.
    Unknown,
    /// It is in a library or in the language itself.
    External,
    /// There are edges for it.
    Found(Certainty),
}

/// What an import leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ImportTarget {
    /// Nothing is known of it.
    Unknown,
    /// It is in a library, or nowhere.
    External,
    /// A package of the repository.
    Package,
    /// A file, or a thing in one.
    Definition(DefinitionId),
}

/// An entry point and the code that it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPoint {
    /// What kind of way into the program it is.
    pub kind: EntryKind,
    /// What is called from outside.
    pub label: String,
    /// The code that runs.
    pub handler: DefinitionId,
    /// The file in which it is registered.
    pub file: FileId,
    /// Where in that file.
    pub place: Place,
}

/// A file with what it says.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Where it lies.
    pub path: RepoPath,
    /// What it says by itself.
    pub facts: Arc<Facts>,
}

/// A file in the graph.
#[derive(Clone, Debug)]
pub struct GraphFile {
    /// Where it lies.
    pub path: RepoPath,
    /// What it says by itself.
    pub facts: Arc<Facts>,
    /// Whether it holds tests, by its path.
    pub is_test: bool,
    pub(crate) text_path: String,
    pub(crate) family: Family,
    /// The first of its definitions.
    pub(crate) base: u32,
    /// Its names as those of the graph.
    pub(crate) names: Vec<Name>,
    /// What came of each of its uses.
    pub(crate) outcomes: Vec<Outcome>,
    /// What each of its imports leads to.
    pub(crate) imports: Vec<ImportTarget>,
}

impl GraphFile {
    /// Returns what came of each of [`Facts::usages`].
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Returns what each of [`Facts::imports`] leads to; of a wildcard the
    /// module.
    pub fn imports(&self) -> &[ImportTarget] {
        &self.imports
    }
}

/// The definitions of a repository and who uses whom.
pub struct Graph {
    pub(crate) names: Interner,
    pub(crate) files: Vec<GraphFile>,
    /// The file of each definition.
    pub(crate) file_of: Vec<u32>,
    pub(crate) by_path: QuickMap<Vec<u8>, u32>,
    /// Sorted by where they come from.
    edges: Vec<Edge>,
    /// The edges in the order of where they lead.
    incoming: Vec<u32>,
    entries: Vec<EntryPoint>,
}

impl Graph {
    /// Puts the facts of all files together.
    pub fn new(mut sources: Vec<SourceFile>, manifests: &[Manifest]) -> Self {
        sources.sort_by(|one, other| one.path.cmp(&other.path));
        sources.dedup_by(|one, other| one.path == other.path);
        let mut graph = Self {
            names: Interner::default(),
            files: Vec::with_capacity(sources.len()),
            file_of: Vec::new(),
            by_path: QuickMap::default(),
            edges: Vec::new(),
            incoming: Vec::new(),
            entries: Vec::new(),
        };
        for source in sources {
            graph.add(source);
        }
        let resolved = resolve::resolve(&graph, manifests);
        let found = resolved.outcomes.into_iter().zip(resolved.imports);
        for (file, (outcomes, imports)) in graph.files.iter_mut().zip(found) {
            file.outcomes = outcomes;
            file.imports = imports;
        }
        graph.entries = resolved.entries;
        graph.set_edges(resolved.edges);
        graph
    }

    fn add(&mut self, source: SourceFile) {
        let index = self.files.len() as u32;
        let base = self.file_of.len() as u32;
        let facts = source.facts;
        let names = facts
            .names
            .iter()
            .map(|text| self.names.intern(text))
            .collect();
        self.file_of
            .extend(std::iter::repeat_n(index, facts.definitions.len()));
        self.by_path.insert(source.path.as_bytes().to_vec(), index);
        let text_path = String::from_utf8_lossy(source.path.as_bytes()).into_owned();
        self.files.push(GraphFile {
            is_test: is_test_path(&text_path),
            family: Family::of(facts.text(facts.language)),
            path: source.path,
            facts,
            text_path,
            base,
            names,
            outcomes: Vec::new(),
            imports: Vec::new(),
        });
    }

    fn set_edges(&mut self, mut edges: Vec<Edge>) {
        edges.sort_unstable();
        edges.dedup();
        let mut incoming: Vec<u32> = (0..edges.len() as u32).collect();
        incoming.sort_unstable_by_key(|&edge| (edges[edge as usize].to, edge));
        self.edges = edges;
        self.incoming = incoming;
    }

    /// Returns the files in the order of their paths.
    pub fn files(&self) -> &[GraphFile] {
        &self.files
    }

    /// Returns a file.
    pub fn file(&self, id: FileId) -> &GraphFile {
        &self.files[id.index()]
    }

    /// Returns all files in the order of their paths.
    pub fn file_ids(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..self.files.len() as u32).map(FileId)
    }

    /// Returns the file at a path.
    pub fn file_at(&self, path: &RepoPath) -> Option<FileId> {
        self.by_path.get(path.as_bytes()).copied().map(FileId)
    }

    /// Returns how many definitions there are, those of files included.
    pub fn definition_count(&self) -> usize {
        self.file_of.len()
    }

    /// Returns all definitions, file by file, in the order of the text.
    pub fn definitions(&self) -> impl Iterator<Item = DefinitionId> + use<> {
        (0..self.file_of.len() as u32).map(DefinitionId)
    }

    /// Returns the definitions of a file; the first stands for the file itself.
    pub fn definitions_of(&self, file: FileId) -> impl Iterator<Item = DefinitionId> + use<> {
        let file = &self.files[file.index()];
        (file.base..file.base + file.facts.definitions.len() as u32).map(DefinitionId)
    }

    /// Returns a definition of a file by its place in the file's facts.
    pub fn definition_in(&self, file: FileId, local: LocalId) -> Option<DefinitionId> {
        let file = self.files.get(file.index())?;
        let is_there = local.index() < file.facts.definitions.len();
        is_there.then(|| DefinitionId(file.base + local.0))
    }

    /// Returns the place of a definition in the facts of its file.
    pub fn local_id(&self, id: DefinitionId) -> LocalId {
        LocalId(id.0 - self.files[self.file_of[id.index()] as usize].base)
    }

    /// Returns the file of a definition.
    pub fn file_of(&self, id: DefinitionId) -> FileId {
        FileId(self.file_of[id.index()])
    }

    /// Returns what is known of a definition by its own file.
    pub fn definition(&self, id: DefinitionId) -> &Definition {
        let file = &self.files[self.file_of[id.index()] as usize];
        &file.facts.definitions[(id.0 - file.base) as usize]
    }

    /// Returns the facts of the file of a definition, in which its names and
    /// types are.
    pub fn facts_of(&self, id: DefinitionId) -> &Facts {
        &self.files[self.file_of[id.index()] as usize].facts
    }

    /// Returns the path of the file of a definition.
    pub fn path_of(&self, id: DefinitionId) -> &RepoPath {
        &self.files[self.file_of[id.index()] as usize].path
    }

    /// Returns the bare name; of a file its path.
    pub fn name(&self, id: DefinitionId) -> &str {
        let file = &self.files[self.file_of[id.index()] as usize];
        let definition = self.definition(id);
        match definition.kind {
            DefinitionKind::File => &file.text_path,
            _ => file.facts.text(definition.name),
        }
    }

    /// Returns the name through all around it; of a file its path.
    pub fn qualified_name(&self, id: DefinitionId) -> String {
        let file = &self.files[self.file_of[id.index()] as usize];
        match id.0 - file.base {
            0 => file.path.to_display(),
            local => file.facts.qualified_name(LocalId(local)),
        }
    }

    /// Returns the definition around one; none for a file.
    pub fn container(&self, id: DefinitionId) -> Option<DefinitionId> {
        let file = &self.files[self.file_of[id.index()] as usize];
        let local = id.0 - file.base;
        (local > 0).then(|| DefinitionId(file.base + self.definition(id).container.0))
    }

    /// Returns whether a definition is or lies in a test.
    pub fn is_test(&self, id: DefinitionId) -> bool {
        let mut at = Some(id);
        while let Some(id) = at {
            if self.definition(id).is_test {
                return true;
            }
            at = self.container(id);
        }
        self.file(self.file_of(id)).is_test
    }

    /// Returns whether somebody outside of the repository may use a definition:
    /// it is public, and so is all around it.
    pub fn is_public(&self, id: DefinitionId) -> bool {
        let mut at = Some(id);
        while let Some(id) = at {
            let definition = self.definition(id);
            if definition.visibility < Visibility::Protected {
                return false;
            }
            at = self.container(id);
        }
        !self.is_test(id)
    }

    /// Returns the innermost definition around a line of a file, the file itself
    /// when there is none.
    pub fn definition_at(&self, file: FileId, line: u32) -> DefinitionId {
        let graph_file = &self.files[file.index()];
        let holds = |definition: &&Definition| {
            self.first_line(file, definition) <= line && line <= definition.last_line
        };
        let innermost = graph_file
            .facts
            .definitions
            .iter()
            .enumerate()
            .filter(|(_, definition)| holds(definition))
            .min_by_key(|(index, definition)| {
                (definition.end - definition.start, usize::MAX - index)
            });
        DefinitionId(graph_file.base + innermost.map_or(0, |(index, _)| index as u32))
    }

    /// The line of the name: what stands before it (annotations, comments) is
    /// not told apart from what is around.
    fn first_line(&self, _: FileId, definition: &Definition) -> u32 {
        definition.place.line
    }

    /// Returns the edges that lead from a definition.
    pub fn outgoing(&self, id: DefinitionId) -> &[Edge] {
        let start = self.edges.partition_point(|edge| edge.from < id);
        let end = self.edges.partition_point(|edge| edge.from <= id);
        &self.edges[start..end]
    }

    /// Returns the edges that lead to a definition.
    pub fn incoming(&self, id: DefinitionId) -> impl Iterator<Item = &Edge> {
        let to = |edge: &u32| self.edges[*edge as usize].to;
        let start = self.incoming.partition_point(|edge| to(edge) < id);
        let end = self.incoming.partition_point(|edge| to(edge) <= id);
        self.incoming[start..end]
            .iter()
            .map(|&edge| &self.edges[edge as usize])
    }

    /// Returns all edges, sorted by where they come from.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// Returns the entry points in the order of their files.
    pub fn entries(&self) -> &[EntryPoint] {
        &self.entries
    }

    /// Finds definitions by what a person writes: a name, the end of a qualified
    /// name (`Class.method`, `module::function`), `path:name`, or `path:line`.
    pub fn find(&self, query: &str) -> Vec<DefinitionId> {
        let query = query.replace("::", ".").replace(['#', '\\'], ".");
        if let Some((path, rest)) = query.rsplit_once(':') {
            let Some(file) = self.file_at(&RepoPath::from(path)) else {
                return Vec::new();
            };
            if let Ok(line) = rest.parse::<u32>() {
                return vec![self.definition_at(file, line)];
            }
            let ids = self.definitions_of(file);
            return ids.filter(|&id| self.is_called(id, rest)).collect();
        }
        if let Some(file) = self.file_at(&RepoPath::from(query.as_str())) {
            return self.definitions_of(file).take(1).collect();
        }
        self.definitions()
            .filter(|&id| self.is_called(id, &query))
            .collect()
    }

    fn is_called(&self, id: DefinitionId, query: &str) -> bool {
        let last = query.rsplit('.').next().unwrap_or(query);
        if self.definition(id).kind == DefinitionKind::File || self.name(id) != last {
            return false;
        }
        let qualified = self.qualified_name(id);
        let facts = self.facts_of(id);
        let whole = match facts.text(facts.package) {
            "" => qualified,
            package => format!("{package}.{qualified}"),
        };
        whole == query
            || whole
                .strip_suffix(query)
                .is_some_and(|before| before.ends_with('.'))
    }
}

/// Returns whether a file holds tests, by the customs of the languages.
pub fn is_test_path(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let in_folder = path.rsplit('/').skip(1).any(|folder| {
        matches!(
            folder,
            "test"
                | "tests"
                | "__tests__"
                | "spec"
                | "specs"
                | "testing"
                | "e2e"
                | "androidTest"
                | "testdata"
                | "benches"
                | "__mocks__"
        )
    });
    in_folder
        || stem.ends_with("_test")
        || stem.ends_with("_spec")
        || stem.starts_with("test_")
        || stem == "conftest"
        || name.contains(".test.")
        || name.contains(".spec.")
        || name.ends_with("Test.java")
        || name.ends_with("Tests.java")
        || name.ends_with("Test.kt")
        || name.ends_with("Tests.cs")
        || name.ends_with("Test.php")
        || name.ends_with("Spec.scala")
}
