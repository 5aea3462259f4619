//! What the fake knows, and how it shows it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{GitHubRules, PullSpec};
use crate::forge::lines::PatchLines;
use crate::forge::server::{Exchange, Reply};

type Verify = Box<dyn Fn(&[u8], &[u8]) -> bool + Send>;

pub(super) struct App {
    pub(super) issuer: String,
    pub(super) slug: String,
    pub(super) verify: Verify,
}

#[derive(Default)]
pub(super) struct Installation {
    pub(super) repositories: Vec<String>,
}

#[derive(Default)]
pub(super) struct Token {
    pub(super) login: String,
    pub(super) installation: Option<u64>,
    pub(super) expires_ms: Option<i64>,
    pub(super) used: u64,
    pub(super) window_ms: i64,
    pub(super) content: Vec<i64>,
    pub(super) closed_until_ms: i64,
}

impl Token {
    pub(super) fn of_user(login: &str) -> Self {
        Self {
            login: login.into(),
            ..Self::default()
        }
    }
}

#[derive(Clone, Default)]
pub(super) struct Comment {
    pub(super) id: u64,
    pub(super) author: String,
    pub(super) path: String,
    pub(super) line: Option<u64>,
    pub(super) start_line: Option<u64>,
    pub(super) side: String,
    pub(super) body: String,
    pub(super) commit: String,
    pub(super) review: Option<u64>,
    pub(super) reply_to: Option<u64>,
    pub(super) resolved_by: Option<String>,
    pub(super) reactions: Vec<Value>,
}

impl Comment {
    pub(super) fn wire(&self) -> Value {
        json!({
            "id": self.id,
            "user": account(&self.author),
            "path": self.path,
            "line": self.line,
            "start_line": self.start_line,
            "side": self.side,
            "body": self.body,
            "commit_id": self.commit,
            "pull_request_review_id": self.review,
            "in_reply_to_id": self.reply_to,
            "reactions": { "total_count": self.reactions.len() },
        })
    }
}

#[derive(Clone)]
pub(super) struct Review {
    pub(super) id: u64,
    pub(super) author: String,
    pub(super) state: String,
    pub(super) body: String,
    pub(super) commit: String,
}

impl Review {
    pub(super) fn wire(&self) -> Value {
        json!({
            "id": self.id,
            "user": account(&self.author),
            "state": self.state,
            "body": self.body,
            "commit_id": self.commit,
        })
    }
}

pub(super) struct Pull {
    pub(super) id: u64,
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) body: Option<String>,
    pub(super) state: &'static str,
    pub(super) author: String,
    pub(super) head: String,
    pub(super) base: String,
    pub(super) head_branch: String,
    pub(super) base_branch: String,
    pub(super) head_repo: Option<String>,
    /// All commits that were a head.
    pub(super) heads: Vec<String>,
    pub(super) files: Vec<(String, Option<String>)>,
    pub(super) comments: Vec<Comment>,
    pub(super) reviews: Vec<Review>,
    pub(super) conversation: Vec<(u64, String, String)>,
}

impl Pull {
    pub(super) fn new(id: u64, repository: &str, spec: PullSpec) -> Self {
        Self {
            id,
            number: spec.number,
            title: format!("Pull request {}", spec.number),
            body: None,
            state: "open",
            author: spec.author,
            heads: vec![spec.head.clone()],
            head: spec.head,
            base: spec.base,
            head_branch: format!("branch-{}", spec.number),
            base_branch: "main".into(),
            head_repo: Some(repository.into()),
            files: spec.files,
            comments: Vec::new(),
            reviews: Vec::new(),
            conversation: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, head: &str, files: Vec<(String, Option<String>)>) {
        self.head = head.into();
        self.heads.push(head.into());
        self.files = files;
        for at in 0..self.comments.len() {
            let comment = &self.comments[at];
            let is_new = comment.side == "RIGHT";
            let stays = comment.line.is_some_and(|line| {
                self.lines(&comment.path)
                    .is_some_and(|lines| lines.hunk(is_new, line).is_some())
            });
            if !stays {
                self.comments[at].line = None;
            }
        }
    }

    pub(super) fn lines(&self, path: &str) -> Option<PatchLines> {
        let (_, patch) = self.files.iter().find(|(name, _)| name == path)?;
        Some(PatchLines::read(patch.as_deref()?))
    }

    pub(super) fn wire(&self, repo: &Repo) -> Value {
        let head_repo = self.head_repo.as_ref().map(|_| repo.wire());
        json!({
            "id": self.id,
            "number": self.number,
            "state": self.state,
            "title": self.title,
            "body": self.body,
            "user": account(&self.author),
            "draft": false,
            "merged": false,
            "mergeable": null,
            "html_url": format!("https://github.example.com/{}/pull/{}", repo.name, self.number),
            "changed_files": self.files.len(),
            "head": {
                "ref": self.head_branch,
                "sha": self.head,
                "repo": head_repo,
                "label": format!("{}:{}", repo.name.split('/').next().unwrap_or_default(), self.head_branch),
            },
            "base": { "ref": self.base_branch, "sha": self.base, "repo": repo.wire() },
        })
    }
}

pub(super) struct Repo {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) pulls: BTreeMap<u64, Pull>,
    pub(super) files: BTreeMap<(String, String), Vec<u8>>,
    pub(super) branches: BTreeMap<String, String>,
    pub(super) permissions: BTreeMap<String, String>,
    pub(super) check_runs: Vec<Value>,
    pub(super) statuses: Vec<[String; 4]>,
    pub(super) objects: BTreeMap<String, Value>,
}

