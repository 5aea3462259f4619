//! `assay serve` as an organisation runs it: a webhook in, remarks on the pull
//! request out, with a forge and a host of repositories over HTTP.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use assay_auth::{Scope, sign_github};
use assay_store::{Store, StoreOptions, Tx};
use assay_testkit::forge::{CommentSeen, FakeGitHub, PullSpec};
use assay_testkit::services::PrivatePostgres;
use assay_testkit::{GitRepo, GitServer, GitServerOptions, MachineClock, SeededRandomness};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs8::LineEnding;
use rsa::rand_core::OsRng;
use rsa::sha2::{Digest as _, Sha256};
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use secrecy::SecretString;
use serde_json::Value;

pub(crate) const REPOSITORY: &str = "acme/shop";
pub(crate) const BOT: &str = "assay-bot";
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(60);

pub(crate) const BASE: &str = "import sqlite3\n\n\ndef total(items):\n    return sum(items)\n";
pub(crate) const HEAD: &str = "import sqlite3\n\nfrom flask import request\n\n\n\
def total(items):\n    return sum(items)\n\n\n\
def find(connection: sqlite3.Connection):\n    name = request.args[\"name\"]\n    \
return connection.execute(f\"SELECT * FROM item WHERE name = '{name}'\")\n";
pub(crate) const MENDED: &str = "import sqlite3\n\nfrom flask import request\n\n\n\
def total(items):\n    return sum(items)\n\n\n\
def find(connection: sqlite3.Connection):\n    name = request.args[\"name\"]\n    \
return connection.execute(\"SELECT * FROM item WHERE name = ?\", (name,))\n";

/// A forge with one pull request, and the server that reviews it.
pub(crate) struct Platform {
    pub(crate) repo: GitRepo,
    bare: PathBuf,
    pub(crate) forge: FakeGitHub,
    _host: GitServer,
    pub(crate) server: Server,
    /// What the server was told by its environment.
    pub(crate) variables: Variables,
    secret: SecretString,
}

