//! `cargo xtask replay REPOSITORY...`: reviews the last commits of real
//! repositories one by one and checks what every review promises: no crash, a
//! ledger with every file and line that git sees, the same bytes again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// Commits a repository when nothing else is said.
const COMMITS: usize = 200;
/// A review that takes longer has hung.
const REVIEW_TIME_MAX: Duration = Duration::from_secs(60);

/// Reviews the last commits of each repository and prints a table.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let (commits, repositories) = match arguments {
        ["--commits", count, rest @ ..] => {
            (count.parse().context("--commits takes a number")?, rest)
        }
        rest => (COMMITS, rest),
    };
    if repositories.is_empty() {
        bail!("name at least one repository on disk");
    }
    let assay = release_binary(root)?;
    println!("repository            commits hunks findings/commit   ms/commit      failures");
    println!("                                    p50   p95  max   p50   p95   max");
    let mut failed = 0;
    for repository in repositories {
        let tally = replay(&assay, Path::new(repository), commits)?;
        tally.print(repository);
        failed += tally.failures.len();
    }
    if failed > 0 {
        bail!("{failed} reviews did not keep what a review promises");
    }
    Ok(())
}

/// Builds the program as users have it; `ASSAY_BINARY` names one that is built.
pub(crate) fn release_binary(root: &Path) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("ASSAY_BINARY") {
        return Ok(PathBuf::from(path));
    }
    let built = Command::new("cargo")
        .args(["build", "--release", "--quiet", "--package", "assay"])
        .current_dir(root)
        .status()?;
    if !built.success() {
        bail!("the release build failed");
    }
    Ok(root.join("target/release/assay"))
}

#[derive(Default)]
struct Tally {
    commits: usize,
    hunks: usize,
    findings: Vec<u64>,
    times: Vec<u64>,
    rules: BTreeMap<String, usize>,
    failures: Vec<String>,
}

fn replay(assay: &Path, repository: &Path, commits: usize) -> Result<Tally> {
    let list = git(
        repository,
        &[
            "rev-list",
            "--first-parent",
            &format!("--max-count={commits}"),
            "HEAD",
        ],
    )?;
    let mut tally = Tally::default();
    for commit in list.lines() {
        if let Err(error) = replay_commit(assay, repository, commit, &mut tally) {
            tally.failures.push(format!("{commit}: {error:#}"));
        }
    }
    Ok(tally)
}

fn replay_commit(assay: &Path, repository: &Path, commit: &str, tally: &mut Tally) -> Result<()> {
    tally.commits += 1;
    let (json, time) = review(assay, repository, commit, "json", &["--no-cache"])?;
    tally.times.push(time.as_millis() as u64);
    if time > REVIEW_TIME_MAX {
        bail!("took {} s", time.as_secs());
    }
    let report: Value = serde_json::from_slice(&json).context("the report is no JSON")?;
    let findings = report["findings"]
        .as_array()
        .context("no findings in the report")?;
    let new: Vec<&Value> = findings
        .iter()
        .filter(|finding| finding["state"] == "introduced" && finding["suppressed"].is_null())
        .collect();
    tally.findings.push(new.len() as u64);
    for finding in new {
        *tally
            .rules
            .entry(finding["rule"].as_str().unwrap_or("?").to_owned())
            .or_default() += 1;
    }
    tally.hunks += check_ledger(repository, commit, &report)?;
    for format in ["json", "sarif", "terminal", "markdown", "html"] {
        let one = ["--threads", "1", "--no-cache"];
        let (first, _) = review(assay, repository, commit, format, &one)?;
        // The first of these writes what the second reads.
        for threads in ["2", "1"] {
            let (second, _) = review(assay, repository, commit, format, &["--threads", threads])?;
            if first != second {
                bail!("{format} differs with {threads} threads and what is kept");
            }
        }
    }
    Ok(())
}

