//! Webhooks as one closed list of events. What is not on it, in event or in
//! action, is ignored and never an error: forges add to theirs at any time.
//!
//! Signatures are checked over the raw bytes before anything is read here.

mod github;
mod gitlab;
mod payload;

use crate::github::InstallationId;
use crate::name::{CommitSha, RepoName};

pub use self::github::parse_github;
pub use self::gitlab::parse_gitlab;
pub use self::payload::{PAYLOAD_BYTES_MAX, PAYLOAD_DEPTH_MAX};

/// A kind of forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ForgeKind {
    /// github.com or a GitHub Enterprise server.
    GitHub,
    /// gitlab.com or a GitLab of one's own.
    GitLab,
}

/// One webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Who sent it.
    pub forge: ForgeKind,
    /// What it is known by; the same when it is sent again.
    pub id: Option<String>,
    /// The event as the forge calls it, such as `pull_request`.
    pub name: String,
    /// The action as the forge calls it, such as `opened`.
    pub action: Option<String>,
    /// The installation of the app; many payloads have none.
    pub installation: Option<InstallationId>,
    /// The repository that it is about.
    pub repository: Option<RepositoryRef>,
    /// Who caused it.
    pub sender: Option<Sender>,
    /// What happened.
    pub event: Event,
}

impl Delivery {
    /// Returns whether the account with that name caused it: what we did
    /// ourselves is no reason to do something.
    pub fn is_from(&self, login: &str) -> bool {
        let sender = self.sender.as_ref();
        sender.is_some_and(|sender| sender.login.eq_ignore_ascii_case(login))
    }

    /// Returns whether a bot caused it.
    pub fn is_from_bot(&self) -> bool {
        self.sender.as_ref().is_some_and(|sender| sender.is_bot)
    }
}

/// A repository in a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRef {
    /// The number that stays when it is renamed.
    pub id: u64,
    /// Its name.
    pub name: RepoName,
    /// Whether only some may see it.
    pub is_private: bool,
    /// The branch that changes are merged into.
    pub default_branch: Option<String>,
}

/// An account in a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Its number; unknown in some payloads of GitLab.
    pub id: Option<u64>,
    /// Its name.
    pub login: String,
    /// Whether it is a program.
    pub is_bot: bool,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The webhook was set up.
    Ping,
    /// A pull request, or a merge request.
    PullRequest(PullEvent),
    /// A review by somebody.
    Review(ReviewEvent),
    /// A comment on a line.
    ReviewComment(CommentEvent),
    /// A thread was resolved or opened again.
    ReviewThread(ThreadEvent),
    /// A comment in the conversation of a pull request or an issue.
    IssueComment(CommentEvent),
    /// A new commit wants its checks.
    CheckSuite(CheckSuiteEvent),
    /// A button of a check was pressed.
    CheckRun(CheckRunEvent),
    /// A branch or a tag moved.
    Push(PushEvent),
    /// The app was installed, removed, suspended.
    Installation(InstallationEvent),
    /// A repository was renamed or transferred.
    Repository(RepositoryEvent),
    /// A merge queue wants its checks.
    MergeGroup(MergeGroupEvent),
    /// A pipeline of GitLab went on.
    Pipeline(PipelineEvent),
    /// Something that Assay does nothing about.
    Ignored,
}

/// What happened to a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullAction {
    /// It was opened.
    Opened,
    /// Its branch has other commits.
    Synchronize {
        /// The head before.
        before: Option<CommitSha>,
    },
    /// It was opened again.
    Reopened,
    /// It is no draft any more.
    ReadyForReview,
    /// It is a draft again.
    ConvertedToDraft,
    /// Its title, its text or the branch that it goes into changed.
    Edited {
        /// Whether it goes into another branch now.
        base_changed: bool,
    },
    /// It has another label.
    Labeled {
        /// Which; unknown on GitLab.
        label: Option<String>,
    },
    /// It was closed.
    Closed {
        /// Whether it was merged.
        merged: bool,
    },
}

/// A pull request in a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullEvent {
    /// What happened.
    pub action: PullAction,
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Whether it is a draft.
    pub is_draft: bool,
    /// The commit to be merged.
    pub head: CommitSha,
    /// The branch to be merged.
    pub head_branch: String,
    /// Where that is; none when the fork was deleted.
    pub head_repo: Option<RepoName>,
    /// The commit that it goes on; GitLab does not say.
    pub base: Option<CommitSha>,
    /// The branch that it goes into.
    pub base_branch: String,
    /// Who opened it.
    pub author: Option<Sender>,
}

