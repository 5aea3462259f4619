//! Webhooks of GitHub.

use serde::Deserialize;

use crate::error::ForgeError;
use crate::github::InstallationId;
use crate::name::RepoName;

use super::payload::{commit, json_of, read, repo_name, some_commit, wrong};
use super::{
    CheckRunEvent, CheckSuiteEvent, CommentEvent, Delivery, Event, ForgeKind, InstallationAction,
    InstallationEvent, MergeGroupEvent, PullAction, PullEvent, PushEvent, RepositoryEvent,
    RepositoryRef, ReviewEvent, Sender, TextAction, ThreadEvent,
};

/// Repositories of one payload that are named.
const REPOSITORIES_MAX: usize = 10_000;

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    installation: Option<WireId>,
    #[serde(default)]
    repository: Option<WireRepository>,
    #[serde(default)]
    sender: Option<WireAccount>,
}

#[derive(Deserialize)]
struct WireId {
    id: u64,
}

#[derive(Deserialize)]
struct WireRepository {
    id: u64,
    full_name: String,
    #[serde(default)]
    private: bool,
    #[serde(default)]
    default_branch: Option<String>,
}

#[derive(Deserialize)]
struct WireAccount {
    #[serde(default)]
    id: Option<u64>,
    login: String,
    #[serde(rename = "type", default)]
    kind: String,
}

impl From<WireAccount> for Sender {
    fn from(wire: WireAccount) -> Self {
        Self {
            id: wire.id,
            is_bot: wire.kind == "Bot" || wire.login.ends_with("[bot]"),
            login: wire.login,
        }
    }
}

#[derive(Deserialize)]
struct WireNumber {
    number: u64,
}

#[derive(Deserialize)]
struct WirePull {
    number: u64,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    draft: Option<bool>,
    #[serde(default)]
    merged: Option<bool>,
    #[serde(default)]
    user: Option<WireAccount>,
    head: WireSide,
    base: WireSide,
}

#[derive(Deserialize)]
struct WireSide {
    #[serde(rename = "ref")]
    branch: String,
    sha: String,
    #[serde(default)]
    repo: Option<WireRepository>,
}

#[derive(Deserialize)]
struct WireComment {
    id: u64,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    user: Option<WireAccount>,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    line: Option<u32>,
    #[serde(default)]
    in_reply_to_id: Option<u64>,
}

/// Reads a webhook of GitHub. `header` returns the value of a header by its name
/// in small letters.
pub fn parse_github<'h>(
    header: impl Fn(&str) -> Option<&'h str>,
    body: &[u8],
) -> Result<Delivery, ForgeError> {
    let name = header("x-github-event").ok_or_else(|| wrong("`X-GitHub-Event` is missing"))?;
    let json = json_of(header("content-type"), body)?;
    let envelope: Envelope = read(&json)?;
    let action = envelope.action.as_deref().unwrap_or_default();
    let event = event_of(name, action, &json)?;
    let repository = envelope.repository.map(|wire| {
        Ok::<_, ForgeError>(RepositoryRef {
            id: wire.id,
            name: repo_name(&wire.full_name)?,
            is_private: wire.private,
            default_branch: wire.default_branch,
        })
    });
    Ok(Delivery {
        forge: ForgeKind::GitHub,
        id: header("x-github-delivery").map(str::to_owned),
        name: name.to_owned(),
        installation: envelope.installation.map(|wire| InstallationId(wire.id)),
        repository: repository.transpose()?,
        sender: envelope.sender.map(Sender::from),
        event,
        action: envelope.action,
    })
}

fn event_of(name: &str, action: &str, json: &[u8]) -> Result<Event, ForgeError> {
    match name {
        "ping" => Ok(Event::Ping),
        "pull_request" => pull_event(action, json),
        "pull_request_review" => review_event(action, json),
        "pull_request_review_comment" => review_comment_event(action, json),
        "pull_request_review_thread" => thread_event(action, json),
        "issue_comment" => issue_comment_event(action, json),
        "check_suite" => check_suite_event(action, json),
        "check_run" => check_run_event(action, json),
        "push" => push_event(json),
        "installation" => installation_event(action, json),
        "installation_repositories" => repositories_event(action, json),
        "repository" => repository_event(action, json),
        "merge_group" => merge_group_event(action, json),
        _ => Ok(Event::Ignored),
    }
}

