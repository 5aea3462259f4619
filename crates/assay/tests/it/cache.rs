//! What is kept between runs: used, told, cleared, made anew when it is damaged.

use std::fs;
use std::path::{Path, PathBuf};

use assay_finding::render::Format;
use assay_testkit::GitRepo;

use crate::run::{EMPTY_CATCH, Run, repo, run};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => found.push(path),
        }
    }
    found
}

fn with_cache(repo: &GitRepo, arguments: &[&str]) -> Run {
    let folder = repo.outside().join("kept");
    let folder = folder.to_str().unwrap();
    run(repo, arguments, b"", &[("ASSAY_CACHE_DIR", folder)])
}

#[test]
fn reports_are_the_same_with_and_without_what_is_kept() {
    let repo = repo();
    let secret = format!(
        "xo{}-482913570264-931570248613-Zk3vQ8mT1xWb7RnY5cLd2HsJ",
        "xb"
    );
    repo.write("app.py", format!("{EMPTY_CATCH}\ntoken = \"{secret}\"\n"));
    let kept = repo.outside().join("kept/review");
    for format in Format::ALL {
        for command in ["review", "scan"] {
            let arguments = [command, "--output", format.as_str(), "--all"];
            let without = with_cache(&repo, &[&arguments[..], &["--no-cache"]].concat());
            for _ in 0..2 {
                let again = with_cache(&repo, &arguments);
                assert_eq!((again.code, &again.out), (without.code, &without.out));
            }
        }
    }
    let all = files(&kept);
    assert!(!all.is_empty());
    for file in &all {
        let bytes = fs::read(file).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("Zk3vQ8mT1xWb7RnY5cLd2HsJ"));
    }
    // Damage anywhere is noticed.
    let expected = with_cache(&repo, &["review", "--no-cache"]).out;
    for file in &all {
        let bytes = fs::read(file).unwrap();
        for at in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x11;
            fs::write(file, damaged).unwrap();
            assert_eq!(with_cache(&repo, &["review"]).out, expected, "byte {at}");
        }
    }
    let status = with_cache(&repo, &["cache", "status"]);
    assert!(status.out.contains("review"), "{status:?}");
    assert_eq!(with_cache(&repo, &["cache", "clear"]).code, 0);
    assert!(files(&kept).is_empty());
}

#[test]
fn nothing_is_kept_when_that_is_asked_for() {
    let repo = repo();
    repo.write("app.py", EMPTY_CATCH);
    with_cache(&repo, &["review", "--no-cache"]);
    assert!(files(&repo.outside().join("kept")).is_empty());
}

/// Reviews with `--since-last` and returns the JSON report.
fn since_last(repo: &GitRepo, arguments: &[&str]) -> serde_json::Value {
    let all = [&["review", "--output", "json"][..], arguments].concat();
    let run = with_cache(repo, &all);
    assert!(run.code < 2, "{run:?}");
    serde_json::from_str(&run.out).unwrap()
}

/// How many findings are new, still there, and gone.
fn numbers(report: &serde_json::Value) -> [u64; 3] {
    let since = &report["since_last"];
    ["new", "still", "gone"].map(|name| since[name].as_u64().unwrap())
}

#[test]
fn what_was_said_is_counted_and_not_said_again() {
    let repo = repo();
    let second = EMPTY_CATCH.replace("def ", "def other_");
    repo.write("app.py", EMPTY_CATCH);
    let first = numbers(&since_last(&repo, &["--since-last"]));
    assert!(first[0] > 0 && first[1..] == [0, 0], "{first:?}");
    assert_eq!(
        numbers(&since_last(&repo, &["--since-last"])),
        [0, first[0], 0]
    );
    // Further down, in another file, and with one more.
    repo.remove("app.py");
    repo.write("moved/app.py", format!("LIMIT = 2\n\n\n{EMPTY_CATCH}"));
    repo.write("second.py", &second);
    let pushed = since_last(&repo, &["--since-last"]);
    assert_eq!(numbers(&pushed)[1..], [first[0], 0]);
    assert!(numbers(&pushed)[0] > 0);
    for finding in pushed["findings"].as_array().unwrap() {
        let is_new = finding["location"]["path"] == "second.py";
        assert_eq!(finding["said"], if is_new { "new" } else { "still" });
    }
    // At the terminal only a line is left of it, and the gate still counts it.
    let shown = with_cache(&repo, &["review", "--since-last", "--fail-on", "info"]);
    assert_eq!(shown.code, 1);
    assert!(shown.out.contains("0 new findings"), "{}", shown.out);
    assert!(!shown.out.contains("moved/app.py:"), "{}", shown.out);
    // What is mended is gone, and new when it comes back.
    repo.write("second.py", "x = 1\n");
    assert_eq!(numbers(&since_last(&repo, &["--since-last"]))[0], 0);
    repo.write("second.py", &second);
    assert!(numbers(&since_last(&repo, &["--since-last"]))[0] > 0);
    // Another name is another change, and a commit's id is no name.
    assert_eq!(
        numbers(&since_last(&repo, &["--since-last=7"]))[1..],
        [0, 0]
    );
    let bare = with_cache(&repo, &["review", "HEAD~0..HEAD~0", "--since-last"]);
    assert_eq!(bare.code, 2);
    assert!(bare.err.contains("--since-last=NAME"), "{}", bare.err);
    let empty = with_cache(&repo, &["review", "--since-last="]);
    assert_eq!(empty.code, 2);
    assert!(empty.err.contains("a value is required"), "{}", empty.err);
}
