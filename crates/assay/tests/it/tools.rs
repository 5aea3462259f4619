//! What other tools found: taken in from files, and from tools that run meanwhile.

use std::time::{Duration, Instant};

use assay_testkit::GitRepo;

use crate::run::{EMPTY_CATCH, Run, assay, introduced, json, repo, run};

/// An ESLint report of one message.
fn eslint(path: &str, rule: &str, line: u32, message: &str) -> String {
    serde_json::json!([{
        "filePath": path,
        "messages": [{"ruleId": rule, "severity": 2, "message": message, "line": line, "column": 1}],
    }])
    .to_string()
}

/// Writes a file beside the repository.
fn write(repo: &GitRepo, name: &str, text: &str) {
    std::fs::write(repo.outside().join(name), text).unwrap();
}

fn findings(report: &serde_json::Value) -> &Vec<serde_json::Value> {
    report["findings"].as_array().unwrap()
}

fn problems(report: &serde_json::Value) -> Vec<&str> {
    let problems = report["problems"].as_array().unwrap().iter();
    problems
        .map(|one| one["message"].as_str().unwrap())
        .collect()
}

fn notes(report: &serde_json::Value) -> String {
    report["overview"]["notes"].to_string()
}

#[test]
fn a_tools_finding_is_new_where_the_change_is() {
    let repo = repo();
    repo.write("old.js", "eval(a);\nlet b = 1;\n");
    repo.commit("old");
    repo.write("old.js", "eval(a);\nlet b = 2;\n");
    repo.write("new.js", "let c = 1;\n");
    let root = repo.root().canonicalize().unwrap();
    let path = |name: &str| root.join(name).to_str().unwrap().to_owned();
    write(
        &repo,
        "a.json",
        &eslint(&path("old.js"), "no-eval", 1, "eval can be harmful"),
    );
    write(
        &repo,
        "b.json",
        &eslint(&path("old.js"), "no-magic", 2, "two is magic"),
    );
    write(
        &repo,
        "c.json",
        &eslint("new.js", "prefer-const", 1, "c is never written to"),
    );
    let import = |name: &str| format!("--import=eslint={}", repo.outside().join(name).display());
    let arguments = [import("a.json"), import("b.json"), import("c.json")];
    let mut all = vec!["review"];
    all.extend(arguments.iter().map(String::as_str));
    let report = json(&repo, &all);
    assert_eq!(
        introduced(&report),
        ["new.js:1 eslint/prefer-const", "old.js:2 eslint/no-magic"]
    );
    let old = findings(&report)
        .iter()
        .find(|one| one["rule"] == "eslint/no-eval");
    assert_eq!(old.unwrap()["state"], "existing");
    let again = json(&repo, &all);
    assert_eq!(report, again, "the same input gives the same report");
    let run = assay(&repo, &all);
    assert!(run.out.contains("said by eslint (no-magic)"), "{}", run.out);
}

#[test]
fn what_two_say_is_said_once_and_attributed_to_both() {
    let repo = repo();
    repo.write("b.py", EMPTY_CATCH);
    let alone = json(&repo, &["review"]);
    let line = findings(&alone)[0]["location"]["start"]["line"]
        .as_u64()
        .unwrap();
    let ruff = serde_json::json!([{
        "code": "S110", "filename": "b.py", "message": "`try`-`except`-`pass` detected",
        "location": {"row": line, "column": 1}, "end_location": {"row": line, "column": 9},
        "url": "https://example.org/s110",
    }]);
    write(&repo, "ruff.json", &ruff.to_string());
    let import = format!("ruff={}", repo.outside().join("ruff.json").display());
    let report = json(&repo, &["review", "--import", &import, "--import", &import]);
    assert_eq!(introduced(&report), introduced(&alone));
    assert_eq!(
        findings(&report)[0]["tools"],
        serde_json::json!([{"tool": "ruff", "rule": "S110", "url": "https://example.org/s110"}])
    );
    assert_eq!(
        findings(&report)[0]["fingerprint"],
        findings(&alone)[0]["fingerprint"]
    );
}

#[test]
fn suppressions_and_baselines_hold_for_other_tools_too() {
    let repo = repo();
    repo.write(
        "assay.toml",
        "[[suppress]]\nrule = \"eslint/no-eval\"\nreason = \"reviewed\"\n",
    );
    repo.commit("configuration");
    repo.write(
        "new.js",
        "let a = 1;\nlet c = 1; // assay:ignore eslint/prefer-const -- it will change\n",
    );
    write(
        &repo,
        "a.json",
        &eslint("new.js", "no-eval", 1, "eval can be harmful"),
    );
    write(
        &repo,
        "b.json",
        &eslint("new.js", "prefer-const", 2, "c is never written to"),
    );
    let import = |name: &str| format!("--import=eslint={}", repo.outside().join(name).display());
    let report = json(&repo, &["review", &import("a.json"), &import("b.json")]);
    assert_eq!(introduced(&report), Vec::<String>::new());
    let by: Vec<_> = findings(&report)
        .iter()
        .map(|one| one["suppressed"]["by"].as_str().unwrap())
        .collect();
    assert_eq!(by.len(), 2, "{by:?}");
}

