//! Indexes of trees: what is found, what is kept, what is hidden.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use assay_graph::{FactStore, NoStore};
use assay_retrieval::{
    ChunkKind, Embedder, Hit, HitReason, IndexLimits, IndexWorld, LoadedIndex, Ranking, Veil,
    load_index, passages,
};
use assay_source::{
    BlobKey, ContentId, ContentStore, FileKind, FileTree, FileVersion, ReadError, RepoPath,
    SourceText,
};

struct Tree(Vec<(&'static str, String)>);

impl Tree {
    fn versions(&self) -> Vec<FileVersion> {
        let version = |(path, text): &(&str, String)| FileVersion {
            path: RepoPath::from(*path),
            kind: FileKind::File,
            content: ContentId::Memory(text.as_bytes().into()),
        };
        self.0.iter().map(version).collect()
    }
}

impl ContentStore for Tree {
    fn read(&self, version: &FileVersion, bytes_max: u64) -> Result<Vec<u8>, ReadError> {
        let ContentId::Memory(bytes) = &version.content else {
            return Err(ReadError::Absent);
        };
        let size = bytes.len() as u64;
        match size > bytes_max {
            true => Err(ReadError::TooLarge {
                bytes: size,
                bytes_max,
            }),
            false => Ok(bytes.to_vec()),
        }
    }
}

impl FileTree for Tree {
    fn list(&self) -> Result<Vec<FileVersion>, ReadError> {
        Ok(self.versions())
    }
}

#[derive(Default)]
struct Store(Mutex<HashMap<BlobKey, Vec<u8>>>);

impl FactStore for Store {
    fn get(&self, key: &BlobKey) -> Option<Cow<'_, [u8]>> {
        self.0.lock().unwrap().get(key).cloned().map(Cow::Owned)
    }

    fn put(&self, entries: Vec<(BlobKey, Vec<u8>)>, _: &[BlobKey]) {
        self.0.lock().unwrap().extend(entries);
    }
}

/// Masks one word.
struct Hide(&'static str);

impl Veil for Hide {
    fn mask(&self, _: &RepoPath, text: &Arc<SourceText>) -> Arc<SourceText> {
        let masked = text.as_str().replace(self.0, &"*".repeat(self.0.len()));
        Arc::new(text.with_text(masked))
    }
}

/// Knows two meanings: money and not.
struct Meanings;

impl Embedder for Meanings {
    fn id(&self) -> &str {
        "meanings"
    }

    fn dimensions(&self) -> usize {
        2
    }

    fn embed(&self, text: &str) -> Vec<f32> {
        let text = text.to_lowercase();
        let is_money = ["price", "refund", "reimburse"]
            .iter()
            .any(|word| text.contains(word));
        if is_money {
            vec![1.0, 0.0]
        } else {
            vec![0.0, 1.0]
        }
    }
}

fn tree() -> Tree {
    let text = |path, text: &str| (path, text.to_owned());
    Tree(vec![
        text("docs/guide.md", "# Guide\n\n## Refunds\nMoney goes back.\n"),
        text("notes.lock", "refund refund refund\n"),
        text(
            "shop/money.py",
            "\"\"\"Money.\"\"\"\nRATE = 2\n\n\ndef refund_order(order):\n    \"\"\"Gives back what was paid.\"\"\"\n    return order.paid * RATE\n\n\nclass Price:\n    amount = 0\n\n    def with_tax(self):\n        return self.amount * RATE\n",
        ),
        text(
            "shop/ship.go",
            "package shop\n\n// Ship sends an order.\nfunc Ship(order Order) error {\n\treturn post(order)\n}\n",
        ),
        text(
            "tests/test_money.py",
            "def test_refund_order():\n    assert refund_order(1) == refund_order(1)\n",
        ),
        text("vendor/lib/refund.py", "def refund_order():\n    pass\n"),
    ])
}

fn load(tree: &Tree, store: &dyn FactStore, embedder: Option<&dyn Embedder>) -> LoadedIndex {
    let world = IndexWorld {
        store,
        veil: &Hide("hunter2"),
        embedder,
    };
    load_index(tree, &world, &IndexLimits::default()).unwrap()
}

fn search(loaded: &LoadedIndex, question: &str, embedder: Option<&dyn Embedder>) -> Vec<Hit> {
    loaded
        .index
        .search(question, embedder, &Ranking::default(), 10)
        .unwrap()
}

fn places(hits: &[Hit]) -> Vec<String> {
    let place = |hit: &Hit| {
        format!(
            "{}:{}-{} {}",
            hit.path, hit.first_line, hit.last_line, hit.name
        )
    };
    hits.iter().map(place).collect()
}

#[test]
fn functions_classes_and_sections_are_found_with_their_places() {
    let loaded = load(&tree(), &NoStore, None);
    for (question, kind, expected) in [
        (
            "refundOrder",
            ChunkKind::Function,
            "shop/money.py:5-7 refund_order",
        ),
        (
            "how does an order ship",
            ChunkKind::Function,
            "shop/ship.go:3-6 Ship",
        ),
        (
            "class of a price",
            ChunkKind::Class,
            "shop/money.py:10-12 Price",
        ),
        (
            "price with tax",
            ChunkKind::Function,
            "shop/money.py:13-14 Price.with_tax",
        ),
        (
            "guide in the docs on refunds",
            ChunkKind::Section,
            "docs/guide.md:3-4 Guide / Refunds",
        ),
        (
            "test of refund order",
            ChunkKind::Function,
            "tests/test_money.py:1-2 test_refund_order",
        ),
    ] {
        let hits = search(&loaded, question, None);
        let best = places(&hits);
        let at = best.iter().take(2).position(|place| place == expected);
        let at = at.unwrap_or_else(|| panic!("{question}: {best:?}"));
        assert_eq!(hits[at].kind, kind, "{question}");
    }
    let hits = search(&loaded, "refund_order", None);
    assert!(
        hits[0].reasons.contains(&HitReason::Definition),
        "{:?}",
        hits[0]
    );
    let paths: Vec<String> = hits.iter().map(|hit| hit.path.to_display()).collect();
    assert!(
        !paths
            .iter()
            .any(|path| path.starts_with("vendor") || path.ends_with(".lock"))
    );
    assert_eq!(search(&loaded, "what is the", None), []);
    assert_eq!(search(&loaded, "", None), []);
}

#[test]
fn only_changed_files_are_cut_again_and_the_order_is_the_same() {
    let store = Store::default();
    let mut tree = tree();
    let anew = load(&tree, &store, None);
    assert_eq!((anew.cut, anew.kept), (4, 0));
    let again = load(&tree, &store, None);
    assert_eq!((again.cut, again.kept), (0, 4));
    tree.0[3]
        .1
        .push_str("\n// Recall takes a refund order back.\nfunc Recall() {}\n");
    let changed = load(&tree, &store, None);
    assert_eq!((changed.cut, changed.kept), (1, 3));
    let fresh = load(&tree, &NoStore, None);
    for question in ["refund order", "ship an order", "tax"] {
        let kept = search(&changed, question, None);
        assert_eq!(kept, search(&fresh, question, None), "{question}");
        let (first, second) = (
            search(&anew, question, None),
            search(&again, question, None),
        );
        assert_eq!(first, second, "{question}");
    }
    // What is damaged is made anew.
    for bytes in store.0.lock().unwrap().values_mut() {
        bytes.truncate(bytes.len() / 2);
    }
    let mended = load(&tree, &store, None);
    assert_eq!(mended.cut, 4);
    assert_eq!(
        search(&mended, "refund order", None),
        search(&fresh, "refund order", None)
    );
}

#[test]
fn vectors_find_what_no_word_does() {
    let (tree, store) = (tree(), Store::default());
    let question = "reimbursement";
    let without = load(&tree, &store, None);
    assert_eq!(search(&without, question, None), []);
    let model: Option<&dyn Embedder> = Some(&Meanings);
    for _ in 0..2 {
        let loaded = load(&tree, &store, model);
        assert!(loaded.index.has_vectors());
        let hits = search(&loaded, question, model);
        assert!(!hits.is_empty());
        assert!(
            hits.iter().all(|hit| hit.reasons == [HitReason::Vector]),
            "{hits:?}"
        );
        assert!(places(&hits).contains(&"shop/money.py:5-7 refund_order".to_owned()));
    }
}

#[test]
fn what_is_masked_is_neither_found_nor_shown() {
    let mut tree = tree();
    tree.0[2]
        .1
        .push_str("\n\ndef login():\n    return check(\"hunter2\")\n");
    let store = Store::default();
    let loaded = load(&tree, &store, None);
    // Its digit stands elsewhere.
    let found = places(&search(&loaded, "hunter2", None));
    assert!(
        !found.iter().any(|place| place.contains("login")),
        "{found:?}"
    );
    let hits = search(&loaded, "login", None);
    let found = passages(&tree, &Hide("hunter2"), "login", hits);
    assert!(
        found[0].lines[1].contains("check(\"*******\")"),
        "{found:?}"
    );
    assert_eq!(found[0].line(), 17);
    let kept = store.0.lock().unwrap();
    let is_in = |bytes: &Vec<u8>| bytes.windows(6).any(|six| six == b"hunter");
    assert!(!kept.values().any(is_in));
}

#[test]
fn limits_leave_out_and_say_so() {
    let limits = IndexLimits {
        files_max: 2,
        file_bytes_max: 100,
        ..IndexLimits::default()
    };
    let world = IndexWorld {
        store: &NoStore,
        veil: &Hide("hunter2"),
        embedder: None,
    };
    let loaded = load_index(&tree(), &world, &limits).unwrap();
    assert_eq!(loaded.problems.len(), 1, "{:?}", loaded.problems);
    assert!(
        loaded.problems[0].1.contains("1 further files"),
        "{:?}",
        loaded.problems
    );
    assert_eq!(loaded.index.file_count(), 1);
    // A function of many lines is several chunks, of which one is shown.
    let lines: String = (0..300)
        .map(|at| format!("    value_{at} = {at}\n"))
        .collect();
    let long = Tree(vec![("long.py", format!("def long_function():\n{lines}"))]);
    let loaded = load(&long, &NoStore, None);
    assert_eq!(loaded.index.chunk_count(), 5);
    let hits = search(&loaded, "value_250 in long_function", None);
    assert_eq!(hits.len(), 1, "{hits:?}");
    assert_eq!(hits[0].name, "long_function");
}
