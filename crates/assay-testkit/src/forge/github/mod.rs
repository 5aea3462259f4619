//! A GitHub in memory. It is as strict as the real one where that is known to
//! hurt: anchors, reviews that are stored whole or not at all, one pending review
//! a user, lengths, annotations, identities, limits.

mod check;
mod discussion;
mod graphql;
mod identity;
mod pull;
mod state;

use std::sync::{Arc, Mutex};

use assay_source::Clock;
use serde_json::{Value, json};

use self::state::{Installation, Pull, Repo, State, Token};
use super::server::{Answers, Exchange, Fault, Reply, Server, held};

/// The limits that the fake keeps.
#[derive(Clone, Debug)]
pub struct GitHubRules {
    /// Requests of a token in an hour.
    pub quota: u64,
    /// Requests that make content, in a minute.
    pub content_per_minute: usize,
    /// Requests that make content, in an hour.
    pub content_per_hour: usize,
    /// Files above which there is no diff.
    pub diff_files_max: usize,
    /// Lines above which there is no diff.
    pub diff_lines_max: usize,
    /// Files that are listed at most.
    pub files_max: usize,
    /// Bytes above which contents are raw only.
    pub content_bytes_max: usize,
    /// Entries of a page at most.
    pub page_max: usize,
    /// How far the server's clock is ahead.
    pub skew_ms: i64,
    /// Whether apps may resolve threads.
    pub may_resolve: bool,
    /// Moved repositories answer with this status.
    pub moved_status: u16,
    /// Where moved repositories are said to be, instead of here.
    pub moved_to: Option<String>,
}

impl Default for GitHubRules {
    fn default() -> Self {
        Self {
            quota: 5_000,
            content_per_minute: 80,
            content_per_hour: 500,
            diff_files_max: 300,
            diff_lines_max: 20_000,
            files_max: 3_000,
            content_bytes_max: 1_000_000,
            page_max: 100,
            skew_ms: 0,
            may_resolve: true,
            moved_status: 301,
            moved_to: None,
        }
    }
}

/// A pull request to be opened.
#[derive(Clone, Debug)]
pub struct PullSpec {
    /// Its number.
    pub number: u64,
    /// Who opens it.
    pub author: String,
    /// The commit to be merged.
    pub head: String,
    /// The commit that it goes on.
    pub base: String,
    /// Its files: path and hunks; without hunks it is binary.
    pub files: Vec<(String, Option<String>)>,
}

/// A comment on a line, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentSeen {
    /// Its number.
    pub id: u64,
    /// Who wrote it.
    pub author: String,
    /// The file.
    pub path: String,
    /// The last line.
    pub line: u64,
    /// `LEFT` or `RIGHT`.
    pub side: String,
    /// What it says.
    pub body: String,
    /// Whether its thread is resolved.
    pub is_resolved: bool,
}

/// A review, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewSeen {
    /// Its number.
    pub id: u64,
    /// Who wrote it.
    pub author: String,
    /// `PENDING`, `COMMENTED`, `APPROVED`, `CHANGES_REQUESTED` or `DISMISSED`.
    pub state: String,
    /// What it says.
    pub body: String,
}

/// A check run, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnotationsSeen {
    /// Its name.
    pub name: String,
    /// The commit.
    pub commit: String,
    /// Its status.
    pub status: String,
    /// How it ended.
    pub conclusion: Option<String>,
    /// The messages of its annotations.
    pub messages: Vec<String>,
    /// All of it.
    pub whole: Value,
}

struct Fake {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl Answers for Arc<Fake> {
    fn answer(&self, exchange: &Exchange, limited: Option<&Option<String>>) -> Reply {
        let mut state = held(&self.state);
        state.now_ms = self.clock.now_ms();
        state.answer(exchange, limited)
    }

    fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }
}

/// A GitHub that answers on loopback until it is dropped.
pub struct FakeGitHub {
    server: Server,
    fake: Arc<Fake>,
}

/// Verifies the signature of a signer that only repeats a hash of the message:
/// for tests that are not about cryptography.
pub fn verify_echo(message: &[u8], signature: &[u8]) -> bool {
    let sum = message
        .iter()
        .fold(7u64, |sum, byte| sum.wrapping_mul(31) ^ u64::from(*byte));
    signature == sum.to_be_bytes()
}

