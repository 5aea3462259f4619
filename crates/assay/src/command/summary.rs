//! `assay summary`: what a change is about, in what order to read it, how risky it
//! is and who could review it.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use assay_git::{HistoryOptions, HistoryRead, Opened, Options, read_history, user_email};
use assay_graph::{Certainty, FileId, Graph, View};
use assay_review::{Subject, Summary, review, summarise};
use assay_source::RepoPath;
use serde::Serialize;

use crate::arguments::{Global, SummaryArguments, SummaryFormat};
use crate::command::graph::load_graph;
use crate::command::impact::changed_definitions;
use crate::command::review::change_input;
use crate::progress::Bar;
use crate::{cache, config, output, past};

pub(crate) fn run(global: &Global, arguments: &SummaryArguments) -> anyhow::Result<ExitCode> {
    let directory = global.directory.as_deref().unwrap_or(Path::new("."));
    let options = Options {
        threads: global.threads.map(usize::from),
        ..Options::default()
    };
    let opened = assay_git::open(directory, &change_input(&arguments.change)?, &options)?;
    let config::Loaded {
        mut settings, key, ..
    } = config::load(global, directory, &opened, false)?;
    let kept = match arguments.no_cache {
        true => None,
        false => cache::attach(&mut settings, &opened, key),
    };
    settings.facts = cache::facts(&opened).filter(|_| !arguments.no_cache);
    settings.past = past::of(directory, &opened, &options, arguments.no_cache);
    let bar = Bar::new(global.quiet);
    let subject = Subject {
        change: &opened.change,
        tree: &*opened.tree,
        is_scan: false,
    };
    let report = review(subject, &settings, &bar);
    bar.finish();
    if let Some(kept) = kept {
        kept.save();
    }
    let graph = load_graph(&opened, arguments.no_cache)?.graph;
    let changed = changed_definitions(&graph, &opened);
    let diagram = View::of_change(&graph, &changed).map(|view| view.to_marked_mermaid());
    let read = |revision: &str| {
        let request = HistoryOptions {
            cache: cache::folder().filter(|_| !arguments.no_cache),
            first_parent: false,
            options: options.clone(),
        };
        read_history(directory, revision, &request).ok()
    };
    // A base that is no commit (the index, the empty tree) has the past of HEAD.
    let base = read(&opened.change.base).or_else(|| read("HEAD"));
    let authors = match read(&opened.change.head) {
        Some(head) => authors_since(&head, base.as_ref()),
        None => user_email(directory, &options).into_iter().collect(),
    };
    let history = base.as_ref().map(|read| &read.history);
    let summary = summarise(&report, history, &authors, &uses(&graph, &opened));
    match arguments.format {
        SummaryFormat::Text => output::print(text(&opened.title, &summary))?,
        SummaryFormat::Markdown => output::print(markdown(&summary, diagram.as_deref()))?,
        SummaryFormat::Json => {
            output::print(serde_json::to_string_pretty(&wire(&summary, diagram))? + "\n")?
        }
    }
    if base.is_none() && !global.quiet {
        output::remark(
            "there is no history: nothing is said of reviewers, churn and what changes together",
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Which changed files use what is in another changed file, the user first.
fn uses(graph: &Graph, opened: &Opened) -> Vec<(RepoPath, RepoPath)> {
    let files = opened.change.files.iter();
    let changed: HashSet<FileId> = files
        .filter_map(|file| graph.file_at(file.path()))
        .collect();
    let mut uses: Vec<(FileId, FileId)> = changed
        .iter()
        .flat_map(|&file| graph.definitions_of(file))
        .flat_map(|id| graph.outgoing(id))
        .filter(|edge| edge.certainty == Certainty::Resolved)
        .map(|edge| (graph.file_of(edge.from), graph.file_of(edge.to)))
        .filter(|(user, used)| user != used && changed.contains(used))
        .collect();
    uses.sort_unstable();
    uses.dedup();
    let path = |file: FileId| graph.file(file).path.clone();
    uses.into_iter()
        .map(|(user, used)| (path(user), path(used)))
        .collect()
}

/// The addresses of who wrote the commits that the base does not have.
fn authors_since(head: &HistoryRead, base: Option<&HistoryRead>) -> Vec<String> {
    let known: HashSet<&str> = base
        .iter()
        .flat_map(|base| &base.history.commits)
        .map(|commit| commit.id.as_str())
        .collect();
    let commits = head.history.commits.iter();
    let mut authors: Vec<String> = commits
        .filter(|commit| !known.contains(commit.id.as_str()))
        .map(|commit| head.history.people[commit.author as usize].email.clone())
        .collect();
    authors.sort_unstable();
    authors.dedup();
    authors
}

fn text(title: &str, summary: &Summary) -> String {
    let mut out = format!("{title}\n\n");
    for (kind, (files, added, removed)) in &summary.kinds {
        let files = output::count(*files, "file");
        let _ = writeln!(out, "  {:<14} {files}, +{added} -{removed}", kind.as_str());
    }
    let _ = writeln!(
        out,
        "\nRisk {} of 100 ({}), effort {} of 5",
        summary.risk,
        summary.risk_word(),
        summary.effort
    );
    for reason in &summary.reasons {
        let _ = writeln!(out, "  +{:<3} {}", reason.points, reason.text);
    }
    if !summary.files.is_empty() {
        out.push_str("\nRead in this order\n");
    }
    for file in &summary.files {
        let notes = if file.notes.is_empty() {
            String::new()
        } else {
            format!(": {}", file.notes.join("; "))
        };
        let _ = writeln!(
            out,
            "  {} (+{} -{}){notes}",
            file.path, file.added, file.removed
        );
    }
    put_list(&mut out, "\nTest", &summary.focus, "  ");
    put_list(&mut out, "\nUsually changes too", &partners(summary), "  ");
    put_list(&mut out, "\nCould review it", &reviewers(summary), "  ");
    if !summary.labels.is_empty() {
        let _ = writeln!(out, "\nLabels: {}", summary.labels.join(", "));
    }
    out
}

fn markdown(summary: &Summary, diagram: Option<&str>) -> String {
    let mut out = format!(
        "### Summary\n\n**Risk** {} of 100 ({}) · **effort** {} of 5 · {}\n\n| what | files | lines |\n| --- | --- | --- |\n",
        summary.risk,
        summary.risk_word(),
        summary.effort,
        summary.labels.join(", ")
    );
    for (kind, (files, added, removed)) in &summary.kinds {
        let _ = writeln!(out, "| {} | {files} | +{added} -{removed} |", kind.as_str());
    }
    if !summary.reasons.is_empty() {
        out.push_str("\nThe risk comes from:\n\n");
    }
    for reason in &summary.reasons {
        let _ = writeln!(out, "- {} ({})", escape(&reason.text), reason.points);
    }
    out.push_str("\n<details><summary>Files in the order in which to read them</summary>\n\n");
    for file in &summary.files {
        let notes = if file.notes.is_empty() {
            String::new()
        } else {
            format!(": {}", escape(&file.notes.join("; ")))
        };
        let _ = writeln!(
            out,
            "1. {} (+{} -{}){notes}",
            escape(&file.path.to_display()),
            file.added,
            file.removed
        );
    }
    out.push_str("\n</details>\n");
    if let Some(diagram) = diagram {
        let _ = write!(
            out,
            "\n**Changed call paths** (with a thick line: what changed)\n\n```mermaid\n{diagram}```\n"
        );
    }
    let escaped = |list: Vec<String>| list.iter().map(|text| escape(text)).collect::<Vec<_>>();
    put_list(
        &mut out,
        "\n**Test**\n",
        &escaped(summary.focus.clone()),
        "- ",
    );
    put_list(
        &mut out,
        "\n**Usually changes too**\n",
        &escaped(partners(summary)),
        "- ",
    );
    put_list(
        &mut out,
        "\n**Could review it**\n",
        &escaped(reviewers(summary)),
        "- ",
    );
    out
}

fn put_list(out: &mut String, title: &str, list: &[String], mark: &str) {
    if list.is_empty() {
        return;
    }
    let _ = writeln!(out, "{title}");
    for text in list {
        let _ = writeln!(out, "{mark}{text}");
    }
}

fn partners(summary: &Summary) -> Vec<String> {
    let partner = |one: &assay_review::Partner| {
        format!(
            "{}: in {} of {} changes of {}",
            one.missing, one.together, one.commits, one.changed
        )
    };
    summary.partners.iter().map(partner).collect()
}

fn reviewers(summary: &Summary) -> Vec<String> {
    let reviewer = |one: &assay_review::Reviewer| match one.commits {
        0 => format!("{} works in the same folders", one.name),
        1 => format!(
            "{} changed these files once and wrote {} % of them",
            one.name, one.percent
        ),
        times => format!(
            "{} changed these files {times} times and wrote {} % of them",
            one.name, one.percent
        ),
    };
    summary.reviewers.iter().map(reviewer).collect()
}

/// Names from the change are text, whatever they hold; only code marks stay.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '*' | '_' | '[' | ']' | '|' | '#' | '@' | '!' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[derive(Serialize)]
struct WireSummary {
    risk: u32,
    risk_level: &'static str,
    reasons: Vec<WireReason>,
    effort: u32,
    labels: Vec<&'static str>,
    kinds: Vec<WireKind>,
    files: Vec<WireFile>,
    test_focus: Vec<String>,
    reviewers: Vec<WireReviewer>,
    usually_change_too: Vec<WirePartner>,
    /// The changed call paths as a Mermaid flow chart; null when there are too few.
    diagram: Option<String>,
}

#[derive(Serialize)]
struct WireReason {
    points: u32,
    text: String,
}

#[derive(Serialize)]
struct WireKind {
    kind: &'static str,
    files: usize,
    added: u64,
    removed: u64,
}

#[derive(Serialize)]
struct WireFile {
    path: String,
    kind: &'static str,
    added: u64,
    removed: u64,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct WireReviewer {
    name: String,
    email: String,
    percent: u32,
    commits: u32,
}

#[derive(Serialize)]
struct WirePartner {
    changed: String,
    missing: String,
    together: u32,
    commits: u32,
}

fn wire(summary: &Summary, diagram: Option<String>) -> WireSummary {
    WireSummary {
        diagram,
        risk: summary.risk,
        risk_level: summary.risk_word(),
        reasons: summary
            .reasons
            .iter()
            .map(|one| WireReason {
                points: one.points,
                text: one.text.clone(),
            })
            .collect(),
        effort: summary.effort,
        labels: summary.labels.clone(),
        kinds: summary
            .kinds
            .iter()
            .map(|(kind, &(files, added, removed))| WireKind {
                kind: kind.as_str(),
                files,
                added,
                removed,
            })
            .collect(),
        files: summary
            .files
            .iter()
            .map(|file| WireFile {
                path: file.path.to_display(),
                kind: file.kind.as_str(),
                added: file.added,
                removed: file.removed,
                notes: file.notes.clone(),
            })
            .collect(),
        test_focus: summary.focus.clone(),
        reviewers: summary
            .reviewers
            .iter()
            .map(|one| WireReviewer {
                name: one.name.clone(),
                email: one.email.clone(),
                percent: one.percent,
                commits: one.commits,
            })
            .collect(),
        usually_change_too: summary
            .partners
            .iter()
            .map(|one| WirePartner {
                changed: one.changed.to_display(),
                missing: one.missing.to_display(),
                together: one.together,
                commits: one.commits,
            })
            .collect(),
    }
}
