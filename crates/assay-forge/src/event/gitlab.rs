//! Webhooks of GitLab, as the same events.

use serde::Deserialize;

use crate::error::ForgeError;

use super::payload::{commit, json_of, read, repo_name, some_commit, wrong};
use super::{
    CommentEvent, Delivery, Event, ForgeKind, PipelineEvent, PullAction, PullEvent, PushEvent,
    RepositoryRef, Sender, TextAction,
};

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    project: Option<WireProject>,
    #[serde(default)]
    user: Option<WireUser>,
    #[serde(default)]
    user_id: Option<u64>,
    #[serde(default)]
    user_username: Option<String>,
    #[serde(default)]
    object_attributes: Option<WireAction>,
}

#[derive(Deserialize)]
struct WireAction {
    #[serde(default)]
    action: Option<String>,
}

#[derive(Deserialize)]
struct WireProject {
    #[serde(default)]
    id: u64,
    path_with_namespace: String,
    #[serde(default)]
    default_branch: Option<String>,
    #[serde(default)]
    visibility_level: u32,
}

#[derive(Deserialize)]
struct WireUser {
    #[serde(default)]
    id: Option<u64>,
    username: String,
}

/// GitLab does not say who is a program; the users behind the tokens of projects
/// and groups have names of this shape.
fn is_bot(username: &str) -> bool {
    let rest = username
        .strip_prefix("project_")
        .or_else(|| username.strip_prefix("group_"));
    rest.is_some_and(|rest| {
        let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        digits.len() < rest.len() && digits.starts_with("_bot")
    })
}

fn sender(id: Option<u64>, login: String) -> Sender {
    Sender {
        id,
        is_bot: is_bot(&login),
        login,
    }
}

/// Reads a webhook of GitLab. `header` returns the value of a header by its name
/// in small letters.
pub fn parse_gitlab<'h>(
    header: impl Fn(&str) -> Option<&'h str>,
    body: &[u8],
) -> Result<Delivery, ForgeError> {
    let name = header("x-gitlab-event").ok_or_else(|| wrong("`X-Gitlab-Event` is missing"))?;
    let json = json_of(header("content-type"), body)?;
    let envelope: Envelope = read(&json)?;
    let event = match name {
        "Merge Request Hook" => pull_event(&json)?,
        "Note Hook" | "Confidential Note Hook" => note_event(&json)?,
        "Push Hook" | "Tag Push Hook" => push_event(&json)?,
        "Pipeline Hook" => pipeline_event(&json)?,
        _ => Event::Ignored,
    };
    let repository = envelope.project.map(|wire| {
        Ok::<_, ForgeError>(RepositoryRef {
            id: wire.id,
            name: repo_name(&wire.path_with_namespace)?,
            // 20 is public, 10 is for all users, 0 for members.
            is_private: wire.visibility_level < 20,
            default_branch: wire.default_branch,
        })
    });
    let pusher = envelope
        .user_username
        .map(|login| (envelope.user_id, login));
    let user = envelope
        .user
        .map(|user| (user.id, user.username))
        .or(pusher);
    // This stays when a webhook is sent again; the event's own number does not.
    let id = header("idempotency-key").or_else(|| header("x-gitlab-event-uuid"));
    Ok(Delivery {
        forge: ForgeKind::GitLab,
        id: id.map(str::to_owned),
        name: name.to_owned(),
        action: envelope.object_attributes.and_then(|wire| wire.action),
        installation: None,
        repository: repository.transpose()?,
        sender: user.map(|(id, login)| sender(id, login)),
        event,
    })
}

#[derive(Deserialize)]
struct WireMerge {
    iid: u64,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    draft: Option<bool>,
    #[serde(default)]
    work_in_progress: Option<bool>,
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    oldrev: Option<String>,
    #[serde(default)]
    last_commit: Option<WireCommit>,
    source_branch: String,
    target_branch: String,
    #[serde(default)]
    source: Option<WireProject>,
    #[serde(default)]
    author_id: Option<u64>,
}

#[derive(Deserialize)]
struct WireCommit {
    id: String,
}

