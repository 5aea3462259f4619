//! What the whole review of a change costs, against a parser that reads both
//! versions of the changed files and does nothing else.
//!
//! `cargo bench -p assay --bench review` makes a repository from the fixtures of all
//! languages and a commit that changes some of its files, and reviews that commit
//! as the command does: from opening the repository to the report; once with nothing
//! known, so that the code graph reads all files, and then with what the graph keeps of
//! them. A ratio of the second over its limit is an error.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads the disk and the clock, and prints what it measured"
)]

mod support;

use std::borrow::Cow;
use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use assay_git::{Input, Options};
use assay_graph::FactStore;
use assay_review::{NoProgress, Settings, Subject, review};
use assay_source::{BlobKey, RepoPath, SourceText};
use assay_syntax::{detect, parse_alone};
use assay_testkit::GitRepo;
use support::{best, fixtures, today};

/// A review with everything on may cost so many times parsing alone, in a repository that
/// was reviewed before.
const RATIO_MAX: f64 = 3.0;
/// Copies of the fixtures in the repository, with names of their own.
const COPIES: usize = 20;
/// Of so many copies one is changed.
const CHANGED_OF: usize = 5;
/// Reviews in one measurement, so that the clock's hundredths suffice.
const REVIEWS: usize = 5;

/// What the code graph knows of files, in memory.
#[derive(Default)]
struct Kept(Mutex<HashMap<BlobKey, Vec<u8>>>);

impl FactStore for Kept {
    fn get(&self, key: &BlobKey) -> Option<Cow<'_, [u8]>> {
        let kept = self.0.lock().expect("no review panics");
        kept.get(key).cloned().map(Cow::Owned)
    }

    fn put(&self, entries: Vec<(BlobKey, Vec<u8>)>, _: &[BlobKey]) {
        self.0.lock().expect("no review panics").extend(entries);
    }
}

fn main() -> ExitCode {
    let repo = GitRepo::new();
    let mut texts: Vec<(RepoPath, String)> = Vec::new();
    for copy in 0..COPIES {
        for (language, ending, text) in fixtures() {
            let path = format!("{language}/part{copy}.{ending}");
            let base = text
                .replace("value", &format!("value{copy}"))
                .replace("name", &format!("name{copy}"));
            repo.write(&path, &base);
            if copy % CHANGED_OF == 0 {
                let head = changed(&base);
                texts.push((RepoPath::from(path.as_str()), base));
                texts.push((RepoPath::from(path.as_str()), head));
            }
        }
    }
    repo.commit("base");
    for (path, head) in texts.iter().skip(1).step_by(2) {
        repo.write(path.as_str().expect("the path is text"), head);
    }
    let head = repo.commit("head");
    let mut settings = Settings::new("bench", today());
    let once = |settings: &Settings| {
        let input = Input::Commit(head.clone());
        let opened = assay_git::open(repo.root(), &input, &Options::default())
            .expect("the repository can be opened");
        let subject = Subject {
            change: &opened.change,
            tree: &*opened.tree,
            is_scan: false,
        };
        let report = review(subject, settings, &NoProgress);
        assert!(report.problems.is_empty(), "{:?}", report.problems);
        assert!(report.overview.files * 2 == texts.len());
    };
    let first = best(|| {
        for _ in 0..REVIEWS {
            once(&settings);
        }
    });
    settings.facts = Some(Arc::new(Kept::default()));
    once(&settings);
    let reviewed = best(|| {
        for _ in 0..REVIEWS {
            once(&settings);
        }
    });
    let parsed = best(|| {
        for _ in 0..REVIEWS {
            for (path, text) in &texts {
                let text = SourceText::from_text(text.as_str());
                if let Some(language) = detect(path, text.as_str()) {
                    parse_alone(text.as_str(), language);
                }
            }
        }
    });
    let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();
    let each = |seconds: f64| seconds * 1000.0 / REVIEWS as f64;
    let ratio = reviewed.processor / parsed.processor;
    println!(
        "{} files changed, {} kB in both versions",
        texts.len() / 2,
        bytes / 1000
    );
    println!(
        "parse alone  {:7.1} ms of processor time",
        each(parsed.processor)
    );
    for (name, cost) in [("first review", first), ("review", reviewed)] {
        println!(
            "{name:12} {:7.1} ms of processor time, {:.1} ms",
            each(cost.processor),
            each(cost.wall)
        );
    }
    println!("review to parse alone: {ratio:.2} (limit {RATIO_MAX})");
    if ratio <= RATIO_MAX {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Takes one line in ten out, and says another one twice.
fn changed(text: &str) -> String {
    let mut out = String::new();
    for (number, line) in text.split_inclusive('\n').enumerate() {
        match number % 10 {
            3 => {}
            7 => out.push_str(&line.repeat(2)),
            _ => out.push_str(line),
        }
    }
    out
}
