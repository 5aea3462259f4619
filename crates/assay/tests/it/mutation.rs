//! Damaged input of every kind goes through the command, which ends, does not
//! crash, and accounts for every file.

use std::time::{Duration, Instant};

use assay_testkit::GitRepo;
use serde_json::Value;

use crate::run::{assay_with, json, repo};

/// So many damaged files are scanned.
const MUTATIONS: usize = 1_000;

/// In a debug build on a busy machine; without a hang it is some seconds.
const TIME_MAX: Duration = Duration::from_secs(240);

/// A small generator (xorshift64), so that each run damages in the same way.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    /// Damages bytes in one to four places.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            if bytes.is_empty() {
                return;
            }
            let at = self.below(bytes.len());
            let end = (at + 1 + self.below(80)).min(bytes.len());
            match self.below(6) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes.truncate(at),
                2 => drop(bytes.drain(at..end)),
                3 => {
                    let part = bytes[at..end].repeat(1 + self.below(20));
                    bytes.splice(at..at, part);
                }
                4 => drop(bytes.splice(
                    at..at,
                    (0..self.below(40)).map(|n| (n as u8).wrapping_mul(7)),
                )),
                _ => {
                    let odd: &[u8] = [
                        &b"\0"[..],
                        b"\r",
                        b"\xff\xfe",
                        b"\xe2\x80\xae",
                        b"\"",
                        b"/*",
                        b"((((((((",
                        b"<<<<<<< a\n",
                        b"\n\n\t\t",
                    ][self.below(9)];
                    bytes.splice(at..at, odd.iter().copied());
                }
            }
        }
    }
}

/// The fixture of each language, with the name that the language is known by.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let languages = concat!(env!("CARGO_MANIFEST_DIR"), "/../assay-syntax/languages");
    let mut fixtures = Vec::new();
    for folder in std::fs::read_dir(languages).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            let name = file.file_name().unwrap().to_str().unwrap();
            if name.starts_with("fixture.") {
                fixtures.push((name.replace("fixture", ""), std::fs::read(&file).unwrap()));
            }
        }
    }
    fixtures.sort();
    fixtures
}

fn coverage_of<'r>(report: &'r Value, path: &str) -> &'r str {
    let files = report["ledger"]["files"].as_array().unwrap();
    let file = files.iter().find(|file| file["path"] == path);
    let file = file.unwrap_or_else(|| panic!("{path} is not in the ledger"));
    file["coverage"].as_str().unwrap()
}

#[test]
fn damaged_files_are_all_accounted_for() {
    let folder = GitRepo::new_folder();
    let fixtures = fixtures();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut names = Vec::new();
    for number in 0..MUTATIONS {
        let (extension, bytes) = &fixtures[number % fixtures.len()];
        let mut bytes = bytes.clone();
        random.damage(&mut bytes);
        let name = format!("f{number}{extension}");
        folder.write(&name, bytes);
        names.push(name);
    }
    let started = Instant::now();
    let report = json(&folder, &["scan"]);
    assert!(started.elapsed() < TIME_MAX, "{:?}", started.elapsed());
    assert_eq!(report["problems"], Value::Array(Vec::new()));
    for name in &names {
        coverage_of(&report, name);
    }
}

#[test]
fn files_beyond_all_measure_are_in_the_ledger() {
    let repo = repo();
    let wide = format!("x = {}1\n", "1 + ".repeat(250_000));
    // With line ends: one long line would be taken for minified code.
    let deep = |open: &str, close: &str| {
        format!("{open}\n").repeat(10_000) + &format!("{close}\n").repeat(10_000)
    };
    for (path, content) in [
        ("huge.py", "x = 1\n".repeat(100 * 1024 * 1024 / 6)),
        ("wide.py", wide),
        ("deep.js", format!("x = {};", deep("[", "]"))),
        ("deep.py", format!("x = {}", deep("(", ")"))),
        ("deep.json", deep("[", "]")),
        ("deep.c", format!("int f() {}", deep("{", "}"))),
        (
            "deep.java",
            format!("class A {{ void f() {} }}", deep("{", "}")),
        ),
        ("deep.go", format!("package a\nfunc f() {}", deep("{", "}"))),
        ("deep.html", deep("<div>", "</div>")),
        ("deep.rs", format!("fn f() {}", deep("{", "}"))),
    ] {
        repo.write(path, content);
    }
    let started = Instant::now();
    let report = json(&repo, &["review"]);
    assert!(started.elapsed() < TIME_MAX, "{:?}", started.elapsed());
    assert_eq!(report["problems"], Value::Array(Vec::new()));
    assert_eq!(coverage_of(&report, "huge.py"), "skipped");
    for path in ["deep.js", "deep.json", "deep.html"] {
        assert_ne!(coverage_of(&report, path), "skipped");
    }
    assert_eq!(report["ledger"]["files"].as_array().unwrap().len(), 10);
}

#[test]
fn damaged_patches_are_reviewed_or_refused() {
    const PATCHES: usize = 100;
    let source = repo();
    let fixtures = fixtures();
    for (number, (extension, bytes)) in fixtures.iter().enumerate() {
        source.write(format!("f{number}{extension}"), bytes);
    }
    source.commit("fixtures");
    let patch = source.git_bytes(["format-patch", "--stdout", "HEAD~1"]);
    let outside = GitRepo::new_folder();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for number in 0..PATCHES {
        let mut patch = patch.clone();
        random.damage(&mut patch);
        let run = assay_with(&outside, &["review", "--patch", "-"], &patch);
        assert!(!run.err.contains("panicked"), "{number}: {}", run.err);
        // A patch that is not understood is an error that says where.
        assert!(
            run.code < 2 || run.code == 2 && run.err.contains("line"),
            "{number}: {} {}",
            run.code,
            run.err
        );
    }
}
