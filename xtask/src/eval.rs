//! Scores reviews on changes whose mistakes are known: how many are found, how much else
//! is said, what it costs. The changes are data, in `evals/review/`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use assay_testkit::GitRepo;
use assay_testkit::llm::{Dialect, FakeModel, Received, Shape, Turn};
use serde_json::{Value, json};

/// A finding so near to the mistake is about it.
const LINES_NEAR: i64 = 2;

/// A change.
pub(crate) struct Case {
    pub(crate) name: String,
    path: String,
    base: Option<String>,
    head: String,
    /// Where the mistake is; none when there is none.
    pub(crate) line: Option<i64>,
    pub(crate) concern: String,
    why: String,
}

/// Who answers.
enum Answers {
    /// Nobody: the static analysis alone.
    None,
    /// Models of a configuration.
    Config(PathBuf),
    /// A scripted model that knows every mistake: what the way from answer to finding
    /// loses is lost here.
    Knowing,
    /// A scripted model that says what is not so of every change: what is kept of it is
    /// what the way from answer to finding does not stop.
    Lying,
}

#[derive(Default)]
struct Score {
    cases: usize,
    mistakes: usize,
    found: usize,
    other: usize,
    clean: usize,
    silent: usize,
    cost_nanos: u64,
    seconds: f64,
}

pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let mut program = root.join("target/debug/assay");
    let mut answers = Answers::None;
    let mut only = None;
    let mut keeps = false;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || {
            rest.next()
                .with_context(|| format!("{argument} needs a value"))
        };
        match *argument {
            "--program" => program = PathBuf::from(value()?),
            "--model-config" => answers = Answers::Config(std::fs::canonicalize(value()?)?),
            "--knowing" => answers = Answers::Knowing,
            "--lying" => answers = Answers::Lying,
            "--keep" => keeps = true,
            "--only" => only = Some((*value()?).to_owned()),
            other => bail!("eval: there is no `{other}`"),
        }
    }
    ensure!(
        program.exists(),
        "{} is not there: build assay first",
        program.display()
    );
    let program = std::fs::canonicalize(program)?;
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for (language, case) in cases(&root.join("evals/review"))? {
        if only
            .as_ref()
            .is_some_and(|only| !case.name.contains(only.as_str()))
        {
            continue;
        }
        let found = review(&program, &case, &answers).with_context(|| case.name.clone())?;
        for key in [language.as_str(), "all"] {
            add(scores.entry(key.to_owned()).or_default(), &case, &found);
        }
    }
    print!("{}", table(&scores, true));
    if keeps {
        ensure!(only.is_none(), "scores of some changes are not kept");
        let name = match answers {
            Answers::None => "static",
            Answers::Knowing => "knowing",
            Answers::Lying => "lying",
            Answers::Config(_) => {
                bail!("scores of a configuration are not kept: nobody else has it")
            }
        };
        let file = root.join(format!("evals/scores/{name}.txt"));
        std::fs::write(&file, table(&scores, false))?;
    }
    Ok(())
}

/// Reads the changes, each with its language.
pub(crate) fn cases(folder: &Path) -> Result<Vec<(String, Case)>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let language = file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let table: toml::Table = std::fs::read_to_string(&file)?.parse()?;
        let list = table.get("case").and_then(toml::Value::as_array);
        for case in list.with_context(|| file.display().to_string())? {
            let text = |key: &str| {
                case.get(key)
                    .and_then(toml::Value::as_str)
                    .map(str::to_owned)
            };
            let case = Case {
                name: text("name").context("a case has no name")?,
                path: text("path").context("a case has no path")?,
                base: text("base"),
                head: text("head").context("a case has no head")?,
                line: case.get("line").and_then(toml::Value::as_integer),
                concern: text("concern").unwrap_or_default(),
                why: text("why").unwrap_or_default(),
            };
            cases.push((language.clone(), case));
        }
    }
    Ok(cases)
}

/// What a review said.
struct Found {
    lines: Vec<i64>,
    cost_nanos: u64,
    seconds: f64,
}

/// Makes a repository with the change in its working tree.
pub(crate) fn changed(case: &Case) -> GitRepo {
    let repo = GitRepo::new();
    repo.write("README.md", "A shop.\n");
    if let Some(base) = &case.base {
        repo.write(&case.path, base);
    }
    repo.commit("before");
    repo.write(&case.path, &case.head);
    repo
}

fn review(program: &Path, case: &Case, answers: &Answers) -> Result<Found> {
    let repo = changed(case);
    let fake = match answers {
        Answers::Knowing => Some(scripted(knowing(case))),
        Answers::Lying => Some(scripted(lying(case))),
        Answers::None | Answers::Config(_) => None,
    };
    let mut command = Command::new(program);
    command
        .args(["review", "--output", "json"])
        .current_dir(repo.root())
        .env("HOME", repo.outside())
        .env("ASSAY_CACHE_DIR", repo.outside().join("cache"));
    let config = match (answers, &fake) {
        (Answers::Config(file), _) => Some(file.clone()),
        (_, Some(fake)) => Some(configure(&repo, fake)?),
        _ => None,
    };
    if let Some(config) = &config {
        command.arg("--model").arg("--model-config").arg(config);
    }
    let begun = Instant::now();
    let output = command.output()?;
    let seconds = begun.elapsed().as_secs_f64();
    let report: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let counts = |one: &&Value| one["state"] == "introduced" && one["suppressed"].is_null();
    let lines = findings.iter().filter(counts);
    let usage = Command::new(program)
        .args(["usage", "--by", "day", "--json"])
        .env("HOME", repo.outside())
        .output()?;
    let usage: Value = serde_json::from_slice(&usage.stdout)?;
    let rows = usage["rows"].as_array().cloned().unwrap_or_default();
    Ok(Found {
        lines: lines
            .filter_map(|one| one["location"]["start"]["line"].as_i64())
            .collect(),
        cost_nanos: rows
            .iter()
            .filter_map(|row| row["cost_nanos"].as_u64())
            .sum(),
        seconds,
    })
}