fn pull_event(action: &str, json: &[u8]) -> Result<Event, ForgeError> {
    #[derive(Deserialize)]
    struct Wire {
        pull_request: WirePull,
        #[serde(default)]
        before: Option<String>,
        #[serde(default)]
        label: Option<WireLabel>,
        #[serde(default)]
        changes: WireChanges,
    }
    #[derive(Deserialize)]
    struct WireLabel {
        name: String,
    }
    #[derive(Default, Deserialize)]
    struct WireChanges {
        #[serde(default)]
        base: Option<serde::de::IgnoredAny>,
    }
    const KNOWN: [&str; 8] = [
        "opened",
        "synchronize",
        "reopened",
        "ready_for_review",
        "converted_to_draft",
        "edited",
        "labeled",
        "closed",
    ];
    if !KNOWN.contains(&action) {
        return Ok(Event::Ignored);
    }
    let wire: Wire = read(json)?;
    let action = match action {
        "opened" => PullAction::Opened,
        "synchronize" => PullAction::Synchronize {
            before: wire
                .before
                .as_deref()
                .map(some_commit)
                .transpose()?
                .flatten(),
        },
        "reopened" => PullAction::Reopened,
        "ready_for_review" => PullAction::ReadyForReview,
        "converted_to_draft" => PullAction::ConvertedToDraft,
        "edited" => PullAction::Edited {
            base_changed: wire.changes.base.is_some(),
        },
        "labeled" => PullAction::Labeled {
            label: wire.label.map(|label| label.name),
        },
        _ => PullAction::Closed {
            merged: wire.pull_request.merged.unwrap_or(false),
        },
    };
    let pull = wire.pull_request;
    let head_repo = pull.head.repo.map(|repo| repo_name(&repo.full_name));
    Ok(Event::PullRequest(PullEvent {
        action,
        number: pull.number,
        title: pull.title.unwrap_or_default(),
        is_draft: pull.draft.unwrap_or(false),
        head: commit(&pull.head.sha)?,
        head_branch: pull.head.branch,
        head_repo: head_repo.transpose()?,
        base: Some(commit(&pull.base.sha)?),
        base_branch: pull.base.branch,
        author: pull.user.map(Sender::from),
    }))
}

fn text_action(action: &str) -> Option<TextAction> {
    match action {
        "created" | "submitted" => Some(TextAction::Created),
        "edited" => Some(TextAction::Edited),
        "deleted" | "dismissed" => Some(TextAction::Deleted),
        _ => None,
    }
}

fn review_event(action: &str, json: &[u8]) -> Result<Event, ForgeError> {
    #[derive(Deserialize)]
    struct Wire {
        review: WireReview,
        pull_request: WireNumber,
    }
    #[derive(Deserialize)]
    struct WireReview {
        id: u64,
        state: String,
        #[serde(default)]
        body: Option<String>,
    }
    let Some(action) = text_action(action) else {
        return Ok(Event::Ignored);
    };
    let wire: Wire = read(json)?;
    Ok(Event::Review(ReviewEvent {
        action,
        pull: wire.pull_request.number,
        review: wire.review.id,
        state: wire.review.state.to_ascii_lowercase(),
        body: wire.review.body.unwrap_or_default(),
    }))
}

fn comment(action: TextAction, number: u64, is_pull: bool, wire: WireComment) -> CommentEvent {
    CommentEvent {
        action,
        number,
        is_pull,
        comment: wire.id,
        body: wire.body.unwrap_or_default(),
        author: wire.user.map(Sender::from),
        in_reply_to: wire.in_reply_to_id,
        discussion: None,
        place: wire.path.map(|path| (path, wire.line)),
    }
}

fn review_comment_event(action: &str, json: &[u8]) -> Result<Event, ForgeError> {
    #[derive(Deserialize)]
    struct Wire {
        comment: WireComment,
        pull_request: WireNumber,
    }
    let Some(action) = text_action(action) else {
        return Ok(Event::Ignored);
    };
    let wire: Wire = read(json)?;
    let number = wire.pull_request.number;
    Ok(Event::ReviewComment(comment(
        action,
        number,
        true,
        wire.comment,
    )))
}