#[test]
fn what_cannot_be_taken_in_is_said_and_never_green() {
    let repo = repo();
    repo.write("new.js", "let a = 1;\n");
    write(&repo, "broken.json", "{");
    write(&repo, "away.json", &eslint("/else/where.js", "x", 1, "m"));
    write(&repo, "gone.json", &eslint("new.js", "x", 99, "m"));
    write(&repo, "missing.json", &eslint("no-such.js", "x", 1, "m"));
    let import = |name: &str| format!("--import=eslint={}", repo.outside().join(name).display());
    let report = json(
        &repo,
        &[
            "review",
            &import("broken.json"),
            &import("away.json"),
            &import("gone.json"),
            &import("missing.json"),
        ],
    );
    assert_eq!(report["gate"]["passed"], false);
    let [problem] = problems(&report)[..] else {
        panic!("{report}")
    };
    assert!(
        problem.contains("not eslint as it should be: line 1: "),
        "{problem}"
    );
    let notes = notes(&report);
    for part in [
        "outside of the repository",
        "at lines that are not in the file",
        "in files that are not in the tree",
    ] {
        assert!(notes.contains(part), "{part}: {notes}");
    }
    for (argument, part) in [
        ("eslint", "`eslint` is not FORMAT=FILE"),
        ("esilnt=a.json", "did you mean `eslint`?"),
        (
            "eslint=no-such-file.json",
            "no-such-file.json cannot be read",
        ),
    ] {
        let run = assay(&repo, &["review", "--import", argument]);
        assert_eq!(run.code, 2);
        assert!(run.err.contains(part), "{}", run.err);
    }
    // Where the repository was when the tool ran can be said.
    let report = json(
        &repo,
        &["review", "--import-root", "/else", &import("away.json")],
    );
    assert!(notes_of_missing(&report), "{report}");
}

fn notes_of_missing(report: &serde_json::Value) -> bool {
    notes(report).contains("in files that are not in the tree")
}

#[test]
fn a_secret_that_a_tool_quotes_is_masked() {
    let repo = repo();
    // Put together here, so that the repository holds none.
    let secret = format!(
        "xo{}-{}-{}-{}",
        "xb", "482913570264", "931570248613", "Zk3vQ8mT1xWb7RnY5cLd2HsJ"
    );
    repo.write("new.py", format!("token = \"{secret}\"\n"));
    write(
        &repo,
        "a.json",
        &eslint("new.py", "leak", 1, &format!("found {secret} here")),
    );
    let import = format!(
        "--import=eslint={}",
        repo.outside().join("a.json").display()
    );
    let run = assay(&repo, &["review", "--output", "json", &import]);
    assert!(!run.out.contains(&secret), "{}", run.out);
}

/// A repository whose base has a configuration with tools.
fn with_tools(tools: &str) -> GitRepo {
    let repo = repo();
    repo.write("assay.toml", tools);
    repo.commit("tools");
    repo.write("new.js", "let a = 1;\n");
    repo
}

fn tool(name: &str, script: &str, more: &str) -> String {
    let script = serde_json::to_string(script).unwrap();
    format!(
        "[[tools]]\nname = \"{name}\"\ncommand = [\"sh\", \"-c\", {script}, \"sh\", \"{{files}}\"]\nformat = \"rdjsonl\"\n{more}\n"
    )
}

const SAYS: &str = r#"for f in "$@"; do echo "{\"message\":\"seen\",\"location\":{\"path\":\"$f\",\"range\":{\"start\":{\"line\":1}}}}"; done"#;

#[test]
fn tools_run_when_they_are_asked_to_and_only_then() {
    let repo = with_tools(&format!(
        "{}{}",
        tool("echo", SAYS, ""),
        tool("python", "touch ran-for-python", "languages = [\"python\"]")
    ));
    let report = json(&repo, &["review"]);
    assert_eq!(introduced(&report), Vec::<String>::new());
    let report = json(&repo, &["review", "--tools"]);
    assert_eq!(introduced(&report), ["new.js:1 rdjson/finding"], "{report}");
    assert!(
        !repo.root().join("ran-for-python").exists(),
        "no file is for it"
    );
    let arguments = ["review", "--output", "json"];
    let user: Run = run(&repo, &arguments, b"", &[("ASSAY_TOOLS", "1")]);
    assert!(user.out.contains("rdjson/finding"), "{}", user.out);
}

