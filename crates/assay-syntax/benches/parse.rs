//! What a syntax tree costs above the parser that it comes from.
//!
//! `cargo bench -p assay-syntax --bench parse` first times the parser alone, the
//! parser and a walk over its tree, and [`parse`] (which keeps all nodes in an
//! array and gives them their roles), in turns in one run, for each language;
//! then come the absolute times. A ratio over its limit is an error.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads the fixtures and the clock, and says what it measured"
)]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fs, hint, path};

use assay_source::SourceText;
use assay_syntax::{
    Language, ParseLimits, detect, imports, languages, parse, parse_and_visit, symbols,
};
use divan::Bencher;
use divan::counter::BytesCount;

/// The fixture of a language is read so often that it makes about this much. A
/// fixture written several times into one text would be full of errors (a second
/// `module` of Java), which are watched and cost more, see `recovery.rs`.
const TOTAL_BYTES: usize = 100_000;
const ROUNDS: usize = 11;
/// The array may cost so many times parsing and walking, over all languages.
const RATIO_MAX: f64 = 1.10;

type Source = (&'static Language, Arc<SourceText>);

fn main() -> ExitCode {
    let is_within = compare();
    divan::main();
    if is_within {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// One source of each language that has functions.
fn corpus() -> Vec<Source> {
    languages()
        .iter()
        .filter(|language| !language.is_data_only())
        .filter_map(|language| {
            let fixture = fixture(language)?;
            Some((language, Arc::new(SourceText::from_text(fixture))))
        })
        .collect()
}

fn fixture(language: &Language) -> Option<String> {
    let folder = path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("languages")
        .join(language.id().as_str());
    let path = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.file_stem().is_some_and(|stem| stem == "fixture"))?;
    fs::read_to_string(path).ok()
}

/// Returns how often a source is read.
fn reads(source: &Source) -> usize {
    TOTAL_BYTES.div_ceil(source.1.as_str().len())
}

/// Times the steps in turns on one source; the best time of each counts.
fn time<const N: usize>(source: &Source, steps: [fn(&Source) -> usize; N]) -> [Duration; N] {
    let mut best = [Duration::MAX; N];
    for _ in 0..ROUNDS {
        for (step, best) in steps.iter().zip(&mut best) {
            let start = Instant::now();
            for _ in 0..reads(source) {
                hint::black_box(step(source));
            }
            *best = (*best).min(start.elapsed());
        }
    }
    best
}

fn walked((language, text): &Source) -> usize {
    parse_and_visit(text.as_str(), language)
}

fn kept((language, text): &Source) -> usize {
    parse(text, language, &ParseLimits::default()).trees.len()
}

fn named((language, text): &Source) -> usize {
    let file = parse(text, language, &ParseLimits::default());
    let found = |tree| symbols(tree).len() + imports(tree).len();
    file.trees.iter().map(found).sum()
}

fn compare() -> bool {
    println!("language      walk MB/s  keep/walk  and names/walk");
    let mut sums = [0.0; 3];
    for source in &corpus() {
        let times = time(source, [walked, kept, named]).map(|time| time.as_secs_f64());
        for (sum, time) in sums.iter_mut().zip(times) {
            *sum += time;
        }
        let megabytes = (reads(source) * source.1.as_str().len()) as f64 / 1e6;
        println!(
            "{:12}  {:9.1}  {:9.3}  {:9.3}",
            source.0.id().as_str(),
            megabytes / times[0],
            times[1] / times[0],
            times[2] / times[0],
        );
    }
    let [walk, keep, name] = sums;
    let is_within = keep / walk <= RATIO_MAX;
    println!(
        "all           {:9}  {:9.3}  {:9.3}  limit of keeping {RATIO_MAX:.2}{}",
        "",
        keep / walk,
        name / walk,
        if is_within { "" } else { ": over it" },
    );
    is_within
}

fn source(id: &str) -> Source {
    let mut corpus = corpus().into_iter();
    let found = corpus.find(|(language, _)| language.id().as_str() == id);
    found.expect("the languages below have fixtures")
}

const LANGUAGES: [&str; 6] = ["python", "typescript", "java", "go", "rust", "cpp"];

#[divan::bench(args = LANGUAGES, sample_count = 20)]
fn parser_and_walk(bencher: Bencher<'_, '_>, id: &str) {
    let source = source(id);
    bencher
        .counter(BytesCount::of_str(source.1.as_str()))
        .bench(|| walked(&source));
}

#[divan::bench(args = LANGUAGES, sample_count = 20)]
fn parse_to_array(bencher: Bencher<'_, '_>, id: &str) {
    let source = source(id);
    bencher
        .counter(BytesCount::of_str(source.1.as_str()))
        .bench(|| kept(&source));
}

#[divan::bench(sample_count = 20)]
fn detection(bencher: Bencher<'_, '_>) {
    let text = "class Entry;\n".repeat(1000);
    let paths = [
        "src/a.h",
        "src/main.py",
        "Makefile",
        "tool",
        "x/y/z.component.ts",
    ];
    let paths = paths.map(assay_source::RepoPath::from);
    bencher.bench(|| {
        let found = paths.iter().filter_map(|path| detect(path, &text));
        found.count()
    });
}