fn issue_comment_event(action: &str, json: &[u8]) -> Result<Event, ForgeError> {
    #[derive(Deserialize)]
    struct Wire {
        comment: WireComment,
        issue: WireIssue,
    }
    #[derive(Deserialize)]
    struct WireIssue {
        number: u64,
        #[serde(default)]
        pull_request: Option<serde::de::IgnoredAny>,
    }
    let Some(action) = text_action(action) else {
        return Ok(Event::Ignored);
    };
    let wire: Wire = read(json)?;
    let is_pull = wire.issue.pull_request.is_some();
    let event = comment(action, wire.issue.number, is_pull, wire.comment);
    Ok(Event::IssueComment(event))
}

fn thread_event(action: &str, json: &[u8]) -> Result<Event, ForgeError> {
    #[derive(Deserialize)]
    struct Wire {
        thread: WireThread,
        pull_request: WireNumber,
    }
    #[derive(Deserialize)]
    struct WireThread {
        #[serde(default)]
        comments: Vec<WireId>,
    }
    let is_resolved = match action {
        "resolved" => true,
        "unresolved" => false,
        _ => return Ok(Event::Ignored),
    };
    let wire: Wire = read(json)?;
    Ok(Event::ReviewThread(ThreadEvent {
        pull: wire.pull_request.number,
        is_resolved,
        comments: wire.thread.comments.into_iter().map(|c| c.id).collect(),
    }))
}

fn check_suite_event(action: &str, json: &[u8]) -> Result<Event, ForgeError> {
    #[derive(Deserialize)]
    struct Wire {
        check_suite: WireSuite,
    }
    #[derive(Deserialize)]
    struct WireSuite {
        head_sha: String,
        #[serde(default)]
        pull_requests: Vec<WireNumber>,
    }
    if !matches!(action, "requested" | "rerequested") {
        return Ok(Event::Ignored);
    }
    let suite = read::<Wire>(json)?.check_suite;
    Ok(Event::CheckSuite(CheckSuiteEvent {
        is_again: action == "rerequested",
        head: commit(&suite.head_sha)?,
        pulls: suite.pull_requests.into_iter().map(|p| p.number).collect(),
    }))
}

fn check_run_event(action: &str, json: &[u8]) -> Result<Event, ForgeError> {
    #[derive(Deserialize)]
    struct Wire {
        check_run: WireRun,
        #[serde(default)]
        requested_action: Option<WireAction>,
    }
    #[derive(Deserialize)]
    struct WireRun {
        id: u64,
        #[serde(default)]
        name: String,
        #[serde(default)]
        external_id: Option<String>,
        head_sha: String,
        #[serde(default)]
        pull_requests: Vec<WireNumber>,
    }
    #[derive(Deserialize)]
    struct WireAction {
        identifier: String,
    }
    if !matches!(action, "rerequested" | "requested_action") {
        return Ok(Event::Ignored);
    }
    let wire: Wire = read(json)?;
    let button = match (action, wire.requested_action) {
        ("requested_action", None) => return Err(wrong("`requested_action` is missing")),
        ("requested_action", Some(pressed)) => Some(pressed.identifier),
        _ => None,
    };
    let run = wire.check_run;
    Ok(Event::CheckRun(CheckRunEvent {
        check_run: run.id,
        name: run.name,
        external_id: run.external_id.filter(|id| !id.is_empty()),
        head: commit(&run.head_sha)?,
        button,
        pulls: run.pull_requests.into_iter().map(|p| p.number).collect(),
    }))
}

fn push_event(json: &[u8]) -> Result<Event, ForgeError> {
    #[derive(Deserialize)]
    struct Wire {
        #[serde(rename = "ref")]
        reference: String,
        before: String,
        after: String,
        #[serde(default)]
        deleted: bool,
        #[serde(default)]
        forced: bool,
    }
    let wire: Wire = read(json)?;
    let after = some_commit(&wire.after)?;
    Ok(Event::Push(PushEvent {
        reference: wire.reference,
        before: some_commit(&wire.before)?,
        after: after.filter(|_| !wire.deleted),
        is_forced: wire.forced,
    }))
}

#[derive(Deserialize)]
struct WireInstalled {
    installation: WireInstallation,
    #[serde(default)]
    repositories: Vec<WireFullName>,
    #[serde(default)]
    repositories_added: Vec<WireFullName>,
    #[serde(default)]
    repositories_removed: Vec<WireFullName>,
}