/// A process of `assay serve`; killed when it is dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) url: String,
    pub(crate) key: Option<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// A file of settings beside the folder of the data is read.
    pub(crate) fn start(data: &Path, variables: &[(&str, String)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data);
        let config = data.with_extension("toml");
        if config.exists() {
            command.arg("--server-config").arg(config);
        }
        let mut child = command
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut key = None;
        let url = loop {
            let line = lines.next().expect("the server says where it is").unwrap();
            if let Some(url) = line.strip_prefix("assay listens at ") {
                break url.to_owned();
            }
            if line.trim().starts_with("assay_") {
                key = Some(line.trim().to_owned());
            }
        };
        Self { child, url, key }
    }

    /// Waits until something holds; else says what is there, and the tasks.
    pub(crate) fn wait(&self, holds: impl Fn() -> bool, there: impl Fn() -> String) {
        let begun = Instant::now();
        while !holds() {
            if begun.elapsed() > WAIT_MAX {
                let key = self.key.as_deref().unwrap();
                let tasks = self.get("/api/v1/tasks", key);
                panic!("{} {tasks:#}", there());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn get(&self, path: &str, key: &str) -> Value {
        let answer = ureq::get(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {key}"))
            .call()
            .expect("the server answers");
        serde_json::from_str(&body_of(answer)).expect("JSON")
    }

    /// Returns what anybody on this machine may read.
    pub(crate) fn text(&self, path: &str) -> String {
        let answer = ureq::get(format!("{}{path}", self.url)).call();
        body_of(answer.expect("the server answers"))
    }
}

fn body_of(answer: ureq::http::Response<ureq::Body>) -> String {
    let mut text = String::new();
    let mut body = answer.into_body().into_reader();
    body.read_to_string(&mut text).expect("text");
    text
}

impl Platform {
    pub(crate) fn start(database: Option<String>) -> Self {
        Self::start_with(database, None)
    }

    /// Starts with further variables of the environment.
    pub(crate) fn start_over(variables: Variables) -> Self {
        Self::start_as(variables, None, false)
    }

    /// `config` is the configuration of the repository before the change.
    fn start_with(database: Option<String>, config: Option<&str>) -> Self {
        let database = database.map(|url| ("ASSAY_DATABASE_URL", url));
        Self::start_as(database.into_iter().collect(), config, false)
    }

    pub(crate) fn start_as(further: Variables, config: Option<&str>, is_app: bool) -> Self {
        Self::start_set(further, config, is_app, "")
    }

    /// Starts with further settings of the server.
    pub(crate) fn start_set(
        further: Variables,
        config: Option<&str>,
        is_app: bool,
        settings: &str,
    ) -> Self {
        let repo = GitRepo::new();
        if let Some(config) = config {
            repo.write("assay.toml", config);
        }
        repo.write("shop.py", BASE);
        repo.commit("first");
        repo.git(["checkout", "--quiet", "-b", "topic"]);
        repo.write("shop.py", HEAD);
        repo.commit("search");
        let root = repo.root().parent().unwrap().join("host");
        let bare = root.join(format!("{REPOSITORY}.git"));
        std::fs::create_dir_all(&bare).unwrap();
        repo.git([
            "init",
            "--quiet",
            "--bare",
            "--template=",
            bare.to_str().unwrap(),
        ]);
        let host = GitServer::start(&root, GitServerOptions::default());
        let forge = FakeGitHub::start(Arc::new(MachineClock));
        forge.repository(REPOSITORY);
        let access = match is_app {
            true => as_app(&forge, repo.root().parent().unwrap()),
            false => as_user(&forge),
        };
        let secret = "s3cret".repeat(6);
        let data = repo.root().parent().unwrap().join("data");
        // People's reactions are looked for often, so that tests need not wait.
        std::fs::write(
            data.with_extension("toml"),
            format!("[worker]\nfeedback_seconds = 1\n{settings}"),
        )
        .unwrap();
        let mut variables = vec![
            ("ASSAY_GITHUB_API", forge.base()),
            (
                "ASSAY_GITHUB_CLONE",
                host.url("").trim_end_matches('/').to_owned(),
            ),
            ("ASSAY_GITHUB_WEBHOOK_SECRET", secret.clone()),
        ];
        variables.extend(access);
        variables.extend(further);
        let server = Server::start(&data, &variables);
        let platform = Self {
            repo,
            bare,
            forge,
            _host: host,
            server,
            variables,
            secret: SecretString::from(secret),
        };
        platform.publish();
        let spec = PullSpec {
            number: 1,
            author: "dev".to_owned(),
            head: platform.repo.rev("topic"),
            base: platform.repo.rev("main"),
            files: platform.files(),
        };
        platform.forge.open(REPOSITORY, spec);
        platform
    }

    /// Puts the branches where the server fetches them.
    pub(crate) fn publish(&self) {
        let bare = self.bare.to_str().unwrap();
        self.repo.git([
            "push",
            "--quiet",
            "--force",
            bare,
            "main:refs/heads/main",
            "topic:refs/pull/1/head",
        ]);
    }

    /// Returns the files of the pull request with their hunks.
    fn files(&self) -> Vec<(String, Option<String>)> {
        let diff = self.repo.git(["diff", "main", "topic", "--", "shop.py"]);
        let hunks = diff.find("@@").map(|at| diff[at..].to_owned());
        vec![("shop.py".to_owned(), hunks)]
    }

    pub(crate) fn push(&self, text: &str) {
        self.repo.write("shop.py", text);
        self.repo.commit("push");
        self.pushed();
    }

    /// Shows the forge what the branch is by now.
    pub(crate) fn pushed(&self) {
        self.publish();
        let head = self.repo.rev("topic");
        self.forge.push(REPOSITORY, 1, &head, self.files());
    }

    /// Sends a webhook and returns the status of the answer.
    pub(crate) fn deliver(&self, action: &str, number: &str) -> u16 {
        let body = self.forge.pull_request_payload(REPOSITORY, 1, action);
        self.send("pull_request", number, &body)
    }

    /// Sends a webhook and returns the status of the answer.
    pub(crate) fn send(&self, event: &str, number: &str, body: &[u8]) -> u16 {
        let answer = ureq::post(format!("{}/webhooks/github", self.server.url))
            .config()
            .http_status_as_error(false)
            .build()
            .header("content-type", "application/json")
            .header("x-github-event", event)
            .header("x-github-delivery", number)
            .header("x-hub-signature-256", sign_github(&self.secret, body))
            .send(body)
            .expect("the server answers");
        answer.status().as_u16()
    }

    /// Waits until the remarks are as they should be.
    pub(crate) fn wait(&self, what: &str, holds: impl Fn(&[CommentSeen], &[[String; 4]]) -> bool) {
        let seen = || {
            let comments = self.forge.comments(REPOSITORY, 1);
            (comments, self.forge.statuses(REPOSITORY))
        };
        self.server.wait(
            || {
                let (comments, statuses) = seen();
                holds(&comments, &statuses)
            },
            || format!("{what}: {:#?}", seen()),
        );
    }

    /// Returns the number of the comments with remarks, in their order.
    pub(crate) fn remarks(&self) -> Vec<u64> {
        let comments = self.forge.comments(REPOSITORY, 1);
        let ours = comments
            .iter()
            .filter(|comment| comment.body.contains("fingerprint="));
        ours.map(|comment| comment.id).collect()
    }

    /// Asks the database itself, which is SQLite.
    pub(crate) fn ask<T>(&self, question: impl AsyncFnOnce(&mut Tx, &Scope) -> T) -> T {
        let file = self.repo.root().parent().unwrap().join("data/assay.db");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let options = StoreOptions::new(&format!("sqlite:{}", file.display()));
            let randomness = Arc::new(SeededRandomness::new(1));
            let store = Store::open(&options, Arc::new(MachineClock), randomness)
                .await
                .unwrap();
            let mut tx = store.read().await.unwrap();
            let answer = question(&mut tx, &Scope::system("a test")).await;
            drop(tx);
            store.close().await;
            answer
        })
    }

    /// Returns how the reviews stand, the newest first.
    pub(crate) fn reviews(&self) -> Vec<String> {
        let key = self.server.key.as_deref().expect("the first key");
        let reviews = self.server.get("/api/v1/reviews", key);
        let states = reviews["items"].as_array().unwrap().iter();
        states
            .map(|review| review["state"].as_str().unwrap().to_owned())
            .collect()
    }
}

pub(crate) type Variables = Vec<(&'static str, String)>;

/// Lets the server in with the token of a user.
fn as_user(forge: &FakeGitHub) -> Variables {
    let token = format!("ghp_{}", "t0ken".repeat(7));
    forge.user_token(BOT, &token);
    forge.permission(REPOSITORY, BOT, "write");
    vec![("ASSAY_GITHUB_TOKEN", token)]
}

/// Lets the server in as an app that is installed, with a key of this run.
fn as_app(forge: &FakeGitHub, folder: &Path) -> Variables {
    let key = RsaPrivateKey::new(&mut OsRng, 2048).unwrap();
    let public = key.to_public_key();
    let file = folder.join("app.pem");
    std::fs::write(&file, key.to_pkcs1_pem(LineEnding::LF).unwrap().as_bytes()).unwrap();
    forge.app("4242", "assay", move |message, signature| {
        let digest = Sha256::digest(message);
        let scheme = Pkcs1v15Sign::new::<Sha256>();
        public.verify(scheme, &digest, signature).is_ok()
    });
    forge.install(7, REPOSITORY);
    vec![
        ("ASSAY_GITHUB_APP", "4242".to_owned()),
        ("ASSAY_GITHUB_PRIVATE_KEY_FILE", file.display().to_string()),
    ]
}

pub(crate) fn is_status(statuses: &[[String; 4]], commit: &str, state: &str) -> bool {
    statuses.iter().any(|status| {
        status.iter().any(|part| part == commit) && status.iter().any(|part| part == state)
    })
}

#[test]
fn a_webhook_becomes_remarks_and_the_next_push_resolves_them() {
    check_two_pushes(&Platform::start(None));
}

#[test]
fn a_push_back_to_an_older_commit_is_reviewed_again() {
    let platform = Platform::start(None);
    let first = platform.repo.rev("topic");
    assert_eq!(platform.deliver("opened", "d-1"), 202);
    platform.wait("the review", |comments, _| !comments.is_empty());
    push_mended(&platform);
    platform.repo.git(["reset", "--quiet", "--hard", &first]);
    platform.publish();
    platform.forge.push(REPOSITORY, 1, &first, platform.files());
    assert_eq!(platform.deliver("synchronize", "d-3"), 202);
    platform.wait("what is wrong again", |comments, _| {
        comments.iter().all(|comment| !comment.is_resolved)
    });
    assert_eq!(platform.forge.comments(REPOSITORY, 1).len(), 1);
}

/// A process that reviews and hears no more of whoever started it ends.
#[cfg(target_os = "linux")]
#[test]
fn a_review_ends_with_the_process_that_started_it() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let script = "ASSAY_PARENT_PROCESS=$$ \"$0\" examine < \"$1\" > \"$1.out\" & echo $!; wait";
    let mut parent = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_assay")])
        .arg(&pipe)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let out = parent.stdout.take().unwrap();
    BufReader::new(out).read_line(&mut line).unwrap();
    // As long as it is open there is more to come.
    let input = std::fs::File::options().write(true).open(&pipe).unwrap();
    parent.kill().unwrap();
    parent.wait().unwrap();
    let begun = Instant::now();
    loop {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", line.trim()));
        if stat.is_err() || stat.is_ok_and(|stat| stat.contains(") Z ")) {
            break;
        }
        assert!(begun.elapsed() < WAIT_MAX, "it lives");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(input);
}

#[test]
fn the_same_happens_on_postgresql() {
    let database = PrivatePostgres::start();
    check_two_pushes(&Platform::start(Some(format!(
        "{}/postgres",
        database.url()
    ))));
}

#[test]
fn an_app_shows_a_check_run() {
    let platform = Platform::start_as(Variables::new(), None, true);
    assert_eq!(platform.deliver("opened", "d-1"), 202);
    let check = |conclusion: &str| {
        let runs = platform.forge.check_runs(REPOSITORY);
        let head = platform.repo.rev("topic");
        let run = runs.into_iter().find(|run| run.commit == head);
        run.filter(|run| run.conclusion.as_deref() == Some(conclusion))
    };
    platform.wait("the check run", |comments, _| {
        !comments.is_empty() && check("failure").is_some()
    });
    let run = check("failure").unwrap();
    assert_eq!(
        (run.name.as_str(), run.status.as_str()),
        ("Assay", "completed")
    );
    assert_eq!(run.messages.len(), 1, "{run:#?}");
    platform.push(MENDED);
    assert_eq!(platform.deliver("synchronize", "d-2"), 202);
    platform.wait("the second check run", |comments, _| {
        comments.iter().all(|comment| comment.is_resolved) && check("success").is_some()
    });
    assert_eq!(platform.forge.statuses(REPOSITORY).len(), 0);
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}

#[test]
fn what_is_not_signed_or_not_known_is_refused() {
    let mut platform = Platform::start(None);
    platform.secret = SecretString::from("another".repeat(6));
    assert_eq!(platform.deliver("opened", "d-1"), 401);
    let key = platform.server.key.clone().unwrap();
    let tasks = platform.server.get("/api/v1/tasks", &key);
    assert_eq!(tasks["items"].as_array().unwrap().len(), 0);
}

#[test]
fn a_second_start_has_no_first_key_and_goes_on() {
    let mut platform = Platform::start(None);
    let key = platform.server.key.clone().unwrap();
    let data = platform.repo.root().parent().unwrap().join("data");
    platform.server = Server::start(&data, &[]);
    assert_eq!(platform.server.key, None);
    let profile = platform.server.get("/api/v1/user/profile", &key);
    assert_eq!(profile["organisation"]["name"], "default");
}

#[test]
fn a_change_that_cannot_be_reviewed_is_never_green() {
    let platform = Platform::start_with(None, Some("[rules]\nnonsense = 3\n"));
    assert_eq!(platform.deliver("opened", "d-1"), 202);
    let head = platform.repo.rev("topic");
    platform.wait("the end", |_, statuses| is_status(statuses, &head, "error"));
    assert_eq!(platform.forge.comments(REPOSITORY, 1), []);
    let statuses = platform.forge.statuses(REPOSITORY);
    assert!(!is_status(&statuses, &head, "success"), "{statuses:?}");
}

/// Pushes what mends everything, and waits until the pull request shows that.
pub(crate) fn push_mended(platform: &Platform) {
    platform.push(MENDED);
    assert_eq!(platform.deliver("synchronize", "d-2"), 202);
    let second = platform.repo.rev("topic");
    platform.wait("the second review", |comments, statuses| {
        comments.iter().all(|comment| comment.is_resolved)
            && is_status(statuses, &second, "success")
    });
}

pub(crate) fn check_two_pushes(platform: &Platform) {
    assert_eq!(platform.deliver("opened", "d-1"), 202);
    let first = platform.repo.rev("topic");
    platform.wait("the review", |comments, statuses| {
        !comments.is_empty() && is_status(statuses, &first, "failure")
    });
    let comments = platform.forge.comments(REPOSITORY, 1);
    assert_eq!(comments.len(), 1, "{comments:#?}");
    let comment = &comments[0];
    assert_eq!(
        (comment.path.as_str(), comment.author.as_str()),
        ("shop.py", BOT)
    );
    assert!(comment.body.contains("sql-injection"), "{}", comment.body);
    assert!(comment.body.contains("request"), "{}", comment.body);

    // The same delivery again brings nothing.
    assert_eq!(platform.deliver("opened", "d-1"), 200);

    push_mended(platform);
    assert_eq!(platform.forge.comments(REPOSITORY, 1).len(), 1);
    assert_eq!(platform.forge.violations(), Vec::<String>::new());

    assert_eq!(platform.reviews(), ["done", "done"]);
}

#[test]
fn secrets_are_looked_for_by_a_process_that_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let key = server.key.clone().unwrap();
    let scan = |text: &str| {
        let body = serde_json::json!({"path": "settings.py", "text": text}).to_string();
        let answer = ureq::post(format!("{}/api/v1/security/scan/secrets", server.url))
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json")
            .send(body.as_bytes())
            .expect("the server answers");
        let mut text = String::new();
        answer
            .into_body()
            .into_reader()
            .read_to_string(&mut text)
            .unwrap();
        serde_json::from_str::<Value>(&text).expect("JSON")
    };
    for _ in 0..3 {
        let found = scan(&format!("# settings\nKEY = \"{key}\"\n"));
        assert_eq!(found["secrets"][0]["rule"], "secret/assay-key", "{found}");
        assert_eq!(found["secrets"][0]["line"], 2);
        assert_eq!(scan("x = 1\n")["secrets"], serde_json::json!([]));
    }
}
