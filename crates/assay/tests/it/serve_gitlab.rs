//! `assay serve` with a GitLab: a hook in, discussions on the merge request out.

use std::path::PathBuf;
use std::sync::Arc;

use assay_testkit::forge::{DiscussionSeen, FakeGitLab};
use assay_testkit::{GitRepo, GitServer, GitServerOptions, MachineClock};

use crate::serve::{BASE, HEAD, MENDED, Server};
use crate::serve_command::LITERAL;

const PROJECT: &str = "acme/web/shop";
const NUMBER: u64 = 4;
const BOT: &str = "project_15_bot_ab12";
const WRITER: &str = "maintainer";
const SECRET: &str = "a-secret-of-the-hook";

struct Platform {
    repo: GitRepo,
    bare: PathBuf,
    forge: FakeGitLab,
    _host: GitServer,
    server: Server,
}

impl Platform {
    fn start() -> Self {
        let repo = GitRepo::new();
        repo.write("shop.py", BASE);
        repo.commit("first");
        repo.git(["checkout", "--quiet", "-b", "topic"]);
        repo.write("shop.py", HEAD);
        repo.commit("search");
        let outside = repo.root().parent().unwrap().to_owned();
        let root = outside.join("host");
        let bare = root.join(format!("{PROJECT}.git"));
        std::fs::create_dir_all(&bare).unwrap();
        let folder = bare.to_str().unwrap();
        repo.git(["init", "--quiet", "--bare", "--template=", folder]);
        let host = GitServer::start(&root, GitServerOptions::default());
        let forge = FakeGitLab::start(Arc::new(MachineClock));
        let token = format!("glpat-{}", "t0ken".repeat(4));
        forge.token("private-token", &token, BOT);
        forge.member(forge.user_id(WRITER), 30);
        let data = outside.join("data");
        std::fs::write(
            data.with_extension("toml"),
            "[worker]\nfeedback_seconds = 1\n",
        )
        .unwrap();
        let clone = host.url("").trim_end_matches('/').to_owned();
        let variables = [
            ("ASSAY_GITLAB_API", forge.base()),
            ("ASSAY_GITLAB_CLONE", clone),
            ("ASSAY_GITLAB_TOKEN", token),
            ("ASSAY_GITLAB_WEBHOOK_SECRET", SECRET.to_owned()),
        ];
        let server = Server::start(&data, &variables);
        let platform = Self {
            repo,
            bare,
            forge,
            _host: host,
            server,
        };
        platform.publish();
        platform
    }

    /// Puts the branches where the server fetches them, and tells the forge.
    fn publish(&self) {
        let reference = format!("topic:refs/merge-requests/{NUMBER}/head");
        let bare = self.bare.to_str().unwrap();
        let branches = ["main:refs/heads/main", reference.as_str()];
        self.repo
            .git([&["push", "--quiet", "--force", bare][..], &branches].concat());
        let diff = self.repo.git(["diff", "main", "topic", "--", "shop.py"]);
        let hunks = diff
            .find("@@")
            .map_or(String::new(), |at| diff[at..].to_owned());
        let files = vec![("shop.py".to_owned(), "shop.py".to_owned(), hunks)];
        let (base, head) = (self.repo.rev("main"), self.repo.rev("topic"));
        self.forge.push(PROJECT, NUMBER, &base, &head, files);
    }

    fn push(&self, text: &str) {
        let before = self.repo.rev("topic");
        self.repo.write("shop.py", text);
        self.repo.commit("push");
        self.publish();
        let forge = &self.forge;
        let body = forge.merge_request_payload(PROJECT, NUMBER, "update", Some(&before));
        assert_eq!(self.send("Merge Request Hook", &before, SECRET, &body), 202);
    }

    fn send(&self, event: &str, number: &str, secret: &str, body: &[u8]) -> u16 {
        let answer = ureq::post(format!("{}/webhooks/gitlab", self.server.url))
            .config()
            .http_status_as_error(false)
            .build()
            .header("content-type", "application/json")
            .header("x-gitlab-event", event)
            .header("idempotency-key", number)
            .header("x-gitlab-token", secret)
            .send(body)
            .expect("the server answers");
        answer.status().as_u16()
    }

    fn open(&self) {
        let body = self
            .forge
            .merge_request_payload(PROJECT, NUMBER, "open", None);
        assert_eq!(
            self.send("Merge Request Hook", "h-1", "another", &body),
            401
        );
        assert_eq!(self.send("Merge Request Hook", "h-1", SECRET, &body), 202);
        self.wait("the review", "failed", |found| found.len() == 1);
        assert_eq!(self.send("Merge Request Hook", "h-1", SECRET, &body), 200);
    }

