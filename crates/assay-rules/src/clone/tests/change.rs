//! What a change copies.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use assay_source::{
    BlobCache, BlobKey, ContentStore, FileTree, FileVersion, LineRange, ReadError, RepoPath,
    SourceText, diff_lines,
};
use assay_syntax::detect;

use super::{BLOCK, BRACES, Files, show_all};
use crate::clone::{
    BaseText, ChangedText, CloneNote, CloneOptions, CloneTree, Clones, find_change_clones,
};

/// Reviews the change from one set of files to another.
fn review_with(base: &Files, head: &Files, cache: Option<&dyn BlobCache>) -> (Clones, usize) {
    struct Changed {
        path: RepoPath,
        base: SourceText,
        head: SourceText,
        added: Vec<LineRange>,
        removed: Vec<LineRange>,
    }
    let text = |files: &Files, path: &str| {
        let text = files.0.get(path).map_or("", String::as_str);
        SourceText::from_text(text)
    };
    let mut paths: Vec<&String> = base.0.keys().chain(head.0.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    let changed: Vec<Changed> = paths
        .into_iter()
        .filter(|path| base.0.get(*path) != head.0.get(*path))
        .map(|path| {
            let (base, head) = (text(base, path), text(head, path));
            let hunks = diff_lines(&base, &head);
            Changed {
                path: RepoPath::from(path.as_str()),
                added: hunks.iter().map(|hunk| hunk.head).collect(),
                removed: hunks.iter().map(|hunk| hunk.base).collect(),
                base,
                head,
            }
        })
        .collect();
    let texts: Vec<ChangedText<'_>> = changed
        .iter()
        .map(|file| ChangedText {
            path: &file.path,
            language: detect(&file.path, file.head.as_str()).unwrap(),
            text: &file.head,
            added: &file.added,
            base: Some(BaseText {
                text: &file.base,
                removed: &file.removed,
            }),
        })
        .collect();
    let counted = Counted {
        files: head,
        reads: AtomicUsize::new(0),
    };
    let tree = CloneTree {
        tree: &counted,
        wants: &|version| !version.path.to_display().starts_with("vendor/"),
        cache,
    };
    let clones = find_change_clones(&texts, Some(&tree), &CloneOptions::default());
    (clones, counted.reads.into_inner())
}

fn check(base: &[(&str, &str)], head: &[(&str, &str)], expected: &[&str]) {
    let (clones, _) = review_with(&Files::of(base), &Files::of(head), None);
    assert_eq!(show_all(&clones), expected, "{head:#?}");
    assert_eq!(clones.notes, []);
}

/// Counts what is read.
struct Counted<'a> {
    files: &'a Files,
    reads: AtomicUsize,
}

impl ContentStore for Counted<'_> {
    fn read(&self, version: &FileVersion, bytes_max: u64) -> Result<Vec<u8>, ReadError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.files.read(version, bytes_max)
    }
}

impl FileTree for Counted<'_> {
    fn list(&self) -> Result<Vec<FileVersion>, ReadError> {
        self.files.list()
    }
}

#[derive(Default)]
struct Cache(Mutex<HashMap<BlobKey, Vec<u8>>>);

impl BlobCache for Cache {
    fn get(&self, key: &BlobKey) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(key).cloned()
    }

    fn put(&self, key: &BlobKey, value: Vec<u8>) {
        self.0.lock().unwrap().insert(*key, value);
    }
}

#[test]
fn an_added_copy_is_reported_where_it_was_added() {
    let renamed = BLOCK.replace("amount", "sum");
    check(
        &[("b.py", BLOCK)],
        &[("a.py", BLOCK), ("b.py", BLOCK)],
        &["exact a.py:1-12 b.py:1-12"],
    );
    let grown = format!("x = [0]\n\n\n{renamed}");
    check(
        &[("a.py", "x = [0]\n"), ("z/b.py", BLOCK)],
        &[("a.py", &grown), ("z/b.py", BLOCK)],
        &["renamed a.py:4-15 z/b.py:1-12"],
    );
    let twice = format!("{BLOCK}\n\n{}", BLOCK.replace("total", "sum_of"));
    check(
        &[("a.py", BLOCK)],
        &[("a.py", &twice)],
        &["renamed a.py:15-26 a.py:1-12"],
    );
}

#[test]
fn what_the_change_writes_twice_is_reported_once() {
    check(
        &[],
        &[("a.py", BLOCK), ("b.py", BLOCK)],
        &["exact b.py:1-12 a.py:1-12"],
    );
    check(
        &[],
        &[("a.py", BLOCK), ("b.py", BLOCK), ("c.py", BLOCK)],
        &["exact c.py:1-12 a.py:1-12 b.py:1-12"],
    );
}

#[test]
fn copies_that_were_there_are_not_reported() {
    let near = BLOCK.replace("limit", "maximum");
    check(
        &[("a.py", BLOCK), ("b.py", BLOCK)],
        &[("a.py", BLOCK), ("b.py", &near)],
        &[],
    );
    let grown = format!("{BLOCK}\n\nprint(total)\n");
    check(
        &[("a.py", BLOCK), ("b.py", BLOCK)],
        &[("a.py", BLOCK), ("b.py", &grown)],
        &[],
    );
}

