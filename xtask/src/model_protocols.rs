//! Reviews with every kind of provider against an implementation of the protocols that is
//! not ours: the mock server `@copilotkit/aimock`, which the providers' own libraries work
//! against. npm installs it below `target/`, and nothing of it is in the repository.
//!
//! After it comes a local model ([`crate::llama`]).
//!
//! Whatever the server does, the review has to arrive, say what was not done, and be green
//! only when the model answered as it was asked.

use std::fmt::Write as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use assay_testkit::GitRepo;
use serde_json::{Value, json};

use crate::llama;

/// The server, of a version that these cases were tried with.
const PACKAGE: &str = "@copilotkit/aimock@1";
const HOST: &str = "127.0.0.1";
const START_MAX: Duration = Duration::from_secs(30);

/// The kinds of providers: what follows the server's address, and further settings.
const KINDS: [(&str, &str, &str); 7] = [
    ("openai", "/v1", ""),
    ("openai-responses", "/v1", ""),
    ("openai-compatible", "/v1", ""),
    ("azure", "", "version = \"2024-10-21\"\n"),
    ("anthropic", "", ""),
    ("gemini", "", ""),
    ("ollama", "", ""),
];

/// What the server does, by the name of the model that is asked, and what has to stand in
/// the problems of the review; none when it is to have none.
fn cases() -> Vec<(&'static str, Value, Option<&'static str>)> {
    let good = json!({ "content": "{\"remarks\":[]}" });
    let error = |status: u16, kind: &str| json!({ "status": status, "retryAfter": 1, "error": { "message": "not now", "type": kind } });
    let long = json!({ "content": format!("{{\"remarks\":[]{}}}", " ".repeat(400)) });
    vec![
        ("good", json!({ "response": good }), None),
        (
            "small-pieces",
            json!({ "response": good, "chunkSize": 1 }),
            None,
        ),
        (
            "fenced",
            json!({ "response": { "content": "```json\n{\"remarks\":[]}\n```" } }),
            None,
        ),
        (
            "truncated",
            json!({ "response": long, "chunkSize": 20, "truncateAfterChunks": 3 }),
            Some("model review"),
        ),
        (
            "disconnected",
            json!({ "response": long, "chunkSize": 5, "latency": 40, "disconnectAfterMs": 200 }),
            Some("model review"),
        ),
        (
            "429",
            json!({ "response": error(429, "rate_limit_error") }),
            Some("429"),
        ),
        (
            "529",
            json!({ "response": error(529, "overloaded_error") }),
            Some("529"),
        ),
        (
            "500",
            json!({ "response": error(500, "server_error") }),
            Some("500"),
        ),
        (
            "401",
            json!({ "response": error(401, "authentication_error") }),
            Some("401"),
        ),
        (
            "no-json",
            json!({ "response": { "content": "I could not find anything." } }),
            Some("model review"),
        ),
        (
            "other-form",
            json!({ "response": { "content": "{\"findings\":[{\"line\":1}]}" } }),
            Some("model review"),
        ),
        (
            "wrong-language",
            json!({ "response": { "content": "Entschuldigung, dabei kann ich nicht helfen." } }),
            Some("model review"),
        ),
        (
            "overflow",
            json!({ "response": { "content": "{\"remarks\":[", "finishReason": "length" } }),
            Some("model review"),
        ),
        (
            "filtered",
            json!({ "response": { "content": "", "finishReason": "content_filter" } }),
            Some("model review"),
        ),
        (
            "empty",
            json!({ "response": { "content": "" } }),
            Some("model review"),
        ),
        (
            "tool-call",
            json!({ "response": { "toolCalls": [{ "name": "shell", "arguments": "{\"run\":\"id\"}" }] } }),
            Some("model review"),
        ),
    ]
}

/// A server; ended when it is dropped.
struct Mock {
    child: Child,
    port: u16,
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let mut program = root.join("target/debug/assay");
    let mut only = None;
    let mut llama = None;
    let mut has_llama = true;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if *argument == "--without-llama" {
            has_llama = false;
            continue;
        }
        let value = rest
            .next()
            .with_context(|| format!("{argument} needs a value"))?;
        match *argument {
            "--program" => program = PathBuf::from(value),
            "--llama-server" => llama = Some(std::fs::canonicalize(value)?),
            "--only" => only = Some((*value).to_owned()),
            other => bail!("model-protocols: there is no `{other}`"),
        }
    }
    ensure!(
        program.exists(),
        "{} is not there: build assay first",
        program.display()
    );
    let program = std::fs::canonicalize(program)?;
    let folder = root.join("target/model-protocols");
    let mock = start(&folder)?;
    let mut wrong = String::new();
    let mut tried = 0;
    for (kind, path, more) in KINDS {
        print!("{kind:18}");
        for (case, _, expected) in cases() {
            if only
                .as_ref()
                .is_some_and(|only| !format!("{kind}/{case}").contains(only.as_str()))
            {
                continue;
            }
            tried += 1;
            let base = format!("http://{HOST}:{}{path}", mock.port);
            match review(&program, (kind, &base, more), (case, expected))? {
                None => print!(" {case}"),
                Some(why) => {
                    print!(" [{case}]");
                    writeln!(wrong, "{kind}, {case}: {why}")?;
                }
            }
        }
        println!();
    }
    drop(mock);
    if has_llama {
        let (llama, only) = (llama.as_deref(), only.as_deref());
        tried += llama::run(&program, &folder, llama, only, &mut wrong)?;
    }
    ensure!(wrong.is_empty(), "not as it should be:\n{wrong}");
    println!("{tried} cases, all as they should be");
    Ok(())
}

