//! `assay history`: what the past says of files. It tells of files; people are
//! named only as the owners of one file that was asked for, and never ranked.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use assay_git::{HistoryOptions, HistoryRead, Input, Options, read_history};
use assay_source::{
    CoChange, CoChangeLimits, FileHistory, FileTree, History, RepoPath, SourceText, co_changes,
    file_histories,
};
use assay_syntax::{MetricOptions, ParseLimits, detect, measure, parse};
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde::Serialize;

use crate::arguments::{Global, HistoryArguments, TextFormat};
use crate::{cache, output};

/// Files whose complexity is looked at, those that changed most often.
const MEASURED_MAX: usize = 300;
/// Bytes of a file that is measured.
const MEASURED_BYTES_MAX: u64 = 2 << 20;
/// Owners of one file that are named.
const OWNERS_MAX: usize = 8;

pub(crate) fn run(global: &Global, arguments: &HistoryArguments) -> anyhow::Result<ExitCode> {
    let directory = global.directory.as_deref().unwrap_or(Path::new("."));
    let options = Options {
        threads: global.threads.map(usize::from),
        ..Options::default()
    };
    let request = HistoryOptions {
        cache: cache::folder().filter(|_| !arguments.no_cache),
        first_parent: arguments.first_parent,
        options: options.clone(),
    };
    let read = read_history(directory, &arguments.rev, &request)?;
    // The contents of the commit, to measure files.
    let input = Input::Range {
        base: arguments.rev.clone(),
        head: arguments.rev.clone(),
        merge_base: false,
    };
    let opened = assay_git::open(directory, &input, &options)?;
    let view = View::new(&read, arguments, &*opened.tree)?;
    match arguments.format {
        TextFormat::Json => output::print(serde_json::to_string_pretty(&view)? + "\n")?,
        TextFormat::Text => output::print(view.text())?,
    }
    if !global.quiet {
        for note in &read.history.notes {
            output::remark(note);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is shown.
#[derive(Serialize)]
struct View {
    head: String,
    commits: usize,
    commits_read_now: usize,
    files: usize,
    notes: Vec<String>,
    hot_spots: Vec<FileRow>,
    change_together: Vec<PairRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<FileView>,
}

/// A file among others: no names.
#[derive(Serialize)]
struct FileRow {
    path: String,
    /// Changes times complexity.
    score: u64,
    commits: u32,
    added: u64,
    removed: u64,
    complexity: u32,
    lines: u32,
    last_change: Option<String>,
    median_line: Option<String>,
    authors: usize,
    main_owner_percent: u32,
}

/// Two files that change together.
#[derive(Serialize)]
struct PairRow {
    one: String,
    other: String,
    together: u32,
    one_commits: u32,
    other_commits: u32,
}

/// The one file that was asked for.
#[derive(Serialize)]
struct FileView {
    #[serde(flatten)]
    row: FileRow,
    owners: Vec<OwnerRow>,
    lines_by_commit: Vec<LineRow>,
}

#[derive(Serialize)]
struct OwnerRow {
    name: String,
    email: String,
    lines: u32,
    percent: u32,
    commits: u32,
}

#[derive(Serialize)]
struct LineRow {
    start: u32,
    count: u32,
    commit: Option<String>,
}

impl View {
    fn new(
        read: &HistoryRead,
        arguments: &HistoryArguments,
        tree: &dyn FileTree,
    ) -> anyhow::Result<Self> {
        let history = &read.history;
        let name = |path: u32| history.paths[path as usize].to_display();
        let wanted = arguments.path.as_deref().map(|path| {
            let path = path.strip_prefix("./").unwrap_or(path);
            path.trim_end_matches('/').to_owned()
        });
        let wanted = wanted.filter(|path| !path.is_empty() && path != ".");
        let mut files = file_histories(history);
        files.retain(|file| match &wanted {
            None => true,
            Some(path) => is_below(&history.paths[file.path as usize], path),
        });
        if let (Some(path), true) = (&wanted, files.is_empty()) {
            anyhow::bail!("there is no file {path} in {}", arguments.rev);
        }
        let only = match (&wanted, files.as_slice()) {
            (Some(path), [file]) if name(file.path) == *path => Some(file.clone()),
            _ => None,
        };
        files.sort_by_key(|file| std::cmp::Reverse(file.commits));
        let complexity = complexities(history, &files[..files.len().min(MEASURED_MAX)], tree);
        let row = |file: &FileHistory| row(history, file, &complexity);
        let mut hot_spots: Vec<FileRow> =
            files.iter().map(row).filter(|row| row.score > 0).collect();
        hot_spots.sort_by(|one, other| {
            other
                .score
                .cmp(&one.score)
                .then_with(|| one.path.cmp(&other.path))
        });
        hot_spots.truncate(arguments.top);
        let here = |path: u32| match &wanted {
            None => true,
            Some(wanted) => is_below(&history.paths[path as usize], wanted),
        };
        let pair = |pair: CoChange| PairRow {
            one: name(pair.one),
            other: name(pair.other),
            together: pair.together,
            one_commits: pair.one_commits,
            other_commits: pair.other_commits,
        };
        let pairs = co_changes(history, &CoChangeLimits::default());
        Ok(Self {
            head: history.head.clone(),
            commits: history.commits.len(),
            commits_read_now: read.read,
            files: files.len(),
            notes: history.notes.clone(),
            change_together: pairs
                .into_iter()
                .filter(|pair| here(pair.one) || here(pair.other))
                .take(arguments.top)
                .map(pair)
                .collect(),
            file: only.map(|file| file_view(history, &file, row(&file))),
            hot_spots,
        })
    }

    fn text(&self) -> String {
        let mut out = format!(
            "{} to {}, {}\n",
            output::count(self.commits, "commit"),
            &self.head[..self.head.len().min(10)],
            output::count(self.files, "file")
        );
        if let Some(file) = &self.file {
            put_file(&mut out, file);
        } else if !self.hot_spots.is_empty() {
            out.push_str("\nHot spots: changed often, and complex\n");
            out.push_str("  changes  complexity  lines  authors  main owner  last change  median line  file\n");
            for row in &self.hot_spots {
                let _ = writeln!(
                    out,
                    "  {:>7}  {:>10}  {:>5}  {:>7}  {:>9}%  {:>11}  {:>11}  {}",
                    row.commits,
                    row.complexity,
                    row.lines,
                    row.authors,
                    row.main_owner_percent,
                    row.last_change.as_deref().unwrap_or("-"),
                    row.median_line.as_deref().unwrap_or("-"),
                    row.path
                );
            }
        }
        if !self.change_together.is_empty() {
            out.push_str("\nUsually change together\n");
            for pair in &self.change_together {
                let _ = writeln!(
                    out,
                    "  {} times; {} of {}: {}, {} of {}: {}",
                    pair.together,
                    pair.together,
                    pair.one_commits,
                    pair.one,
                    pair.together,
                    pair.other_commits,
                    pair.other
                );
            }
        }
        out
    }
}

fn put_file(out: &mut String, file: &FileView) {
    let row = &file.row;
    let _ = writeln!(
        out,
        "\n{}\n  {} changes (+{} -{} lines) by {} authors, the last on {}\n  {} lines, complexity {}, half of the lines written before {}",
        row.path,
        row.commits,
        row.added,
        row.removed,
        row.authors,
        row.last_change
            .as_deref()
            .unwrap_or("a day that is not known"),
        row.lines,
        row.complexity,
        row.median_line
            .as_deref()
            .unwrap_or("a day that is not known"),
    );
    if !file.owners.is_empty() {
        out.push_str("\nWhose lines they are\n");
    }
    for owner in file.owners.iter().take(OWNERS_MAX) {
        let _ = writeln!(
            out,
            "  {:>3}%  {} lines, {} commits  {}",
            owner.percent, owner.lines, owner.commits, owner.name
        );
    }
    if file.owners.len() > OWNERS_MAX {
        let _ = writeln!(out, "  and {} others", file.owners.len() - OWNERS_MAX);
    }
}

fn is_below(path: &RepoPath, wanted: &str) -> bool {
    path.as_bytes()
        .strip_prefix(wanted.as_bytes())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

fn row(history: &History, file: &FileHistory, complexity: &HashMap<u32, u32>) -> FileRow {
    let complexity = complexity.get(&file.path).copied().unwrap_or(0);
    let owned: u32 = file.shares.iter().map(|share| share.lines).sum();
    let main = file.shares.first().map_or(0, |share| share.lines);
    FileRow {
        path: history.paths[file.path as usize].to_display(),
        score: u64::from(file.commits) * u64::from(complexity),
        commits: file.commits,
        added: file.added,
        removed: file.removed,
        complexity,
        lines: file.lines,
        last_change: file.changed.map(|(_, last)| day(last)),
        median_line: file.median_line_seconds.map(day),
        authors: file.shares.iter().filter(|share| share.commits > 0).count(),
        main_owner_percent: percent(main, owned),
    }
}

fn file_view(history: &History, file: &FileHistory, row: FileRow) -> FileView {
    let owned: u32 = file.shares.iter().map(|share| share.lines).sum();
    let owners = file
        .shares
        .iter()
        .filter(|share| share.lines > 0)
        .map(|share| {
            let person = &history.people[share.person as usize];
            OwnerRow {
                name: person.name.clone(),
                email: person.email.clone(),
                lines: share.lines,
                percent: percent(share.lines, owned),
                commits: share.commits,
            }
        });
    let lines = history.files.iter().filter(|other| other.path == file.path);
    FileView {
        owners: owners.collect(),
        lines_by_commit: lines
            .flat_map(|file| &file.lines)
            .map(|run| LineRow {
                start: run.start,
                count: run.count,
                commit: run.commit.map(|at| history.commits[at as usize].id.clone()),
            })
            .collect(),
        row,
    }
}

fn percent(part: u32, all: u32) -> u32 {
    (u64::from(part) * 100 / u64::from(all.max(1))) as u32
}

/// Returns the day of a time, in UTC.
fn day(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(
        |_| "-".to_owned(),
        |time| time.to_zoned(jiff::tz::TimeZone::UTC).date().to_string(),
    )
}

/// Measures files of the head: the cognitive complexity of all their functions.
fn complexities(
    history: &History,
    files: &[FileHistory],
    tree: &dyn FileTree,
) -> HashMap<u32, u32> {
    let Ok(versions) = tree.list() else {
        return HashMap::new();
    };
    let by_path: HashMap<&RepoPath, _> = versions.iter().map(|one| (&one.path, one)).collect();
    let measured = |file: &FileHistory| {
        let path = &history.paths[file.path as usize];
        let bytes = tree.read(by_path.get(path)?, MEASURED_BYTES_MAX).ok()?;
        let text = Arc::new(SourceText::decode(bytes).ok()?);
        let language = detect(path, text.as_str())?;
        let parsed = parse(&text, language, &ParseLimits::default());
        let options = MetricOptions { halstead: false };
        Some((file.path, measure(&parsed.trees, options).file.cognitive))
    };
    files.par_iter().filter_map(measured).collect()
}
