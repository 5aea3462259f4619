//! What must pass before a change is merged; `.ci/run` is one line around it.
//!
//! The cheap steps come first, and the steps that compile use the same profile
//! and features, so that each reuses what the one before it has built.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::demo;
use crate::run::{cargo, run as run_command, words};
use crate::services;
use crate::tidy;
use crate::web;

/// The version of cargo-deny that is installed when it is missing.
const DENY_VERSION: &str = "0.20.2";
/// Names the folder for tools that are installed once and kept between runs.
const CACHE_VARIABLE: &str = "ASSAY_CI_CACHE";

type Step = (&'static str, fn(&Path) -> Result<()>);

const STEPS: &[Step] = &[
    ("format", format),
    ("tidy", tidy::run),
    ("dependencies", deny),
    // Before anything is compiled: the program has the pages within.
    ("web", web::check),
    ("clippy", clippy),
    ("documentation", documentation),
    ("tests", |root| test(root, &[])),
    ("web-test", web::test),
    ("demo", demo::check),
];

/// Runs every step, stops at the first that fails, and says how long each took.
pub(crate) fn run(root: &Path) -> Result<()> {
    let mut times = Vec::new();
    for (name, step) in STEPS {
        println!("\n=== {name}");
        std::io::stdout().flush()?;
        let start = Instant::now();
        step(root).with_context(|| format!("the step `{name}` failed"))?;
        times.push((name, start.elapsed()));
    }
    println!("\n=== passed");
    for (name, time) in times {
        println!("{:8.1} s  {name}", time.as_secs_f64());
    }
    Ok(())
}

fn format(root: &Path) -> Result<()> {
    let mut command = cargo();
    command.args(["fmt", "--all", "--", "--check"]);
    run_command(command.current_dir(root))
}

fn clippy(root: &Path) -> Result<()> {
    let mut command = cargo();
    command
        .args(["clippy", "--locked", "--workspace", "--all-targets"])
        .args(["--all-features", "--", "-D", "warnings"]);
    run_command(command.current_dir(root))
}

fn documentation(root: &Path) -> Result<()> {
    let mut command = cargo();
    command
        .args(["doc", "--locked", "--workspace", "--no-deps"])
        .arg("--all-features")
        .env("RUSTDOCFLAGS", "-D warnings");
    run_command(command.current_dir(root))
}

/// Checks licences, sources and the owners of libraries. Advisories are left
/// out: they need the network, and an advisory published today must not break
/// a change that has nothing to do with it.
fn deny(root: &Path) -> Result<()> {
    let mut fetch = cargo();
    run_command(fetch.args(["fetch", "--locked"]).current_dir(root))?;
    let program = deny_program()?;
    let mut command = Command::new(&program);
    command
        .args(["--offline", "--locked", "--workspace", "--all-features"])
        .args(["check", "--hide-inclusion-graph"])
        .args(["bans", "licenses", "sources"]);
    run_command(command.current_dir(root))
}

/// Returns cargo-deny in the cache, installing it first when it is missing.
fn deny_program() -> Result<PathBuf> {
    let folder = cache_folder()?.join(format!("cargo-deny-{DENY_VERSION}"));
    let program = folder
        .join("bin")
        .join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok(program);
    }
    println!(
        "installing cargo-deny {DENY_VERSION} into {}",
        folder.display()
    );
    let mut install = cargo();
    // Without optimisation it is built in a third of the time, and it runs for
    // a second.
    install
        .args(["install", "--locked", "--debug", "--root"])
        .arg(&folder)
        .arg(format!("cargo-deny@{DENY_VERSION}"));
    run_command(&mut install)?;
    ensure!(
        program.is_file(),
        "cargo install left no {}",
        program.display()
    );
    Ok(program)
}

fn cache_folder() -> Result<PathBuf> {
    let path = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let user_cache = || {
        path("XDG_CACHE_HOME")
            .or_else(|| path("LOCALAPPDATA"))
            .or_else(|| Some(path("HOME")?.join(".cache")))
            .map(|folder| folder.join("assay-ci"))
    };
    path(CACHE_VARIABLE)
        .or_else(user_cache)
        .with_context(|| format!("there is no home folder; set {CACHE_VARIABLE} to a folder"))
}

/// Runs every test of the workspace with the services up, and adds up the
/// closing lines.
pub(crate) fn test(root: &Path, rest: &[&str]) -> Result<()> {
    services::with(|| all_tests(root, rest))
}

fn all_tests(root: &Path, rest: &[&str]) -> Result<()> {
    let mut command = cargo();
    command
        .args(["test", "--workspace", "--all-features", "--no-fail-fast"])
        .args(rest)
        .current_dir(root)
        .stdout(Stdio::piped());
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot start {}", words(&command)))?;
    let output = child.stdout.take().context("the output was piped")?;
    let mut totals = Totals::default();
    let mut stdout = std::io::stdout();
    for line in BufReader::new(output).split(b'\n') {
        let mut line = line?;
        totals.add(&String::from_utf8_lossy(&line));
        line.push(b'\n');
        stdout.write_all(&line)?;
        stdout.flush()?;
    }
    let status = child.wait()?;
    println!(
        "all tests: {} passed; {} failed; {} ignored; in {} runs",
        totals.passed, totals.failed, totals.ignored, totals.runs
    );
    ensure!(status.success(), "{} failed: {status}", words(&command));
    ensure!(
        totals.passed > 0 || !rest.is_empty(),
        "no test ran, which proves nothing"
    );
    Ok(())
}

/// The sums of the lines `test result: ok. 3 passed; 0 failed; ...`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    runs: u64,
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Totals {
    fn add(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else {
            return;
        };
        self.runs += 1;
        let counts = counts.split_once(". ").map_or(counts, |(_, counts)| counts);
        for part in counts.split("; ") {
            let Some((count, what)) = part.trim().split_once(' ') else {
                continue;
            };
            let count: u64 = count.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Totals;

    #[test]
    fn closing_lines_are_added_up() {
        let mut totals = Totals::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s",
        ] {
            totals.add(line);
        }
        let expected = Totals {
            runs: 2,
            passed: 13,
            failed: 2,
            ignored: 1,
        };
        assert_eq!(totals, expected);
    }
}
