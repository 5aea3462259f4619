//! What GitHub answers, as far as Assay reads it. These structs are the edge:
//! names are GitHub's, unknown fields are left out, and what may be null is an
//! option.

use serde::{Deserialize, Serialize};

/// A user, an app's bot or an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Account {
    /// The number that stays when it is renamed.
    pub id: u64,
    /// The name; that of a bot ends with `[bot]`.
    pub login: String,
    /// `User`, `Bot` or `Organization`.
    #[serde(rename = "type", default)]
    pub kind: String,
}

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RepositoryFacts {
    /// The number that stays when it is renamed.
    pub id: u64,
    /// `owner/name`, as it is called now.
    pub full_name: String,
    /// Whether only some may see it.
    #[serde(default)]
    pub private: bool,
    /// The branch that changes are merged into.
    #[serde(default)]
    pub default_branch: String,
    /// Where it is cloned from, without a token.
    #[serde(default)]
    pub clone_url: String,
    /// Whether it is a fork.
    #[serde(default)]
    pub fork: bool,
    /// Whether nothing can be written any more.
    #[serde(default)]
    pub archived: bool,
}

/// One side of a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PullBranch {
    /// The branch.
    #[serde(rename = "ref")]
    pub branch: String,
    /// Its commit.
    pub sha: String,
    /// Its repository; none when a fork was deleted.
    #[serde(default)]
    pub repo: Option<RepositoryFacts>,
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PullRequest {
    /// Its number in the repository.
    pub number: u64,
    /// `open` or `closed`.
    pub state: String,
    /// Its title.
    pub title: String,
    /// Its description.
    #[serde(default)]
    pub body: Option<String>,
    /// Who opened it; none when the account is gone.
    #[serde(default)]
    pub user: Option<Account>,
    /// Whether it is not ready.
    #[serde(default)]
    pub draft: bool,
    /// Whether it is merged.
    #[serde(default)]
    pub merged: bool,
    /// Whether it could be merged; none while GitHub works it out.
    #[serde(default)]
    pub mergeable: Option<bool>,
    /// What is to be merged.
    pub head: PullBranch,
    /// Into what.
    pub base: PullBranch,
    /// Where people read it.
    #[serde(default)]
    pub html_url: String,
    /// Number of files; absent in lists.
    #[serde(default)]
    pub changed_files: u64,
}

/// A file of a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PullFile {
    /// Its path in the head, or in the base when it is removed.
    pub filename: String,
    /// `added`, `removed`, `modified`, `renamed`, `copied`, `changed` or `unchanged`.
    pub status: String,
    /// Its path in the base when it was renamed.
    #[serde(default)]
    pub previous_filename: Option<String>,
    /// The hunks; none for binary and large files and for mere renames.
    #[serde(default)]
    pub patch: Option<String>,
    /// Added lines.
    #[serde(default)]
    pub additions: u64,
    /// Removed lines.
    #[serde(default)]
    pub deletions: u64,
}

/// A comment on a line of a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ReviewComment {
    /// Its number.
    pub id: u64,
    /// What it says.
    #[serde(default)]
    pub body: String,
    /// The file.
    #[serde(default)]
    pub path: String,
    /// The last line; none when it is outdated.
    #[serde(default)]
    pub line: Option<u32>,
    /// The first line, when there are several.
    #[serde(default)]
    pub start_line: Option<u32>,
    /// `LEFT` or `RIGHT`.
    #[serde(default)]
    pub side: Option<String>,
    /// Who wrote it.
    #[serde(default)]
    pub user: Option<Account>,
    /// The comment that it answers.
    #[serde(default)]
    pub in_reply_to_id: Option<u64>,
    /// The commit that it is shown at.
    #[serde(default)]
    pub commit_id: Option<String>,
    /// How many reacted to it.
    #[serde(default)]
    pub reactions: Option<ReactionCounts>,
}

/// How many reacted to a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct ReactionCounts {
    /// All of them.
    pub total_count: u64,
}

/// A review.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Review {
    /// Its number.
    pub id: u64,
    /// `PENDING`, `COMMENTED`, `APPROVED`, `CHANGES_REQUESTED` or `DISMISSED`.
    pub state: String,
    /// What it says.
    #[serde(default)]
    pub body: Option<String>,
    /// Who wrote it.
    #[serde(default)]
    pub user: Option<Account>,
    /// The commit that was read.
    #[serde(default)]
    pub commit_id: Option<String>,
}

