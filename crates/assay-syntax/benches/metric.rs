//! What metrics cost, against a parser that does nothing else.
//!
//! `cargo bench -p assay-syntax --bench metric` first times everything in one
//! run, in turns, and prints each ratio beside its limit (a ratio over its limit
//! is an error); then come the absolute times of each part.
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
    Language, MetricOptions, ParseLimits, ParsedFile, languages, measure, parse, parse_and_visit,
};
use divan::Bencher;
use divan::counter::BytesCount;

/// All files together are at least so long.
const CORPUS_BYTES: usize = 2_500_000;
/// One file is about so long, as long source files are.
const FILE_BYTES: usize = 60_000;
const ROUNDS: usize = 15;
/// Complexity, nesting, lines and parameters may cost so many times parsing and
/// visiting; the second limit is for Halstead and the maintainability index too.
const PLAIN_RATIO_MAX: f64 = 1.15;
const HALSTEAD_RATIO_MAX: f64 = 1.40;

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

/// Sources of every language that has functions, from the fixtures.
fn corpus() -> Vec<Source> {
    let languages: Vec<_> = languages()
        .iter()
        .filter(|language| !language.is_data_only())
        .filter_map(|language| Some((language, fixture(language)?)))
        .collect();
    let files_each = (CORPUS_BYTES / FILE_BYTES).div_ceil(languages.len());
    let mut corpus = Vec::new();
    for (language, text) in &languages {
        let file = text.repeat(FILE_BYTES.div_ceil(text.len()));
        let source = Arc::new(SourceText::from_text(file));
        corpus.extend((0..files_each).map(|_| (*language, Arc::clone(&source))));
    }
    corpus
}

fn fixture(language: &Language) -> Option<String> {
    let folder = path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("languages")
        .join(language.id().as_str());
    let mut text = String::new();
    for entry in fs::read_dir(folder).ok()? {
        let path = entry.ok()?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        if matches!(stem, Some("fixture" | "metrics")) {
            text.push_str(&fs::read_to_string(path).ok()?);
            text.push('\n');
        }
    }
    (!text.is_empty()).then_some(text)
}

fn bytes(corpus: &[Source]) -> usize {
    corpus.iter().map(|(_, text)| text.as_str().len()).sum()
}

fn parsed((language, text): &Source) -> ParsedFile {
    parse(text, language, &ParseLimits::default())
}

const PLAIN: MetricOptions = MetricOptions { halstead: false };
const FULL: MetricOptions = MetricOptions { halstead: true };

/// The work on one file, by how much is done.
struct Step {
    name: &'static str,
    work: fn(&Source),
    ratio_max: Option<f64>,
}

const STEPS: [Step; 4] = [
    Step {
        name: "parse and visit",
        work: |source| {
            hint::black_box(parse_and_visit(source.1.as_str(), source.0));
        },
        ratio_max: None,
    },
    Step {
        name: "parse into an array",
        work: |source| {
            hint::black_box(parsed(source));
        },
        ratio_max: None,
    },
    Step {
        name: "and measure complexity, nesting, lines, parameters",
        work: |source| {
            hint::black_box(measure(&parsed(source).trees, PLAIN));
        },
        ratio_max: Some(PLAIN_RATIO_MAX),
    },
    Step {
        name: "and measure Halstead's counts, maintainability",
        work: |source| {
            hint::black_box(measure(&parsed(source).trees, FULL));
        },
        ratio_max: Some(HALSTEAD_RATIO_MAX),
    },
];

/// Times all steps in turns on each file, so that a slow moment of the machine
/// hits all alike, and sums up the best time of each.
fn compare() -> bool {
    let corpus = corpus();
    let mut best = vec![[Duration::MAX; STEPS.len()]; corpus.len()];
    for _ in 0..ROUNDS {
        for (source, best) in corpus.iter().zip(&mut best) {
            for (step, best) in STEPS.iter().zip(best) {
                let start = Instant::now();
                (step.work)(source);
                *best = (*best).min(start.elapsed());
            }
        }
    }
    let total = |step: usize| -> Duration { best.iter().map(|best| best[step]).sum() };
    let yardstick = total(0).as_secs_f64();
    println!("{} files, {} bytes", corpus.len(), bytes(&corpus));
    let mut is_within = true;
    for (index, step) in STEPS.iter().enumerate() {
        let time = total(index);
        let ratio = time.as_secs_f64() / yardstick;
        let verdict = match step.ratio_max {
            Some(limit) if ratio > limit => {
                is_within = false;
                format!("over the limit of {limit:.2}")
            }
            Some(limit) => format!("limit {limit:.2}"),
            None => String::new(),
        };
        println!("{:52} {time:>10.2?}  {ratio:.3}  {verdict}", step.name);
    }
    is_within
}

#[divan::bench(args = [0, 1, 2, 3], sample_count = 10)]
fn step(bencher: Bencher<'_, '_>, step: usize) {
    let corpus = corpus();
    bencher
        .counter(BytesCount::new(bytes(&corpus)))
        .bench_local(|| corpus.iter().for_each(STEPS[step].work));
}

#[divan::bench(args = [false, true], sample_count = 10)]
fn measure_only(bencher: Bencher<'_, '_>, halstead: bool) {
    let corpus = corpus();
    let files: Vec<_> = corpus.iter().map(parsed).collect();
    bencher
        .counter(BytesCount::new(bytes(&corpus)))
        .bench_local(|| {
            for file in &files {
                hint::black_box(measure(&file.trees, MetricOptions { halstead }));
            }
        });
}