impl Repo {
    pub(super) fn new(id: u64, name: &str) -> Self {
        Self {
            id,
            name: name.into(),
            pulls: BTreeMap::new(),
            files: BTreeMap::new(),
            branches: BTreeMap::new(),
            permissions: BTreeMap::new(),
            check_runs: Vec::new(),
            statuses: Vec::new(),
            objects: BTreeMap::new(),
        }
    }

    pub(super) fn wire(&self) -> Value {
        let owner = self.name.split('/').next().unwrap_or_default();
        json!({
            "id": self.id,
            "full_name": self.name,
            "name": self.name.rsplit('/').next(),
            "owner": account(owner),
            "private": true,
            "fork": false,
            "default_branch": "main",
            "clone_url": format!("https://github.example.com/{}.git", self.name),
        })
    }
}

#[derive(Default)]
pub(super) struct State {
    pub(super) now_ms: i64,
    pub(super) base: String,
    pub(super) rules: GitHubRules,
    pub(super) app: Option<App>,
    pub(super) installations: BTreeMap<u64, Installation>,
    pub(super) tokens: BTreeMap<String, Token>,
    pub(super) repos: BTreeMap<String, Repo>,
    pub(super) renamed: BTreeMap<String, u64>,
    pub(super) violations: Vec<String>,
    last_id: u64,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(super) struct Who {
    /// The token; `app` for the app itself.
    pub(super) key: String,
    pub(super) login: String,
    pub(super) is_app: bool,
    pub(super) is_jwt: bool,
}

pub(super) fn account(login: &str) -> Value {
    let kind = if login.ends_with("[bot]") {
        "Bot"
    } else {
        "User"
    };
    let id = login
        .bytes()
        .fold(7u64, |sum, byte| (sum * 31 + u64::from(byte)) % 1_000_003);
    json!({ "id": id, "login": login, "type": kind })
}

pub(super) fn refusal(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "message": message }))
}

/// The refusal of a review: its errors are texts.
pub(super) fn review_refusal(errors: &[&str]) -> Reply {
    Reply::json(
        422,
        &json!({ "message": "Unprocessable Entity", "errors": errors }),
    )
}

/// The refusal of anything else: its errors are objects.
pub(super) fn field_refusal(resource: &str, field: &str, message: &str) -> Reply {
    Reply::json(
        422,
        &json!({
            "message": "Validation Failed",
            "errors": [{ "resource": resource, "field": field, "code": "custom", "message": message }],
        }),
    )
}

impl State {
    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        1_000 + self.last_id
    }

    pub(super) fn repo(&mut self, name: &str) -> &mut Repo {
        self.repos.get_mut(name).expect("there is a repository")
    }

    pub(super) fn pull(&mut self, repository: &str, number: u64) -> &mut Pull {
        let repo = self.repo(repository);
        repo.pulls
            .get_mut(&number)
            .expect("there is a pull request")
    }

    /// Returns a page of a list with the links to the others.
    pub(super) fn page(&self, exchange: &Exchange, items: &[Value]) -> Reply {
        let number = |name: &str| exchange.query_value(name)?.parse::<usize>().ok();
        let size = number("per_page")
            .unwrap_or(30)
            .clamp(1, self.rules.page_max);
        let page = number("page").unwrap_or(1).max(1);
        let first = (page - 1).saturating_mul(size).min(items.len());
        let last = (first + size).min(items.len());
        let reply = Reply::json(200, &Value::from(items[first..last].to_vec()));
        if last >= items.len() {
            return reply;
        }
        let link = |page: usize, relation: &str| {
            let kept = exchange
                .query
                .split('&')
                .filter(|pair| !pair.starts_with("page="));
            let kept: Vec<_> = kept.filter(|pair| !pair.is_empty()).collect();
            let query = kept.join("&");
            let base = &self.base;
            let path = &exchange.path;
            format!("<{base}{path}?{query}&page={page}>; rel=\"{relation}\"")
        };
        let pages = items.len().div_ceil(size);
        let links = [link(page + 1, "next"), link(pages, "last")].join(", ");
        reply.with("link", links)
    }
}