#[derive(Deserialize)]
struct WireInstallation {
    id: u64,
    #[serde(default)]
    account: Option<WireAccount>,
}

#[derive(Deserialize)]
struct WireFullName {
    full_name: String,
}

/// Names that are none are left out: one of them must not lose the others.
fn names(wires: Vec<WireFullName>) -> Vec<RepoName> {
    let names = wires
        .iter()
        .filter_map(|wire| RepoName::parse(&wire.full_name));
    names.take(REPOSITORIES_MAX).collect()
}

fn installed(action: InstallationAction, wire: WireInstalled) -> Event {
    let mut added = names(wire.repositories);
    added.extend(names(wire.repositories_added));
    Event::Installation(InstallationEvent {
        action,
        installation: InstallationId(wire.installation.id),
        account: wire.installation.account.map(Sender::from),
        added,
        removed: names(wire.repositories_removed),
    })
}

fn installation_event(action: &str, json: &[u8]) -> Result<Event, ForgeError> {
    let action = match action {
        "created" => InstallationAction::Created,
        "deleted" => InstallationAction::Deleted,
        "suspend" => InstallationAction::Suspended,
        "unsuspend" => InstallationAction::Unsuspended,
        "new_permissions_accepted" => InstallationAction::NewPermissions,
        _ => return Ok(Event::Ignored),
    };
    let mut wire: WireInstalled = read(json)?;
    if action == InstallationAction::Deleted {
        wire.repositories_removed = std::mem::take(&mut wire.repositories);
    }
    Ok(installed(action, wire))
}

fn repositories_event(action: &str, json: &[u8]) -> Result<Event, ForgeError> {
    if !matches!(action, "added" | "removed") {
        return Ok(Event::Ignored);
    }
    Ok(installed(InstallationAction::Repositories, read(json)?))
}

fn repository_event(action: &str, json: &[u8]) -> Result<Event, ForgeError> {
    #[derive(Deserialize)]
    struct Wire {
        repository: WireRepository,
        #[serde(default)]
        changes: WireChanges,
    }
    #[derive(Default, Deserialize)]
    struct WireChanges {
        #[serde(default)]
        repository: Option<WireRenamed>,
        #[serde(default)]
        owner: Option<WireMoved>,
    }
    #[derive(Deserialize)]
    struct WireRenamed {
        name: WireFrom,
    }
    #[derive(Deserialize)]
    struct WireFrom {
        from: String,
    }
    #[derive(Deserialize)]
    struct WireMoved {
        from: WireOwner,
    }
    #[derive(Deserialize)]
    struct WireOwner {
        #[serde(default)]
        user: Option<WireAccount>,
        #[serde(default)]
        organization: Option<WireAccount>,
    }
    if !matches!(action, "renamed" | "transferred") {
        return Ok(Event::Ignored);
    }
    let wire: Wire = read(json)?;
    let to = repo_name(&wire.repository.full_name)?;
    let renamed = wire.changes.repository;
    let moved = wire.changes.owner;
    let owner = moved.and_then(|moved| moved.from.user.or(moved.from.organization));
    let from = match (renamed, owner) {
        (Some(renamed), _) => Some(format!("{}/{}", to.owner(), renamed.name.from)),
        (None, Some(owner)) => Some(format!("{}/{}", owner.login, to.name())),
        (None, None) => None,
    };
    Ok(Event::Repository(RepositoryEvent {
        id: wire.repository.id,
        from: from.as_deref().and_then(RepoName::parse),
        to,
    }))
}

fn merge_group_event(action: &str, json: &[u8]) -> Result<Event, ForgeError> {
    #[derive(Deserialize)]
    struct Wire {
        merge_group: WireGroup,
    }
    #[derive(Deserialize)]
    struct WireGroup {
        head_sha: String,
        base_sha: String,
        head_ref: String,
    }
    if !matches!(action, "checks_requested" | "destroyed") {
        return Ok(Event::Ignored);
    }
    let group = read::<Wire>(json)?.merge_group;
    Ok(Event::MergeGroup(MergeGroupEvent {
        is_wanted: action == "checks_requested",
        head: commit(&group.head_sha)?,
        base: commit(&group.base_sha)?,
        head_branch: group.head_ref,
    }))
}
