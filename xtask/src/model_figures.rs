//! Figures of reviews with language models that need no model: what they cost beside the
//! naive way, and how soon the first remark is there while a model is silent. The changes
//! are those of `evals/review/`, the models are scripted.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use assay_testkit::GitRepo;
use assay_testkit::llm::{Dialect, FakeModel, Shape, Turn};
use serde_json::Value;

use crate::eval::{Case, cases, changed, knowing, scripted};

/// The models of the workload, cheapest first, with their prices in dollars for a million
/// tokens in and out, as `crates/assay-llm/data/models.toml` has them.
const CHEAP: &str = "gpt-5-nano";
const MIDDLE: &str = "gpt-5-mini";
const BEST: &str = "gpt-5";
const BEST_PRICE: (f64, f64) = (1.25, 10.0);
/// Bytes of a token, as the fake counts them.
const TOKEN_BYTES: f64 = 4.0;
/// Reviews whose first remark is timed, and what is promised of it.
const FIRST_RUNS: usize = 20;
const FIRST_PROMISED: Duration = Duration::from_secs(2);

pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let (what, rest) = arguments.split_first().context("cost or first")?;
    let mut program = root.join("target/debug/assay");
    match rest {
        [] => {}
        ["--program", path] => program = PathBuf::from(path),
        _ => bail!("model-figures {what}: there is only --program"),
    }
    ensure!(
        program.exists(),
        "{} is not there: build assay first",
        program.display()
    );
    let program = std::fs::canonicalize(program)?;
    match *what {
        "cost" => cost(root, &program),
        "first" => first(&program),
        other => bail!("model-figures: there is no `{other}`"),
    }
}

/// What the reviews of some changes cost, and who was asked.
#[derive(Default)]
struct Costs {
    cases: usize,
    ours: f64,
    naive: f64,
    /// Changes whose questions all went to the cheapest model.
    cheap: usize,
    asked: BTreeMap<String, usize>,
}

impl Costs {
    fn add(&mut self, ours: f64, naive: f64, asked: &[String]) {
        self.cases += 1;
        self.ours += ours;
        self.naive += naive;
        self.cheap += usize::from(!asked.is_empty() && asked.iter().all(|one| one == CHEAP));
        for model in asked {
            *self.asked.entry(model.clone()).or_default() += 1;
        }
    }

    fn row(&self, name: &str) -> String {
        let share = 100.0 * self.cheap as f64 / self.cases.max(1) as f64;
        let below = 100.0 * (1.0 - self.ours / self.naive.max(f64::MIN_POSITIVE));
        format!(
            "{name:28} {:>5} {:>10.4} {:>10.4} {below:>7.1} % {:>5} ({share:.0} %)",
            self.cases, self.ours, self.naive, self.cheap
        )
    }
}

/// Reviews every change with a cheap, a middle and the best model behind a table of
/// routes, and puts beside it what one question with the whole difference to the best one
/// costs: the same instructions, the same answer, and no second look.
fn cost(root: &Path, program: &Path) -> Result<()> {
    let mut of: BTreeMap<&str, Costs> = BTreeMap::new();
    for (_, case) in cases(&root.join("evals/review"))? {
        let (ours, naive, asked) = costs_of(program, &case).with_context(|| case.name.clone())?;
        let kind = match (case.line, case.concern.as_str()) {
            (None, _) => "without a mistake",
            (Some(_), "security") => "with a security mistake",
            (Some(_), _) => "with another mistake",
        };
        for key in [kind, "all"] {
            of.entry(key).or_default().add(ours, naive, &asked);
        }
    }
    println!(
        "{:28} {:>5} {:>10} {:>10} {:>9} {:>5}",
        "changes", "", "routed $", "naive $", "below", "cheapest model only"
    );
    for (name, costs) in &of {
        println!("{}", costs.row(name));
    }
    let all = &of["all"];
    let asked: Vec<String> = all
        .asked
        .iter()
        .map(|(model, count)| format!("{count} to {model}"))
        .collect();
    println!("questions about changes: {}", asked.join(", "));
    Ok(())
}

