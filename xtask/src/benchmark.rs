//! Scores the scan of OWASP BenchmarkJava by OWASP's own rule: for each category
//! the rate of true positives less that of false positives, and their mean.
//!
//! The benchmark is read where it lies and is no part of this repository.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::run::{cargo, run};

/// The benchmark's categories by rule.
const CATEGORIES: &[(&str, &str)] = &[
    ("injection/command-injection", "cmdi"),
    ("security/weak-cipher", "crypto"),
    ("security/ecb-mode", "crypto"),
    ("security/weak-hash", "hash"),
    ("injection/ldap-injection", "ldapi"),
    ("injection/path-traversal", "pathtraver"),
    ("security/cookie-without-secure", "securecookie"),
    ("injection/sql-injection", "sqli"),
    ("injection/trust-boundary", "trustbound"),
    ("security/insecure-random", "weakrand"),
    ("injection/xpath-injection", "xpathi"),
    ("injection/cross-site-scripting", "xss"),
];

#[derive(Default)]
struct Count {
    found: u32,
    missed: u32,
    wrong: u32,
    quiet: u32,
}

/// Clock ticks a second in which Linux counts the time of processes for others.
const TICKS_A_SECOND: f64 = 100.0;

/// Scans the folder of the benchmark, with the program when one is given, and
/// prints the table.
pub(crate) fn score(root: &Path, folder: &str, program: Option<&str>) -> Result<()> {
    let folder = Path::new(folder);
    let answers = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.to_string_lossy().contains("expectedresults"))
        .context("there is no file of expected results")?;
    check_checkout(folder)?;
    let program = match program {
        Some(program) => PathBuf::from(program),
        None => {
            run(cargo()
                .current_dir(root)
                .args(["build", "--release", "-p", "assay"]))?;
            root.join("target/release/assay")
        }
    };
    let report = root.join("target/benchmark-report.json");
    if report.exists() {
        std::fs::remove_file(&report)?;
    }
    let before = processor_seconds();
    let status = Command::new(&program)
        .args(["scan", "--quiet", "--output"])
        .arg(format!("json={}", report.display()))
        .arg(folder.join("src"))
        .status()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let after = processor_seconds();
    if !report.exists() {
        bail!("assay left no report and ended with {status}");
    }
    let found = found(&std::fs::read_to_string(&report)?)?;
    std::fs::remove_file(&report)?;
    let counts = count(&std::fs::read_to_string(answers)?, &found);
    print(&counts);
    if let (Some(before), Some(after)) = (before, after) {
        println!("processor time {:.2} s", after - before);
    }
    Ok(())
}

/// Returns the processor time of the programs that this one started and that
/// ended, where the system tells.
fn processor_seconds() -> Option<f64> {
    processor_seconds_in(&std::fs::read_to_string("/proc/self/stat").ok()?)
}

fn processor_seconds_in(stat: &str) -> Option<f64> {
    // The name of the program, in brackets, may hold spaces; then come 13
    // others before the times of children, as user and as system.
    let mut cells = stat.rsplit_once(')')?.1.split_whitespace().skip(13);
    let [user, system]: [f64; 2] = [cells.next()?.parse().ok()?, cells.next()?.parse().ok()?];
    Some((user + system) / TICKS_A_SECOND)
}

/// Fails where files of the benchmark are missing, or not known to git: what
/// `.gitignore` names is read only when it is tracked, and the benchmark keeps a
/// file of constants that its tests read in such a place.
fn check_checkout(folder: &Path) -> Result<()> {
    let changed = Command::new("git")
        .args(["status", "--porcelain", "--", "src"])
        .current_dir(folder)
        .output()
        .context("git cannot be started")?;
    if !changed.status.success() || !changed.stdout.is_empty() {
        bail!(
            "{} is no clean checkout of the benchmark: `git status src` must print nothing",
            folder.display()
        );
    }
    Ok(())
}

/// Returns the test and category of every finding.
fn found(report: &str) -> Result<BTreeSet<(String, &'static str)>> {
    let report: serde_json::Value = serde_json::from_str(report)?;
    let mut found = BTreeSet::new();
    for finding in report["findings"].as_array().context("no findings")? {
        let rule = finding["rule"].as_str().unwrap_or_default();
        let path = finding["location"]["path"].as_str().unwrap_or_default();
        let stem = Path::new(path).file_stem().unwrap_or_default();
        let category = CATEGORIES.iter().find(|(known, _)| *known == rule);
        if let Some((_, category)) = category {
            found.insert((stem.to_string_lossy().into_owned(), *category));
        }
    }
    Ok(found)
}

/// Compares with the answers: `test,category,is it real,...` a line.
fn count(answers: &str, found: &BTreeSet<(String, &'static str)>) -> BTreeMap<String, Count> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for line in answers.lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.split(',');
        let (Some(test), Some(category), Some(real)) = (cells.next(), cells.next(), cells.next())
        else {
            continue;
        };
        let is_found = found.iter().any(|(own, of)| own == test && *of == category);
        let count = counts.entry(category.to_owned()).or_default();
        match (real == "true", is_found) {
            (true, true) => count.found += 1,
            (true, false) => count.missed += 1,
            (false, true) => count.wrong += 1,
            (false, false) => count.quiet += 1,
        }
    }
    counts
}

fn print(counts: &BTreeMap<String, Count>) {
    println!("| category | TP | FN | FP | TN | TPR | FPR | Youden |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut sum = 0.0;
    for (category, count) in counts {
        let rate = |part: u32, rest: u32| 100.0 * f64::from(part) / f64::from((part + rest).max(1));
        let (true_rate, false_rate) = (
            rate(count.found, count.missed),
            rate(count.wrong, count.quiet),
        );
        sum += true_rate - false_rate;
        println!(
            "| {category} | {} | {} | {} | {} | {true_rate:.1} | {false_rate:.1} | {:.1} |",
            count.found,
            count.missed,
            count.wrong,
            count.quiet,
            true_rate - false_rate
        );
    }
    println!("\nmacro Youden {:+.1}", sum / counts.len().max(1) as f64);
}

#[cfg(test)]
mod tests {
    use super::{count, processor_seconds_in};

    #[test]
    fn the_time_of_children_is_read_whatever_the_program_is_called() {
        let stat = "7 (a ) b) S 1 2 3 4 5 6 7 8 9 10 11 12 250 50 20 0";
        assert_eq!(processor_seconds_in(stat), Some(3.0));
        assert_eq!(processor_seconds_in("7 (a"), None);
    }

    #[test]
    fn answers_are_compared_by_test_and_category() {
        let found = [("A".to_owned(), "xss"), ("B".to_owned(), "xss")].into();
        let counts = count(
            "# head\nA,xss,true,79\nB,xss,false,79\nC,xss,true,79\n",
            &found,
        );
        let xss = &counts["xss"];
        assert_eq!((xss.found, xss.missed, xss.wrong, xss.quiet), (1, 1, 1, 0));
    }
}
