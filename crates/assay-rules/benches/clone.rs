//! What clone detection costs: the lexer's speed, the time and the memory of a
//! whole tree, and of a change against that tree, cold and with a warm cache.
//!
//! `cargo bench -p assay-rules --bench clone` makes a tree of 55 MB up while it
//! is read, so that nothing of it counts as memory; what making it costs is
//! measured first and taken off. `ASSAY_BENCH_TREE=/some/folder` measures a real
//! one. A figure over its limit is an error.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads the disk and the clock, and prints what it measured"
)]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use assay_rules::{
    ChangedText, CloneFile, CloneOptions, CloneTree, Clones, find_change_clones, find_clones,
    token_count,
};
use assay_source::{
    BlobCache, BlobKey, ContentId, ContentStore, FileKind, FileTree, FileVersion, LineRange,
    ReadError, RepoPath, SourceText,
};
use assay_syntax::detect;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

/// The tree that is made has about so many bytes.
const TREE_BYTES: usize = 55_000_000;
const FILE_BYTES: usize = 20_000;
/// Detection in a tree of 55 MB may hold so much memory.
const MEMORY_MEGABYTES_MAX: u64 = 200;
/// The lexer reads at least so much on one core.
const LEXER_MEGABYTES_A_SECOND_MIN: f64 = 150.0;
/// A change without a long run of added tokens may take so long.
const SKIPPED_MILLISECONDS_MAX: f64 = 5.0;

fn main() -> ExitCode {
    let tree = match std::env::var_os("ASSAY_BENCH_TREE") {
        Some(folder) => Tree::on_disk(PathBuf::from(folder)),
        None => Tree::made(),
    };
    let options = CloneOptions::default();
    let lexer = lexer_speed();
    println!("lexer: {lexer:.0} MB/s on one core (at least {LEXER_MEGABYTES_A_SECOND_MIN})");
    let (memory, skipped) = (tree_cost(&tree, &options), change_cost(&tree, &options));
    let is_good = memory <= MEMORY_MEGABYTES_MAX
        && lexer >= LEXER_MEGABYTES_A_SECOND_MIN
        && skipped <= SKIPPED_MILLISECONDS_MAX;
    if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Prints what the whole tree costs; returns the most megabytes that were held.
fn tree_cost(tree: &Tree, options: &CloneOptions) -> u64 {
    let (bytes, reading) = measured(|| tree.read_all());
    println!(
        "tree: {} files, {:.1} MB; reading it takes {:.2} s of processor time",
        tree.files.len(),
        bytes as f64 / 1e6,
        reading.processor
    );
    let before = memory_peak_megabytes();
    let (clones, cost) = measured(|| in_tree(tree, options));
    let memory = memory_peak_megabytes();
    println!(
        "whole tree: {} classes in {} tokens; {:.2} s of processor time without reading, {:.2} s in all",
        clones.classes.len(),
        clones.extent.tokens,
        cost.processor - reading.processor,
        cost.wall
    );
    println!("memory: {memory} MB at most, {before} MB before (limit {MEMORY_MEGABYTES_MAX})");
    memory
}

/// Prints what changes cost; returns the milliseconds of one that is skipped.
fn change_cost(tree: &Tree, options: &CloneOptions) -> f64 {
    let cache = Cache::default();
    let copy = tree.text_of(tree.files.len() / 2);
    let short: String = copy.lines().take(3).flat_map(|line| [line, "\n"]).collect();
    let (cold, cold_cost) = measured(|| in_change(tree, &copy, &cache, options));
    let (warm, warm_cost) = measured(|| in_change(tree, &copy, &cache, options));
    assert_eq!(cold.classes, warm.classes, "a cache changes no finding");
    let (_, skipped_cost) = measured(|| in_change(tree, &short, &cache, options));
    let skipped = skipped_cost.wall * 1e3;
    println!(
        "change: {} classes; cold {:.0} ms, warm {:.1} ms, without a long run {skipped:.2} ms (limit {SKIPPED_MILLISECONDS_MAX})",
        warm.classes.len(),
        cold_cost.wall * 1e3,
        warm_cost.wall * 1e3,
    );
    skipped
}

/// Seconds of a piece of work.
struct Cost {
    processor: f64,
    wall: f64,
}

fn measured<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let (started, before) = (Instant::now(), processor_seconds());
    let out = work();
    let cost = Cost {
        processor: processor_seconds() - before,
        wall: started.elapsed().as_secs_f64(),
    };
    (out, cost)
}

