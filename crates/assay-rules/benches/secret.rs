//! What looking for secrets costs, beside one search for the same keywords over
//! the same bytes in the same run.
//!
//! The texts are the sources of the workspace (or of `ASSAY_BENCH_TREE`), each
//! read several times, so that there are tens of megabytes of code, prose and
//! configuration. One thread works, so that time is processor time.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads files and prints figures"
)]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use assay_rules::{find_secrets, secret_keywords};
use assay_source::{RepoPath, SourceText};

/// The whole pass may cost so many times the one search.
const RATIO_MAX: f64 = 3.5;
/// The first text may wait so long for the tables.
const START_MILLISECONDS_MAX: f64 = 100.0;
/// Bytes that are measured.
const BYTES_MIN: usize = 40 << 20;
const ROUNDS: usize = 5;
const FILE_BYTES_MAX: u64 = 2 << 20;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("ASSAY_BENCH_TREE").map_or(root, PathBuf::from);
    let files = read(&folder);
    let one: usize = files.iter().map(|(_, text)| text.as_str().len()).sum();
    let times = BYTES_MIN.div_ceil(one.max(1));
    let megabytes = (one * times) as f64 / 1e6;
    println!(
        "{} files, {megabytes:.0} MB in {times} readings",
        files.len()
    );

    let started = Instant::now();
    let empty = SourceText::from_text("password");
    black_box(find_secrets(&RepoPath::from("a.txt"), &empty));
    let start = started.elapsed().as_secs_f64() * 1e3;
    println!("start: {start:.1} ms (limit {START_MILLISECONDS_MAX})");

    let search = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        // The fastest kind, which the library does not choose by itself for so
        // many words.
        .kind(Some(AhoCorasickKind::DFA))
        .build(secret_keywords())
        .expect("the keywords are few and short");
    let mut hits = 0;
    let searching = best(|| {
        hits = 0;
        for _ in 0..times {
            for (_, text) in &files {
                hits += black_box(search.find_iter(text.as_str()).count());
            }
        }
    });
    let mut found = 0;
    let finding = best(|| {
        found = 0;
        for _ in 0..times {
            for (path, text) in &files {
                found += black_box(find_secrets(path, text).len());
            }
        }
    });
    let ratio = finding.as_secs_f64() / searching.as_secs_f64();
    println!(
        "search for {} keywords: {:.3} s, {:.0} MB/s, {hits} hits",
        secret_keywords().len(),
        searching.as_secs_f64(),
        megabytes / searching.as_secs_f64()
    );
    println!(
        "secrets: {:.3} s, {:.0} MB/s, {found} found; {ratio:.2} times the search (limit {RATIO_MAX})",
        finding.as_secs_f64(),
        megabytes / finding.as_secs_f64()
    );
    match ratio <= RATIO_MAX && start <= START_MILLISECONDS_MAX {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// The best of some rounds: what the work takes when nothing disturbs it.
fn best(mut work: impl FnMut()) -> Duration {
    let time = |_| {
        let started = Instant::now();
        work();
        started.elapsed()
    };
    (0..ROUNDS).map(time).min().unwrap_or_default()
}

/// Reads the texts below a folder that are no build output.
fn read(folder: &Path) -> Vec<(RepoPath, SourceText)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(here) = folders.pop() {
        let mut entries: Vec<_> = std::fs::read_dir(&here)
            .map(|entries| entries.filter_map(Result::ok).collect())
            .unwrap_or_default();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() && name != "target" && name != ".git" {
                folders.push(entry.path());
            }
            let small = entry
                .metadata()
                .is_ok_and(|data| data.len() <= FILE_BYTES_MAX);
            if kind.is_file()
                && small
                && let Ok(bytes) = std::fs::read(entry.path())
                && let Ok(text) = SourceText::decode(bytes)
            {
                let path = entry.path();
                let relative = path.strip_prefix(folder).unwrap_or(&path);
                files.push((RepoPath::from(relative.to_string_lossy().as_ref()), text));
            }
        }
    }
    files
}
