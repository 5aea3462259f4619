//! How well passages are found, measured on repositories that the caller has.
//!
//! ```text
//! cargo bench -p assay-retrieval --bench quality -- docstrings FOLDER [MODEL]
//! cargo bench -p assay-retrieval --bench quality -- commits FOLDER LOG [MODEL]
//! cargo bench -p assay-retrieval --bench quality -- knowledge
//! ```
//!
//! `docstrings` takes the documentation out of the functions of a folder of Python and
//! asks for each function by it: the mean reciprocal rank (MRR at 10).
//!
//! `commits` asks for the files of commits by their subjects. FOLDER is the tree before
//! those commits; LOG is what `git log --no-merges --format='commit %s' --name-only
//! --diff-filter=M BEFORE..AFTER` prints. The rate of subjects for which one of the ten
//! best files is one that the commit changed, and the MRR.
//!
//! `knowledge` searches 12,000 entries, made of the guides and of numbers, and says how long that takes.
//!
//! MODEL is a folder with `config.json`, `tokenizer.json` and `model.safetensors`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "measures the folders that the arguments name, and says what came of it"
)]

mod docstring;
mod tree;

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use assay_graph::NoStore;
use assay_retrieval::{
    CodeIndex, Embedder, IndexLimits, IndexWorld, KnowledgeEntry, KnowledgeIndex, LocalModel,
    ModelFiles, Ranking, Veil, guide_entries, load_index,
};
use assay_source::{RepoPath, SourceText};

use crate::tree::FolderTree;

/// Ranks that count.
const RANKS: usize = 10;
/// Files of a commit; a commit of more is about no one thing.
const COMMIT_FILES_MAX: usize = 5;
/// Commits that are asked for.
const COMMITS_MAX: usize = 1_000;

struct NoVeil;

impl Veil for NoVeil {
    fn mask(&self, _: &RepoPath, text: &Arc<SourceText>) -> Arc<SourceText> {
        Arc::clone(text)
    }
}

fn main() {
    // Cargo adds arguments of its own.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|one| one != "--bench")
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["docstrings", folder] => docstrings(Path::new(folder), None),
        ["docstrings", folder, model] => docstrings(Path::new(folder), Some(read_model(model))),
        ["commits", folder, log] => commits(Path::new(folder), log, None),
        ["commits", folder, log, model] => commits(Path::new(folder), log, Some(read_model(model))),
        ["knowledge"] => knowledge(),
        // `cargo test --benches` gives none.
        _ => {
            println!("quality: docstrings FOLDER [MODEL] | commits FOLDER LOG [MODEL] | knowledge")
        }
    }
}

fn read_model(folder: &str) -> LocalModel {
    let read =
        |name: &str| std::fs::read(Path::new(folder).join(name)).expect("a file of the model");
    let files = ModelFiles {
        config: read("config.json"),
        tokenizer: read("tokenizer.json"),
        weights: read("model.safetensors"),
        pooling: None,
    };
    LocalModel::read(folder, &files).expect("a model that can be read")
}

fn index(tree: &FolderTree, model: Option<&LocalModel>) -> CodeIndex {
    let began = Instant::now();
    let world = IndexWorld {
        store: &NoStore,
        veil: &NoVeil,
        embedder: model.map(|model| model as &dyn Embedder),
    };
    let loaded = load_index(tree, &world, &IndexLimits::default()).expect("an index");
    println!(
        "{} files, {} chunks, {} ms",
        loaded.index.file_count(),
        loaded.index.chunk_count(),
        began.elapsed().as_millis()
    );
    loaded.index
}

/// Ranks from 1 on, with none for what was not found.
fn say(what: &str, ranks: &[Option<usize>], micros: &mut [u128]) {
    let count = ranks.len().max(1) as f64;
    let reciprocal: f64 = ranks.iter().flatten().map(|rank| 1.0 / *rank as f64).sum();
    let hit = |at: usize| ranks.iter().flatten().filter(|rank| **rank <= at).count() as f64 / count;
    micros.sort_unstable();
    println!(
        "{what}: {} questions, MRR@{RANKS} {:.3}, hit@1 {:.3}, hit@5 {:.3}, hit@10 {:.3}, p50 {} us, p99 {} us",
        ranks.len(),
        reciprocal / count,
        hit(1),
        hit(5),
        hit(10),
        micros.get(micros.len() / 2).unwrap_or(&0),
        micros.get(micros.len() * 99 / 100).unwrap_or(&0),
    );
}

/// The rankings to compare: the one in force, or with `RANKING` set to `name=value,...`
/// one with these numbers instead.
fn ranking(mut ranking: Ranking) -> Ranking {
    let wanted: Cow<'_, str> = std::env::var("RANKING").map_or(Cow::Borrowed(""), Cow::Owned);
    for (name, value) in wanted.split(',').filter_map(|one| one.split_once('=')) {
        let value: f32 = value.parse().expect("a number");
        match name {
            "name" => ranking.field_weights[0] = value,
            "owner" => ranking.field_weights[1] = value,
            "path" => ranking.field_weights[2] = value,
            "doc" => ranking.field_weights[3] = value,
            "body" => ranking.field_weights[4] = value,
            "word_share" => ranking.word_share = value,
            "name_bonus" => ranking.name_bonus = value,
            "definition_bonus" => ranking.definition_bonus = value,
            "path_bonus" => ranking.path_bonus = value,
            "test" => ranking.test_factor = value,
            "lines" => ranking.lines_factor = value,
            "section" => ranking.section_factor = value,
            other => panic!("`{other}` is no number of the ranking"),
        }
    }
    ranking
}