#[test]
fn the_change_does_not_choose_the_tools() {
    let repo = with_tools(&tool("echo", SAYS, ""));
    repo.write("assay.toml", tool("evil", "touch owned", ""));
    let report = json(&repo, &["review", "--tools"]);
    assert!(
        !repo.root().join("owned").exists(),
        "the base's configuration counts"
    );
    assert!(introduced(&report).contains(&"new.js:1 rdjson/finding".to_owned()));
    for (arguments, part) in [
        (
            &["review", "--tools", "HEAD"][..],
            "tools read the files on disk",
        ),
        (
            &["review", "--tools", "--staged"],
            "tools read the files on disk",
        ),
        (
            &["review", "--tools", "acme/shop#1"],
            "the commands of the repository under review",
        ),
    ] {
        let run = assay(&repo, arguments);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.err.contains(part), "{}", run.err);
    }
    let run = run(
        &repo,
        &["review", "--tools"],
        b"",
        &[("ASSAY_PARENT_PROCESS", &std::process::id().to_string())],
    );
    assert_eq!(run.code, 2, "the process of a server: {run:?}");
}

#[test]
fn a_tool_that_fails_is_a_problem_and_the_others_count() {
    let slow = tool("slow", "sleep 600", "timeout-seconds = 1");
    let loud = tool("loud", "yes", "output-mb = 1");
    let fails = tool("fails", "echo it broke >&2; exit 3", "");
    let odd = tool("odd", "echo no json", "");
    let hungry = tool(
        "hungry",
        "exec head -c 400000000 /dev/zero | tail -n 1",
        "memory-mb = 64\nexit-codes = [0]",
    );
    let none =
        "[[tools]]\nname = \"none\"\ncommand = [\"no-such-program-here\"]\nformat = \"tsc\"\n";
    let good = tool("good", SAYS, "");
    let repo = with_tools(
        &[&slow, &loud, &fails, &odd, &hungry, none, &good]
            .map(|one| one.to_owned())
            .concat(),
    );
    let before = Instant::now();
    let report = json(&repo, &["review", "--tools"]);
    assert!(
        before.elapsed() < Duration::from_secs(300),
        "nobody waits for `sleep`"
    );
    assert_eq!(introduced(&report), ["new.js:1 rdjson/finding"], "{report}");
    assert_eq!(report["gate"]["passed"], false);
    let problems = problems(&report).join("\n");
    for part in [
        "slow: it took longer than 1 seconds",
        "loud: it wrote more than 1048576 bytes",
        "fails: it did not do its work (exit status: 3): it broke",
        "odd: not rdjsonl as it should be: line 1, column",
        "none: `no-such-program-here` cannot be started",
    ] {
        assert!(problems.contains(part), "{part}\n{problems}");
    }
}

#[test]
fn tools_do_not_see_the_tokens_of_the_user() {
    let script = r#"echo "{\"message\":\"<$GITHUB_TOKEN><$WANTED>\",\"location\":{\"path\":\"new.js\",\"range\":{\"start\":{\"line\":1}}}}""#;
    let repo = with_tools(&tool("env", script, "environment = [\"WANTED\"]"));
    let run = run(
        &repo,
        &["review", "--tools", "--output", "json"],
        b"",
        &[("GITHUB_TOKEN", "a-token"), ("WANTED", "a-word")],
    );
    assert!(run.out.contains("<><a-word>"), "{}", run.out);
}

#[test]
fn a_configuration_of_tools_is_checked() {
    for (more, part) in [
        ("format = \"eslnt\"", "did you mean `eslint`?"),
        (
            "format = \"copilot\"",
            "there is no format `copilot` of tools",
        ),
        (
            "format = \"tsc\"\ntimeout-seconds = 0",
            "0 is not from 1 to 3600",
        ),
        (
            "format = \"tsc\"\nlanguages = [\"klingon\"]",
            "there is no language `klingon`",
        ),
        ("format = \"tsc\"\nshell = true", "unknown key `shell`"),
    ] {
        let repo = with_tools(&format!(
            "[[tools]]\nname = \"x\"\ncommand = [\"true\"]\n{more}\n"
        ));
        let run = assay(&repo, &["review"]);
        assert_eq!(run.code, 2, "{more}");
        assert!(run.err.contains(part), "{part}: {}", run.err);
    }
}
