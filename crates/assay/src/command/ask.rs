//! `assay ask`: passages of a repository that answer a question, and the answer of a
//! language model that cites them, when the user wants one.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use assay_finding::render::one_line;
use assay_git::{Input, Opened, Options};
use assay_graph::{FactStore, NoStore};
use assay_retrieval::{
    CheckedAnswer, Embedder, IndexLimits, IndexWorld, LoadedIndex, Passage, Ranking, load_index,
    passages,
};
use serde_json::{Value, json};

use crate::arguments::{AskArguments, Global, TextFormat};
use crate::command::graph::open_tree;
use crate::search::{SecretVeil, vector_model};
use crate::segment_folder::FactFolder;
use crate::{cache, model, output};

/// Lines around the best one that are shown.
const LINES_BEFORE: usize = 2;
const LINES_AFTER: usize = 5;
/// How many problems are said one by one.
const PROBLEMS_MAX: usize = 10;

pub(crate) fn run(global: &Global, arguments: &AskArguments) -> anyhow::Result<ExitCode> {
    let opened = open(global, arguments)?;
    let embedder = vector_model(&arguments.vectors)?;
    let embedder = embedder.as_ref().map(|model| model as &dyn Embedder);
    let loaded = load(global, arguments, &opened, embedder)?;
    if !global.quiet {
        remark(&loaded, global.verbose);
    }
    let question = arguments.question.as_str();
    let top = usize::from(arguments.top);
    let hits = loaded
        .index
        .search(question, embedder, &Ranking::default(), top)?;
    let found = passages(&*opened.tree, &SecretVeil, question, hits);
    let answer = model::answer(&arguments.model, question, &found)?;
    if let Some(Err(why)) = &answer {
        output::remark(format!("the model's answer is left out: {why}"));
    }
    let text = match arguments.format {
        TextFormat::Json => {
            let answer = answer.as_ref().map(Result::as_ref);
            format!("{:#}\n", to_json(question, answer, &found, &loaded))
        }
        TextFormat::Text => to_text(answer.and_then(Result::ok).as_ref(), &found),
    };
    match &arguments.output {
        Some(file) => output::write_file(file, |out| out.write_all(text.as_bytes()))?,
        None => output::print(text)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn open(global: &Global, arguments: &AskArguments) -> anyhow::Result<Opened> {
    let Some(rev) = &arguments.rev else {
        return open_tree(global);
    };
    let directory = global.directory.as_deref().unwrap_or(Path::new("."));
    let options = Options {
        threads: global.threads.map(usize::from),
        ..Options::default()
    };
    Ok(assay_git::open(
        directory,
        &Input::Tree(rev.clone()),
        &options,
    )?)
}

fn load(
    global: &Global,
    arguments: &AskArguments,
    opened: &Opened,
    embedder: Option<&dyn Embedder>,
) -> anyhow::Result<LoadedIndex> {
    // A bare repository has no root; its own folder tells it from others.
    let directory = global.directory.as_deref().unwrap_or(Path::new("."));
    let root = opened.root.as_deref().unwrap_or(directory);
    let folder = cache::folder()
        .filter(|_| !arguments.no_cache)
        .map(|cache| FactFolder::open_search(&cache, root));
    let store: &dyn FactStore = match &folder {
        Some(folder) => folder,
        None => &NoStore,
    };
    let world = IndexWorld {
        store,
        veil: &SecretVeil,
        embedder,
    };
    load_index(&*opened.tree, &world, &IndexLimits::default()).context("the index cannot be made")
}

fn remark(loaded: &LoadedIndex, is_verbose: bool) {
    for (path, problem) in loaded.problems.iter().take(PROBLEMS_MAX) {
        output::remark(format!("{path}: {problem}"));
    }
    if loaded.problems.len() > PROBLEMS_MAX {
        let more = loaded.problems.len() - PROBLEMS_MAX;
        output::remark(format!("and {more} further files with problems"));
    }
    if is_verbose {
        output::remark(format!(
            "{} passages in {} files; {} files were read now, {} are kept from before",
            loaded.index.chunk_count(),
            loaded.index.file_count(),
            loaded.cut,
            loaded.kept
        ));
    }
}

fn to_text(answer: Option<&CheckedAnswer>, found: &[Passage]) -> String {
    if found.is_empty() {
        return "nothing in the repository holds these words\n".to_owned();
    }
    let mut out = String::new();
    if let Some(answer) = answer {
        let _ = writeln!(out, "{}\n", one_line(&answer.text));
        for (at, line) in &answer.citations {
            let path = found[*at].hit.path.to_display();
            let _ = writeln!(out, "  [{}] {path}:{line}", at + 1);
        }
        out.push('\n');
    }
    for (at, passage) in found.iter().enumerate() {
        let hit = &passage.hit;
        let name = match hit.name.is_empty() {
            true => String::new(),
            false => format!("  {} {}", hit.kind.as_str(), one_line(&hit.name)),
        };
        let path = hit.path.to_display();
        let _ = writeln!(out, "{}. {path}:{}{name}", at + 1, passage.line());
        let (lines, first) = shown(passage);
        for (line, text) in (first..).zip(lines) {
            let _ = writeln!(out, "   {line:>6} | {}", one_line(text));
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// Returns the lines around the best one, and the number of the first.
fn shown(passage: &Passage) -> (&[String], u32) {
    let start = passage.best_line.saturating_sub(LINES_BEFORE);
    let end = (passage.best_line + LINES_AFTER).min(passage.lines.len());
    (
        &passage.lines[start..end],
        passage.hit.first_line + start as u32,
    )
}

fn to_json(
    question: &str,
    answer: Option<Result<&CheckedAnswer, &String>>,
    found: &[Passage],
    loaded: &LoadedIndex,
) -> Value {
    let passages: Vec<Value> = found
        .iter()
        .map(|passage| {
            let hit = &passage.hit;
            json!({
                "path": hit.path.to_display(),
                "uri": hit.path.to_uri(),
                "line": passage.line(),
                "first_line": hit.first_line,
                "last_line": hit.last_line,
                "kind": hit.kind.as_str(),
                "name": hit.name,
                "score": (f64::from(hit.score) * 1000.0).round() / 1000.0,
                "reasons": hit.reasons.iter().map(|reason| reason.as_str()).collect::<Vec<_>>(),
                "text": passage.lines.join("\n"),
            })
        })
        .collect();
    json!({
        "version": 1,
        "question": question,
        "answer": answer.and_then(Result::ok).map(|answer| json!({
            "text": answer.text,
            "citations": answer.citations.iter().map(|(at, line)| json!({
                "passage": at + 1,
                "path": found[*at].hit.path.to_display(),
                "line": line,
            })).collect::<Vec<_>>(),
        })),
        "answer_problem": answer.and_then(Result::err),
        "passages": passages,
        "index": {
            "files": loaded.index.file_count(),
            "passages": loaded.index.chunk_count(),
            "problems": loaded.problems.len(),
        },
    })
}
