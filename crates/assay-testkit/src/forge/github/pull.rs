//! Which request is answered by what; pull requests and the code in them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::state::{Pull, State, Who, account, field_refusal, refusal};
use crate::forge::lines::PatchLines;
use crate::forge::server::{Exchange, Reply};

/// A hash that the same words always have.
fn hash(words: &str) -> String {
    let sum = words.bytes().fold(0xcbf2_9ce4_8422_2325u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{sum:016x}").repeat(3)[..40].to_owned()
}

impl State {
    pub(super) fn dispatch(&mut self, exchange: &Exchange, who: &Who) -> Reply {
        let segments = exchange.segments();
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let method = exchange.method.as_str();
        match (method, parts.as_slice()) {
            ("GET", ["app"]) if who.is_jwt => {
                let slug = who.login.trim_end_matches("[bot]");
                Reply::json(200, &json!({ "slug": slug }))
            }
            ("GET", ["user"]) if !who.is_app => Reply::json(200, &account(&who.login)),
            ("GET", ["user"]) => refusal(403, "Resource not accessible by integration"),
            ("POST", ["app", "installations", id, "access_tokens"]) => self.mint(id, who),
            ("POST", ["graphql"]) => self.graphql(exchange, who),
            (_, ["repositories", id, rest @ ..]) => {
                let id: u64 = id.parse().unwrap_or_default();
                let found = self.repos.values().find(|repo| repo.id == id);
                match found.map(|repo| repo.name.clone()) {
                    Some(name) => self.in_repo(exchange, who, &name, rest),
                    None => refusal(404, "Not Found"),
                }
            }
            (_, ["repos", owner, name, rest @ ..]) => {
                let name = format!("{owner}/{name}");
                if !self.repos.contains_key(&name) || !self.may_see(who, &name) {
                    return refusal(404, "Not Found");
                }
                self.in_repo(exchange, who, &name, rest)
            }
            _ => refusal(404, "Not Found"),
        }
    }

    fn may_see(&self, who: &Who, repository: &str) -> bool {
        let installation = self
            .tokens
            .get(&who.key)
            .and_then(|token| token.installation);
        match installation {
            Some(id) => self.installations[&id]
                .repositories
                .iter()
                .any(|name| name == repository),
            None => true,
        }
    }

    fn in_repo(&mut self, exchange: &Exchange, who: &Who, name: &str, rest: &[&str]) -> Reply {
        if who.is_jwt && rest != ["installation"] {
            return refusal(401, "A JSON web token can not be used here");
        }
        match (exchange.method.as_str(), rest) {
            ("GET", []) => Reply::json(200, &self.repo(name).wire()),
            ("GET", ["installation"]) => self.installation_of(name, who),
            ("GET", ["collaborators", login, "permission"]) => {
                let found = self.repo(name).permissions.get(*login).cloned();
                let role = found.unwrap_or_else(|| "none".into());
                let coarse = match role.as_str() {
                    "triage" => "read",
                    "maintain" => "write",
                    other => other,
                };
                Reply::json(200, &json!({ "permission": coarse, "role_name": role }))
            }
            ("GET", ["contents", path @ ..]) => self.contents(exchange, name, &path.join("/")),
            ("GET", ["compare", basehead]) => self.compare(name, basehead),
            ("GET", ["branches"]) => {
                let branches = self.repo(name).branches.clone();
                let wires: Vec<_> = branches.iter().map(branch_wire).collect();
                self.page(exchange, &wires)
            }
            ("GET", ["branches", branch]) => {
                let repo = self.repo(name);
                match repo.branches.get_key_value(*branch) {
                    Some(pair) => Reply::json(200, &branch_wire(pair)),
                    None => refusal(404, "Branch not found"),
                }
            }
            (_, ["git", rest @ ..]) => self.git(exchange, name, rest),
            (_, ["pulls", rest @ ..]) => self.pulls(exchange, who, name, rest),
            (_, ["issues", rest @ ..]) => self.issues(exchange, who, name, rest),
            ("GET", ["commits", commit, "check-runs"]) => self.check_list(exchange, name, commit),
            ("POST", ["check-runs"]) => self.check_put(exchange, who, name, None),
            ("PATCH", ["check-runs", id]) => self.check_put(exchange, who, name, Some(id)),
            ("POST", ["statuses", commit]) => self.status_put(exchange, name, commit),
            ("GET", ["commits", commit, "statuses"]) => self.status_list(exchange, name, commit),
            _ => refusal(404, "Not Found"),
        }
    }

    fn installation_of(&mut self, name: &str, who: &Who) -> Reply {
        let found = self
            .installations
            .iter()
            .find(|(_, found)| found.repositories.iter().any(|repo| repo == name));
        match found {
            Some((id, _)) if who.is_jwt => Reply::json(
                200,
                &json!({ "id": id, "suspended_at": null, "permissions": { "checks": "write" } }),
            ),
            _ => refusal(404, "Not Found"),
        }
    }

    fn pulls(&mut self, exchange: &Exchange, who: &Who, name: &str, rest: &[&str]) -> Reply {
        if let ("GET", []) = (exchange.method.as_str(), rest) {
            return self.pull_list(exchange, name);
        }
        if let ("POST", []) = (exchange.method.as_str(), rest) {
            return self.pull_open(exchange, who, name);
        }
        if let ["comments", id, rest @ ..] = rest {
            return self.comment_of_repo(exchange, who, name, id, rest);
        }
        let [number, rest @ ..] = rest else {
            return refusal(404, "Not Found");
        };
        let number = number.parse().unwrap_or_default();
        let rules = self.rules.clone();
        let Some(pull) = self.repo(name).pulls.get(&number) else {
            return refusal(404, "Not Found");
        };
        match (exchange.method.as_str(), rest) {
            ("GET", []) if exchange.header("accept") == Some("application/vnd.github.diff") => {
                diff(pull, &rules)
            }
            ("GET", []) => {
                let repo = self.repo(name);
                Reply::json(200, &repo.pulls[&number].wire(repo))
            }
            ("GET", ["files"]) => {
                let files: Vec<_> = pull.files.iter().take(rules.files_max).collect();
                let files: Vec<_> = files.into_iter().map(file_wire).collect();
                self.page(exchange, &files)
            }
            ("GET", ["commits"]) => {
                let commits: Vec<_> = pull
                    .heads
                    .iter()
                    .map(|sha| json!({ "sha": sha, "commit": { "message": "A commit" }, "author": null, "parents": [] }))
                    .collect();
                self.page(exchange, &commits)
            }
            (_, rest) => self.discussion(exchange, who, name, number, rest),
        }
    }

    fn pull_list(&mut self, exchange: &Exchange, name: &str) -> Reply {
        let wanted = exchange.query_value("head");
        let repo = self.repo(name);
        let wires = repo.pulls.values().map(|pull| pull.wire(repo));
        let wires: Vec<_> = wires
            .filter(|wire| {
                wanted
                    .as_deref()
                    .is_none_or(|head| wire["head"]["label"] == head)
            })
            .collect();
        self.page(exchange, &wires)
    }

    fn pull_open(&mut self, exchange: &Exchange, who: &Who, name: &str) -> Reply {
        let body = exchange.json();
        let id = self.next_id();
        let repo = self.repo(name);
        let head = body["head"].as_str().unwrap_or_default().to_owned();
        let Some(sha) = repo.branches.get(&head).cloned() else {
            return field_refusal("PullRequest", "head", "head is invalid");
        };
        if repo.pulls.values().any(|pull| pull.head_branch == head) {
            return field_refusal("PullRequest", "head", "A pull request already exists");
        }
        let number = repo.pulls.keys().last().copied().unwrap_or_default() + 1;
        let spec = super::PullSpec {
            number,
            author: who.login.clone(),
            head: sha,
            base: String::new(),
            files: Vec::new(),
        };
        let mut pull = Pull::new(id, name, spec);
        pull.head_branch = head;
        pull.title = body["title"].as_str().unwrap_or_default().into();
        pull.body = body["body"].as_str().map(str::to_owned);
        repo.pulls.insert(number, pull);
        let repo = self.repo(name);
        Reply::json(201, &repo.pulls[&number].wire(repo))
    }

    fn contents(&mut self, exchange: &Exchange, name: &str, path: &str) -> Reply {
        let commit = exchange.query_value("ref").unwrap_or_default();
        let bytes_max = self.rules.content_bytes_max;
        let repo = self.repo(name);
        let Some(content) = repo.files.get(&(commit, path.to_owned())) else {
            return refusal(404, "Not Found");
        };
        if exchange.header("accept") == Some("application/vnd.github.raw+json") {
            return Reply {
                status: 200,
                headers: Vec::new(),
                body: content.clone(),
            };
        }
        let is_large = content.len() > bytes_max;
        // The real one breaks the text into lines.
        let mut text = String::new();
        for chunk in STANDARD.encode(content).as_bytes().chunks(60) {
            text.push_str(&String::from_utf8_lossy(chunk));
            text.push('\n');
        }
        Reply::json(
            200,
            &json!({
                "type": "file",
                "path": path,
                "sha": hash(path),
                "encoding": if is_large { "none" } else { "base64" },
                "content": if is_large { String::new() } else { text },
            }),
        )
    }

    fn compare(&mut self, name: &str, basehead: &str) -> Reply {
        let Some((base, head)) = basehead.split_once("...") else {
            return refusal(404, "Not Found");
        };
        let pulls = self.repo(name).pulls.values();
        let files = pulls
            .filter(|pull| pull.head == head)
            .flat_map(|pull| &pull.files);
        let files: Vec<_> = files.map(file_wire).collect();
        Reply::json(
            200,
            &json!({
                "status": "ahead",
                "ahead_by": 1,
                "behind_by": 0,
                "merge_base_commit": { "sha": base },
                "files": files,
            }),
        )
    }

    fn git(&mut self, exchange: &Exchange, name: &str, rest: &[&str]) -> Reply {
        let body = exchange.json();
        let repo = self.repo(name);
        match (exchange.method.as_str(), rest) {
            ("GET", ["commits", sha]) => {
                Reply::json(200, &json!({ "sha": sha, "tree": { "sha": hash(sha) } }))
            }
            ("POST", ["blobs" | "trees" | "commits"]) => {
                let sha = hash(&body.to_string());
                repo.objects.insert(sha.clone(), body);
                Reply::json(201, &json!({ "sha": sha }))
            }
            ("POST", ["refs"]) => {
                let full = body["ref"].as_str().unwrap_or_default();
                let Some(branch) = full.strip_prefix("refs/heads/") else {
                    return refusal(422, "Reference name is not valid");
                };
                if repo.branches.contains_key(branch) {
                    return refusal(422, "Reference already exists");
                }
                let sha = body["sha"].as_str().unwrap_or_default();
                repo.branches.insert(branch.into(), sha.into());
                Reply::json(201, &json!({ "ref": full }))
            }
            ("PATCH", ["refs", "heads", branch @ ..]) => {
                let sha = body["sha"].as_str().unwrap_or_default();
                repo.branches.insert(branch.join("/"), sha.into());
                Reply::json(200, &json!({}))
            }
            _ => refusal(404, "Not Found"),
        }
    }
}

fn branch_wire((name, sha): (&String, &String)) -> Value {
    json!({ "name": name, "commit": { "sha": sha }, "protected": name == "main" })
}

fn file_wire((path, patch): &(String, Option<String>)) -> Value {
    let mut wire =
        json!({ "filename": path, "status": "modified", "additions": 1, "deletions": 1 });
    // Binary and large files have no such member at all.
    if let Some(patch) = patch {
        wire["patch"] = patch.as_str().into();
    }
    wire
}

fn diff(pull: &Pull, rules: &super::GitHubRules) -> Reply {
    let patches = pull.files.iter().filter_map(|(_, patch)| patch.as_deref());
    let lines: usize = patches.map(PatchLines::count).sum();
    if pull.files.len() > rules.diff_files_max || lines > rules.diff_lines_max {
        return Reply::json(
            406,
            &json!({
                "message": "Sorry, the diff exceeded the maximum number of files (300).",
                "errors": [{ "resource": "PullRequest", "field": "diff", "code": "too_large" }],
            }),
        );
    }
    let mut text = String::new();
    for (path, patch) in &pull.files {
        text.push_str(&format!("diff --git a/{path} b/{path}\n"));
        match patch {
            Some(patch) => text.push_str(&format!("--- a/{path}\n+++ b/{path}\n{patch}\n")),
            None => text.push_str(&format!("Binary files a/{path} and b/{path} differ\n")),
        }
    }
    Reply {
        status: 200,
        headers: Vec::new(),
        body: text.into_bytes(),
    }
}
