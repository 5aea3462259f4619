//! Shows the way from a webhook to a review on a pull request: a GitHub that keeps
//! the real one's rules, a repository made on the spot, `assay serve` between them,
//! and `curl` for what GitHub sends. What is printed can be typed again.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use assay_testkit::forge::{FakeGitHub, PullSpec};
use assay_testkit::services::PrivatePostgres;
use assay_testkit::{GitServer, GitServerOptions, MachineClock};

use crate::demo::{BRANCH, SAMPLE, git, make_repository};
use crate::run::{cargo, run as run_command};

const REPOSITORY: &str = "acme/order-service";
const AUTHOR: &str = "dev";
const SECRET: &str = "the-secret-of-the-demo";
const WAIT_MAX: Duration = Duration::from_secs(120);
/// What the second push takes back.
const TAKEN_BACK: &str = "worker";

struct Demo {
    folder: PathBuf,
    sample: PathBuf,
    bare: PathBuf,
    forge: FakeGitHub,
    server: Server,
}

/// A process of `assay serve`; ended when it is dropped.
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

/// Reads the arguments and runs.
pub(crate) fn start(root: &Path, arguments: &[&str]) -> Result<()> {
    let (mut is_postgres, mut is_kept, mut program) = (false, false, None);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match *word {
            "--postgres" => is_postgres = true,
            "--keep" => is_kept = true,
            "--program" => program = words.next().map(|path| Path::new(path).to_owned()),
            other => bail!("unknown argument `{other}`"),
        }
    }
    let program = match program {
        Some(program) => program.canonicalize()?,
        None => {
            run_command(cargo().current_dir(root).args(["build", "-p", "assay"]))?;
            root.join("target/debug/assay")
        }
    };
    let folder = root.join("target/demo-github");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let database = is_postgres.then(PrivatePostgres::start);
    let url = database
        .as_ref()
        .map(|database| format!("{}/postgres", database.url()));
    let sample = folder.join("sample");
    make_repository(&root.join(SAMPLE), &sample)?;
    let host = folder.join("host");
    let bare = host.join(format!("{REPOSITORY}.git"));
    fs::create_dir_all(&bare)?;
    git(&bare, &["init", "--quiet", "--bare", "--template="])?;
    let host = GitServer::start(&host, GitServerOptions::default());
    let forge = FakeGitHub::start(Arc::new(MachineClock));
    forge.repository(REPOSITORY);
    forge.permission(REPOSITORY, AUTHOR, "write");
    // Signatures of apps are tested elsewhere; here any is taken.
    forge.app("4242", "assay", |_, _| true);
    forge.install(7, REPOSITORY);
    let variables = variables(&folder, &forge, &host, url)?;
    let server = Server::start(&program, &folder.join("data"), &variables)?;
    let demo = Demo {
        folder,
        sample,
        bare,
        forge,
        server,
    };
    demo.show()?;
    if is_kept {
        println!("\nEverything runs until Ctrl-C.");
        loop {
            std::thread::park();
        }
    }
    Ok(())
}

/// Returns what the server is told: an app with a key of this run.
fn variables(
    folder: &Path,
    forge: &FakeGitHub,
    host: &GitServer,
    database: Option<String>,
) -> Result<Vec<(&'static str, String)>> {
    let key = folder.join("app.pem");
    let mut openssl = Command::new("openssl");
    openssl.args(["genrsa", "-out"]).arg(&key).arg("2048");
    let made = openssl.stderr(Stdio::null()).status();
    let made = made.context("the demo needs the openssl program, which does not start")?;
    ensure!(made.success(), "openssl made no key");
    let mut variables = vec![
        ("ASSAY_GITHUB_API", forge.base()),
        (
            "ASSAY_GITHUB_CLONE",
            host.url("").trim_end_matches('/').to_owned(),
        ),
        ("ASSAY_GITHUB_WEBHOOK_SECRET", SECRET.to_owned()),
        ("ASSAY_GITHUB_APP", "4242".to_owned()),
        ("ASSAY_GITHUB_PRIVATE_KEY_FILE", key.display().to_string()),
    ];
    variables.extend(database.map(|url| ("ASSAY_DATABASE_URL", url)));
    Ok(variables)
}

impl Server {
    fn start(program: &Path, data: &Path, variables: &[(&str, String)]) -> Result<Self> {
        for (name, value) in variables {
            println!("export {name}={value}");
        }
        println!(
            "assay serve --listen 127.0.0.1:0 --data {}\n",
            data.display()
        );
        let child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{} does not start", program.display()))?;
        let mut this = Self {
            child,
            url: String::new(),
            key: String::new(),
        };
        let out = this
            .child
            .stdout
            .take()
            .context("standard output is piped")?;
        for line in BufReader::new(out).lines() {
            let line = line?;
            if let Some(url) = line.strip_prefix("assay listens at ") {
                url.clone_into(&mut this.url);
                return Ok(this);
            }
            if line.trim().starts_with("assay_") {
                line.trim().clone_into(&mut this.key);
            }
        }
        bail!("the server ended before it listened");
    }
}

