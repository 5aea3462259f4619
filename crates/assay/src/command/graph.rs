//! `assay graph`: asks the code graph who uses whom.

use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use assay_git::{Input, Opened, Options};
use assay_graph::{
    Certainty, DefinitionId, Direction, EdgeKind, FactStore, FileId, Graph, GraphCounts,
    LoadLimits, Loaded, NoStore, Outcome, Place, UsageKind, View, load_with,
};
use assay_source::{FileVersion, RepoPath, nearest_word};
use serde_json::json;

use crate::arguments::{Global, GraphArguments, GraphFormat, GraphQuery};
use crate::segment_folder::FactFolder;
use crate::{cache, output};

/// How many problems are said one by one.
const PROBLEMS_MAX: usize = 10;
/// More definitions of one name are not all meant.
const MATCHES_MAX: usize = 50;

pub(crate) fn run(global: &Global, arguments: &GraphArguments) -> anyhow::Result<ExitCode> {
    let opened = open_tree(global)?;
    let loaded = load_graph(&opened, arguments.no_cache)?;
    if !global.quiet {
        remark(&loaded, global.verbose);
    }
    let graph = &loaded.graph;
    let sure = match arguments.all {
        true => Certainty::Ambiguous,
        false => Certainty::ByName,
    };
    let view = match &arguments.query {
        None if arguments.format == GraphFormat::Text => {
            output::print(summary(graph))?;
            return Ok(ExitCode::SUCCESS);
        }
        None if arguments.format == GraphFormat::Json => {
            output::print(format!("{:#}\n", counts_json(graph)))?;
            return Ok(ExitCode::SUCCESS);
        }
        None => View::files(graph, sure),
        Some(GraphQuery::Calls { path }) => {
            let calls = calls(graph, path.as_deref())?;
            let text = match arguments.format {
                GraphFormat::Text => calls.iter().map(Call::to_text).collect(),
                GraphFormat::Json => {
                    let calls: Vec<_> = calls.iter().map(Call::to_json).collect();
                    format!("{:#}\n", json!({"version": 1, "calls": calls}))
                }
                _ => bail!("calls are listed as text or json"),
            };
            return write(arguments, &text);
        }
        Some(GraphQuery::Callers { symbol }) => {
            let roots = find(graph, symbol)?;
            View::around(graph, &roots, Direction::Callers, arguments.depth, sure)
        }
        Some(GraphQuery::Callees { symbol }) => {
            let roots = find(graph, symbol)?;
            View::around(graph, &roots, Direction::Callees, arguments.depth, sure)
        }
        Some(GraphQuery::File { path }) => View::of_file(graph, file_at(graph, path)?, sure),
        Some(GraphQuery::Path { from, to }) => {
            let (one, other) = (find(graph, from)?, find(graph, to)?);
            View::path(graph, &one, &other, sure)
                .with_context(|| format!("no way along calls from `{from}` to `{to}` was found"))?
        }
    };
    let nobody = match &arguments.query {
        Some(GraphQuery::Callers { .. }) if view.edges.is_empty() => {
            "nothing that is known calls it\n"
        }
        Some(GraphQuery::Callees { .. }) if view.edges.is_empty() => {
            "it calls nothing that is known\n"
        }
        _ => "",
    };
    let text = match arguments.format {
        GraphFormat::Text => view.to_text() + nobody,
        GraphFormat::Json => format!("{:#}\n", view.to_json()),
        GraphFormat::Dot => view.to_dot(),
        GraphFormat::Mermaid => view.to_mermaid(),
        GraphFormat::Html => view.to_html(),
    };
    write(arguments, &text)
}

