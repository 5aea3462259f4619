//! What people think of remarks, looked for on the forge now and then: no webhook
//! tells of reactions, and on GitLab none of resolved threads.

use assay_auth::{OrganisationId, Scope};
use assay_forge::{Event, ForgeError, PullId, TextAction};
use assay_store::{Claim, Priority, Remark, RemarkState, RepositoryId, Tx, Unique, Verdict};
use serde::{Deserialize, Serialize};

use super::Worker;
use super::forge::ForgeClient;
use super::remembered::{self, On, Opinion, number_of};
use super::trouble::Trouble;
use crate::job::Job;

/// Remarks that were not touched for so long are not looked at any more.
const LOOK_BACK_MS: i64 = 14 * 24 * 60 * 60_000;
/// Pull requests that are looked at each time.
const PULLS_MAX: u32 = 500;
/// Remarks of one pull request whose reactions are asked for each time.
const REMARKS_MAX: usize = 100;

/// Looks which pull requests have remarks that people may have answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncFeedback {}

impl Job for SyncFeedback {
    const KIND: &'static str = "sync_feedback";
    const VERSION: i64 = 1;
    const CAPABILITY: &'static str = "any";
    const PRIORITY: Priority = Priority::Low;
    const ATTEMPTS_MAX: i64 = 3;
    const DEADLINE_MS: i64 = 60_000;
}

/// Looks what people did with the remarks on one pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncPull {
    /// The repository.
    pub repository: String,
    /// The number of the pull request.
    pub number: u64,
}

impl Job for SyncPull {
    const KIND: &'static str = "sync_pull";
    const VERSION: i64 = 1;
    const CAPABILITY: &'static str = "any";
    const PRIORITY: Priority = Priority::Low;
    const ATTEMPTS_MAX: i64 = 3;
    const DEADLINE_MS: i64 = 5 * 60_000;
}

/// What somebody did with the comment of a remark.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Deed {
    Deleted,
    Resolved { by: String },
    Reacted { by: String, is_good: bool },
}