impl Demo {
    fn show(&self) -> Result<()> {
        println!("# A pull request is opened.\n");
        self.publish()?;
        self.forge.open(
            REPOSITORY,
            PullSpec {
                number: 1,
                author: AUTHOR.to_owned(),
                head: self.revision(BRANCH)?,
                base: self.revision("main")?,
                files: self.files()?,
            },
        );
        self.deliver("opened", 1)?;
        self.wait("the review")?;
        self.print();

        println!("\n# The next push takes back what it did to `{TAKEN_BACK}/`.\n");
        git(
            &self.sample,
            &["checkout", "--quiet", "main", "--", TAKEN_BACK],
        )?;
        git(
            &self.sample,
            &[
                "commit",
                "--quiet",
                "--all",
                "--message",
                "Leave the worker alone",
            ],
        )?;
        self.publish()?;
        let head = self.revision(BRANCH)?;
        self.forge.push(REPOSITORY, 1, &head, self.files()?);
        let before = self.forge.comments(REPOSITORY, 1).len();
        self.deliver("synchronize", 2)?;
        self.wait("the second review")?;
        self.print();
        let comments = self.forge.comments(REPOSITORY, 1);
        let is_back = |path: &str| path.starts_with(TAKEN_BACK);
        ensure!(
            comments
                .iter()
                .all(|comment| comment.is_resolved == is_back(&comment.path)),
            "the threads of `{TAKEN_BACK}/` alone were to be resolved"
        );
        ensure!(comments.len() == before, "something was said again");
        let violations = self.forge.violations();
        ensure!(
            violations.is_empty(),
            "rules of GitHub were broken: {violations:?}"
        );
        println!("\n# What the server knows of it.\n");
        let Server { url, key, .. } = &self.server;
        for path in ["reviews", "tasks", "user/profile"] {
            println!("curl -sS -H 'Authorization: Bearer {key}' {url}/api/v1/{path}");
        }
        Ok(())
    }

    /// Puts the branches where the server fetches them.
    fn publish(&self) -> Result<()> {
        let bare = self.bare.display().to_string();
        let head = format!("{BRANCH}:refs/pull/1/head");
        let push = [
            "push",
            "--quiet",
            "--force",
            &bare,
            "main:refs/heads/main",
            &head,
        ];
        git(&self.sample, &push)
    }

    fn revision(&self, name: &str) -> Result<String> {
        Ok(self.read(&["rev-parse", name])?.trim().to_owned())
    }

    /// Returns the files of the pull request with their hunks.
    fn files(&self) -> Result<Vec<(String, Option<String>)>> {
        let range = format!("main...{BRANCH}");
        let names = self.read(&["diff", "--name-only", &range])?;
        let files = names.lines().map(|name| {
            let diff = self.read(&["diff", &range, "--", name])?;
            let hunks = diff.find("@@").map(|at| diff[at..].to_owned());
            Ok((name.to_owned(), hunks))
        });
        files.collect()
    }

    fn read(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(&self.sample)
            .output()?;
        ensure!(
            output.status.success(),
            "git {} failed",
            arguments.join(" ")
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Sends a webhook with the lines that are printed.
    fn deliver(&self, action: &str, number: u32) -> Result<()> {
        let file = self.folder.join(format!("{action}.json"));
        fs::write(
            &file,
            self.forge.pull_request_payload(REPOSITORY, 1, action),
        )?;
        let (file, url) = (file.display(), &self.server.url);
        let lines = format!(
            "SIGNATURE=$(openssl dgst -sha256 -hmac '{SECRET}' -r {file} | cut -d' ' -f1)\n\
             curl -sS -w ' %{{http_code}}\\n' {url}/webhooks/github \\\n  \
             -H 'Content-Type: application/json' -H 'X-GitHub-Event: pull_request' \\\n  \
             -H 'X-GitHub-Delivery: demo-{number}' \\\n  \
             -H \"X-Hub-Signature-256: sha256=$SIGNATURE\" --data-binary @{file}"
        );
        println!("{lines}");
        let output = Command::new("sh").args(["-c", &lines]).output();
        let output = output.context("the demo needs a shell and curl")?;
        let answer = String::from_utf8_lossy(&output.stdout);
        println!("{}", answer.trim());
        ensure!(answer.trim().ends_with("202"), "the webhook was not taken");
        Ok(())
    }

    /// Waits until the head has a check that is done.
    fn wait(&self, what: &str) -> Result<()> {
        let begun = Instant::now();
        let head = self.revision(BRANCH)?;
        loop {
            let runs = self.forge.check_runs(REPOSITORY);
            let is_done = |status: &str| status == "completed";
            if runs
                .iter()
                .any(|run| run.commit == head && is_done(&run.status))
            {
                println!("\n{what}, after {:.1} s:", begun.elapsed().as_secs_f64());
                return Ok(());
            }
            ensure!(begun.elapsed() < WAIT_MAX, "{what} did not come");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn print(&self) {
        for run in self.forge.check_runs(REPOSITORY) {
            let conclusion = run.conclusion.as_deref().unwrap_or("running");
            let title = run.whole["output"]["title"].as_str().unwrap_or_default();
            let commit = &run.commit[..7];
            println!("  check `{}` on {commit}: {conclusion}, {title}", run.name);
        }
        for comment in self.forge.comments(REPOSITORY, 1) {
            let state = if comment.is_resolved {
                "resolved"
            } else {
                "open"
            };
            let first = comment.body.lines().find(|line| !line.trim().is_empty());
            let first: String = first.unwrap_or_default().chars().take(110).collect();
            // What stands on lines that are gone has none.
            let line = match comment.line {
                0 => String::new(),
                line => format!(":{line}"),
            };
            println!("  {}{line} ({state}) {first}", comment.path);
        }
    }
}