impl FakeGitHub {
    /// Starts an empty one whose time is the clock's.
    pub fn start(clock: Arc<dyn Clock>) -> Self {
        let fake = Arc::new(Fake {
            clock,
            state: Mutex::default(),
        });
        Self {
            server: Server::start(Box::new(Arc::clone(&fake))),
            fake,
        }
    }

    /// Returns the address of its interface.
    pub fn base(&self) -> String {
        let base = format!("http://{}", self.server.address());
        held(&self.fake.state).base.clone_from(&base);
        base
    }

    fn edit<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        self.base();
        let mut state = held(&self.fake.state);
        state.now_ms = self.fake.clock.now_ms();
        change(&mut state)
    }

    /// Decides for each request how it fails.
    pub fn plan(&self, plan: impl FnMut(&Exchange) -> Option<Fault> + Send + 'static) {
        self.server.plan(Box::new(plan));
    }

    /// Changes the rules.
    pub fn rules(&self, change: impl FnOnce(&mut GitHubRules)) {
        self.edit(|state| change(&mut state.rules));
    }

    /// Makes a token of a user.
    pub fn user_token(&self, login: &str, token: &str) {
        self.edit(|state| {
            let made = Token::of_user(login);
            state.tokens.insert(token.into(), made);
        });
    }

    /// Withdraws every token of installations, as when a key is rotated.
    pub fn withdraw_installation_tokens(&self) {
        self.edit(|state| state.tokens.retain(|_, token| token.installation.is_none()));
    }

    /// Registers the app. `verify` checks the signature (second) of a message.
    pub fn app(
        &self,
        issuer: &str,
        slug: &str,
        verify: impl Fn(&[u8], &[u8]) -> bool + Send + 'static,
    ) {
        self.edit(|state| {
            state.app = Some(state::App {
                issuer: issuer.into(),
                slug: slug.into(),
                verify: Box::new(verify),
            });
        });
    }

    /// Installs the app in a repository.
    pub fn install(&self, installation: u64, repository: &str) {
        self.edit(|state| {
            let found = state.installations.entry(installation);
            let found: &mut Installation = found.or_default();
            found.repositories.push(repository.into());
        });
    }

    /// Makes a repository.
    pub fn repository(&self, name: &str) {
        self.edit(|state| {
            let id = state.next_id();
            state.repos.insert(name.into(), Repo::new(id, name));
        });
    }

    /// Renames a repository; requests to the old name are sent on.
    pub fn rename(&self, from: &str, to: &str) {
        self.edit(|state| {
            let mut repo = state.repos.remove(from).expect("there is a repository");
            repo.name = to.into();
            state.renamed.insert(from.into(), repo.id);
            state.repos.insert(to.into(), repo);
        });
    }

    /// Says what somebody may do: `read`, `triage`, `write`, `maintain`, `admin`.
    pub fn permission(&self, repository: &str, login: &str, permission: &str) {
        self.edit(|state| {
            let repo = state.repo(repository);
            repo.permissions.insert(login.into(), permission.into());
        });
    }

    /// Puts a file at a commit.
    pub fn file(&self, repository: &str, commit: &str, path: &str, content: &[u8]) {
        self.edit(|state| {
            let key = (commit.to_owned(), path.to_owned());
            state.repo(repository).files.insert(key, content.to_vec());
        });
    }

    /// Opens a pull request.
    pub fn open(&self, repository: &str, spec: PullSpec) {
        self.edit(|state| {
            let id = state.next_id();
            let repo = state.repo(repository);
            repo.pulls
                .insert(spec.number, Pull::new(id, repository, spec));
        });
    }

    /// Pushes to a pull request: it has another head and other files. Comments
    /// on lines that are gone are outdated.
    pub fn push(
        &self,
        repository: &str,
        number: u64,
        head: &str,
        files: Vec<(String, Option<String>)>,
    ) {
        self.edit(|state| state.pull(repository, number).push(head, files));
    }

    /// Deletes the fork that a pull request came from.
    pub fn delete_fork(&self, repository: &str, number: u64) {
        self.edit(|state| state.pull(repository, number).head_repo = None);
    }

    /// Leaves a pending review of somebody.
    pub fn pending_review(&self, repository: &str, number: u64, login: &str, body: &str) -> u64 {
        self.edit(|state| {
            let id = state.next_id();
            let pull = state.pull(repository, number);
            pull.reviews.push(state::Review {
                id,
                author: login.into(),
                state: "PENDING".into(),
                body: body.into(),
                commit: pull.head.clone(),
            });
            id
        })
    }

    /// Writes a comment on a line as somebody, whatever the rules.
    pub fn comment(
        &self,
        repository: &str,
        number: u64,
        login: &str,
        place: (&str, u64),
        body: &str,
    ) -> u64 {
        self.edit(|state| {
            let id = state.next_id();
            let pull = state.pull(repository, number);
            let commit = pull.head.clone();
            pull.comments.push(state::Comment {
                id,
                author: login.into(),
                path: place.0.into(),
                line: Some(place.1),
                side: "RIGHT".into(),
                body: body.into(),
                commit,
                ..state::Comment::default()
            });
            id
        })
    }

    /// Resolves the thread of a comment as somebody.
    pub fn resolve(&self, repository: &str, number: u64, comment: u64, login: &str) {
        self.edit(|state| {
            let pull = state.pull(repository, number);
            let found = pull.comments.iter_mut().find(|found| found.id == comment);
            found.expect("there is a comment").resolved_by = Some(login.into());
        });
    }

    /// Reacts to a comment on a line as somebody.
    pub fn react(&self, repository: &str, number: u64, comment: u64, login: &str, content: &str) {
        self.edit(|state| {
            let id = state.next_id();
            let pull = state.pull(repository, number);
            let found = pull.comments.iter_mut().find(|found| found.id == comment);
            let reactions = &mut found.expect("there is a comment").reactions;
            reactions.push(json!({
                "id": id,
                "content": content,
                "user": state::account(login),
            }));
        });
    }

    /// Returns the comments on lines that stand there; not those of pending
    /// reviews.
    pub fn comments(&self, repository: &str, number: u64) -> Vec<CommentSeen> {
        self.edit(|state| {
            let pull = state.pull(repository, number);
            let visible = pull.comments.iter().filter(|c| {
                c.review.is_none_or(|id| {
                    !pull
                        .reviews
                        .iter()
                        .any(|r| r.id == id && r.state == "PENDING")
                })
            });
            visible
                .map(|comment| CommentSeen {
                    id: comment.id,
                    author: comment.author.clone(),
                    path: comment.path.clone(),
                    line: comment.line.unwrap_or_default(),
                    side: comment.side.clone(),
                    body: comment.body.clone(),
                    is_resolved: comment.resolved_by.is_some(),
                })
                .collect()
        })
    }

    /// Returns the comments of the conversation: number, author and text.
    pub fn issue_comments(&self, repository: &str, number: u64) -> Vec<(u64, String, String)> {
        self.edit(|state| state.pull(repository, number).conversation.clone())
    }

    /// Returns the reviews.
    pub fn reviews(&self, repository: &str, number: u64) -> Vec<ReviewSeen> {
        self.edit(|state| {
            let reviews = &state.pull(repository, number).reviews;
            reviews
                .iter()
                .map(|review| ReviewSeen {
                    id: review.id,
                    author: review.author.clone(),
                    state: review.state.clone(),
                    body: review.body.clone(),
                })
                .collect()
        })
    }

    /// Returns the check runs.
    pub fn check_runs(&self, repository: &str) -> Vec<AnnotationsSeen> {
        self.edit(|state| {
            let runs = &state.repo(repository).check_runs;
            runs.iter().map(check::seen).collect()
        })
    }

    /// Returns the commit statuses: commit, context, state, description.
    pub fn statuses(&self, repository: &str) -> Vec<[String; 4]> {
        self.edit(|state| state.repo(repository).statuses.clone())
    }

    /// Returns the branches with their commits.
    pub fn branches(&self, repository: &str) -> Vec<(String, String)> {
        self.edit(|state| {
            let branches = &state.repo(repository).branches;
            branches
                .iter()
                .map(|(name, sha)| (name.clone(), sha.clone()))
                .collect()
        })
    }

    /// Returns everything that was asked.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.server.seen()
    }

    /// Returns what was done that the real one lets pass and nobody should do:
    /// content faster than one a second, requests without a version, suggestions
    /// where they do not work.
    pub fn violations(&self) -> Vec<String> {
        self.edit(|state| state.violations.clone())
    }

    /// Deletes a comment on a line, as a person may.
    pub fn delete_comment(&self, repository: &str, number: u64, comment: u64) {
        self.edit(|state| {
            let pull = state.pull(repository, number);
            pull.comments.retain(|found| found.id != comment);
        });
    }

    /// Closes a pull request.
    pub fn close(&self, repository: &str, number: u64) {
        self.edit(|state| state.pull(repository, number).state = "closed");
    }

    /// Writes a comment in the conversation as somebody.
    pub fn say(&self, repository: &str, number: u64, login: &str, body: &str) -> u64 {
        self.edit(|state| {
            let id = state.next_id();
            let said = (id, login.to_owned(), body.to_owned());
            state.pull(repository, number).conversation.push(said);
            id
        })
    }

    /// Answers a comment on a line as somebody.
    pub fn reply(
        &self,
        repository: &str,
        number: u64,
        comment: u64,
        login: &str,
        body: &str,
    ) -> u64 {
        self.edit(|state| {
            let id = state.next_id();
            let pull = state.pull(repository, number);
            let first = pull.comments.iter().find(|found| found.id == comment);
            let mut reply = first.expect("there is a comment").clone();
            reply.id = id;
            reply.author = login.into();
            reply.body = body.into();
            reply.reply_to = Some(comment);
            pull.comments.push(reply);
            id
        })
    }

    /// Returns the payload of a webhook that somebody caused: what they all have,
    /// and the given members.
    pub fn payload(&self, repository: &str, login: &str, members: Value) -> Vec<u8> {
        self.edit(|state| {
            let mut installations = state.installations.iter();
            let installation = installations.find_map(|(id, found)| {
                let has = found.repositories.iter().any(|name| name == repository);
                has.then_some(*id)
            });
            let mut payload = members;
            payload["repository"] = state.repo(repository).wire();
            payload["sender"] = state::account(login);
            if let Some(installation) = installation {
                payload["installation"] = json!({ "id": installation });
            }
            payload.to_string().into_bytes()
        })
    }

    /// Returns the payload of a `pull_request` webhook, as the real one sends it.
    pub fn pull_request_payload(&self, repository: &str, number: u64, action: &str) -> Vec<u8> {
        let (pull, author) = self.edit(|state| {
            let repo = state.repo(repository);
            let pull = &repo.pulls[&number];
            (pull.wire(repo), pull.author.clone())
        });
        let members = json!({ "action": action, "number": number, "pull_request": pull });
        self.payload(repository, &author, members)
    }

    /// Returns the payload of an `issue_comment` webhook about a comment of the
    /// conversation of a pull request.
    pub fn issue_comment_payload(&self, repository: &str, number: u64, comment: u64) -> Vec<u8> {
        let said = self.issue_comments(repository, number);
        let found = said.into_iter().find(|(id, ..)| *id == comment);
        let (id, author, body) = found.expect("there is a comment");
        let members = json!({
            "action": "created",
            "issue": { "number": number, "pull_request": { "url": "" } },
            "comment": { "id": id, "body": body, "user": state::account(&author) },
        });
        self.payload(repository, &author, members)
    }

    /// Returns the payload of a `pull_request_review_comment` webhook about a
    /// comment on a line.
    pub fn review_comment_payload(&self, repository: &str, number: u64, comment: u64) -> Vec<u8> {
        let (wire, author) = self.edit(|state| {
            let comments = &state.pull(repository, number).comments;
            let found = comments.iter().find(|found| found.id == comment);
            let found = found.expect("there is a comment");
            (found.wire(), found.author.clone())
        });
        let members = json!({
            "action": "created",
            "pull_request": { "number": number },
            "comment": wire,
        });
        self.payload(repository, &author, members)
    }
}