impl Worker {
    pub(super) async fn sync_feedback(&self, claim: &Claim) -> Result<(), Trouble> {
        let system = &self.0.scope;
        let since_ms = self.0.app.now_ms().saturating_sub(LOOK_BACK_MS);
        let mut tx = self.0.app.store().begin().await?;
        tx.task_hold(system, claim.lease).await?;
        for (organisation, repository, number) in
            tx.remark_pull_list(system, since_ms, PULLS_MAX).await?
        {
            let scope = system.within(organisation)?;
            let job = SyncPull {
                repository: repository.to_string(),
                number: u64::try_from(number).unwrap_or_default(),
            };
            let mut task = job.task()?;
            let key = format!("sync/{repository}/{number}");
            task.unique = Some((key, Unique::Oldest));
            tx.task_enqueue(&scope, &task).await?;
        }
        tx.task_complete(system, claim.lease, None).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn sync_pull(&self, claim: &Claim) -> Result<(), Trouble> {
        let job = SyncPull::read(&claim.payload, claim.payload_version)?;
        let organisation = claim.organisation;
        let organisation =
            organisation.ok_or_else(|| Trouble::broken("the remarks are nobody's"))?;
        let scope = self.0.scope.within(organisation)?;
        let repository = RepositoryId::parse(&job.repository)?;
        let on = (repository, job.number);
        let remarks = {
            let mut tx = self.0.app.store().read().await?;
            tx.remark_list(&scope, repository, number_of(on)).await?
        };
        let is_there = |remark: &Remark| remark.state == RemarkState::Posted;
        let mut remarks: Vec<Remark> = remarks.into_iter().filter(is_there).collect();
        remarks.reverse();
        remarks.truncate(REMARKS_MAX);
        let deeds = self.deeds(organisation, &job, &remarks).await?;
        let mut tx = self.0.app.store().begin().await?;
        tx.task_hold(&self.0.scope, claim.lease).await?;
        for (at, deed) in deeds {
            keep(&mut tx, &scope, on, &remarks[at], &deed).await?;
        }
        tx.task_complete(&self.0.scope, claim.lease, None).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Asks the forge; returns what was done with which remark.
    async fn deeds(
        &self,
        organisation: OrganisationId,
        job: &SyncPull,
        remarks: &[Remark],
    ) -> Result<Vec<(usize, Deed)>, Trouble> {
        let reach = self.reach(organisation, &job.repository, job.number);
        let (reached, _) = reach.await?;
        let client = reached.client.background();
        let me = client.name().await?;
        let comments = remarks.iter().map(|remark| remark.comment_id.as_deref());
        let comments = comments.map(|comment| comment?.parse::<u64>().ok());
        let comments: Vec<Option<u64>> = comments.collect();
        let deeds = client.deeds(&reached.id, &comments).await?;
        let is_ours = |login: &str| {
            let bare = |login: &str| login.trim_end_matches("[bot]").to_ascii_lowercase();
            bare(login) == bare(&me)
        };
        let others = deeds.into_iter().filter(|(_, deed)| match deed {
            Deed::Deleted => true,
            Deed::Resolved { by } | Deed::Reacted { by, .. } => !is_ours(by),
        });
        Ok(others.collect())
    }
}

async fn keep(
    tx: &mut Tx,
    scope: &Scope,
    on: On,
    remark: &Remark,
    deed: &Deed,
) -> Result<(), Trouble> {
    let (verdict, source, actor) = match deed {
        Deed::Deleted => (Verdict::Rejected, "deleted", ""),
        // The next push shows whether they mended it or do not want to hear it.
        Deed::Resolved { by } => (Verdict::Ignored, "thread", by.as_str()),
        Deed::Reacted { by, is_good: true } => (Verdict::Accepted, "reaction", by.as_str()),
        Deed::Reacted { by, .. } => (Verdict::Rejected, "reaction", by.as_str()),
    };
    let opinion = Opinion {
        verdict,
        source,
        actor,
        note: None,
    };
    match deed {
        Deed::Deleted => remembered::refuse(tx, scope, on, &remark.fingerprint, &opinion).await,
        _ => remembered::give(tx, scope, on, remark, &opinion).await,
    }
}

/// Keeps what a webhook tells of remarks: a thread was resolved or opened again, or
/// a comment was deleted.
pub(super) async fn told(
    tx: &mut Tx,
    scope: &Scope,
    repository: RepositoryId,
    read: &assay_forge::Delivery,
    me: Option<&str>,
) -> Result<(), Trouble> {
    let actor = read.sender.as_ref().map_or("", |sender| &sender.login);
    if read.is_from_bot() || me.is_some_and(|me| read.is_from(me)) {
        return Ok(());
    }
    let (number, comments, verdict, source) = match &read.event {
        Event::ReviewThread(thread) => {
            let verdict = match thread.is_resolved {
                true => Verdict::Ignored,
                false => Verdict::Accepted,
            };
            (thread.pull, thread.comments.clone(), verdict, "thread")
        }
        Event::ReviewComment(comment) if comment.action == TextAction::Deleted => {
            let comments = vec![comment.comment];
            (comment.number, comments, Verdict::Rejected, "deleted")
        }
        _ => return Ok(()),
    };
    let opinion = Opinion {
        verdict,
        source,
        actor,
        note: None,
    };
    let on = (repository, number);
    // A thread begins with the remark.
    let Some(first) = comments.iter().min() else {
        return Ok(());
    };
    let Some(remark) = remembered::of_place(tx, scope, on, &first.to_string()).await? else {
        return Ok(());
    };
    match source {
        "deleted" => remembered::refuse(tx, scope, on, &remark.fingerprint, &opinion).await,
        _ => remembered::give(tx, scope, on, &remark, &opinion).await,
    }
}

fn is_good(content: &str) -> Option<bool> {
    match content {
        "+1" | "heart" | "hooray" | "rocket" | "thumbsup" | "tada" => Some(true),
        "-1" | "confused" | "thumbsdown" => Some(false),
        _ => None,
    }
}

impl ForgeClient {
    /// Returns what was done with comments, by their places in the list.
    async fn deeds(
        &self,
        id: &PullId,
        comments: &[Option<u64>],
    ) -> Result<Vec<(usize, Deed)>, ForgeError> {
        let mut deeds = Vec::new();
        match self {
            Self::GitHub(github) => {
                let listed = github.review_comments(id).await?;
                let threads = match github.review_threads(id).await {
                    Ok(threads) => threads.items,
                    Err(ForgeError::Query { .. } | ForgeError::Refused { .. }) => Vec::new(),
                    Err(error) => return Err(error),
                };
                for (at, number) in numbered(comments) {
                    let found = listed.items.iter().find(|found| found.id == number);
                    let Some(found) = found else {
                        deeds.extend(listed.is_complete.then_some((at, Deed::Deleted)));
                        continue;
                    };
                    let thread = threads
                        .iter()
                        .find(|thread| thread.first_comment == Some(number));
                    if let Some(thread) = thread.filter(|thread| thread.is_resolved)
                        && let Some(by) = thread.resolved_by.clone()
                    {
                        deeds.push((at, Deed::Resolved { by }));
                    }
                    if found
                        .reactions
                        .is_some_and(|counts| counts.total_count == 0)
                    {
                        continue;
                    }
                    let reactions = github.review_comment_reactions(&id.repo, number).await?;
                    for reaction in reactions.items {
                        let user = reaction.user.filter(|user| user.kind != "Bot");
                        if let (Some(user), Some(is_good)) = (user, is_good(&reaction.content)) {
                            let by = user.login;
                            deeds.push((at, Deed::Reacted { by, is_good }));
                        }
                    }
                }
            }
            Self::GitLab(gitlab) => {
                let listed = gitlab.discussions(id).await?;
                let notes = listed.items.iter();
                let notes: Vec<_> = notes.filter_map(|found| found.notes.first()).collect();
                for (at, number) in numbered(comments) {
                    let Some(note) = notes.iter().find(|note| note.id == number) else {
                        deeds.extend(listed.is_complete.then_some((at, Deed::Deleted)));
                        continue;
                    };
                    if let (true, Some(by)) = (note.resolved, &note.resolved_by) {
                        let by = by.username.clone();
                        deeds.push((at, Deed::Resolved { by }));
                    }
                    for award in gitlab.note_awards(id, number).await?.items {
                        if let (Some(user), Some(is_good)) = (award.user, is_good(&award.name)) {
                            let by = user.username;
                            deeds.push((at, Deed::Reacted { by, is_good }));
                        }
                    }
                }
            }
        }
        Ok(deeds)
    }
}

fn numbered(comments: &[Option<u64>]) -> impl Iterator<Item = (usize, u64)> {
    let places = comments.iter().enumerate();
    places.filter_map(|(at, number)| Some((at, (*number)?)))
}