fn lexer_speed() -> f64 {
    let pool = Pool::new();
    let text: String = (0..400).map(|number| pool.file(number)).collect();
    let language = detect(&RepoPath::from("a.ts"), "").expect("a language");
    let speed = || {
        let started = Instant::now();
        std::hint::black_box(token_count(&text, language));
        text.len() as f64 / 1e6 / started.elapsed().as_secs_f64()
    };
    (0..5).map(|_| speed()).fold(0.0, f64::max)
}

fn in_tree(tree: &Tree, options: &CloneOptions) -> Clones {
    let files = tree.files.iter().filter_map(|version| {
        let language = detect(&version.path, "")?;
        Some(CloneFile { version, language })
    });
    find_clones(&files.collect::<Vec<_>>(), tree, options)
}

fn in_change(tree: &Tree, text: &str, cache: &Cache, options: &CloneOptions) -> Clones {
    let path = RepoPath::from("added.ts");
    let text = SourceText::from_text(text);
    let added = [LineRange {
        start: 1,
        count: text.lines().line_count(),
    }];
    let changed = ChangedText {
        path: &path,
        language: detect(&path, "").expect("a language"),
        text: &text,
        added: &added,
        base: None,
    };
    let tree = CloneTree {
        tree,
        wants: &|_| true,
        cache: Some(cache),
    };
    find_change_clones(&[changed], Some(&tree), options)
}

#[derive(Default)]
struct Cache(Mutex<HashMap<BlobKey, Vec<u8>>>);

impl BlobCache for Cache {
    fn get(&self, key: &BlobKey) -> Option<Vec<u8>> {
        let kept = self.0.lock().expect("no thread panics");
        kept.get(key).cloned()
    }

    fn put(&self, key: &BlobKey, value: Vec<u8>) {
        let mut kept = self.0.lock().expect("no thread panics");
        kept.insert(*key, value);
    }
}

/// The files that are searched.
struct Tree {
    files: Vec<FileVersion>,
    origin: Origin,
}

/// Where the texts come from.
enum Origin {
    Made(Pool),
    Disk(PathBuf),
}

impl Tree {
    fn made() -> Self {
        let numbers = 0..TREE_BYTES / FILE_BYTES;
        Self {
            files: numbers
                .map(|number| version(format!("{number:05}.ts")))
                .collect(),
            origin: Origin::Made(Pool::new()),
        }
    }

    fn on_disk(folder: PathBuf) -> Self {
        let mut paths = Vec::new();
        walk(&folder, &mut paths);
        let mut names: Vec<String> = paths
            .iter()
            .filter_map(|path| Some(path.strip_prefix(&folder).ok()?.to_str()?.to_owned()))
            .collect();
        names.sort_unstable();
        Self {
            files: names.into_iter().map(version).collect(),
            origin: Origin::Disk(folder),
        }
    }

    fn read_all(&self) -> usize {
        let read = |version| self.read(version, 1 << 20).map_or(0, |bytes| bytes.len());
        self.files.par_iter().map(read).sum()
    }

    fn text_of(&self, number: usize) -> String {
        let bytes = self.read(&self.files[number], 1 << 20);
        String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
    }
}

fn version(name: String) -> FileVersion {
    FileVersion {
        path: RepoPath::from(name.as_str()),
        kind: FileKind::File,
        content: ContentId::Object(Arc::from(name)),
    }
}

fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && entry.file_name() != ".git" => walk(&entry.path(), out),
            Ok(kind) if kind.is_file() => out.push(entry.path()),
            _ => {}
        }
    }
}

