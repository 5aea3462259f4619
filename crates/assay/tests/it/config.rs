//! Configuration: found, from the base revision, with errors that help.

use assay_testkit::GitRepo;

use crate::run::{EMPTY_CATCH, assay, introduced, json, repo};

const OFF: &str = "[rules]\n\"error-handling/*\" = \"off\"\n";

#[test]
fn the_base_revision_counts_and_not_the_change() {
    let repo = repo();
    repo.write("assay.toml", OFF).write("b.py", EMPTY_CATCH);
    let report = json(&repo, &["review"]);
    assert_eq!(introduced(&report), ["b.py:4 error-handling/empty-catch"]);
    let notes = report["overview"]["notes"].to_string();
    assert!(notes.contains("assay.toml"), "{notes}");
    repo.remove("b.py").commit("configure");
    repo.write("b.py", EMPTY_CATCH);
    assert_eq!(introduced(&json(&repo, &["review"])), [""; 0]);
    // Taking it out does not count for this change either.
    repo.remove("assay.toml");
    assert_eq!(introduced(&json(&repo, &["review"])), [""; 0]);
}

#[test]
fn the_nearest_configuration_counts() {
    let repo = repo();
    repo.write("assay.toml", "[gate]\nfindings = 0\n")
        .write("lib/assay.toml", OFF)
        .commit("configure");
    repo.write("lib/b.py", EMPTY_CATCH);
    assert_eq!(assay(&repo, &["review"]).code, 1);
    assert_eq!(assay(&repo, &["-C", "lib", "review"]).code, 0);
}

#[test]
fn settings_do_what_they_say() {
    for (config, arguments, found) in [
        ("", &["review"][..], true),
        (OFF, &["review"], false),
        ("[files]\nexclude = [\"b.py\"]\n", &["review"], false),
        ("[files]\nexclude = [\"/b.*\"]\n", &["review"], false),
        (
            "[[override]]\npaths = [\"b.py\"]\nrules = { \"error-handling/*\" = \"off\" }\n",
            &["review"],
            false,
        ),
        (
            "[[override]]\npaths = [\"c.py\"]\nrules = { \"error-handling/*\" = \"off\" }\n",
            &["review"],
            true,
        ),
        (
            "[[suppress]]\nrule = \"error-handling/*\"\nreason = \"known\"\n",
            &["review"],
            false,
        ),
        (
            "[[suppress]]\nrule = \"error-handling/*\"\nreason = \"known\"\nuntil = \"2020-01-01\"\n",
            &["review"],
            true,
        ),
        (
            "[[suppress]]\nrule = \"*\"\npaths = [\"c.py\"]\nreason = \"known\"\n",
            &["review"],
            true,
        ),
        ("", &["review", "--rule", "complexity/*"], false),
        (
            OFF,
            &["review", "--rule", "error-handling/empty-catch"],
            true,
        ),
    ] {
        let repo = repo();
        repo.write("assay.toml", config).commit("configure");
        repo.write("b.py", EMPTY_CATCH);
        let found_now = !introduced(&json(&repo, arguments)).is_empty();
        assert_eq!(found_now, found, "{config} {arguments:?}");
    }
}

#[test]
fn a_scan_says_which_suppressions_silence_nothing() {
    let silent = "silences nothing here (known)";
    for (rule, paths, is_said) in [
        ("correctness/self-comparison", "", true),
        ("correctness/self-comparison", "paths = [\"b.py\"]\n", true),
        // It may be of use in what was not scanned.
        (
            "correctness/self-comparison",
            "paths = [\"lib/*\"]\n",
            false,
        ),
        // It silences something.
        ("error-handling/*", "", false),
        // A scan does not look for it.
        ("api/*", "", false),
        ("*", "paths = [\"assay.toml\"]\n", false),
    ] {
        let repo = repo();
        let config = format!("[[suppress]]\nrule = \"{rule}\"\n{paths}reason = \"known\"\n");
        repo.write("assay.toml", &config).commit("configure");
        repo.write("b.py", EMPTY_CATCH);
        let report = json(&repo, &["scan"]);
        let notes = report["overview"]["notes"].to_string();
        assert_eq!(notes.contains(silent), is_said, "{config}\n{notes}");
    }
}

#[test]
fn a_suppressed_finding_stays_in_the_report_with_its_reason() {
    let repo = repo();
    repo.write(
        "assay.toml",
        "[[suppress]]\nrule = \"*\"\nreason = \"known since May\"\n",
    )
    .commit("configure");
    repo.write("b.py", EMPTY_CATCH);
    let report = json(&repo, &["review"]);
    let suppressed = &report["findings"][0]["suppressed"];
    assert_eq!(suppressed["by"], "configuration", "{suppressed}");
    assert_eq!(suppressed["reason"], "known since May");
}