fn write(arguments: &GraphArguments, text: &str) -> anyhow::Result<ExitCode> {
    match &arguments.output {
        Some(file) => output::write_file(file, |out| out.write_all(text.as_bytes()))?,
        None => output::print(text)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn file_at(graph: &Graph, path: &str) -> anyhow::Result<FileId> {
    graph
        .file_at(&RepoPath::from(path))
        .with_context(|| format!("there is no code at `{path}`; paths count from the root"))
}

/// A call and where it leads.
struct Call {
    path: String,
    place: Place,
    arguments: u32,
    outcome: Outcome,
    /// Name, path and place of each definition that it may be.
    targets: Vec<(String, String, Place)>,
}

impl Call {
    fn outcome(&self) -> &'static str {
        match self.outcome {
            Outcome::Unknown => "unknown",
            Outcome::External => "external",
            Outcome::Found(certainty) => certainty.as_str(),
        }
    }

    fn to_text(&self) -> String {
        let targets: Vec<String> = self
            .targets
            .iter()
            .map(|(name, path, place)| format!("{name} {path}:{}", place.line))
            .collect();
        let (line, column) = (self.place.line, self.place.column);
        let outcome = self.outcome();
        format!(
            "{}:{line}:{column} {outcome} {}\n",
            self.path,
            targets.join(", ")
        )
    }

    fn to_json(&self) -> serde_json::Value {
        json!({
            "path": self.path,
            "line": self.place.line,
            "column": self.place.column,
            "arguments": self.arguments,
            "outcome": self.outcome(),
            "targets": self.targets.iter().map(|(name, path, place)| json!({
                "symbol": name, "path": path, "line": place.line, "column": place.column,
            })).collect::<Vec<_>>(),
        })
    }
}

fn calls(graph: &Graph, path: Option<&str>) -> anyhow::Result<Vec<Call>> {
    let files: Vec<FileId> = match path {
        Some(path) => vec![file_at(graph, path)?],
        None => graph.file_ids().collect(),
    };
    let mut calls = Vec::new();
    for id in files {
        let file = graph.file(id);
        let mut found: HashMap<Place, Vec<DefinitionId>> = HashMap::new();
        for edge in graph.definitions_of(id).flat_map(|id| graph.outgoing(id)) {
            if matches!(edge.kind, EdgeKind::Call | EdgeKind::New) {
                found.entry(edge.place).or_default().push(edge.to);
            }
        }
        for (usage, outcome) in file.facts.usages.iter().zip(file.outcomes()) {
            if usage.kind == UsageKind::Mention {
                continue;
            }
            let targets = found.get(&usage.place).map_or(&[][..], Vec::as_slice);
            calls.push(Call {
                path: file.path.to_display(),
                place: usage.place,
                arguments: usage.arguments,
                outcome: *outcome,
                targets: targets
                    .iter()
                    .map(|&to| {
                        let place = graph.definition(to).place;
                        (
                            graph.qualified_name(to),
                            graph.path_of(to).to_display(),
                            place,
                        )
                    })
                    .collect(),
            });
        }
    }
    Ok(calls)
}

/// Opens what is on disk, of a repository with the ids of what did not change.
pub(crate) fn open_tree(global: &Global) -> anyhow::Result<Opened> {
    let directory = global.directory.as_deref().unwrap_or(Path::new("."));
    let options = Options {
        threads: global.threads.map(usize::from),
        ..Options::default()
    };
    let head = Input::WorkingTree {
        base: Some("HEAD".to_owned()),
    };
    match assay_git::open(directory, &head, &options) {
        Ok(opened) => Ok(opened),
        // No repository, or one without a commit: the folder as it is.
        Err(_) => {
            let scan = Input::Scan { path: ".".into() };
            Ok(assay_git::open(directory, &scan, &options)?)
        }
    }
}

/// Makes the graph of what is open, with what is kept from earlier runs.
pub(crate) fn load_graph(opened: &Opened, no_cache: bool) -> anyhow::Result<Loaded> {
    load_graph_with(opened, no_cache, &[])
}

/// The same with files that are gone.
pub(crate) fn load_graph_with(
    opened: &Opened,
    no_cache: bool,
    gone: &[FileVersion],
) -> anyhow::Result<Loaded> {
    let folder = opened
        .root
        .as_deref()
        .filter(|_| !no_cache)
        .zip(cache::folder())
        .map(|(root, cache)| FactFolder::open(&cache, root));
    let store: &dyn FactStore = match &folder {
        Some(folder) => folder,
        None => &NoStore,
    };
    load_with(&*opened.tree, store, &LoadLimits::default(), gone)
        .context("the files cannot be listed")
}

pub(crate) fn remark(loaded: &Loaded, verbose: bool) {
    for (path, problem) in loaded.problems.iter().take(PROBLEMS_MAX) {
        output::remark(format!("{path}: {problem}"));
    }
    if loaded.problems.len() > PROBLEMS_MAX {
        let more = loaded.problems.len() - PROBLEMS_MAX;
        output::remark(format!("and {more} further files with problems"));
    }
    if verbose {
        output::remark(format!(
            "{} files were read now, {} are kept from before",
            loaded.parsed, loaded.kept
        ));
    }
}

/// Finds the definitions of a name, or says which one could be meant.
fn find(graph: &Graph, query: &str) -> anyhow::Result<Vec<DefinitionId>> {
    let found = graph.find(query);
    if found.is_empty() {
        let last = query.rsplit(['.', ':', '#']).next().unwrap_or(query);
        let names = graph.definitions().map(|id| graph.name(id));
        let hint = nearest_word(last, names)
            .map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        bail!("nothing is called `{query}`{hint}");
    }
    if found.len() > MATCHES_MAX {
        bail!(
            "{} definitions are called `{query}`; say more of the name, or PATH:NAME",
            found.len()
        );
    }
    Ok(found)
}

fn summary(graph: &Graph) -> String {
    let counts = GraphCounts::of(graph);
    let share = |part: usize| match counts.calls {
        0 => 0.0,
        calls => part as f64 * 100.0 / calls as f64,
    };
    let unknown =
        counts.calls - counts.resolved - counts.by_name - counts.ambiguous - counts.external;
    format!(
        "{} with {}, {}, {}\n\
         {} calls: {:.0} % resolved, {:.0} % external, {:.0} % by name alone, {:.0} % ambiguous, {:.0} % unknown\n\
         \n\
         Ask: assay graph callers SYMBOL | callees SYMBOL | file PATH | calls | path FROM TO\n",
        output::count(counts.files, "file"),
        output::count(counts.lines as usize, "line"),
        output::count(counts.definitions, "definition"),
        output::count(counts.entries, "entry point"),
        counts.calls,
        share(counts.resolved),
        share(counts.external),
        share(counts.by_name),
        share(counts.ambiguous),
        share(unknown),
    )
}

fn counts_json(graph: &Graph) -> serde_json::Value {
    let counts = GraphCounts::of(graph);
    let entries: Vec<serde_json::Value> = graph
        .entries()
        .iter()
        .map(|entry| {
            json!({
                "kind": entry.kind.as_str(),
                "label": entry.label,
                "handler": graph.qualified_name(entry.handler),
                "path": graph.file(entry.file).path.to_display(),
                "line": entry.place.line,
            })
        })
        .collect();
    json!({
        "version": 1,
        "files": counts.files,
        "lines": counts.lines,
        "definitions": counts.definitions,
        "calls": {
            "all": counts.calls,
            "resolved": counts.resolved,
            "by_name": counts.by_name,
            "ambiguous": counts.ambiguous,
            "external": counts.external,
        },
        "entries": entries,
    })
}
