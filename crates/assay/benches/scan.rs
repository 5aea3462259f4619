//! What a scan costs, against a parser that reads the same files and does
//! nothing else; and what parsing costs with each further step.
//!
//! `cargo bench -p assay --bench scan` makes a tree from the fixtures of all
//! languages; `ASSAY_BENCH_TREE=/some/folder` measures a real one. Each part
//! runs on all cores in one process; processor time is what is compared. A
//! ratio over its limit is an error.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads the disk and the clock, and prints what it measured"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use assay_finding::Category;
use assay_git::{Input, Opened, Options};
use assay_review::{NoProgress, Settings, Subject, review};
use assay_rules::RuleStatement;
use assay_source::SourceText;
use assay_syntax::{Language, detect, parse_alone, parse_and_visit};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use support::{Cost, best, fixtures, today};

/// A scan with everything on may cost so many times parsing alone.
const SCAN_RATIO_MAX: f64 = 4.0;
/// Without the rules about security, performance and packages: metrics, smells,
/// correctness, clones. Secrets are looked for all the same, to be masked.
const QUALITY_RATIO_MAX: f64 = 1.7;
/// A scan of about 500,000 lines may hold so much memory.
const MEMORY_MEGABYTES_MAX: u64 = 300;
/// The tree that is made has about so many lines.
const LINES: usize = 200_000;

fn main() -> ExitCode {
    let made;
    let folder = match std::env::var_os("ASSAY_BENCH_TREE") {
        Some(folder) => PathBuf::from(folder),
        None => {
            made = make_tree();
            made.path().to_path_buf()
        }
    };
    let scan = scan_seconds(&folder, &Settings::new("bench", today()));
    let quality = scan_seconds(&folder, &quality_settings());
    let memory = memory_peak_megabytes();
    let opened = open(&folder);
    let sources = sources(&opened);
    let lines: u64 = sources
        .iter()
        .map(|(text, _)| u64::from(text.lines().line_count()))
        .sum();
    let alone = best(|| {
        sources.par_iter().for_each(|(text, language)| {
            parse_alone(text.as_str(), language);
        });
    });
    let visit = best(|| {
        sources.par_iter().for_each(|(text, language)| {
            parse_and_visit(text.as_str(), language);
        });
    });
    let ratio = scan.processor / alone.processor;
    let quality_ratio = quality.processor / alone.processor;
    println!("{} files, {lines} lines", sources.len());
    println!(
        "parse alone      {:6.2} s of processor time, {:6.2} s",
        alone.processor, alone.wall
    );
    println!(
        "parse and visit  {:6.2} s of processor time, {:6.2} s",
        visit.processor, visit.wall
    );
    println!(
        "scan             {:6.2} s of processor time, {:6.2} s",
        scan.processor, scan.wall
    );
    println!(
        "quality alone    {:6.2} s of processor time, {:6.2} s",
        quality.processor, quality.wall
    );
    println!("scan to parse alone: {ratio:.2} (limit {SCAN_RATIO_MAX})");
    println!("quality alone to parse alone: {quality_ratio:.2} (limit {QUALITY_RATIO_MAX})");
    println!("cores used by the scan: {:.2}", scan.processor / scan.wall);
    println!("memory after the scan: {memory} MB at most (limit {MEMORY_MEGABYTES_MAX})");
    let is_fast = ratio <= SCAN_RATIO_MAX && quality_ratio <= QUALITY_RATIO_MAX;
    if is_fast && memory <= MEMORY_MEGABYTES_MAX {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn quality_settings() -> Settings {
    let mut settings = Settings::new("bench", today());
    for rule in assay_rules::rules() {
        let category = rule.meta().category;
        if matches!(
            category,
            Category::Security | Category::Performance | Category::Dependency
        ) {
            settings.rules.statements.push(RuleStatement {
                pattern: rule.id().to_owned(),
                enabled: Some(false),
                ..RuleStatement::default()
            });
        }
    }
    settings
}

/// A scan as the command does it, from the walk over the folder to the report.
fn scan_seconds(folder: &Path, settings: &Settings) -> Cost {
    best(|| {
        let opened = open(folder);
        let subject = Subject {
            change: &opened.change,
            tree: &*opened.tree,
            is_scan: true,
        };
        let report = review(subject, settings, &NoProgress);
        assert!(report.problems.is_empty(), "{:?}", report.problems);
    })
}

fn open(folder: &Path) -> Opened {
    let input = Input::Scan {
        path: folder.to_path_buf(),
    };
    assay_git::open(folder, &input, &Options::default()).expect("the folder can be opened")
}

/// The files that the scan parses.
fn sources(opened: &Opened) -> Vec<(Arc<SourceText>, &'static Language)> {
    opened
        .change
        .files
        .iter()
        .filter_map(|file| {
            let bytes = opened
                .tree
                .read(file.head.as_ref()?, 2 * 1024 * 1024)
                .ok()?;
            let text = SourceText::decode(bytes).ok()?;
            let language = detect(file.path(), text.as_str())?;
            Some((Arc::new(text), language))
        })
        .collect()
}

/// Writes the fixtures of all languages again and again, each copy with names
/// of its own so that it is not a copy of the one before.
fn make_tree() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let fixtures = fixtures();
    let (mut lines, mut round) = (0, 0);
    while lines < LINES {
        for (language, ending, text) in &fixtures {
            let text = text
                .replace("value", &format!("value{round}"))
                .replace("name", &format!("name{round}"));
            lines += text.lines().count();
            let path = folder.path().join(format!("{language}{round}.{ending}"));
            fs::write(path, text).expect("the temporary folder takes files");
        }
        round += 1;
    }
    folder
}

fn memory_peak_megabytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("benches run on Linux");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap_or("0 kB");
    line.trim()
        .trim_end_matches(" kB")
        .parse::<u64>()
        .unwrap_or(0)
        / 1024
}