    /// Waits until the head has a status and the discussions are as they should be.
    fn wait(&self, what: &str, state: &str, holds: impl Fn(&[DiscussionSeen]) -> bool) {
        let head = self.repo.rev("topic");
        let is_there = || {
            let wanted = [head.clone(), "Assay".to_owned(), state.to_owned()];
            self.forge.statuses().contains(&wanted) && holds(&self.discussions())
        };
        self.server.wait(is_there, || {
            let (found, statuses) = (self.discussions(), self.forge.statuses());
            format!("{what}: {found:#?} {statuses:?}")
        });
    }

    fn discussions(&self) -> Vec<DiscussionSeen> {
        self.forge.discussions(PROJECT, NUMBER)
    }
}

#[test]
fn a_hook_becomes_discussions_and_the_next_push_resolves_them() {
    let platform = Platform::start();
    platform.open();
    let found = platform.discussions();
    assert_eq!(found[0].author, BOT);
    assert!(found[0].body.contains("sql-injection"), "{}", found[0].body);
    assert_eq!(found[0].lines, (None, Some(12)));
    platform.push(&format!("{HEAD}\n\nLIMIT = 10\n"));
    platform.wait("nothing new", "failed", |found| {
        found.len() == 1 && !found[0].is_resolved
    });
    platform.push(MENDED);
    platform.wait("it is mended", "success", |found| {
        found.len() == 1 && found[0].is_resolved
    });
    // Asking was enough: nothing was refused on the way.
    let exchanges = platform.forge.exchanges();
    let refused = exchanges.iter().filter(|exchange| exchange.status >= 400);
    let refused: Vec<_> = refused
        .map(|one| (&one.method, &one.path, one.status))
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
}

#[test]
fn what_people_do_with_discussions_is_respected() {
    let platform = Platform::start();
    platform.open();
    let remark = platform.discussions().remove(0);
    // A command below a remark, by somebody who may push.
    let thread = Some(remark.id.as_str());
    let note = platform
        .forge
        .say(PROJECT, NUMBER, thread, WRITER, "/assay ignore -- ours");
    let body = platform.forge.note_payload(PROJECT, NUMBER, note);
    assert_eq!(platform.send("Note Hook", "h-2", SECRET, &body), 202);
    platform.wait("the gate passes", "success", |found| found[0].is_resolved);
    let answers = || {
        let notes = platform.forge.notes(PROJECT, NUMBER).into_iter();
        let answers = notes.filter(|(author, body)| author == BOT && body.contains("answer="));
        answers.map(|(_, body)| body).collect::<Vec<_>>()
    };
    platform.server.wait(
        || answers().len() == 1,
        || format!("the answer: {:?}", answers()),
    );
    assert!(answers()[0].contains("(ours)"), "{:?}", answers());
    platform.push(&format!("# The shop.\n{HEAD}"));
    platform.wait("it stays ignored", "success", |found| found.len() == 1);
}

#[test]
fn a_discussion_that_was_deleted_is_not_started_again() {
    let platform = Platform::start();
    platform.open();
    let remark = platform.discussions().remove(0);
    platform
        .forge
        .delete_discussion(PROJECT, NUMBER, &remark.id);
    platform.push(&format!("{HEAD}\n\nLIMIT = 10\n"));
    platform.wait("the next review", "failed", <[DiscussionSeen]>::is_empty);
}

#[test]
fn a_fix_is_placed_where_it_is_wanted() {
    let platform = Platform::start();
    platform.open();
    platform.push(&format!("{HEAD}{LITERAL}"));
    let suggestion = |found: &[DiscussionSeen]| {
        let mut found = found.iter();
        found
            .find(|one| one.body.contains("```suggestion:-0+0\n"))
            .map(|one| (one.id.clone(), one.lines))
    };
    platform.wait("the review with a fix", "failed", |found| {
        suggestion(found).is_some()
    });
    let (first, lines) = suggestion(&platform.discussions()).unwrap();
    let count = platform.discussions().len();
    platform.forge.delete_discussion(PROJECT, NUMBER, &first);
    let key = platform.server.key.clone().unwrap();
    let id = platform.server.proposed(&key);
    for _ in 0..2 {
        let placed = platform.server.suggested(&id, &key);
        assert_eq!(placed["state"], "placed", "{placed}");
        let found = platform.discussions();
        assert_eq!(found.len(), count, "{found:#?}");
        let (again, place) = suggestion(&found).unwrap();
        assert!(again != first && place == lines, "{found:#?}");
        assert!(found.iter().all(|one| !one.is_resolved));
    }
}
