//! Runs the command in a repository and shows what came of it.

use std::process::{Command, Stdio};

use assay_testkit::GitRepo;

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the command in the root of a repository.
pub(crate) fn assay(repo: &GitRepo, arguments: &[&str]) -> Run {
    assay_with(repo, arguments, b"")
}

/// Runs the command with something on standard input.
pub(crate) fn assay_with(repo: &GitRepo, arguments: &[&str], input: &[u8]) -> Run {
    run(repo, arguments, input, &[])
}

/// Runs the command with more in its environment.
pub(crate) fn run(
    repo: &GitRepo,
    arguments: &[&str],
    input: &[u8],
    environment: &[(&str, &str)],
) -> Run {
    use std::io::Write as _;
    let mut child = Command::new(env!("CARGO_BIN_EXE_assay"))
        .args(arguments)
        .current_dir(repo.root())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", repo.outside())
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input closes it early.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().expect("the command was not killed"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs a review and returns the JSON report.
pub(crate) fn json(repo: &GitRepo, arguments: &[&str]) -> serde_json::Value {
    let mut all = arguments.to_vec();
    all.extend(["--output", "json"]);
    let run = assay(repo, &all);
    assert!(run.code < 2, "{run:?}");
    serde_json::from_str(&run.out).unwrap()
}

/// Returns `path:line rule` of the findings that count.
pub(crate) fn introduced(report: &serde_json::Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .filter(|finding| finding["state"] == "introduced" && finding["suppressed"].is_null())
        .map(|finding| {
            let location = &finding["location"];
            let rule = finding["rule"].as_str().unwrap();
            let path = location["path"].as_str().unwrap();
            format!("{path}:{} {rule}", location["start"]["line"])
        })
        .collect()
}

/// Python with one finding at its fourth line.
pub(crate) const EMPTY_CATCH: &str = "\
def load(path):
    try:
        return open(path)
    except Exception:
        pass
";

/// Python with a finding that fails the gate, at its fourth line.
pub(crate) const SAME_CONDITION: &str = "\
def size(count):
    if count > 100:
        return \"large\"
    elif count > 100:
        return \"medium\"
    return \"small\"
";

/// A repository with a commit on main.
pub(crate) fn repo() -> GitRepo {
    let repo = GitRepo::new();
    repo.write("a.py", "x = 1\n").commit("first");
    repo
}
