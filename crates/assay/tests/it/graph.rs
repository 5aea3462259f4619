//! What the code graph says, as a user sees it.

use std::path::{Path, PathBuf};

use assay_testkit::GitRepo;

use crate::run::assay;

/// A small web application with a test, whose innermost function then changes.
fn sample() -> GitRepo {
    let repo = GitRepo::new();
    repo.write("shop/__init__.py", "")
        .write(
            "shop/price.py",
            "def tax(amount):\n    return amount * 0.2\n\n\ndef total(amount):\n    return amount + tax(amount)\n",
        )
        .write(
            "shop/web.py",
            "from flask import Flask\nfrom shop.price import total\n\napp = Flask(__name__)\n\n\n\
             @app.get(\"/total\")\ndef show():\n    return str(total(1))\n",
        )
        .write(
            "tests/test_price.py",
            "from shop.price import total\n\n\ndef test_total():\n    assert total(1) > 1\n",
        )
        .commit("shop");
    repo.write(
        "shop/price.py",
        "def tax(amount):\n    return amount * 0.25\n\n\ndef total(amount):\n    return amount + tax(amount)\n",
    );
    repo
}

#[test]
fn graph_shows_callers_in_every_format() {
    let repo = sample();
    for (format, expected) in [
        ("text", "function total  shop/price.py:5"),
        ("json", "\"symbol\": \"total\""),
        ("dot", "label=\"total\""),
        ("mermaid", "n1[\"total\"]"),
        ("html", "\"total\",\"function\",\"shop/price.py\",5"),
    ] {
        let run = assay(&repo, &["graph", "callers", "tax", "--format", format]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.out.contains(expected), "{format}: {}", run.out);
    }
    for (what, symbol, expected) in [
        ("callers", "show", "nothing that is known calls it\n"),
        ("callees", "tax", "it calls nothing that is known\n"),
    ] {
        let run = assay(&repo, &["graph", what, symbol]);
        assert!(run.out.ends_with(expected), "{}", run.out);
    }
    let run = assay(&repo, &["graph", "path", "show", "tax"]);
    assert!(run.out.contains("shop/price.py:5"), "{}", run.out);
    let run = assay(&repo, &["graph", "calls", "shop/price.py"]);
    assert_eq!(run.out, "shop/price.py:6:21 resolved tax shop/price.py:1\n");
    let run = assay(&repo, &["graph", "callers", "totl"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("did you mean `total`?"), "{}", run.err);
}

#[test]
fn the_graph_reads_only_what_changed() {
    let repo = sample();
    let first = assay(&repo, &["graph", "--verbose"]);
    assert!(
        first.err.contains("4 files were read now, 0 are kept"),
        "{}",
        first.err
    );
    repo.write("shop/more.py", "def more():\n    pass\n");
    let second = assay(&repo, &["graph", "--verbose"]);
    assert!(
        second.err.contains("1 files were read now, 4 are kept"),
        "{}",
        second.err
    );
    let without = assay(&repo, &["graph", "--no-cache"]);
    assert_eq!(without.out, second.out);
}

#[test]
fn impact_names_callers_tests_and_entry_points() {
    let repo = sample();
    let run = assay(&repo, &["impact", "--base", "HEAD"]);
    assert_eq!(run.code, 0, "{run:?}");
    for expected in [
        "Changed (1)\n  function tax  shop/price.py:1",
        "route GET /total  show  [2 steps away]",
        "function total  shop/price.py:5  [uses tax]",
        "function test_total  tests/test_price.py:4  [2 steps, by way of total]",
    ] {
        assert!(run.out.contains(expected), "{expected}\n{}", run.out);
    }
    let run = assay(&repo, &["impact", "--base", "HEAD", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(json["changed"][0]["symbol"], "tax");
    assert_eq!(json["entries"][0]["label"], "GET /total");
    assert_eq!(json["tests"][0]["symbol"], "test_total");
    assert_eq!(json["callers"][0]["certainty"], "resolved");
}

#[test]
fn impact_of_a_deleted_file_names_who_still_uses_it() {
    let repo = sample();
    repo.remove("shop/price.py");
    let run = assay(&repo, &["impact", "--base", "HEAD"]);
    for expected in [
        "function total  shop/price.py:5  [deleted]",
        "function show  shop/web.py:8  [uses total]",
        "function test_total  tests/test_price.py:4  [uses total]",
        "route GET /total",
    ] {
        assert!(run.out.contains(expected), "{expected}\n{}", run.out);
    }
    let run = assay(&repo, &["impact", "--base", "HEAD", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(json["changed"][0]["deleted"], true);
    assert_eq!(json["callers"][0]["deleted"], false);
}

/// Returns the files in a folder and all below it.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .flat_map(|entry| match entry.file_type().unwrap().is_dir() {
            true => files_below(&entry.path()),
            false => vec![entry.path()],
        })
        .collect()
}

#[test]
fn a_damaged_cache_and_others_that_use_it_change_no_answer() {
    let repo = sample();
    let cache = repo.outside().join(".cache/assay/graph");
    let expected = assay(&repo, &["graph", "calls", "--no-cache"]).out;
    assert!(expected.contains("resolved total"), "{expected}");
    let ask = || {
        let run = assay(&repo, &["graph", "calls"]);
        assert_eq!(
            (run.code, run.out.as_str()),
            (0, expected.as_str()),
            "{}",
            run.err
        );
    };
    // Several at once, while nothing is kept yet.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(ask);
        }
    });
    let damages: [fn(&mut Vec<u8>); 4] = [
        |bytes| bytes.truncate(bytes.len() / 2),
        Vec::clear,
        |bytes| bytes.iter_mut().for_each(|byte| *byte ^= 0x55),
        |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        },
    ];
    for damage in damages {
        let files = files_below(&cache);
        assert!(!files.is_empty());
        for file in files {
            let mut bytes = std::fs::read(&file).unwrap();
            damage(&mut bytes);
            std::fs::write(&file, bytes).unwrap();
        }
        ask();
    }
}
