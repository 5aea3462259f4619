//! The review of a whole repository: fetched here at one revision, read by a process of
//! its own, kept.

use std::path::PathBuf;

use assay_auth::Scope;
use assay_forge::Checkout;
use assay_store::{Claim, NewFeedback, Repository, RepositoryId, ReviewId, ReviewState, Tx};

use super::Worker;
use super::mirror::{Mirror, Wanted};
use super::pull_request::Reached;
use super::submitted::{review_of, start};
use super::trouble::Trouble;
use crate::job::{Job as _, ReviewTree};
use crate::outgoing_event::announce_failed;
use crate::record::record;
use crate::review_process::Rejection;

impl Worker {
    pub(super) async fn review_tree(&self, claim: &Claim) -> Result<(), Trouble> {
        let job = ReviewTree::read(&claim.payload, claim.payload_version)?;
        let (organisation, review) = review_of(claim, &job.review)?;
        let scope = self.0.scope.within(organisation)?;
        if !start(self, claim, organisation, review, false).await? {
            return Ok(());
        }
        // No pull request has the number: only the way to the repository is wanted.
        let (reached, repository) = self.reach(organisation, &job.repository, 0).await?;
        let rejected = self.rejected(&scope, repository.id).await?;
        let (folder, head) = self
            .fetch_revision(&reached, &repository, &job.revision)
            .await?;
        let report = self
            .telling(&scope, claim.lease, review, async |heard| {
                let process = &self.0.tools.process;
                process.run_tree(&folder, &head, &rejected, heard).await
            })
            .await?;
        let recorded = record(&report)?;
        self.0
            .app
            .review_conclude(organisation, claim.lease, review, &recorded, None)
            .await?;
        Ok(())
    }

    /// Brings a repository here as it is at a branch, a tag or a commit of the default
    /// branch; returns where it is, and the commit.
    pub(super) async fn fetch_revision(
        &self,
        reached: &Reached<'_>,
        repository: &Repository,
        revision: &str,
    ) -> Result<(PathBuf, String), Trouble> {
        let (web, token) = (&reached.tools.clone_base, reached.client.token().await?);
        let checkout = Checkout::new(reached.client.kind(), web, &reached.id.repo, &token)?;
        let wanted = |reference: String| Wanted {
            url: checkout.url.clone(),
            header: Some(checkout.header_line()),
            references: vec![reference],
        };
        let mirrors = &self.0.tools.mirrors;
        let mut found = Err(Trouble::broken("there is no such revision"));
        let default_branch = &repository.default_branch;
        for reference in references(revision, default_branch) {
            found = mirrors.fetch(repository.id, wanted(reference)).await;
            if !matches!(&found, Err(trouble) if trouble.is_refused()) {
                break;
            }
        }
        let Mirror { folder, commits } = found?;
        let [tip] = &commits[..] else {
            return Err(Trouble::broken("a fetch brought something else"));
        };
        let head = match is_commit(revision) {
            true => revision,
            false => tip,
        };
        Ok((folder, head.to_owned()))
    }

    /// Returns what was rejected in earlier reviews of a repository.
    pub(super) async fn rejected(
        &self,
        scope: &Scope,
        repository: RepositoryId,
    ) -> Result<Vec<Rejection>, Trouble> {
        let mut tx = self.0.app.store().read().await?;
        let rejected = tx.feedback_rejected(scope, repository).await?;
        Ok(rejected.into_iter().map(rejection).collect())
    }
}

/// Returns what the process that reviews is told of a rejected finding: the reason says
/// where it was rejected.
fn rejection(given: NewFeedback) -> Rejection {
    let actor = &given.actor;
    let by = match actor.as_str() {
        "" => String::new(),
        actor => format!(" by {actor}"),
    };
    let place = match given.source.as_str() {
        "api" => format!("rejected over the API{by}"),
        "command" => format!("rejected{by} in a comment"),
        "thread" => format!("its thread was resolved{by}"),
        "deleted" => format!("its remark was deleted{by}"),
        "reaction" => format!("rejected{by} with a reaction"),
        other => format!("rejected{by} ({other})"),
    };
    Rejection {
        fingerprint: given.fingerprint,
        rule: given.rule,
        identity: given.identity,
        path: given.path,
        reason: Some(match given.note {
            Some(note) => format!("{note} ({place})"),
            None => place,
        }),
    }
}

/// Returns what a name may stand for over there, in the order in which it is tried.
fn references(revision: &str, default_branch: &str) -> Vec<String> {
    if is_commit(revision) {
        // It is one of those that lead there.
        return vec![format!("refs/heads/{default_branch}")];
    }
    if revision.starts_with("refs/") {
        return vec![revision.to_owned()];
    }
    vec![
        format!("refs/heads/{revision}"),
        format!("refs/tags/{revision}"),
    ]
}

fn is_commit(revision: &str) -> bool {
    matches!(revision.len(), 40 | 64) && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Says that there will be no review.
pub(super) async fn give_up(
    tx: &mut Tx,
    scope: &Scope,
    claim: &Claim,
    trouble: &Trouble,
) -> Result<(), assay_store::Error> {
    if let Ok(job) = ReviewTree::read(&claim.payload, claim.payload_version)
        && let Ok(review) = ReviewId::parse(&job.review)
    {
        let problem = trouble.public.as_deref().unwrap_or(&trouble.problem);
        tx.review_abandon(scope, review, ReviewState::Failed, problem)
            .await?;
        announce_failed(tx, scope, review).await?;
    }
    Ok(())
}