#[derive(Default, Deserialize)]
struct WireChanges {
    #[serde(default)]
    draft: Option<WireFlag>,
    #[serde(default)]
    title: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    description: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    target_branch: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    labels: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct WireFlag {
    #[serde(default)]
    current: Option<bool>,
}

fn pull_action(merge: &WireMerge, changes: &WireChanges) -> Result<Option<PullAction>, ForgeError> {
    Ok(Some(match merge.action.as_deref() {
        Some("open") => PullAction::Opened,
        Some("reopen") => PullAction::Reopened,
        Some("close") => PullAction::Closed { merged: false },
        Some("merge") => PullAction::Closed { merged: true },
        // The commits changed only when it says what they were before.
        Some("update") => match (&merge.oldrev, &changes.draft) {
            (Some(before), _) => PullAction::Synchronize {
                before: some_commit(before)?,
            },
            (
                None,
                Some(WireFlag {
                    current: Some(true),
                }),
            ) => PullAction::ConvertedToDraft,
            (
                None,
                Some(WireFlag {
                    current: Some(false),
                }),
            ) => PullAction::ReadyForReview,
            _ if changes.target_branch.is_some() => PullAction::Edited { base_changed: true },
            _ if changes.title.is_some() || changes.description.is_some() => PullAction::Edited {
                base_changed: false,
            },
            _ if changes.labels.is_some() => PullAction::Labeled { label: None },
            _ => return Ok(None),
        },
        _ => return Ok(None),
    }))
}

fn pull_event(json: &[u8]) -> Result<Event, ForgeError> {
    #[derive(Deserialize)]
    struct Wire {
        object_attributes: WireMerge,
        #[serde(default)]
        changes: WireChanges,
        #[serde(default)]
        user: Option<WireUser>,
    }
    let wire: Wire = read(json)?;
    let merge = wire.object_attributes;
    let Some(action) = pull_action(&merge, &wire.changes)? else {
        return Ok(Event::Ignored);
    };
    let head = merge
        .last_commit
        .ok_or_else(|| wrong("`last_commit` is missing"))?;
    let head_repo = merge
        .source
        .map(|source| repo_name(&source.path_with_namespace));
    // Only the number of the author is there, but who opens it is the author.
    let author = wire
        .user
        .filter(|user| user.id.is_some() && user.id == merge.author_id);
    Ok(Event::PullRequest(PullEvent {
        action,
        number: merge.iid,
        title: merge.title.unwrap_or_default(),
        is_draft: merge.draft.or(merge.work_in_progress).unwrap_or(false),
        head: commit(&head.id)?,
        head_branch: merge.source_branch,
        head_repo: head_repo.transpose()?,
        base: None,
        base_branch: merge.target_branch,
        author: author.map(|user| sender(user.id, user.username)),
    }))
}

fn note_event(json: &[u8]) -> Result<Event, ForgeError> {
    #[derive(Deserialize)]
    struct Wire {
        object_attributes: WireNote,
        #[serde(default)]
        merge_request: Option<WireIid>,
        #[serde(default)]
        issue: Option<WireIid>,
        #[serde(default)]
        user: Option<WireUser>,
    }
    #[derive(Deserialize)]
    struct WireIid {
        iid: u64,
    }
    #[derive(Deserialize)]
    struct WireNote {
        id: u64,
        #[serde(default)]
        note: Option<String>,
        #[serde(default)]
        action: Option<String>,
        #[serde(default)]
        system: Option<bool>,
        #[serde(default)]
        discussion_id: Option<String>,
        #[serde(default)]
        position: Option<WirePosition>,
    }
    #[derive(Deserialize)]
    struct WirePosition {
        #[serde(default)]
        new_path: Option<String>,
        #[serde(default)]
        old_path: Option<String>,
        #[serde(default)]
        new_line: Option<u32>,
        #[serde(default)]
        old_line: Option<u32>,
    }
    let wire: Wire = read(json)?;
    let note = wire.object_attributes;
    let action = match note.action.as_deref() {
        // Older servers do not say; they send created ones only.
        None | Some("create") => TextAction::Created,
        Some("update") => TextAction::Edited,
        Some(_) => return Ok(Event::Ignored),
    };
    let (number, is_pull) = match (wire.merge_request, wire.issue) {
        (Some(merge), _) => (merge.iid, true),
        (None, Some(issue)) => (issue.iid, false),
        (None, None) => return Ok(Event::Ignored),
    };
    if note.system == Some(true) {
        return Ok(Event::Ignored);
    }
    let place = note.position.and_then(|position| {
        let path = position.new_path.or(position.old_path)?;
        Some((path, position.new_line.or(position.old_line)))
    });
    let is_on_line = place.is_some();
    let event = CommentEvent {
        action,
        number,
        is_pull,
        comment: note.id,
        body: note.note.unwrap_or_default(),
        author: wire.user.map(|user| sender(user.id, user.username)),
        in_reply_to: None,
        discussion: note.discussion_id,
        place,
    };
    Ok(if is_on_line {
        Event::ReviewComment(event)
    } else {
        Event::IssueComment(event)
    })
}

fn push_event(json: &[u8]) -> Result<Event, ForgeError> {
    #[derive(Deserialize)]
    struct Wire {
        #[serde(rename = "ref")]
        reference: String,
        before: String,
        after: String,
    }
    let wire: Wire = read(json)?;
    Ok(Event::Push(PushEvent {
        reference: wire.reference,
        before: some_commit(&wire.before)?,
        after: some_commit(&wire.after)?,
        is_forced: false,
    }))
}

fn pipeline_event(json: &[u8]) -> Result<Event, ForgeError> {
    #[derive(Deserialize)]
    struct Wire {
        object_attributes: WirePipeline,
        #[serde(default)]
        merge_request: Option<WireIid>,
    }
    #[derive(Deserialize)]
    struct WireIid {
        iid: u64,
    }
    #[derive(Deserialize)]
    struct WirePipeline {
        id: u64,
        #[serde(rename = "ref")]
        branch: String,
        sha: String,
        status: String,
    }
    let wire: Wire = read(json)?;
    let pipeline = wire.object_attributes;
    Ok(Event::Pipeline(PipelineEvent {
        pipeline: pipeline.id,
        status: pipeline.status,
        head: commit(&pipeline.sha)?,
        branch: pipeline.branch,
        pull: wire.merge_request.map(|merge| merge.iid),
    }))
}