/// Installs the server and starts it on a port of its own.
fn start(folder: &Path) -> Result<Mock> {
    std::fs::create_dir_all(folder.join("fixtures"))?;
    let program = folder.join("node_modules/.bin/llmock");
    if !program.exists() {
        let done = Command::new("npm")
            .args([
                "install",
                "--silent",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
            ])
            .args(["--prefix", "."])
            .arg(PACKAGE)
            .current_dir(folder)
            .status()
            .context("npm cannot be run")?;
        ensure!(done.success(), "npm did not install {PACKAGE}");
    }
    let fixtures: Vec<Value> = cases()
        .into_iter()
        .map(|(name, mut fixture, _)| {
            fixture["match"] = json!({ "model": name });
            fixture
        })
        .collect();
    let text = json!({ "fixtures": fixtures }).to_string();
    std::fs::write(folder.join("fixtures/cases.json"), text)?;
    let port = std::net::TcpListener::bind((HOST, 0))?.local_addr()?.port();
    let log = std::fs::File::create(folder.join("server.log"))?;
    let child = Command::new(&program)
        .args([
            "--host",
            HOST,
            "--port",
            &port.to_string(),
            "--fixtures",
            "fixtures",
        ])
        .args(["--strict", "--log-level", "warn"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    let mut mock = Mock { child, port };
    let begun = Instant::now();
    while TcpStream::connect((HOST, port)).is_err() {
        ensure!(
            mock.child.try_wait()?.is_none() && begun.elapsed() < START_MAX,
            "the server does not start; see {}",
            folder.join("server.log").display()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(mock)
}

/// Reviews a change with a model; returns what is not as it should be.
fn review(
    program: &Path,
    (kind, base, more): (&str, &str, &str),
    (case, expected): (&str, Option<&str>),
) -> Result<Option<String>> {
    let config = format!(
        "[model]\nuse = [\"mock/{case}\"]\njudge = false\n[model.provider.mock]\nkind = \"{kind}\"\n{more}base = \"{base}\"\nkey-env = \"MODEL_KEY\"\nattempts-max = 2\nfirst-token-ms = 20000\nidle-ms = 20000\n"
    );
    let found = reviewed(
        program,
        &config,
        "def mean(values):\n    total = 0\n    for value in values:\n        total += value\n    return total / len(values)\n",
    )?;
    let report = match found.report {
        Ok(report) => report,
        Err(said) => return Ok(Some(format!("no review: {said}"))),
    };
    let problems = report["problems"].to_string();
    Ok(match expected {
        None if problems == "[]" && found.is_green => None,
        None => Some(format!("it is to be green: {problems}")),
        Some(_) if found.is_green => Some("it is green".to_owned()),
        Some(part) if !problems.contains(part) => {
            Some(format!("it does not say `{part}`: {problems}"))
        }
        Some(_) => None,
    })
}

/// What a review came to.
pub(crate) struct Reviewed {
    /// The report, or what was said in its place.
    pub(crate) report: Result<Value, String>,
    pub(crate) is_green: bool,
}

/// Reviews a new Python file with models of a configuration.
pub(crate) fn reviewed(program: &Path, config: &str, code: &str) -> Result<Reviewed> {
    let repo = GitRepo::new();
    repo.write("README.md", "A shop.\n");
    repo.commit("before");
    repo.write("mean.py", code);
    let file = repo.outside().join("models.toml");
    std::fs::write(&file, config)?;
    let output = Command::new(program)
        .args(["review", "--no-cache", "--output", "json", "--model"])
        .arg("--model-config")
        .arg(&file)
        .current_dir(repo.root())
        .env("HOME", repo.outside())
        .env("ASSAY_CACHE_DIR", repo.outside().join("cache"))
        .env("MODEL_KEY", "key-of-a-test")
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(Reviewed {
        report: serde_json::from_slice(&output.stdout).map_err(|_| said),
        is_green: output.status.code() == Some(0),
    })
}
