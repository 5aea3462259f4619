//! `assay impact`: what a change reaches: callers, tests, entry points.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use assay_git::{Opened, Options};
use assay_graph::{
    Certainty, DefinitionId, DefinitionKind, FileId, Graph, Impact, ImpactLimits, Reached,
    definitions_at, impact,
};
use assay_source::{FileChange, FileVersion, SourceText, diff_lines};
use serde_json::{Value as Json, json};

use crate::arguments::{Global, ImpactArguments, TextFormat};
use crate::command::graph::{load_graph_with, remark};
use crate::command::review;
use crate::output;

/// A larger version of a file is not compared.
const FILE_BYTES_MAX: u64 = 1 << 20;

pub(crate) fn run(global: &Global, arguments: &ImpactArguments) -> anyhow::Result<ExitCode> {
    let input = review::change_input(&arguments.change)?;
    let directory = global.directory.as_deref().unwrap_or(Path::new("."));
    let options = Options {
        threads: global.threads.map(usize::from),
        ..Options::default()
    };
    let opened = assay_git::open(directory, &input, &options)?;
    let gone: Vec<FileVersion> = opened
        .change
        .files
        .iter()
        .filter(|file| file.head.is_none())
        .filter_map(|file| file.base.clone())
        .collect();
    let loaded = load_graph_with(&opened, arguments.no_cache, &gone)?;
    if !global.quiet {
        remark(&loaded, global.verbose);
    }
    let changed = changed_definitions(&loaded.graph, &opened);
    let limits = ImpactLimits {
        certainty_min: match arguments.all {
            true => Certainty::Ambiguous,
            false => Certainty::ByName,
        },
        distance_max: arguments.depth,
        ..ImpactLimits::default()
    };
    let found = impact(&loaded.graph, &changed, &limits);
    let gone = Gone::new(&loaded.graph, &gone);
    match arguments.format {
        TextFormat::Json => {
            let json = to_json(&loaded.graph, &opened, &found, &gone);
            output::print(format!("{json:#}\n"))?;
        }
        TextFormat::Text => {
            let text = to_text(&loaded.graph, &opened, &found, &gone, arguments.top);
            output::print(text)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The files that the change deletes, which are in the graph all the same.
struct Gone(HashSet<FileId>);

impl Gone {
    fn new(graph: &Graph, files: &[FileVersion]) -> Self {
        Self(
            files
                .iter()
                .filter_map(|file| graph.file_at(&file.path))
                .collect(),
        )
    }

    fn holds(&self, graph: &Graph, id: DefinitionId) -> bool {
        self.0.contains(&graph.file_of(id))
    }
}

/// Returns the definitions in which lines of the change are; of a deleted file
/// all that it had.
pub(crate) fn changed_definitions(graph: &Graph, opened: &Opened) -> Vec<DefinitionId> {
    let mut changed = Vec::new();
    for file in &opened.change.files {
        let Some(id) = file
            .head
            .as_ref()
            .or(file.base.as_ref())
            .and_then(|version| graph.file_at(&version.path))
        else {
            continue;
        };
        match changed_lines(opened, file) {
            // What is new is changed as a whole.
            None => changed.extend(graph.definitions_of(id)),
            Some(lines) => changed.extend(definitions_at(graph, id, lines)),
        }
    }
    // That a file is new, or that it has other imports, is no use of it.
    changed.retain(|&id| {
        graph.definition(id).kind != DefinitionKind::File || graph.incoming(id).next().is_some()
    });
    changed
}

/// Returns the changed lines of the head; none when there is no base.
fn changed_lines(opened: &Opened, file: &FileChange) -> Option<Vec<u32>> {
    let text = |version: &FileVersion| {
        let bytes = opened.tree.read(version, FILE_BYTES_MAX).ok()?;
        SourceText::decode(bytes).ok()
    };
    let base = text(file.base.as_ref()?)?;
    let head = text(file.head.as_ref()?)?;
    let mut lines = Vec::new();
    for hunk in diff_lines(&base, &head) {
        match hunk.head.count {
            // Lines that are gone belong to what is around the place.
            0 => lines.push(hunk.head.start.saturating_sub(1).max(1)),
            count => lines.extend(hunk.head.start..hunk.head.start + count),
        }
    }
    // An empty line says nothing of the definition around it.
    lines.retain(|&line| !head.line(line).trim().is_empty());
    Some(lines)
}

fn place(graph: &Graph, id: DefinitionId) -> String {
    format!("{}:{}", graph.path_of(id), graph.definition(id).place.line)
}

fn to_text(graph: &Graph, opened: &Opened, found: &Impact, gone: &Gone, top: usize) -> String {
    let mut out = format!("{}\n", opened.title);
    let mut section = |title: &str, lines: Vec<String>| {
        if lines.is_empty() {
            let _ = writeln!(out, "\n{title}: none found");
            return;
        }
        let _ = writeln!(out, "\n{title} ({})", lines.len());
        for line in lines.iter().take(top) {
            let _ = writeln!(out, "  {line}");
        }
        if lines.len() > top {
            let _ = writeln!(out, "  and {} more (--top shows more)", lines.len() - top);
        }
    };
    let named = |id: DefinitionId| {
        let kind = graph.definition(id).kind.as_str();
        let deleted = if gone.holds(graph, id) {
            "  [deleted]"
        } else {
            ""
        };
        let name = graph.qualified_name(id);
        format!("{kind} {name}  {}{deleted}", place(graph, id))
    };
    let reached = |one: &Reached| {
        let sure = match one.certainty {
            Certainty::Resolved => String::new(),
            other => format!(", {}", other.as_str()),
        };
        let via = match one.distance {
            1 => format!("uses {}", graph.qualified_name(one.via)),
            steps => format!("{steps} steps, by way of {}", graph.qualified_name(one.via)),
        };
        format!("{}  [{via}{sure}]", named(one.definition))
    };
    section(
        "Changed",
        found.changed.iter().map(|&id| named(id)).collect(),
    );
    section("Entry points affected", {
        let line = |(entry, distance): &(assay_graph::EntryPoint, u32)| {
            let handler = graph.qualified_name(entry.handler);
            format!(
                "{} {}  {handler}  [{distance} steps away]",
                entry.kind.as_str(),
                entry.label
            )
        };
        found.entries.iter().map(line).collect()
    });
    section(
        "Users, the nearest first",
        found.callers.iter().map(reached).collect(),
    );
    section("Tests that reach the change", {
        let line = |one: &Reached| match one.distance {
            0 => format!("{}  [changed itself]", named(one.definition)),
            _ => reached(one),
        };
        found.tests.iter().map(line).collect()
    });
    out.push_str("\nWhat is called in ways that the code does not show is not in this list.\n");
    if found.is_cut {
        out.push_str("The search ended at a limit; there may be more.\n");
    }
    out
}

fn to_json(graph: &Graph, opened: &Opened, found: &Impact, gone: &Gone) -> Json {
    let named = |id: DefinitionId| {
        json!({
            "symbol": graph.qualified_name(id),
            "kind": graph.definition(id).kind.as_str(),
            "path": graph.path_of(id).to_display(),
            "line": graph.definition(id).place.line,
            "public": graph.is_public(id),
            "deleted": gone.holds(graph, id),
        })
    };
    let reached = |one: &Reached| {
        let mut json = named(one.definition);
        json["distance"] = one.distance.into();
        json["certainty"] = one.certainty.as_str().into();
        json["via"] = graph.qualified_name(one.via).into();
        json
    };
    json!({
        "version": 1,
        "base": opened.change.base,
        "head": opened.change.head,
        "changed": found.changed.iter().map(|&id| named(id)).collect::<Vec<_>>(),
        "entries": found.entries.iter().map(|(entry, distance)| json!({
            "kind": entry.kind.as_str(),
            "label": entry.label,
            "handler": graph.qualified_name(entry.handler),
            "path": graph.file(entry.file).path.to_display(),
            "line": entry.place.line,
            "distance": distance,
        })).collect::<Vec<_>>(),
        "callers": found.callers.iter().map(reached).collect::<Vec<_>>(),
        "tests": found.tests.iter().map(reached).collect::<Vec<_>>(),
        "cut": found.is_cut,
    })
}
