//! `cargo xtask api-check`: the published document through a linter (Redocly), and a
//! server that runs through tests which are made of the document (Schemathesis).

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use assay_testkit::services::PrivatePostgres;

use crate::run;

/// So many requests are made up for each operation.
const EXAMPLES: &str = "25";
/// What is made up is the same each time.
const SEED: &str = "1";

/// How it is asked for.
#[derive(Default)]
struct Wish {
    program: Option<PathBuf>,
    is_postgres: bool,
}

/// A server that ends with this.
struct Server {
    child: Child,
    url: String,
    key: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs both tools; fails when either finds something or is not there.
pub(crate) fn check(root: &Path, arguments: &[&str]) -> Result<()> {
    let wish = parse(arguments)?;
    let document = root.join("openapi/assay.json");
    println!("redocly: {}", document.display());
    let mut redocly = Command::new(tool("ASSAY_REDOCLY", "redocly"));
    redocly.args(["lint", "--config"]);
    redocly
        .arg(root.join("openapi/redocly.yaml"))
        .arg(&document);
    run::run(&mut redocly).context("`npm install @redocly/cli` installs it")?;
    let program = match wish.program {
        Some(program) => program,
        None => {
            run::run(
                run::cargo()
                    .current_dir(root)
                    .args(["build", "-p", "assay"]),
            )?;
            root.join("target/debug/assay")
        }
    };
    let postgres = wish.is_postgres.then(PrivatePostgres::start);
    let database = postgres
        .as_ref()
        .map(|one| format!("{}/postgres", one.url()));
    let folder = root.join("target/api-check");
    let _ = std::fs::remove_dir_all(&folder);
    let server = Server::start(&program, &folder, database.as_deref())?;
    println!("schemathesis: {}", server.url);
    let mut schemathesis = Command::new(tool("ASSAY_SCHEMATHESIS", "schemathesis"));
    schemathesis
        .arg("run")
        .arg(format!("{}/api/openapi.json", server.url))
        .args(["--header", &format!("Authorization: Bearer {}", server.key)])
        .args(["--max-examples", EXAMPLES, "--seed", SEED, "--no-color"])
        .args(["--phases", "examples,coverage,fuzzing"])
        // The key of the run would be taken away, and a stream has no end of its own.
        .args(["--exclude-operation-id", "key_revoke"])
        .args(["--exclude-operation-id", "review_events"])
        // Whether another key is refused is what the tests of access try, and a value of
        // the right form that means nothing here is refused like one of the wrong form.
        .args(["--exclude-checks", "ignored_auth,positive_data_acceptance"])
        .current_dir(&folder);
    run::run(&mut schemathesis).context("`pip install schemathesis` installs it")
}

fn parse(arguments: &[&str]) -> Result<Wish> {
    let mut wish = Wish::default();
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        match *word {
            "--postgres" => wish.is_postgres = true,
            "--program" => wish.program = Some(rest.next().context("--program ASSAY")?.into()),
            other => bail!("api-check does not know `{other}`"),
        }
    }
    Ok(wish)
}

/// Returns a tool: by its variable, or as it is called.
fn tool(variable: &str, name: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| PathBuf::from(name), PathBuf::from)
}

impl Server {
    fn start(program: &Path, folder: &Path, database: Option<&str>) -> Result<Self> {
        let mut command = Command::new(program);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            // So that webhooks are looked at; nothing has the secrets.
            .env("ASSAY_GITHUB_WEBHOOK_SECRET", "a secret of this run only")
            .env("ASSAY_GITLAB_WEBHOOK_SECRET", "a secret of this run only")
            .stdout(Stdio::piped());
        if let Some(database) = database {
            command.args(["--database", database]);
        }
        let mut child = command
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        let lines = child.stdout.take().context("standard output is piped")?;
        let (mut key, mut url) = (None, None);
        for line in BufReader::new(lines).lines() {
            let line = line?;
            if line.trim().starts_with("assay_") {
                key = Some(line.trim().to_owned());
            }
            if let Some(found) = line.strip_prefix("assay listens at ") {
                url = Some(found.trim().to_owned());
                break;
            }
        }
        let (Some(key), Some(url)) = (key, url) else {
            let _ = child.kill();
            let _ = child.wait();
            bail!("the server did not say where it is");
        };
        Ok(Self { child, url, key })
    }
}