fn docstrings(folder: &Path, model: Option<LocalModel>) {
    let mut tree = FolderTree::read(folder);
    let questions = docstring::take_out(&mut tree);
    let index = index(&tree, model.as_ref());
    let ranking = ranking(Ranking::default());
    let (mut ranks, mut micros) = (Vec::new(), Vec::new());
    for question in &questions {
        let began = Instant::now();
        let model = model.as_ref().map(|model| model as &dyn Embedder);
        let hits = index
            .search(&question.text, model, &ranking, RANKS)
            .expect("an answer");
        micros.push(began.elapsed().as_micros());
        let rank = hits.iter().position(|hit| {
            // The function, or a part of it.
            hit.path == question.path
                && !hit.name.is_empty()
                && hit.last_line <= question.last_line
                && hit.last_line > question.first_line
        });
        ranks.push(rank.map(|at| at + 1));
        if std::env::var_os("MISSES").is_some() && rank != Some(0) {
            println!(
                "{rank:?} {}:{} {}",
                question.path, question.first_line, question.text
            );
            for hit in hits.iter().take(3) {
                println!(
                    "      {} {}:{} {:.3} {:?}",
                    hit.name, hit.path, hit.first_line, hit.score, hit.reasons
                );
            }
        }
    }
    say("docstrings", &ranks, &mut micros);
}

/// Entries that are searched.
const ENTRIES: usize = 12_000;

fn knowledge() {
    let guides = guide_entries();
    let entries: Vec<KnowledgeEntry> = (0..ENTRIES)
        .map(|at| {
            let mut entry = guides[at % guides.len()].clone();
            entry.id = format!("{}-{at}", entry.id);
            // Words of another guide, so that no two are alike.
            let other = &guides[(at * 7 + at / guides.len()) % guides.len()];
            entry.text = format!("{} {} {at}", entry.text, other.text);
            entry
        })
        .collect();
    let began = Instant::now();
    let index = KnowledgeIndex::build(entries, None).expect("an index");
    println!(
        "{} entries, {} ms",
        index.len(),
        began.elapsed().as_millis()
    );
    let ranking = ranking(Ranking::default());
    let mut micros = Vec::new();
    for guide in guides.iter().cycle().take(5_000) {
        let question = format!("{} in {}", guide.title, guide.topic);
        let began = Instant::now();
        let hits = index
            .search(&question, None, &ranking, RANKS)
            .expect("an answer");
        micros.push(began.elapsed().as_micros());
        assert!(!hits.is_empty());
    }
    micros.sort_unstable();
    println!(
        "{} questions, p50 {} us, p99 {} us",
        micros.len(),
        micros[micros.len() / 2],
        micros[micros.len() * 99 / 100]
    );
}

fn commits(folder: &Path, log: &str, model: Option<LocalModel>) {
    let log = std::fs::read_to_string(log).expect("the log");
    let tree = FolderTree::read(folder);
    let there: HashSet<String> = tree
        .files
        .iter()
        .map(|file| file.path.to_display())
        .collect();
    let index = index(&tree, model.as_ref());
    let ranking = ranking(Ranking::of_files());
    let (mut ranks, mut micros) = (Vec::new(), Vec::new());
    for part in log.split("commit ").skip(1) {
        let mut lines = part.lines().filter(|line| !line.trim().is_empty());
        let subject = lines.next().unwrap_or("");
        let files: HashSet<&str> = lines.collect();
        let is_about_one_thing = (1..=COMMIT_FILES_MAX).contains(&files.len());
        let is_there = files.iter().all(|file| there.contains(*file));
        let is_said = subject.split_whitespace().count() >= 3;
        if !is_about_one_thing || !is_there || !is_said || ranks.len() >= COMMITS_MAX {
            continue;
        }
        let began = Instant::now();
        let model = model.as_ref().map(|model| model as &dyn Embedder);
        let hits = index
            .search(subject, model, &ranking, 200)
            .expect("an answer");
        micros.push(began.elapsed().as_micros());
        let mut seen = HashSet::new();
        let best: Vec<String> = hits
            .iter()
            .map(|hit| hit.path.to_display())
            .filter(|path| seen.insert(path.clone()))
            .take(RANKS)
            .collect();
        let rank = best.iter().position(|path| files.contains(path.as_str()));
        ranks.push(rank.map(|at| at + 1));
        if std::env::var_os("MISSES").is_some() && rank.is_none() {
            println!(
                "{subject}\n      wanted {files:?}\n      found {:?}",
                &best[..best.len().min(4)]
            );
        }
    }
    say("commits", &ranks, &mut micros);
}