#[test]
fn comments_silence_findings() {
    let repo = repo();
    let comment = "# assay:ignore error-handling/empty-catch -- a missing file is fine";
    repo.write(
        "b.py",
        EMPTY_CATCH.replace(
            "except Exception:",
            &format!("except Exception:  {comment}"),
        ),
    );
    let report = json(&repo, &["review"]);
    assert_eq!(introduced(&report), [""; 0]);
    assert_eq!(report["findings"][0]["suppressed"]["by"], "comment");
}

#[test]
fn errors_point_at_the_place() {
    for (config, parts) in [
        (
            "[gate]\nseverty = \"high\"\n",
            &["assay.toml:2:1", "did you mean `severity`?"][..],
        ),
        (
            "[rules]\n\"complexity/cognitve\" = \"off\"\n",
            &["assay.toml:2:1", "`complexity/cognitive`"],
        ),
        (
            "[rules]\n\"complexity/cognitive\" = { wran = 3 }\n",
            &["`wran`", "`warn`"],
        ),
        (
            "[rules]\n\"complexity/cognitive\" = { warn = 0 }\n",
            &["must be from"],
        ),
        (
            "[files]\nexclude = [\"[\"]\n",
            &["assay.toml:2:", "no glob"],
        ),
        (
            "[files.languages]\n\"*.x\" = \"pyhton\"\n",
            &["did you mean `python`?"],
        ),
        ("[[suppress]]\nrule = \"*\"\n", &["reason"]),
        (
            "[[suppress]]\nrule = \"*\"\nreason = \"x\"\nuntil = \"soon\"\n",
            &["assay.toml:4:", "2027-01-31"],
        ),
        ("x = \n", &["assay.toml:1:"]),
        (
            "[gate]\nscore = 400\n",
            &["assay.toml:2:9", "from 0 to 100"],
        ),
        ("[gate]\ncoverage = nan\n", &["from 0 to 100"]),
        (
            "[limits]\nfile-bytes = 3\n",
            &["assay.toml:2:14", "at least 1024"],
        ),
        ("[limits]\nfiles = 0\n", &["at least 1"]),
        ("[gate]\nscore = \"x\"\n", &["expected a number"]),
        ("[files]\nexclude = \"x\"\n", &["expected a list"]),
    ] {
        let repo = repo();
        repo.write("assay.toml", config).commit("configure");
        repo.write("b.py", "y = 2\n");
        let run = assay(&repo, &["review"]);
        assert_eq!(run.code, 2, "{config}: {run:?}");
        for part in parts {
            assert!(
                run.err.contains(part),
                "{config}: no {part:?} in {}",
                run.err
            );
        }
    }
}

#[test]
fn init_writes_what_review_reads() {
    let repo = repo();
    assert_eq!(assay(&repo, &["init"]).code, 0);
    let run = assay(&repo, &["init"]);
    assert!(run.code == 2 && run.err.contains("--force"), "{run:?}");
    repo.commit("configure");
    assert_eq!(assay(&repo, &["review"]).code, 0);
    let run = assay(&repo, &["config"]);
    assert!(
        run.out.contains("assay.toml") && run.out.contains("complexity/cognitive"),
        "{}",
        run.out
    );
}

#[test]
fn config_is_shown_for_a_path() {
    let repo = repo();
    let config = "[[override]]\npaths = [\"tests/**\"]\nrules = { \"complexity/*\" = \"off\" }\n";
    repo.write("assay.toml", config).commit("configure");
    let general = assay(&repo, &["config"]).out;
    let tests = assay(&repo, &["config", "--for", "tests/a.py"]).out;
    let is_on = |out: &str| {
        out.split("\noff")
            .next()
            .unwrap()
            .contains("complexity/cognitive")
    };
    assert!(is_on(&general) && !is_on(&tests), "{tests}");
}

#[test]
fn new_code_coverage_is_a_gate() {
    let repo = repo();
    repo.write("assay.toml", "[gate]\ncoverage = 80\n")
        .commit("configure");
    repo.write("b.py", "y = 2\nz = 3\n");
    assert_eq!(
        assay(&repo, &["review"]).code,
        1,
        "no report is not covered"
    );
    for (hits, code) in [("DA:1,1\nDA:2,1\n", 0), ("DA:1,1\nDA:2,0\n", 1)] {
        let lcov = format!("TN:\nSF:b.py\n{hits}end_of_record\n");
        let file = repo.outside().join("lcov.info");
        std::fs::write(&file, lcov).unwrap();
        let run = assay(&repo, &["review", "--coverage", file.to_str().unwrap()]);
        assert_eq!(run.code, code, "{run:?}");
    }
}

#[test]
fn outside_git_the_configuration_is_read_from_the_folder() {
    let folder = GitRepo::new_folder();
    folder.write("assay.toml", OFF).write("b.py", EMPTY_CATCH);
    assert_eq!(introduced(&json(&folder, &["scan"])), [""; 0]);
}