/// Returns what a review cost, what the naive way would have, and which models were asked
/// about the change.
fn costs_of(program: &Path, case: &Case) -> Result<(f64, f64, Vec<String>)> {
    let repo = changed(case);
    let fake = scripted(knowing(case));
    let file = repo.outside().join("models.toml");
    let text = format!(
        "[model]\nuse = [\"scripted/{CHEAP}\", \"scripted/{MIDDLE}\", \"scripted/{BEST}\"]\n\
         [[model.route]]\ntask = \"judge\"\nuse = [\"scripted/{MIDDLE}\"]\n\
         [[model.route]]\ncomplexity = [\"low\"]\nuse = [\"scripted/{CHEAP}\"]\n\
         [[model.route]]\ncomplexity = [\"medium\"]\nuse = [\"scripted/{MIDDLE}\"]\n\
         [[model.route]]\ncomplexity = [\"high\"]\nuse = [\"scripted/{BEST}\"]\n\
         [model.provider.scripted]\nkind = \"openai-compatible\"\nbase = \"{}\"\n",
        fake.url()
    );
    std::fs::write(&file, text)?;
    let assay = |arguments: &[&str]| {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(repo.root())
            .env("HOME", repo.outside())
            .env("ASSAY_CACHE_DIR", repo.outside().join("cache"));
        command
    };
    let output = assay(&["review", "--output", "json", "--model", "--model-config"])
        .arg(&file)
        .output()?;
    ensure!(
        matches!(output.status.code(), Some(0 | 1)),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let usage = assay(&["usage", "--by", "day", "--json"]).output()?;
    let usage: Value = serde_json::from_slice(&usage.stdout)?;
    let rows = usage["rows"].as_array().cloned().unwrap_or_default();
    let nanos: u64 = rows
        .iter()
        .filter_map(|row| row["cost_nanos"].as_u64())
        .sum();
    let received = fake.received();
    let about_change = received
        .iter()
        .filter(|asked| asked.body["response_format"]["json_schema"]["name"] == "remarks");
    let mut asked = Vec::new();
    let mut instructions = 0;
    for one in about_change {
        asked.push(one.body["model"].as_str().unwrap_or_default().to_owned());
        instructions = one.body["messages"][0].to_string().len();
    }
    // A new file is in no difference before git knows of it.
    repo.git(["add", "--intent-to-add", "--all"]);
    let diff = repo.git(["diff", "HEAD"]);
    let answer = serde_json::json!({ "remarks": knowing(case) }).to_string();
    let tokens = |bytes: usize| bytes as f64 / TOKEN_BYTES;
    let (input, output) = BEST_PRICE;
    let naive = (tokens(instructions + diff.len()) * input + tokens(answer.len()) * output) / 1e6;
    // A change that nobody was asked about costs the naive way nothing either.
    let naive = if asked.is_empty() { 0.0 } else { naive };
    Ok((nanos as f64 / 1e9, naive, asked))
}

/// Times how soon the first remark is on standard output while the model says nothing.
fn first(program: &Path) -> Result<()> {
    let repo = GitRepo::new();
    repo.write("README.md", "A shop.\n");
    repo.commit("before");
    repo.write(
        "shop.py",
        "import sqlite3\n\nfrom flask import request\n\n\ndef find(connection: sqlite3.Connection):\n    name = request.args[\"name\"]\n    return connection.execute(f\"SELECT * FROM item WHERE name = '{name}'\")\n",
    );
    let fake = FakeModel::start_scripted(Dialect::OpenAiChat, Shape::default(), |_| Turn::Silent);
    let file = repo.outside().join("models.toml");
    let text = format!(
        "[model]\nuse = [\"scripted/{MIDDLE}\"]\n[model.provider.scripted]\nkind = \"openai-compatible\"\nbase = \"{}\"\nfirst-token-ms = 600000\nattempts-max = 1\n",
        fake.url()
    );
    std::fs::write(&file, text)?;
    let mut took = Vec::new();
    for run in 0..FIRST_RUNS {
        let began = Instant::now();
        let mut child = Command::new(program)
            .args(["review", "--no-cache", "--model", "--model-config"])
            .arg(&file)
            .current_dir(repo.root())
            .env("HOME", repo.outside())
            .env("ASSAY_CACHE_DIR", repo.outside().join("cache"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let out = child.stdout.take().context("standard output is piped")?;
        let mut lines = BufReader::new(out).lines();
        let found = lines.find(|line| {
            line.as_ref()
                .is_ok_and(|line| line.contains("injection/sql-injection"))
        });
        took.push(began.elapsed());
        let is_running = child.try_wait()?.is_none();
        child.kill()?;
        child.wait()?;
        ensure!(
            found.is_some() && is_running,
            "run {run}: the remark came when the model had ended, or not at all"
        );
    }
    took.sort_unstable();
    let ms = |at: usize| took[at].as_secs_f64() * 1_000.0;
    println!(
        "{FIRST_RUNS} reviews with a model that says nothing; until the first remark: p50 {:.0} ms, max {:.0} ms ({})",
        ms(FIRST_RUNS / 2),
        ms(FIRST_RUNS - 1),
        match took[FIRST_RUNS - 1] < FIRST_PROMISED {
            true => "within the promise of 2 s",
            false => "BEYOND the promise of 2 s",
        }
    );
    Ok(())
}