#[test]
fn moved_and_reformatted_code_is_not_reported() {
    let user = "from a import total\n\n\nprint(total([1, 2], {}))\n";
    // Another copy stays where it is: that was so before.
    check(
        &[("a.py", BLOCK), ("keep.py", BLOCK)],
        &[("a.py", user), ("b.py", BLOCK), ("keep.py", BLOCK)],
        &[],
    );
    // The file is gone wholly.
    check(
        &[("a.py", BLOCK), ("keep.py", BLOCK)],
        &[("b.py", BLOCK), ("keep.py", BLOCK)],
        &[],
    );
    let deeper = BRACES.replace('\n', "\n    ");
    check(
        &[("a.js", BRACES), ("keep.js", BRACES)],
        &[("a.js", &deeper), ("keep.js", BRACES)],
        &[],
    );
    // Moved once and copied once: one of the two is new.
    check(
        &[("a.py", BLOCK)],
        &[("a.py", user), ("b.py", BLOCK), ("c.py", BLOCK)],
        &["exact c.py:1-12 b.py:1-12"],
    );
}

#[test]
fn only_what_was_added_counts() {
    // Four of twelve lines are new.
    let old = BLOCK.replace("        price = line.price * line.count\n        amount += price * rates.get(line.region, 1.0)\n        if amount > order.limit:\n            raise ValueError('over the limit', amount)\n", "        pass\n");
    check(
        &[("a.py", BLOCK), ("b.py", &old)],
        &[("a.py", BLOCK), ("b.py", BLOCK)],
        &[],
    );
}

#[test]
fn a_change_without_a_long_run_reads_nothing() {
    let small: String = BLOCK
        .lines()
        .take(4)
        .fold(String::new(), |text, line| text + line + "\n");
    let head = Files::of(&[("a.py", &small), ("b.py", BLOCK), ("c.py", BLOCK)]);
    let base = Files::of(&[("b.py", BLOCK), ("c.py", BLOCK)]);
    let (clones, reads) = review_with(&base, &head, None);
    assert_eq!((show_all(&clones), reads), (vec![], 0));
}

#[test]
fn only_files_of_the_same_languages_that_are_wanted_are_read() {
    let base = Files::of(&[
        ("vendor/b.py", BLOCK),
        ("c.js", BRACES),
        ("d.py", "x = 1\n"),
    ]);
    let mut head = Files(base.0.clone());
    head.0.insert("a.py".to_owned(), BLOCK.to_owned());
    let (clones, reads) = review_with(&base, &head, None);
    assert_eq!((show_all(&clones), reads), (vec![], 1));
}

#[test]
fn a_warm_cache_answers_for_files_that_share_nothing() {
    let mut base = Files::of(&[("copy.py", BLOCK)]);
    for index in 0..20 {
        let text = BRACES.replace("total", &format!("name{index}"));
        base.0.insert(format!("other{index}.py"), text);
    }
    let mut head = Files(base.0.clone());
    head.0.insert("a.py".to_owned(), BLOCK.to_owned());
    let cache = Cache::default();
    let (cold, cold_reads) = review_with(&base, &head, Some(&cache));
    let (warm, warm_reads) = review_with(&base, &head, Some(&cache));
    assert_eq!(cold.classes, warm.classes);
    assert_eq!(show_all(&warm), ["exact a.py:1-12 copy.py:1-12"]);
    assert_eq!((cold_reads, warm_reads), (21, 1));
    // What the cache holds may be anything.
    for value in cache.0.lock().unwrap().values_mut() {
        *value = vec![7; 5];
    }
    let (_, reads) = review_with(&base, &head, Some(&cache));
    assert_eq!(reads, 0);
}

#[test]
fn files_that_cannot_be_read_are_counted() {
    struct Broken;
    impl ContentStore for Broken {
        fn read(&self, version: &FileVersion, _: u64) -> Result<Vec<u8>, ReadError> {
            match version.path.as_str() {
                Some("large.py") => Err(ReadError::TooLarge {
                    bytes: 9,
                    bytes_max: 1,
                }),
                Some("binary.py") => Ok(vec![0; 9]),
                _ => Err(ReadError::Absent),
            }
        }
    }
    impl FileTree for Broken {
        fn list(&self) -> Result<Vec<FileVersion>, ReadError> {
            let names = ["binary.py", "gone.py", "large.py"];
            let files = Files::of(&names.map(|name| (name, "")));
            files.list()
        }
    }
    let text = SourceText::from_text(BLOCK);
    let path = RepoPath::from("a.py");
    let changed = ChangedText {
        path: &path,
        language: detect(&path, "").unwrap(),
        text: &text,
        added: &[LineRange {
            start: 1,
            count: 12,
        }],
        base: None,
    };
    let tree = CloneTree {
        tree: &Broken,
        wants: &|_| true,
        cache: None,
    };
    let clones = find_change_clones(&[changed], Some(&tree), &CloneOptions::default());
    assert_eq!(clones.classes, []);
    assert_eq!(
        clones.notes,
        [
            CloneNote::Unreadable {
                files: 1,
                why: "gone.py: content is not available".to_owned(),
            },
            CloneNote::TooLarge { files: 1 },
        ]
    );
}
