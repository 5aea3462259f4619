//! `cargo xtask replay --pushes REPOSITORY...`: plays the branches that real
//! repositories merged push by push, reviews each push with `--since-last`, and
//! counts what is said twice and what is said never (guarantee G4).
//!
//! A branch is the second parent of a merge, each of its commits a push. After
//! the last push the branch is rebased (its merge, seen from the first parent)
//! and squashed (the same content as one commit): neither may say anything again.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::replay::{git, release_binary};

/// Branches of a repository that are played.
const BRANCHES: usize = 40;
/// Pushes of one branch.
const PUSHES_MAX: usize = 12;
/// Merges that are looked at for branches of more than one commit.
const MERGES_MAX: usize = 2_000;

/// Plays the branches of each repository and prints a table.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let (branches, repositories) = match arguments {
        ["--branches", count, rest @ ..] => {
            (count.parse().context("--branches takes a number")?, rest)
        }
        rest => (BRANCHES, rest),
    };
    if repositories.is_empty() {
        bail!("name at least one repository on disk");
    }
    let assay = release_binary(root)?;
    println!(
        "repository            branches pushes   said still gone rebases squashes repeats lost"
    );
    let kept = root.join("target/pushes");
    let mut bad = 0;
    for repository in repositories {
        let tally = play(&assay, Path::new(repository), &kept, branches)?;
        tally.print(repository);
        bad += tally.wrong.len();
    }
    if bad > 0 {
        bail!("{bad} findings were said twice or never");
    }
    Ok(())
}

#[derive(Default)]
struct Tally {
    branches: usize,
    pushes: usize,
    said: usize,
    still: usize,
    gone: u64,
    rebases: usize,
    squashes: usize,
    repeats: usize,
    lost: usize,
    wrong: Vec<String>,
}

/// One branch: where it left, its commits, and the merge.
struct Branch {
    base: String,
    commits: Vec<String>,
    first_parent: String,
    merge: String,
}

fn play(assay: &Path, repository: &Path, kept: &Path, count: usize) -> Result<Tally> {
    let mut tally = Tally::default();
    for branch in branches(repository, count)? {
        tally.branches += 1;
        if kept.exists() {
            std::fs::remove_dir_all(kept)?;
        }
        let player = Player {
            assay,
            repository,
            cache: kept,
            name: &branch.merge,
        };
        let mut before: Vec<Known> = Vec::new();
        for commit in &branch.commits {
            tally.pushes += 1;
            let report = player.review(&branch.base, commit)?;
            before = tally.judge(&report, &before, true, commit)?;
        }
        let tree = format!("{}^{{tree}}", branch.commits.last().context("a push")?);
        let arguments = ["commit-tree", &tree, "-p", &branch.base, "-m", "squashed"];
        let squashed = git(repository, &arguments)?;
        let report = player.review(&branch.base, squashed.trim())?;
        before = tally.judge(&report, &before, false, "squash")?;
        tally.squashes += 1;
        let report = player.review(&branch.first_parent, &branch.merge)?;
        tally.judge(&report, &before, true, &branch.merge)?;
        tally.rebases += 1;
    }
    Ok(tally)
}

/// The newest branches of two commits or more.
fn branches(repository: &Path, count: usize) -> Result<Vec<Branch>> {
    let limit = format!("--max-count={MERGES_MAX}");
    let arguments = [
        "rev-list",
        "--first-parent",
        "--min-parents=2",
        "--max-parents=2",
        "--parents",
        &limit,
        "HEAD",
    ];
    let merges = git(repository, &arguments)?;
    let mut found = Vec::new();
    for line in merges.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [merge, first, second] = words[..] else {
            continue;
        };
        let Ok(base) = git(repository, &["merge-base", first, second]) else {
            continue;
        };
        let base = base.trim().to_owned();
        // A branch that took the main line in between is no row of pushes.
        let range = format!("{base}..{second}");
        let listed = git(repository, &["rev-list", "--reverse", "--parents", &range])?;
        let rows: Vec<Vec<&str>> = listed
            .lines()
            .map(|row| row.split_whitespace().collect())
            .collect();
        let is_row = rows.iter().all(|row| row.len() == 2);
        if !is_row || !(2..=PUSHES_MAX).contains(&rows.len()) {
            continue;
        }
        found.push(Branch {
            base,
            commits: rows.iter().map(|row| row[0].to_owned()).collect(),
            first_parent: first.to_owned(),
            merge: merge.to_owned(),
        });
        if found.len() == count {
            break;
        }
    }
    Ok(found)
}