impl ContentStore for Tree {
    fn read(&self, version: &FileVersion, bytes_max: u64) -> Result<Vec<u8>, ReadError> {
        let name = version.path.as_str().ok_or(ReadError::Absent)?;
        match &self.origin {
            Origin::Made(pool) => {
                let number = name.trim_end_matches(".ts").parse();
                Ok(pool
                    .file(number.map_err(|_| ReadError::Absent)?)
                    .into_bytes())
            }
            Origin::Disk(folder) => {
                let path = folder.join(name);
                let bytes = fs::metadata(&path).map_or(0, |data| data.len());
                if bytes > bytes_max {
                    return Err(ReadError::TooLarge { bytes, bytes_max });
                }
                fs::read(path).map_err(|error| ReadError::Failed(error.to_string()))
            }
        }
    }
}

impl FileTree for Tree {
    fn list(&self) -> Result<Vec<FileVersion>, ReadError> {
        Ok(self.files.clone())
    }
}

/// Statements that files are put together from: each file has functions of its
/// own, and every tenth function is one that other files have as well.
struct Pool {
    statements: Vec<String>,
}

const STATEMENTS: usize = 20_000;
const SHARED: u64 = 2_000;

impl Pool {
    fn new() -> Self {
        let mut random = Random(7);
        let statements = (0..STATEMENTS).map(|_| random.statement()).collect();
        Self { statements }
    }

    fn file(&self, number: u64) -> String {
        let mut random = Random(number);
        let mut text = String::with_capacity(FILE_BYTES + 2_000);
        while text.len() < FILE_BYTES {
            if random.below(10) == 0 {
                let seed = u64::MAX - random.next() % SHARED;
                self.function(&mut Random(seed), &mut text);
            } else {
                self.function(&mut random, &mut text);
            }
        }
        text
    }

    fn function(&self, random: &mut Random, text: &mut String) {
        let _ = writeln!(text, "/** Does work number {}. */", random.below(10_000));
        let _ = writeln!(text, "export function work{}(a, b) {{", random.below(100));
        for _ in 0..8 + random.below(20) {
            text.push_str(&self.statements[random.below(STATEMENTS)]);
        }
        text.push_str("}\n\n");
    }
}

/// A generator of numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let value = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn name(&mut self) -> &'static str {
        const NAMES: &[&str] = &[
            "order", "line", "amount", "price", "rates", "limit", "total", "account", "position",
            "request", "response", "customer", "index", "result", "value", "entry",
        ];
        NAMES[self.below(NAMES.len())]
    }

    fn expression(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 2 } else { 7 }) {
            0 => self.name().to_owned(),
            1 => format!("{}", self.below(1000)),
            2 => format!("{}({})", self.name(), self.expression(depth - 1)),
            3 => format!("{} + {}", self.expression(depth - 1), self.name()),
            4 => format!("{}.{}", self.name(), self.name()),
            5 => format!("\"{} {}\"", self.name(), self.name()),
            _ => format!("{} * ({})", self.name(), self.expression(depth - 1)),
        }
    }

    fn statement(&mut self) -> String {
        let name = self.name();
        match self.below(4) {
            0 => format!("  const {name} = {}; // the {name}\n", self.expression(3)),
            1 => format!("  {name}.{} = {};\n", self.name(), self.expression(3)),
            2 => format!("  if ({}) {{\n    {name}();\n  }}\n", self.expression(2)),
            _ => format!(
                "  {name}({}, {});\n",
                self.expression(2),
                self.expression(1)
            ),
        }
    }
}

/// User and system time in hundredths (proc(5)).
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("benches run on Linux");
    let (_, fields) = stat.rsplit_once(')').expect("the name is in parentheses");
    let fields = fields.split_whitespace().skip(11).take(2);
    fields
        .filter_map(|field| field.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

fn memory_peak_megabytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("benches run on Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.expect("the kernel says it") / 1024
}