fn configure(repo: &GitRepo, fake: &FakeModel) -> Result<PathBuf> {
    let file = repo.outside().join("models.toml");
    let text = format!(
        "[model]\nuse = [\"scripted/gpt-5-mini\"]\n[model.provider.scripted]\nkind = \"openai-compatible\"\nbase = \"{}\"\n",
        fake.url()
    );
    std::fs::write(&file, text)?;
    Ok(file)
}

/// Starts a model that makes these remarks and says of each that it holds.
pub(crate) fn scripted(remarks: Vec<Value>) -> FakeModel {
    FakeModel::start_scripted(Dialect::OpenAiChat, Shape::default(), move |asked| {
        match asked.body["response_format"]["json_schema"]["name"].as_str() {
            Some("verdicts") => all_hold(asked),
            _ => Turn::json(&json!({ "remarks": remarks })),
        }
    })
}

fn all_hold(asked: &Received) -> Turn {
    let text = asked.body["messages"][1]["content"]
        .as_str()
        .unwrap_or_default();
    let verdict = |number: usize| {
        json!({
            "remark": number, "holds": true, "severity": "high", "confidence": "high",
            "reason": "The line shows it.",
        })
    };
    let count = text.matches("\nREMARK ").count();
    Turn::json(&json!({ "verdicts": (1..=count).map(verdict).collect::<Vec<_>>() }))
}

fn remark(case: &Case, line: i64, quote: &str, message: &str) -> Value {
    let concern = match case.concern.as_str() {
        "" => "correctness",
        concern => concern,
    };
    json!({
        "path": case.path, "line": line, "quote": quote, "message": message,
        "concern": concern, "severity": "high", "confidence": "high",
        "claim": "other", "symbol": null,
    })
}

/// Returns what somebody remarks who knows the mistake.
pub(crate) fn knowing(case: &Case) -> Vec<Value> {
    let Some(line) = case.line else {
        return Vec::new();
    };
    let at = usize::try_from(line - 1).unwrap_or(0);
    let quote = case.head.lines().nth(at).unwrap_or_default();
    let message = format!("The line `{}` {}.", quote.trim(), case.why);
    vec![remark(case, line, quote, &message)]
}

fn lying(case: &Case) -> Vec<Value> {
    let mut missing = remark(
        case,
        2,
        "",
        "This name is not defined anywhere in the code.",
    );
    let last = case.head.lines().last().unwrap_or_default();
    missing["quote"] = last.into();
    missing["claim"] = "syntax".into();
    vec![
        remark(
            case,
            2,
            "password = read_secret()",
            "A secret is read and never used again.",
        ),
        remark(
            case,
            900,
            "return None",
            "This is said of a line that is not there.",
        ),
        remark(
            case,
            1,
            last,
            "Great work, this looks good and can be merged.",
        ),
        missing,
    ]
}

fn add(score: &mut Score, case: &Case, found: &Found) {
    score.cases += 1;
    score.cost_nanos += found.cost_nanos;
    score.seconds += found.seconds;
    let Some(line) = case.line else {
        score.clean += 1;
        score.silent += usize::from(found.lines.is_empty());
        score.other += found.lines.len();
        return;
    };
    score.mistakes += 1;
    let is_near = |at: &&i64| (**at - line).abs() <= LINES_NEAR;
    let near = found.lines.iter().filter(is_near).count();
    score.found += usize::from(near > 0);
    score.other += found.lines.len() - near;
}

/// Writes scores; without the time they are the same on every machine.
fn table(scores: &BTreeMap<String, Score>, has_time: bool) -> String {
    let mut out = format!(
        "{:12} {:>5} {:>8} {:>6} {:>10} {:>7} {:>10} {:>9}",
        "language", "cases", "mistakes", "found", "precision", "recall", "restraint", "cost $"
    );
    out.push_str(if has_time { "  seconds\n" } else { "\n" });
    for (language, score) in scores {
        let share = |part: usize, all: usize| {
            if all == 0 {
                1.0
            } else {
                part as f64 / all as f64
            }
        };
        let _ = write!(
            out,
            "{language:12} {:>5} {:>8} {:>6} {:>10.3} {:>7.3} {:>10.3} {:>9.4}",
            score.cases,
            score.mistakes,
            score.found,
            share(score.found, score.found + score.other),
            share(score.found, score.mistakes),
            share(score.silent, score.clean),
            score.cost_nanos as f64 / 1e9
        );
        let _ = match has_time {
            true => writeln!(out, " {:>8.1}", score.seconds),
            false => writeln!(out),
        };
    }
    out
}