fn review(
    assay: &Path,
    repository: &Path,
    commit: &str,
    format: &str,
    more: &[&str],
) -> Result<(Vec<u8>, Duration)> {
    let started = Instant::now();
    let output = Command::new(assay)
        .args(["review", commit, "--all", "--output", format])
        .args(more)
        .current_dir(repository)
        .output()?;
    let time = started.elapsed();
    match output.status.code() {
        Some(0 | 1) => Ok((output.stdout, time)),
        code => bail!(
            "ended with {code:?}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ),
    }
}

/// Compares the ledger with `git diff --numstat`: every file that git sees is
/// there, and where both count lines, lines added less lines removed agree
/// (the two may pair lines differently). Returns the number of hunks.
fn check_ledger(repository: &Path, commit: &str, report: &Value) -> Result<usize> {
    let parents = git(repository, &["rev-list", "--parents", "-n", "1", commit])?;
    let base = parents.split_whitespace().nth(1).map_or_else(
        || {
            git(repository, &["hash-object", "-t", "tree", "/dev/null"])
                .map(|id| id.trim().to_owned())
        },
        |parent| Ok(parent.to_owned()),
    )?;
    let arguments = [
        "diff",
        "--numstat",
        "-z",
        "--no-renames",
        "--no-textconv",
        &base,
        commit,
    ];
    // A clone that lacks objects cannot be compared; git says which.
    let numstat = match git(repository, &arguments) {
        Ok(numstat) => numstat,
        Err(error) if error.to_string().contains("unable to read") => String::new(),
        Err(error) => return Err(error),
    };
    let mut grown: BTreeMap<&str, Option<i64>> = BTreeMap::new();
    for row in numstat.split('\0').filter(|row| !row.is_empty()) {
        let mut columns = row.splitn(3, '\t');
        let (added, removed, path) = (columns.next(), columns.next(), columns.next());
        let count = |text: Option<&str>| text.and_then(|text| text.parse::<i64>().ok());
        grown.insert(
            path.context("numstat without a path")?,
            count(added)
                .zip(count(removed))
                .map(|(added, removed)| added - removed),
        );
    }
    let mut hunks = 0;
    let mut seen: BTreeMap<String, ()> = BTreeMap::new();
    let files = report["ledger"]["files"]
        .as_array()
        .context("no ledger in the report")?;
    for file in files {
        let path = file["path"]
            .as_str()
            .context("a ledger entry without a path")?;
        seen.insert(path.to_owned(), ());
        if let Some(base) = file["base_uri"].as_str() {
            seen.insert(percent_decoded(base), ());
        }
        let rows = file["hunks"]
            .as_array()
            .context("a ledger entry without hunks")?;
        hunks += rows.len();
        let sum: i64 = rows
            .iter()
            .map(|hunk| {
                hunk["head"]["count"].as_i64().unwrap_or(0)
                    - hunk["base"]["count"].as_i64().unwrap_or(0)
            })
            .sum();
        let renamed = !file["base_uri"].is_null();
        let counted = !rows.is_empty() && !renamed;
        if let (true, Some(Some(expected))) = (counted, grown.get(path))
            && sum != *expected
        {
            bail!("{path}: the ledger grows by {sum} lines, git by {expected}");
        }
    }
    if let Some(missing) = grown
        .keys()
        .find(|path| !seen.contains_key(**path) && path.is_ascii())
    {
        bail!("{missing} is not in the ledger");
    }
    Ok(hunks)
}

/// Reads a relative URI reference; what is no UTF-8 stays encoded.
fn percent_decoded(uri: &str) -> String {
    let mut bytes = Vec::with_capacity(uri.len());
    let mut rest = uri.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = tail
            .get(..2)
            .and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| uri.to_owned())
}

pub(crate) fn git(repository: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(repository)
        .args(arguments)
        .output()?;
    if !output.status.success() {
        bail!(
            "git {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

impl Tally {
    fn print(&self, repository: &str) {
        let name = Path::new(repository)
            .file_name()
            .map_or(repository.into(), |name| name.to_string_lossy());
        let (findings, times) = (Spread::of(&self.findings), Spread::of(&self.times));
        println!(
            "{name:20} {:8} {:5} {:6} {:5} {:4} {:5} {:5} {:5}  {:8}",
            self.commits,
            self.hunks,
            findings.median,
            findings.high,
            findings.max,
            times.median,
            times.high,
            times.max,
            self.failures.len()
        );
        let mut rules: Vec<_> = self.rules.iter().collect();
        rules.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (rule, count) in rules.iter().take(8) {
            println!("    {count:5}  {rule}");
        }
        for failure in self.failures.iter().take(10) {
            println!("    {failure}");
        }
    }
}

/// The median, the 95th percentile and the largest of some numbers.
struct Spread {
    median: u64,
    high: u64,
    max: u64,
}

impl Spread {
    fn of(values: &[u64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        let at = |percent: usize| {
            sorted
                .get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1)))
                .copied()
                .unwrap_or(0)
        };
        Self {
            median: at(50),
            high: at(95),
            max: sorted.last().copied().unwrap_or(0),
        }
    }
}
