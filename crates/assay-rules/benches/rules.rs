//! What running the rules costs, against parsing the same texts, and how little
//! of it depends on how many rules there are.
//!
//! `cargo bench -p assay-rules --bench rules` times parsing, all rules, the rules
//! without those that are data, and half of those that are data, in turns in one
//! run. `ASSAY_BENCH_TREE=/some/folder` measures a real tree, which the figures
//! are about; without it the examples of the rules are read, which are all hits
//! and so the worst there is.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads the disk and the clock, and prints what it measured"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fs, hint};

use assay_rules::{Engine, FileInput, RuleSettings, RuleStatement, rules};
use assay_source::{RepoPath, SourceText};
use assay_syntax::{Language, ParseLimits, ParsedFile, detect, language_by_name, parse};

const ROUNDS: usize = 7;
/// Files beyond this are not read: the figures do not change any more.
const CORPUS_BYTES_MAX: usize = 24_000_000;
/// The rules that are data may cost so much of parsing a real tree.
const RATIO_MAX: f64 = 0.20;

struct Source {
    path: RepoPath,
    language: &'static Language,
    text: Arc<SourceText>,
}

fn main() -> ExitCode {
    let tree = std::env::var_os("ASSAY_BENCH_TREE").map(PathBuf::from);
    let sources = match &tree {
        Some(folder) => real(folder),
        None => examples(),
    };
    let bytes: usize = sources
        .iter()
        .map(|source| source.text.as_str().len())
        .sum();
    let parsed: Vec<ParsedFile> = sources.iter().map(parsed).collect();
    let engines = [engine(&[]), engine(&data_rules(1)), engine(&data_rules(2))];
    let mut times = [Duration::MAX; 4];
    for _ in 0..ROUNDS {
        let mut keep = |at: usize, started: Instant| {
            times[at] = times[at].min(started.elapsed());
        };
        let started = Instant::now();
        sources.iter().for_each(|source| {
            hint::black_box(self::parsed(source));
        });
        keep(0, started);
        for (at, engine) in engines.iter().enumerate() {
            let started = Instant::now();
            for (source, parsed) in sources.iter().zip(&parsed) {
                let input = FileInput::new(&source.path, &source.text, Some(parsed));
                hint::black_box(engine.run(&input));
            }
            keep(at + 1, started);
        }
    }
    let [parse, all, without, half] = times.map(|time| time.as_secs_f64());
    let of_parse = |time: f64| time / parse;
    let (data, half) = (of_parse(all - without), of_parse(half - without));
    println!(
        "{} files, {bytes} bytes, {} rules, {} of them data",
        sources.len(),
        rules().len(),
        data_rules(1).len()
    );
    println!("parse {:.1} ms, rules {:.1} ms", parse * 1e3, all * 1e3);
    println!("all rules / parse: {:.3}", of_parse(all));
    println!("rules that are data / parse: {data:.3} (half of them: {half:.3})");
    if tree.is_none() || data <= RATIO_MAX {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn parsed(source: &Source) -> ParsedFile {
    parse(&source.text, source.language, &ParseLimits::default())
}

/// Returns every n-th rule of the packs that are data.
fn data_rules(step: usize) -> Vec<&'static str> {
    rules()
        .iter()
        .filter(|rule| matches!(rule.pack(), "security" | "performance"))
        .step_by(step)
        .map(|rule| rule.id())
        .collect()
}

fn engine(off: &[&str]) -> Engine {
    let statements = off
        .iter()
        .map(|id| RuleStatement {
            pattern: (*id).into(),
            enabled: Some(false),
            ..RuleStatement::default()
        })
        .collect();
    Engine::new(&RuleSettings { statements }).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn examples() -> Vec<Source> {
    let mut sources = Vec::new();
    for rule in rules() {
        for example in &rule.document().examples {
            if let Some(language) = language_by_name(&example.language) {
                sources.push(Source {
                    path: RepoPath::from("src/shop"),
                    language,
                    text: Arc::new(SourceText::from_text(example.unmarked().0.as_str())),
                });
            }
        }
    }
    sources
}

fn real(folder: &Path) -> Vec<Source> {
    let (mut folders, mut sources) = (vec![folder.to_owned()], Vec::new());
    let mut bytes = 0;
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() && !path.is_symlink() && !path.ends_with(".git") {
                folders.push(path);
                continue;
            }
            let name = path.to_string_lossy().into_owned();
            let text = fs::read(&path)
                .ok()
                .and_then(|bytes| SourceText::decode(bytes).ok());
            let Some(text) = text else { continue };
            let name = RepoPath::from(name.as_str());
            let language = detect(&name, text.as_str()).filter(|found| !found.is_data_only());
            let Some(language) = language else { continue };
            bytes += text.as_str().len();
            if bytes > CORPUS_BYTES_MAX {
                return sources;
            }
            sources.push(Source {
                path: name,
                language,
                text: Arc::new(text),
            });
        }
    }
    sources
}