impl PullEvent {
    /// Returns whether it comes from another repository; a deleted fork does.
    pub fn is_from_fork(&self, repository: &RepoName) -> bool {
        self.head_repo.as_ref() != Some(repository)
    }
}

/// What happened to a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextAction {
    /// It was written.
    Created,
    /// It was changed.
    Edited,
    /// It was taken away.
    Deleted,
}

/// A review in a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewEvent {
    /// What happened; a dismissed one is deleted.
    pub action: TextAction,
    /// The pull request.
    pub pull: u64,
    /// Its number.
    pub review: u64,
    /// `approved`, `changes_requested`, `commented` or `dismissed`.
    pub state: String,
    /// What it says.
    pub body: String,
}

/// A comment in a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentEvent {
    /// What happened.
    pub action: TextAction,
    /// The pull request or issue.
    pub number: u64,
    /// Whether it is a pull request.
    pub is_pull: bool,
    /// The comment's number.
    pub comment: u64,
    /// What it says.
    pub body: String,
    /// Who wrote it.
    pub author: Option<Sender>,
    /// The comment that it answers.
    pub in_reply_to: Option<u64>,
    /// The discussion that it is in, on GitLab.
    pub discussion: Option<String>,
    /// File and line, of a comment on a line.
    pub place: Option<(String, Option<u32>)>,
}

/// A thread in a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadEvent {
    /// The pull request.
    pub pull: u64,
    /// Whether it is resolved now.
    pub is_resolved: bool,
    /// The numbers of its comments.
    pub comments: Vec<u64>,
}

/// A check suite in a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckSuiteEvent {
    /// Whether somebody asked again.
    pub is_again: bool,
    /// The commit.
    pub head: CommitSha,
    /// The pull requests with it; none for those of forks.
    pub pulls: Vec<u64>,
}

/// A check run in a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRunEvent {
    /// Its number.
    pub check_run: u64,
    /// Its name.
    pub name: String,
    /// What we know it by.
    pub external_id: Option<String>,
    /// The commit.
    pub head: CommitSha,
    /// The button that was pressed; none when it is to run again.
    pub button: Option<String>,
    /// The pull requests with it; none for those of forks.
    pub pulls: Vec<u64>,
}

/// A push in a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushEvent {
    /// What moved, such as `refs/heads/main`.
    pub reference: String,
    /// The commit before; none when it is new.
    pub before: Option<CommitSha>,
    /// The commit after; none when it is deleted.
    pub after: Option<CommitSha>,
    /// Whether commits were taken away.
    pub is_forced: bool,
}

impl PushEvent {
    /// Returns the branch, when it is one.
    pub fn branch(&self) -> Option<&str> {
        self.reference.strip_prefix("refs/heads/")
    }
}

/// What happened to an installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallationAction {
    /// It is new.
    Created,
    /// It is gone.
    Deleted,
    /// It may not be used.
    Suspended,
    /// It may be used again.
    Unsuspended,
    /// It has other permissions.
    NewPermissions,
    /// It has other repositories.
    Repositories,
}

/// An installation in a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstallationEvent {
    /// What happened.
    pub action: InstallationAction,
    /// Which one.
    pub installation: InstallationId,
    /// Where it is installed.
    pub account: Option<Sender>,
    /// The repositories that came.
    pub added: Vec<RepoName>,
    /// The repositories that went.
    pub removed: Vec<RepoName>,
}

/// A repository that is called otherwise now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryEvent {
    /// Its number.
    pub id: u64,
    /// Its name before, where the payload says so.
    pub from: Option<RepoName>,
    /// Its name now.
    pub to: RepoName,
}

/// A group of a merge queue in a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeGroupEvent {
    /// Whether checks are wanted; else it is gone.
    pub is_wanted: bool,
    /// The commit to be checked.
    pub head: CommitSha,
    /// The commit that it goes on.
    pub base: CommitSha,
    /// Its branch.
    pub head_branch: String,
}

/// A pipeline in a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineEvent {
    /// Its number.
    pub pipeline: u64,
    /// `pending`, `running`, `success`, `failed`, `canceled`, ...
    pub status: String,
    /// The commit.
    pub head: CommitSha,
    /// The branch or tag.
    pub branch: String,
    /// The merge request that it belongs to.
    pub pull: Option<u64>,
}
