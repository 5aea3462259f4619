//! A pull request of a forge, reviewed on one's own machine.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use assay_testkit::forge::{FakeGitHub, PullSpec};
use assay_testkit::{GitRepo, GitServer, GitServerOptions, MachineClock};

use crate::serve::{BASE, HEAD};

const REPOSITORY: &str = "acme/shop";
const TOKEN: &str = "ghp_tokenOfSomebody";

struct Stage {
    repo: GitRepo,
    forge: FakeGitHub,
    host: GitServer,
    cache: PathBuf,
}

impl Stage {
    fn new() -> Self {
        let repo = GitRepo::new();
        repo.write("shop.py", BASE);
        repo.commit("first");
        repo.git(["checkout", "--quiet", "-b", "topic"]);
        repo.write("shop.py", HEAD);
        repo.commit("search");
        let outside = repo.root().parent().unwrap().to_owned();
        let bare = outside.join(format!("host/{REPOSITORY}.git"));
        std::fs::create_dir_all(&bare).unwrap();
        let folder = bare.to_str().unwrap();
        repo.git(["init", "--quiet", "--bare", "--template=", folder]);
        repo.git([
            "push",
            "--quiet",
            folder,
            "main:refs/heads/main",
            "topic:refs/pull/1/head",
        ]);
        let host = GitServer::start(&outside.join("host"), GitServerOptions::default());
        let forge = FakeGitHub::start(Arc::new(MachineClock));
        forge.repository(REPOSITORY);
        forge.user_token("somebody", TOKEN);
        let diff = repo.git(["diff", "main", "topic", "--", "shop.py"]);
        let hunks = diff.find("@@").map(|at| diff[at..].to_owned());
        let spec = PullSpec {
            number: 1,
            author: "dev".to_owned(),
            head: repo.rev("topic"),
            base: repo.rev("main"),
            files: vec![("shop.py".to_owned(), hunks)],
        };
        forge.open(REPOSITORY, spec);
        Self {
            cache: outside.join("cache"),
            repo,
            forge,
            host,
        }
    }

    /// Pushes another commit.
    fn push(&self, text: &str) {
        self.repo.write("shop.py", text);
        self.repo.commit("push");
        let bare = self.repo.root().parent().unwrap();
        let bare = bare.join(format!("host/{REPOSITORY}.git"));
        let bare = bare.to_str().unwrap();
        self.repo
            .git(["push", "--quiet", bare, "topic:refs/pull/1/head"]);
        let diff = self.repo.git(["diff", "main", "topic", "--", "shop.py"]);
        let hunks = diff.find("@@").map(|at| diff[at..].to_owned());
        let files = vec![("shop.py".to_owned(), hunks)];
        let head = self.repo.rev("topic");
        self.forge.push(REPOSITORY, 1, &head, files);
    }

    fn review(&self, token: Option<&str>, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
        command
            .args(["review", "--color", "never"])
            .args(arguments)
            .current_dir(self.repo.root().parent().unwrap())
            .env("ASSAY_CACHE_DIR", &self.cache)
            .env("ASSAY_GITHUB_API", self.forge.base())
            .env(
                "ASSAY_GITHUB_CLONE",
                self.host.url("").trim_end_matches('/'),
            )
            .env_remove("GITHUB_TOKEN")
            .env_remove("GITLAB_TOKEN");
        if let Some(token) = token {
            command.env("GITHUB_TOKEN", token);
        }
        command.output().expect("the command runs")
    }

    /// Runs it and returns what it says on standard error, and how it ends.
    fn check(&self, token: Option<&str>, arguments: &[&str], code: i32, said: &str) -> String {
        let output = self.review(token, arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        assert!(errors.contains(said), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn a_pull_request_is_reviewed_and_posted_once() {
    let stage = Stage::new();
    let shown = stage.check(Some(TOKEN), &["acme/shop#1"], 1, "acme/shop#1 at");
    assert!(shown.contains("injection/sql-injection"), "{shown}");
    assert!(shown.contains("shop.py"), "{shown}");
    assert_eq!(stage.forge.comments(REPOSITORY, 1), []);
    let page = format!(
        "{}/acme/shop/pull/1/files",
        stage.host.url("").trim_end_matches('/')
    );
    for made in ["1 remark made", "0 remarks made"] {
        let shown = stage.check(Some(TOKEN), &["--post", &page], 1, made);
        assert!(shown.contains("injection/sql-injection"), "{shown}");
    }
    let comments = stage.forge.comments(REPOSITORY, 1);
    assert_eq!(comments.len(), 1, "{comments:#?}");
    assert_eq!(comments[0].author, "somebody");
    let statuses = stage.forge.statuses(REPOSITORY);
    assert!(
        statuses.iter().any(|status| status[2] == "failure"),
        "{statuses:?}"
    );
    assert_eq!(stage.forge.violations(), Vec::<String>::new());
}

#[test]
fn a_remark_that_was_deleted_is_not_posted_again() {
    let stage = Stage::new();
    stage.check(Some(TOKEN), &["--post", "acme/shop#1"], 1, "1 remark made");
    let comment = stage.forge.comments(REPOSITORY, 1)[0].id;
    stage.forge.delete_comment(REPOSITORY, 1, comment);
    for push in ["# Another line.\n", "# And one more.\n"] {
        stage.push(&format!("{push}{HEAD}"));
        stage.check(Some(TOKEN), &["--post", "acme/shop#1"], 1, "0 remarks made");
        assert_eq!(stage.forge.comments(REPOSITORY, 1), []);
    }
    // Another place of the same mistake is another remark.
    let two = HEAD.replace("def find(", "def find_one(");
    let second = two.split("\n\n\n").last().unwrap();
    stage.push(&format!("{HEAD}\n\n{second}"));
    stage.check(Some(TOKEN), &["--post", "acme/shop#1"], 1, "1 remark made");
    assert_eq!(stage.forge.comments(REPOSITORY, 1).len(), 1);
    assert_eq!(stage.forge.violations(), Vec::<String>::new());
}

#[test]
fn what_cannot_be_reviewed_is_said_clearly() {
    let stage = Stage::new();
    let missing = &["acme/shop#9"];
    stage.check(
        Some(TOKEN),
        missing,
        2,
        "acme/shop#9 is not there, or the token of GITHUB_TOKEN",
    );
    stage.check(None, &["acme/shop#1"], 2, "set GITHUB_TOKEN");
    stage.check(
        Some("ghp_wrong"),
        &["acme/shop#1"],
        2,
        "the token of GITHUB_TOKEN is refused",
    );
    stage.check(None, &["--post", "acme/shop#1"], 2, "--post needs a token");
    stage.check(
        Some(TOKEN),
        &["--post", "HEAD~1..HEAD"],
        2,
        "--post is for a pull request",
    );
    let strange = "https://169.254.169.254/acme/shop/pull/1";
    stage.check(Some(TOKEN), &[strange], 2, "`169.254.169.254` is not asked");
    stage.check(
        Some(TOKEN),
        &["file:///etc/passwd"],
        2,
        "not the address of a pull request",
    );
    stage.forge.close(REPOSITORY, 1);
    stage.check(Some(TOKEN), &["acme/shop#1"], 2, "acme/shop#1 is closed");
}
