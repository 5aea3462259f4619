//! What a worker need not ask or work out again: a pull request that a webhook has
//! just described, and the analysis of the same two commits.
//!
//! Invariant: a kept pull request only ever says that there is something to review.
//! Whoever reads that it is closed, a draft or elsewhere has asked the forge.

use std::sync::Arc;

use assay_auth::Scope;
use assay_forge::{PullId, PullRequest, RepoName};
use assay_store::{CacheKey, CacheKind};
use serde::Deserialize;

use super::Worker;
use super::forge::Pull;
use super::pull_request::Reached;
use super::trouble::Trouble;
use crate::heard::Hearing;
use crate::job::ReviewChange;
use crate::model_talk::ModelTalk;
use crate::remarks::Remarks;
use crate::review_process::{ReviewOrder, ReviewOutcome};

/// What a webhook about a pull request has in it.
#[derive(Deserialize)]
struct Described {
    pull_request: PullRequest,
}

fn pull_tag(host: &str, repo: &RepoName, number: u64) -> String {
    format!("pull {host}/{repo}#{number}")
}

fn pull_key(host: &str, repo: &RepoName, number: u64, head: &str) -> CacheKey {
    let tag = pull_tag(host, repo, number);
    CacheKey::new(CacheKind::PullRequest, format!("{tag} {head}")).tag(tag)
}

impl Worker {
    /// Keeps what a webhook says of a pull request, for the review that follows, in
    /// place of what was known before.
    pub(super) async fn pull_warm(&self, host: &str, repo: &RepoName, body: &[u8]) {
        let Ok(Described { pull_request }) = serde_json::from_slice(body) else {
            return;
        };
        let (scope, cache) = (&self.0.scope, self.0.app.cache());
        let tag = pull_tag(host, repo, pull_request.number);
        // When that fails no process finds anything under the tag either.
        let _ = cache.forget_tag(scope, &tag).await;
        if pull_request.state == "open"
            && !pull_request.merged
            && let Ok(bytes) = serde_json::to_vec(&pull_request)
        {
            let key = pull_key(host, repo, pull_request.number, &pull_request.head.sha);
            cache.put(scope, &key, &bytes).await;
        }
    }

    /// Returns a pull request whose head should be a commit: as it is kept when that
    /// can be reviewed, else as the forge says.
    pub(super) async fn pull(
        &self,
        reached: &Reached<'_>,
        host: &str,
        head: &str,
    ) -> Result<Pull, Trouble> {
        let PullId { repo, number } = &reached.id;
        let key = pull_key(host, repo, *number, head);
        let kept = self.0.app.cache().get(&self.0.scope, &key).await;
        let kept = kept.and_then(|bytes| serde_json::from_slice::<PullRequest>(&bytes).ok());
        match kept.map(Pull::from) {
            Some(pull) if reached.not_now(&pull, head).is_none() => Ok(pull),
            _ => Ok(reached.client.pull(&reached.id).await?),
        }
    }

    /// Forgets a pull request that is not what was kept of it.
    pub(super) async fn pull_forget(&self, reached: &Reached<'_>, host: &str) {
        let PullId { repo, number } = &reached.id;
        let tag = pull_tag(host, repo, *number);
        let _ = self.0.app.cache().forget_tag(&self.0.scope, &tag).await;
    }

    /// Reviews two commits of a repository, unless that was done a short time ago.
    /// What is not complete is done again.
    pub(super) async fn review_commits(
        &self,
        scope: &Scope,
        order: ReviewOrder<'_>,
        heard: &Hearing,
        talk: Option<ModelTalk>,
    ) -> Result<ReviewOutcome, Trouble> {
        // What models answer is not what they answered a short time ago.
        if talk.is_some() {
            return Ok(self.0.tools.process.run_with(order, heard, talk).await?);
        }
        let ReviewOrder {
            repository,
            base,
            head,
            rejected,
            without,
            imports,
        } = order;
        let version = &self.0.app.options().version;
        let repository = repository.file_name().unwrap_or_default();
        let repository = repository.to_string_lossy();
        let rejected = serde_json::to_vec(rejected).map(|bytes| blake3::hash(&bytes).to_hex());
        let rejected = rejected.map_err(|why| Trouble::broken(format!("a list: {why}")))?;
        let without = blake3::hash(without.join("\n").as_bytes()).to_hex();
        let mut found = blake3::Hasher::new();
        for import in imports {
            found.update(import.name.as_bytes()).update(&[0]);
            found.update(&import.hash);
        }
        let found = found.finalize().to_hex();
        let name =
            format!("commits {version} {repository} {base} {head} {rejected} {without} {found}");
        let key = CacheKey::new(CacheKind::Analysis, name);
        let cache = self.0.app.cache();
        if let Some(outcome) = cache.get(scope, &key).await.and_then(|kept| unpack(&kept)) {
            return Ok(outcome);
        }
        let outcome = self.0.tools.process.run(order, heard).await?;
        if outcome.remarks.complete
            && let Some(bytes) = pack(&outcome)
        {
            cache.put(scope, &key, &bytes).await;
        }
        Ok(outcome)
    }

    /// Reviews texts that came with a request, unless the same were a short time ago;
    /// of several that come at once one is reviewed.
    pub(super) async fn review_texts(
        &self,
        scope: &Scope,
        job: &ReviewChange,
        heard: &Hearing,
    ) -> Result<Arc<[u8]>, Trouble> {
        let nameless = ReviewChange {
            review: String::new(),
            ..job.clone()
        };
        let hash = serde_json::to_vec(&nameless).map(|bytes| blake3::hash(&bytes).to_hex());
        let hash = hash.map_err(|why| Trouble::broken(format!("a payload: {why}")))?;
        let name = format!("texts {} {hash}", self.0.app.options().version);
        let key = CacheKey::new(CacheKind::Analysis, name);
        let owner = scope
            .organisation()
            .map(|organisation| organisation.to_string());
        let (owner, request) = (owner.unwrap_or_default(), job.clone().request());
        let examiners = &self.0.tools.examiners;
        let make = async {
            let made = examiners.examine_telling(&owner, &request, heard).await;
            made.map_err(Trouble::from)
        };
        let kept = self.0.app.kept(scope, &key, make).await;
        kept.map_err(|trouble| {
            trouble.unwrap_or_else(|| Trouble::broken("the review of the same texts failed"))
        })
    }
}

/// Writes the length of the remarks, the remarks, and then the report.
fn pack(outcome: &ReviewOutcome) -> Option<Vec<u8>> {
    let remarks = serde_json::to_vec(&outcome.remarks).ok()?;
    let length = u32::try_from(remarks.len()).ok()?;
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend_from_slice(&remarks);
    bytes.extend_from_slice(&outcome.report);
    Some(bytes)
}

fn unpack(bytes: &[u8]) -> Option<ReviewOutcome> {
    let (length, rest) = bytes.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (remarks, report) = rest.split_at_checked(length)?;
    Some(ReviewOutcome {
        remarks: Remarks::read(remarks).ok()?,
        report: report.to_vec(),
    })
}
