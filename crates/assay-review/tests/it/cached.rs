//! What is kept between reviews changes nothing but the time they take, and
//! holds no secret.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use assay_review::{ReviewCache, Settings};
use assay_source::{BlobCache, BlobKey};
use proptest::collection::vec;
use proptest::prelude::ProptestConfig;
use proptest::{prop_assert, prop_assert_eq, proptest};

use crate::memory::{MemoryChange, settings};
use crate::stable::all_formats;

#[derive(Default)]
struct Store {
    kept: Mutex<HashMap<BlobKey, Vec<u8>>>,
    hits: AtomicUsize,
}

impl BlobCache for Store {
    fn get(&self, key: &BlobKey) -> Option<Vec<u8>> {
        let found = self.kept.lock().unwrap().get(key).cloned();
        self.hits
            .fetch_add(usize::from(found.is_some()), Ordering::Relaxed);
        found
    }

    fn put(&self, key: &BlobKey, value: Vec<u8>) {
        self.kept.lock().unwrap().insert(*key, value);
    }
}

fn with(store: &Arc<Store>) -> Settings {
    Settings {
        cache: Some(ReviewCache {
            store: Arc::clone(store) as _,
            settings: [7; 32],
        }),
        ..settings()
    }
}

/// A made-up secret, put together so that the repository holds none.
fn secret() -> String {
    format!(
        "xo{}-482913570264-931570248613-Zk3vQ8mT1xWb7RnY5cLd2HsJ",
        "xb"
    )
}

/// Pieces of code with findings of every kind: syntax, metrics, text, secrets,
/// comments that silence, public names, and paths that end in another file.
fn pieces() -> Vec<String> {
    vec![
        "import os\nfrom flask import request\nfrom store import run\n\ndef web():\n    run(request.args['name'])\n".to_owned(),
        "import os\n\ndef run(command):\n    os.system('ls ' + command)\n".to_owned(),
        "def load(path, mode='r'):\n    try:\n        return open(path)\n    except Exception:\n        pass\n".to_owned(),
        format!("TOKEN = \"{}\"\n", secret()),
        format!("def quiet(items=[]):  # assay:ignore correctness/* until 2030-01-01 -- {}\n    return items\n", secret()),
        format!("def connect(token=\"{}\"):\n    return token == token\n", secret()),
        "class Shop:\n    def buy(self, a, b, c, d, e, f, g, h):\n        return a == a\n".to_owned(),
        "def broken(:\n    pass\n".to_owned(),
    ]
}

fn text(chosen: &[usize]) -> String {
    let pieces = pieces();
    let parts: Vec<&str> = chosen
        .iter()
        .map(|&at| pieces[at % pieces.len()].as_str())
        .collect();
    parts.join("\n\n")
}

fn change(files: &[(Vec<usize>, Vec<usize>)]) -> MemoryChange {
    let names = ["app.py", "store.py", "tests/test_app.py"];
    files
        .iter()
        .zip(names)
        .fold(MemoryChange::default(), |change, ((base, head), name)| {
            let side = |chosen: &Vec<usize>| (!chosen.is_empty()).then(|| text(chosen));
            let (base, head) = (side(base), side(head));
            match (&base, &head) {
                (None, None) => change,
                _ => change.file(name, base.as_deref(), head.as_deref()),
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn cold_warm_and_without_are_the_same_bytes(
        reviews in vec(vec((vec(0_usize..8, 0..4), vec(0_usize..8, 0..4)), 3), 1..4)
    ) {
        let store = Arc::new(Store::default());
        for files in &reviews {
            let change = change(files);
            let without = all_formats(&change.review());
            // The store holds what the reviews before left.
            prop_assert!(without == all_formats(&change.review_with(&with(&store))));
            let before = store.kept.lock().unwrap().len();
            prop_assert!(without == all_formats(&change.review_with(&with(&store))));
            prop_assert_eq!(before, store.kept.lock().unwrap().len());
        }
        for value in store.kept.lock().unwrap().values() {
            let text = String::from_utf8_lossy(value);
            prop_assert!(!text.contains("Zk3vQ8mT1xWb7RnY5cLd2HsJ"));
        }
    }
}

#[test]
fn an_unchanged_review_reads_no_rule_again() {
    let files = [
        (vec![2], vec![2, 6]),
        (vec![1], vec![1, 4]),
        (vec![], vec![0]),
    ];
    let change = change(&files);
    let store = Arc::new(Store::default());
    change.review_with(&with(&store));
    assert_eq!(store.hits.load(Ordering::Relaxed), 0);
    change.review_with(&with(&store));
    // Five versions, and what following values in the base and the head came to.
    assert!(store.hits.load(Ordering::Relaxed) >= 6);
}

#[test]
fn a_helper_that_changed_is_followed_again() {
    let files = |run: usize| [(vec![], vec![0]), (vec![], vec![run])];
    let store = Arc::new(Store::default());
    for run in [1, 2, 1] {
        let change = change(&files(run));
        let report = change.review_with(&with(&store));
        let is_injection = |rule: &str| rule.starts_with("injection/");
        let found = report
            .findings
            .iter()
            .any(|one| is_injection(one.rule.as_str()));
        assert_eq!(found, run == 1);
    }
}
