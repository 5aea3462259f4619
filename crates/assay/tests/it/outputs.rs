//! Reports: where they go, how they end, and that they are the same again.

use assay_finding::render::Format;

use crate::run::{EMPTY_CATCH, SAME_CONDITION, assay, introduced, json, repo};

#[test]
fn the_exit_status_is_the_gate() {
    let repo = repo();
    assert_eq!(assay(&repo, &["review"]).code, 0, "nothing changed");
    repo.write("b.py", EMPTY_CATCH);
    assert_eq!(assay(&repo, &["review"]).code, 0, "medium passes");
    assert_eq!(assay(&repo, &["review", "--fail-on", "medium"]).code, 1);
    repo.write("c.py", SAME_CONDITION);
    assert_eq!(assay(&repo, &["review"]).code, 1, "high fails");
    assert_eq!(assay(&repo, &["review", "--fail-on", "never"]).code, 0);
}

#[test]
fn a_clean_review_is_one_line_and_a_quiet_one_is_none() {
    let repo = repo();
    repo.write("b.py", "y = 2\n");
    let run = assay(&repo, &["review"]);
    assert_eq!(run.out.lines().count(), 1, "{}", run.out);
    let run = assay(&repo, &["review", "--quiet"]);
    assert_eq!((run.out.as_str(), run.err.as_str()), ("", ""));
}

#[test]
fn several_reports_at_once() {
    let repo = repo();
    repo.write("b.py", EMPTY_CATCH);
    let mut arguments = vec!["review".to_owned()];
    for format in Format::ALL {
        arguments.push("--output".to_owned());
        arguments.push(format!(
            "{}=out.{}.{}",
            format.as_str(),
            format.as_str(),
            format.extension()
        ));
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let run = assay(&repo, &arguments);
    assert_eq!((run.code, run.out.as_str()), (0, ""), "{run:?}");
    for format in Format::ALL {
        let name = format!("out.{}.{}", format.as_str(), format.extension());
        let text = std::fs::read_to_string(repo.root().join(&name)).unwrap();
        assert!(text.contains("b.py"), "{name}: {text}");
    }
}

#[test]
fn a_report_that_cannot_be_written_is_an_error() {
    let repo = repo();
    let run = assay(
        &repo,
        &["review", "--output", "json=missing/folder/report.json"],
    );
    assert_eq!(run.code, 2);
    assert_eq!(
        run.err,
        "assay: missing/folder/report.json cannot be written: \
         No such file or directory (os error 2)\n"
    );
}

#[test]
fn the_same_review_gives_the_same_bytes() {
    let repo = repo();
    repo.write("b.py", EMPTY_CATCH)
        .write("c.py", SAME_CONDITION)
        .commit("second");
    for format in Format::ALL {
        let with = |threads: &str| {
            assay(
                &repo,
                &[
                    "review",
                    "HEAD",
                    "-o",
                    format.as_str(),
                    "--threads",
                    threads,
                ],
            )
            .out
        };
        let first = with("1");
        assert!(first == with("1") && first == with("4"), "{format} differs");
    }
}

#[test]
fn colour_is_only_for_those_who_want_it() {
    let repo = repo();
    repo.write("b.py", EMPTY_CATCH);
    assert!(!assay(&repo, &["review"]).out.contains('\x1b'));
    assert!(
        assay(&repo, &["review", "--color", "always"])
            .out
            .contains('\x1b')
    );
}

#[test]
fn nothing_is_left_behind() {
    let repo = repo();
    repo.write("b.py", EMPTY_CATCH);
    let before = repo.git(["status", "--porcelain", "--ignored"]);
    assay(&repo, &["review"]);
    assay(&repo, &["scan"]);
    assert_eq!(repo.git(["status", "--porcelain", "--ignored"]), before);
}

#[test]
fn what_assay_is_not_sure_of_is_held_back() {
    let repo = repo();
    repo.write(
        "etag_test.go",
        "package a\n\nimport \"crypto/md5\"\n\nfunc name(b []byte) [16]byte {\n\treturn md5.Sum(b)\n}\n",
    );
    let of = |arguments: &[&str]| introduced(&json(&repo, arguments));
    let held_back = "etag_test.go:6 security/weak-hash";
    assert_eq!(of(&["review"]), [""; 0]);
    assert_eq!(of(&["review", "--confidence", "low"]), [held_back]);
    assert_eq!(of(&["review", "--rule", "security/*"]), [held_back]);
    repo.write("assay.toml", "[report]\nconfidence = \"low\"\n")
        .commit("configuration");
    repo.write("etag2.go", "package a\n");
    assert_eq!(of(&["review"]).len(), 0);
    let run = assay(&repo, &["review", "--confidence", "sure"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("low, medium and high"), "{}", run.err);
}

#[test]
fn a_reader_that_goes_away_changes_neither_the_gate_nor_the_other_reports() {
    let repo = repo();
    repo.write("c.py", SAME_CONDITION);
    for (arguments, code) in [
        (&["review", "-o", "json", "-o", "sarif=out.sarif"][..], 1),
        (&["review", "--help"], 0),
    ] {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_assay"))
            .args(arguments)
            .current_dir(repo.root())
            .env("HOME", repo.outside())
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{arguments:?}");
    }
    assert!(repo.root().join("out.sarif").exists());
}

#[cfg(unix)]
#[test]
fn what_was_not_read_is_said_in_words() {
    let repo = repo();
    repo.write("b.py", "y = 2\n");
    for name in ["one", "two"] {
        std::os::unix::fs::symlink("a.py", repo.root().join(name)).unwrap();
    }
    let run = assay(&repo, &["review"]);
    assert!(run.out.contains("· 2 symbolic links ·"), "{}", run.out);
}