struct Player<'a> {
    assay: &'a Path,
    repository: &'a Path,
    cache: &'a Path,
    name: &'a str,
}

impl Player<'_> {
    fn review(&self, base: &str, head: &str) -> Result<Value> {
        let output = Command::new(self.assay)
            .args(["review", &format!("{base}..{head}"), "--output", "json"])
            .arg(format!("--since-last={}", self.name))
            .env("ASSAY_CACHE_DIR", self.cache)
            .current_dir(self.repository)
            .output()?;
        if !matches!(output.status.code(), Some(0 | 1)) {
            bail!(
                "{base}..{head}: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        serde_json::from_slice(&output.stdout).context("the report is no JSON")
    }
}

/// What a person knows a finding by: the rule, the function, the line of code.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Known {
    rule: String,
    symbol: String,
    line: String,
    severity: String,
}

impl Known {
    fn of(finding: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let start = &finding["location"]["start"]["line"];
        let lines = finding["frame"].as_array();
        let line = lines
            .and_then(|lines| lines.iter().find(|line| &line["number"] == start))
            .map_or_else(String::new, |line| {
                text(&line["text"]).split_whitespace().collect()
            });
        Self {
            rule: text(&finding["rule"]),
            symbol: text(&finding["symbol"]),
            line,
            severity: text(&finding["severity"]),
        }
    }

    /// Whether both are about one thing, as far as a person can see.
    fn is_like(&self, other: &Self) -> bool {
        self.rule == other.rule && (self.symbol == other.symbol || self.line == other.line)
    }
}

impl Tally {
    /// Compares what a report says with what was known before it; returns what is
    /// known after it. In a history that was only rewritten nothing may be new.
    fn judge(
        &mut self,
        report: &Value,
        before: &[Known],
        may_be_new: bool,
        what: &str,
    ) -> Result<Vec<Known>> {
        let findings = report["findings"].as_array().context("no findings")?;
        let open: Vec<&Value> = findings
            .iter()
            .filter(|finding| !finding["said"].is_null())
            .collect();
        self.gone += report["since_last"]["gone"].as_u64().unwrap_or(0);
        let mut left: HashMap<&Known, usize> = HashMap::new();
        for known in before {
            *left.entry(known).or_default() += 1;
        }
        let after: Vec<Known> = open.iter().map(|finding| Known::of(finding)).collect();
        let mut rows: Vec<(&Value, &Known)> = open.into_iter().zip(&after).collect();
        // What is there still uses up what was known.
        rows.sort_by_key(|(finding, _)| finding["said"] != "still");
        for (finding, known) in rows {
            let taken = match left.get_mut(known) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    true
                }
                _ => false,
            };
            let place = format!(
                "{what}: {} {}:{}",
                known.rule, finding["location"]["path"], finding["location"]["start"]["line"]
            );
            if finding["said"] == "still" {
                self.still += 1;
                if !before.iter().any(|one| one.is_like(known)) {
                    self.lost += 1;
                    self.wrong.push(format!("never said: {place}"));
                }
            } else {
                self.said += 1;
                if taken || !may_be_new {
                    self.repeats += 1;
                    self.wrong.push(format!("said twice: {place}"));
                }
            }
        }
        Ok(after)
    }

    fn print(&self, repository: &str) {
        let name = Path::new(repository)
            .file_name()
            .map_or(repository.into(), |name| name.to_string_lossy());
        println!(
            "{name:20} {:9} {:6} {:6} {:5} {:4} {:7} {:8} {:7} {:4}",
            self.branches,
            self.pushes,
            self.said,
            self.still,
            self.gone,
            self.rebases,
            self.squashes,
            self.repeats,
            self.lost
        );
        for wrong in self.wrong.iter().take(20) {
            println!("    {wrong}");
        }
    }
}
