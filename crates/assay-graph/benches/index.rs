//! What the code graph costs above the parser that it comes from.
//!
//! `ASSAY_BENCH_TREE=FOLDER cargo bench -p assay-graph` measures a whole tree; without
//! it, `cargo bench -p assay-graph` times the parser alone, reading the facts of a
//! text (parser, tree, facts, bytes), and taking kept facts back, in turns in one
//! run, for each language. A ratio over its limit is an error.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads the fixtures and the clock, and says what it measured"
)]

mod tree;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fs, hint, path};

use assay_graph::{Graph, SourceFile, decode, encode, extract};
use assay_source::{RepoPath, SourceText};
use assay_syntax::{Language, ParseLimits, languages, parse, parse_alone};

/// A file is the fixture of its language, repeated to about this length.
const FILE_BYTES: usize = 60_000;
const ROUNDS: usize = 7;
/// Reading facts may cost so many times the parser alone, over all languages.
const RATIO_MAX: f64 = 2.0;
/// The graph that is put together has so many files.
const GRAPH_FILES: usize = 200;

struct Source {
    language: &'static Language,
    text: Arc<SourceText>,
    /// The facts as they are kept.
    kept: Vec<u8>,
}

fn main() -> ExitCode {
    if let Some(folder) = std::env::var_os("ASSAY_BENCH_TREE") {
        return match tree::measure(path::Path::new(&folder)) {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        };
    }
    println!("language      parse MB/s  facts/parse  kept/parse");
    let mut sums = [0.0; 3];
    for source in &corpus() {
        let times = time(source, [alone, anew, kept]);
        for (sum, time) in sums.iter_mut().zip(times) {
            *sum += time;
        }
        let megabytes = source.text.as_str().len() as f64 / 1e6;
        println!(
            "{:12}  {:10.1}  {:11.3}  {:10.3}",
            source.language.id().as_str(),
            megabytes / times[0],
            times[1] / times[0],
            times[2] / times[0],
        );
    }
    let [parse, facts, kept] = sums;
    let is_within = facts / parse <= RATIO_MAX;
    println!(
        "all           {:10}  {:11.3}  {:10.3}  limit of facts {RATIO_MAX:.2}{}",
        "",
        facts / parse,
        kept / parse,
        if is_within { "" } else { ": over it" },
    );
    put_together();
    match is_within {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn facts_of(language: &'static Language, text: &Arc<SourceText>) -> Option<assay_graph::Facts> {
    extract(&parse(text, language, &ParseLimits::default()))
}

/// One source of each language that has functions.
fn corpus() -> Vec<Source> {
    languages()
        .iter()
        .filter(|language| !language.is_data_only())
        .filter_map(|language| {
            let fixture = fixture(language)?;
            let text = fixture.repeat(FILE_BYTES.div_ceil(fixture.len()));
            let text = Arc::new(SourceText::from_text(text));
            Some(Source {
                language,
                kept: encode(&facts_of(language, &text)?),
                text,
            })
        })
        .collect()
}

fn fixture(language: &Language) -> Option<String> {
    let folder = path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../assay-syntax/languages")
        .join(language.id().as_str());
    let path = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.file_stem().is_some_and(|stem| stem == "fixture"))?;
    fs::read_to_string(path).ok()
}

/// Times the steps in turns on one source; the best time of each counts.
fn time(source: &Source, steps: [fn(&Source) -> usize; 3]) -> [f64; 3] {
    let mut best = [Duration::MAX; 3];
    for _ in 0..ROUNDS {
        for (step, best) in steps.iter().zip(&mut best) {
            let start = Instant::now();
            hint::black_box(step(source));
            *best = (*best).min(start.elapsed());
        }
    }
    best.map(|time| time.as_secs_f64())
}

fn alone(source: &Source) -> usize {
    usize::from(parse_alone(source.text.as_str(), source.language))
}

fn anew(source: &Source) -> usize {
    facts_of(source.language, &source.text).map_or(0, |facts| encode(&facts).len())
}

fn kept(source: &Source) -> usize {
    decode(&source.kept).map_or(0, |facts| facts.usages.len())
}

/// Times putting a graph together from facts.
fn put_together() {
    let corpus = corpus();
    let facts: Vec<_> = corpus
        .iter()
        .filter_map(|source| {
            let id = source.language.id().as_str();
            Some((
                id,
                Arc::new(decode(&source.kept)?),
                source.text.lines().line_count(),
            ))
        })
        .collect();
    let files: Vec<_> = (0..GRAPH_FILES)
        .map(|at| (at, &facts[at % facts.len()]))
        .collect();
    let lines: u32 = files.iter().map(|(_, (_, _, lines))| lines).sum();
    let start = Instant::now();
    let sources = files
        .iter()
        .map(|(at, (id, facts, _))| SourceFile {
            path: RepoPath::from(format!("f{at}/a.{id}").as_str()),
            facts: Arc::clone(facts),
        })
        .collect();
    let graph = Graph::new(sources, &[]);
    println!(
        "a graph of {GRAPH_FILES} files, {lines} lines: {} edges in {:.0} ms",
        graph.edges().len(),
        start.elapsed().as_secs_f64() * 1e3
    );
}