/// What a review says on the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Verdict {
    /// Nothing more than its remarks.
    #[default]
    Comment,
    /// It may be merged.
    Approve,
    /// It must not be merged like this.
    RequestChanges,
}

impl Verdict {
    pub(crate) fn event(self) -> &'static str {
        match self {
            Self::Comment => "COMMENT",
            Self::Approve => "APPROVE",
            Self::RequestChanges => "REQUEST_CHANGES",
        }
    }

    /// Returns the state of a review with this verdict.
    pub(crate) fn state(self) -> &'static str {
        match self {
            Self::Comment => "COMMENTED",
            Self::Approve => "APPROVED",
            Self::RequestChanges => "CHANGES_REQUESTED",
        }
    }
}

/// A comment in the conversation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IssueComment {
    /// Its number.
    pub id: u64,
    /// What it says.
    #[serde(default)]
    pub body: Option<String>,
    /// Who wrote it.
    #[serde(default)]
    pub user: Option<Account>,
}

/// A thread of comments on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewThread {
    /// Its identifier in GraphQL.
    pub id: String,
    /// Whether it is resolved.
    pub is_resolved: bool,
    /// The name of who resolved it; that of a bot has no `[bot]`.
    pub resolved_by: Option<String>,
    /// The number of its first comment.
    pub first_comment: Option<u64>,
}

/// A reaction to a comment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Reaction {
    /// Its number.
    pub id: u64,
    /// `+1`, `-1`, `laugh`, `confused`, `heart`, `hooray`, `rocket` or `eyes`.
    pub content: String,
    /// Whose it is.
    #[serde(default)]
    pub user: Option<Account>,
}

/// A check run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CheckRun {
    /// Its number.
    pub id: u64,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// The commit.
    #[serde(default)]
    pub head_sha: String,
    /// `queued`, `in_progress` or `completed`.
    #[serde(default)]
    pub status: String,
    /// How it ended.
    #[serde(default)]
    pub conclusion: Option<String>,
    /// What we know it by.
    #[serde(default)]
    pub external_id: Option<String>,
    /// Counts what it shows.
    #[serde(default)]
    pub output: CheckRunOutput,
}

/// What a check run shows, as far as it is read back.
#[derive(Clone, Debug, PartialEq, Eq, Default, Deserialize)]
pub struct CheckRunOutput {
    /// How many annotations it has.
    #[serde(default)]
    pub annotations_count: u64,
}

/// A commit in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitSummary {
    /// Its hash.
    pub sha: String,
    /// Its message.
    pub message: String,
    /// The account of its author, when there is one.
    pub author: Option<Account>,
    /// Its parents.
    pub parents: Vec<String>,
}

/// How two commits relate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// `ahead`, `behind`, `diverged` or `identical`.
    pub status: String,
    /// Commits that only the head has.
    pub ahead_by: u64,
    /// Commits that only the base has.
    pub behind_by: u64,
    /// The last commit that both have.
    pub merge_base: String,
    /// The files that differ between the merge base and the head.
    pub files: Vec<PullFile>,
}

/// The content of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileContent {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The blob's hash; unknown when it was read raw.
    pub sha: Option<String>,
}

/// A branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its name.
    pub name: String,
    /// Its commit.
    pub sha: String,
    /// Whether it is protected.
    pub is_protected: bool,
}

/// What somebody may do in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Nothing.
    None,
    /// Look.
    Read,
    /// Sort issues and pull requests.
    Triage,
    /// Push.
    Write,
    /// Push and settings.
    Maintain,
    /// Everything.
    Admin,
}

impl Permission {
    /// Reads GitHub's name; an unknown one is none.
    pub fn parse(name: &str) -> Self {
        match name {
            "read" => Self::Read,
            "triage" => Self::Triage,
            "write" => Self::Write,
            "maintain" => Self::Maintain,
            "admin" => Self::Admin,
            _ => Self::None,
        }
    }
}

/// An installation of the app.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct InstallationInfo {
    /// Its number.
    pub id: u64,
    /// When it was suspended.
    #[serde(default)]
    pub suspended_at: Option<String>,
    /// What it may do, such as `pull_requests: write`.
    #[serde(default)]
    pub permissions: std::collections::BTreeMap<String, String>,
}

/// Who the app or the token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppIdentity {
    /// The login of its comments.
    pub login: String,
    /// Whether it is an app's bot.
    pub is_app: bool,
}

impl AppIdentity {
    /// Returns whether an account is this one.
    pub fn is(&self, account: Option<&Account>) -> bool {
        account.is_some_and(|account| account.login.eq_ignore_ascii_case(&self.login))
    }
}
