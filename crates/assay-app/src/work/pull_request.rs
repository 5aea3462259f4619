//! The review of a pull request: fetched here, read by a process of its own, kept,
//! and its posting queued in the same transaction.

use assay_auth::{OrganisationId, Scope};
use assay_forge::{Checkout, InstallationId, PullId, RepoName, pull_reference};
use assay_source::ErrorKind;
use assay_store::{
    Claim, NewReview, NewTask, Page, Priority, Repository, RepositoryId, ReviewFilter, ReviewId,
    ReviewState, Tx, Unique,
};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::Worker;
use super::forge::{Check, ForgeClient, ForgeTools, Pull, commit};
use super::ignored;
use super::mirror::{Mirror, Wanted};
use super::models::SeatFor;
use super::overtaken::overtake;
use super::post::{End, PostReview};
use super::submitted::{review_of, start};
use super::trouble::Trouble;
use crate::app::App;
use crate::error::Error;
use crate::job::Job;
use crate::outgoing_event::announce_failed;
use crate::quota::QuotaKind;
use crate::record::record;
use crate::review_process::ReviewOrder;

/// Reviews a pull request as it is at one commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewPull {
    /// The review that it becomes.
    pub review: String,
    /// The repository.
    pub repository: String,
    /// The number of the pull request.
    pub number: u64,
    /// The commit that is its head.
    pub head: String,
    /// Whether it is still to be counted against the quota: there was none when it was
    /// asked for.
    #[serde(default)]
    pub awaits_quota: bool,
}

impl Job for ReviewPull {
    const KIND: &'static str = "review_pull";
    const VERSION: i64 = 1;
    const CAPABILITY: &'static str = "review";
    const PRIORITY: Priority = Priority::High;
    const ATTEMPTS_MAX: i64 = 5;
    const DEADLINE_MS: i64 = 15 * 60_000;
}

/// What asked for reviews of pull requests.
const ORIGIN: &str = "webhook";
/// Only the last review of a pull request counts.
const LAST: u32 = 1;

/// What became of the wish for a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// It was asked for last already.
    Known,
    /// It will be done as soon as there is a worker.
    Queued,
    /// It will be done after that time, when there is quota again.
    Later(i64),
}

/// Asks for the review of a commit of a pull request, in place of those that wait
/// for older ones. One that was asked for last is not asked for again, unless
/// `is_again`; one from before is, since what was said of it may be resolved by now.
/// It counts against the organisation's quota; when that is used up the review waits,
/// and the check says so.
pub(super) async fn ask(
    app: &App,
    tx: &mut Tx,
    scope: &Scope,
    repository: RepositoryId,
    number: u64,
    (base, head): (&str, &str),
    is_again: bool,
) -> Result<Asked, Error> {
    let pull_request = i64::try_from(number).map_err(|_| Error::invalid("number", "too large"))?;
    if !is_again {
        let filter = ReviewFilter {
            repository: Some(repository),
            pull_request: Some(pull_request),
            state: None,
        };
        let known = tx.review_list(scope, filter, Page::first(LAST)).await?;
        // One that failed or was put off has said nothing that could hold.
        let last = known.first().filter(|review| {
            let state = review.state;
            matches!(
                state,
                ReviewState::Queued | ReviewState::Running | ReviewState::Done
            )
        });
        if last.is_some_and(|review| review.head_revision == head) {
            return Ok(Asked::Known);
        }
    }
    let again_ms = match app.quota_take(tx, scope, QuotaKind::Reviews).await {
        Ok(()) => None,
        Err(Error::QuotaExhausted { retry_ms, .. }) => Some(app.now_ms().saturating_add(retry_ms)),
        Err(error) => return Err(error),
    };
    queue(tx, scope, repository, number, (base, head), again_ms).await?;
    Ok(again_ms.map_or(Asked::Queued, Asked::Later))
}

/// Queues the review of a commit of a pull request, which was counted already, or is
/// to be when its time has come.
pub(crate) async fn queue(
    tx: &mut Tx,
    scope: &Scope,
    repository: RepositoryId,
    number: u64,
    (base, head): (&str, &str),
    again_ms: Option<i64>,
) -> Result<ReviewId, Error> {
    let pull_request = i64::try_from(number).map_err(|_| Error::invalid("number", "too large"))?;
    let new = NewReview {
        repository: Some(repository),
        pull_request: Some(pull_request),
        origin: ORIGIN.to_owned(),
        base_revision: base.to_owned(),
        head_revision: head.to_owned(),
    };
    overtake(tx, scope, repository, pull_request).await?;
    let review = tx.review_insert(scope, &new).await?;
    tx.review_supersede(scope, repository, pull_request, review)
        .await?;
    let job = ReviewPull {
        review: review.to_string(),
        repository: repository.to_string(),
        number,
        head: head.to_owned(),
        awaits_quota: again_ms.is_some(),
    };
    let task = NewTask {
        unique: Some((format!("{repository}/{number}"), Unique::Newest)),
        ready_ms: again_ms,
        ..job.task()?
    };
    let task = tx.task_enqueue(scope, &task).await?.task();
    tx.review_set_task(scope, review, task).await?;
    if let Some(again_ms) = again_ms {
        let said = PostReview::of_waiting(&job, again_ms).task()?;
        tx.task_enqueue(scope, &said).await?;
    }
    Ok(review)
}

/// Returns what names a pull request in all its pushes.
pub(super) fn change_key(repository: RepositoryId, number: u64) -> String {
    format!("{repository}/{number}")
}

/// A pull request, with the client that asks for it.
pub(super) struct Reached<'a> {
    pub(super) tools: &'a ForgeTools,
    pub(super) client: ForgeClient,
    pub(super) id: PullId,
}

/// A pull request that was fetched.
pub(super) struct Fetched {
    pub(super) folder: std::path::PathBuf,
    pub(super) base: String,
    pub(super) head: String,
}

impl Worker {
    /// Finds the way to a pull request.
    pub(super) async fn reach(
        &self,
        organisation: OrganisationId,
        repository: &str,
        number: u64,
    ) -> Result<(Reached<'_>, Repository), Trouble> {
        let scope = self.0.scope.within(organisation)?;
        let mut tx = self.0.app.store().read().await?;
        let repository = tx
            .repository_get(&scope, RepositoryId::parse(repository)?)
            .await?;
        let installation = match repository.installation {
            Some(id) => Some(tx.forge_installation_get(&scope, id).await?),
            None => None,
        };
        drop(tx);
        let tools = self.tools(repository.forge).ok_or_else(|| {
            let forge = repository.forge.name();
            let why = format!("this worker has no access to {forge}");
            Trouble::new(ErrorKind::Unavailable, why)
        })?;
        let number_of = |text: &str| text.parse().ok().map(InstallationId);
        let installation = installation.and_then(|one| number_of(&one.external_id));
        let name = format!("{}/{}", repository.owner, repository.name);
        let repo = RepoName::parse(&name)
            .ok_or_else(|| Trouble::broken(format!("`{name}` is not a name on a forge")))?;
        let client = tools.client.for_repository(&repo, installation).await?;
        let reached = Reached {
            tools,
            client,
            id: PullId { repo, number },
        };
        Ok((reached, repository))
    }

    /// Brings a pull request here, which has to be at a commit still.
    pub(super) async fn fetch(
        &self,
        reached: &Reached<'_>,
        repository: RepositoryId,
        pull: &Pull,
        head: &str,
    ) -> Result<Fetched, Trouble> {
        let wanted = {
            let kind = reached.client.kind();
            let (web, token) = (&reached.tools.clone_base, reached.client.token().await?);
            let checkout = Checkout::new(kind, web, &reached.id.repo, &token)?;
            Wanted {
                url: checkout.url.clone(),
                header: Some(checkout.header_line()),
                references: vec![
                    pull_reference(kind, reached.id.number),
                    format!("refs/heads/{}", pull.base_branch),
                ],
            }
        };
        let mirror = self.0.tools.mirrors.fetch(repository, wanted).await?;
        let Mirror { folder, commits } = mirror;
        let Ok([fetched, base]) = <[String; 2]>::try_from(commits) else {
            return Err(Trouble::broken("a fetch brought something else"));
        };
        if fetched != head {
            let why = "there was a push while it was fetched";
            return Err(Trouble::new(ErrorKind::Busy, why));
        }
        Ok(Fetched {
            folder,
            base,
            head: fetched,
        })
    }

    pub(super) async fn review_pull(&self, claim: &Claim) -> Result<(), Trouble> {
        let job = ReviewPull::read(&claim.payload, claim.payload_version)?;
        let (organisation, review) = review_of(claim, &job.review)?;
        if !start(self, claim, organisation, review, job.awaits_quota).await? {
            return Ok(());
        }
        let (reached, repository) = self
            .reach(organisation, &job.repository, job.number)
            .await?;
        let whole = repository;
        let (repository, host) = (whole.id, whole.host.clone());
        let pull = self.pull(&reached, &host, &job.head).await?;
        if let Some(why) = reached.not_now(&pull, &job.head) {
            let put_off = self.put_off(claim, organisation, review, repository, &pull, why);
            return put_off.await;
        }
        if let Some(author) = &pull.author {
            let mut tx = self.0.app.store().begin().await?;
            tx.review_set_author(&self.0.scope.within(organisation)?, review, author)
                .await?;
            tx.commit().await?;
        }
        let is_again = {
            let scope = self.0.scope.within(organisation)?;
            self.was_reviewed(&scope, (repository, job.number), review, &job.head)
                .await?
        };
        reached.announce(review, &pull.head, is_again).await?;
        let fetched = self.fetch(&reached, repository, &pull, &job.head).await;
        if fetched.is_err() {
            self.pull_forget(&reached, &host).await;
        }
        let fetched = fetched?;
        let scope = self.0.scope.within(organisation)?;
        let rejected = self.rejected(&scope, repository).await?;
        let (without, imports) = {
            let mut tx = self.0.app.store().read().await?;
            let without = ignored::rules_off(&mut tx, &scope, (repository, job.number)).await?;
            let imports = tx.outside_import_list(&scope, repository, &job.head);
            (without, imports.await?)
        };
        let order = ReviewOrder {
            repository: &fetched.folder,
            base: &fetched.base,
            head: &fetched.head,
            rejected: &rejected,
            without: &without,
            imports: &imports,
        };
        let asked = SeatFor {
            key: format!("review:{review}"),
            name: "this review",
            review: Some(review),
            repository: &whole,
            user: None,
            login: pull.author.clone(),
            change: Some(change_key(repository, job.number)),
            is_wanted: |setting| setting.review,
            cast: None,
        };
        let seat = self.seat(&scope, asked).await?;
        let (first, has_first) = oneshot::channel();
        let talk = seat.as_ref().map(|seat| seat.talk(Some(first)));
        let reviewing = self.telling(&scope, claim.lease, review, async |heard| {
            self.review_commits(&scope, order, heard, talk).await
        });
        // What is known without a model is said while models are asked.
        let saying = async {
            if let Ok(remarks) = has_first.await {
                let on = (repository, job.number);
                self.say_first(claim, &scope, (&job, on), &reached, remarks)
                    .await;
            }
        };
        let (outcome, ()) = tokio::join!(reviewing, saying);
        if let Some(seat) = &seat {
            self.leave_seat(&scope, seat).await;
        }
        let outcome = outcome?;
        let recorded = record(&outcome.report)?.with_suggestions(&outcome.remarks.remarks);
        let post = PostReview::of(&job, outcome.remarks);
        let follow_up = post.task()?;
        self.0
            .app
            .review_conclude(
                organisation,
                claim.lease,
                review,
                &recorded,
                Some(&follow_up),
            )
            .await?;
        Ok(())
    }

    /// Ends the task of a pull request that is not to be reviewed as it was asked.
    async fn put_off(
        &self,
        claim: &Claim,
        organisation: OrganisationId,
        review: ReviewId,
        repository: RepositoryId,
        pull: &Pull,
        why: NotNow,
    ) -> Result<(), Trouble> {
        let scope = self.0.scope.within(organisation)?;
        let job = ReviewPull::read(&claim.payload, claim.payload_version)?;
        let number = job.number;
        let mut tx = self.0.app.store().begin().await?;
        tx.task_hold(&self.0.scope, claim.lease).await?;
        tx.review_abandon(&scope, review, ReviewState::Superseded, why.text())
            .await?;
        if job.awaits_quota || claim.attempt > 1 {
            // Something may stand on the commit that says that a review will come.
            let said = PostReview::of_overtaken(&job, why.text()).task()?;
            tx.task_enqueue(&scope, &said).await?;
        }
        if why == NotNow::Moved {
            let revisions = (pull.base.as_str(), pull.head.as_str());
            ask(
                &self.0.app,
                &mut tx,
                &scope,
                repository,
                number,
                revisions,
                false,
            )
            .await?;
        }
        tx.task_complete(&self.0.scope, claim.lease, Some(why.text()))
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Why a pull request is not reviewed as it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotNow {
    Closed,
    Draft,
    Moved,
}

impl NotNow {
    fn text(self) -> &'static str {
        match self {
            Self::Closed => "the pull request is closed",
            Self::Draft => "the pull request is a draft",
            Self::Moved => "there was a push",
        }
    }
}

impl Reached<'_> {
    pub(super) fn not_now(&self, pull: &Pull, head: &str) -> Option<NotNow> {
        if !pull.is_open {
            Some(NotNow::Closed)
        } else if pull.is_draft && !self.tools.reviews_drafts {
            Some(NotNow::Draft)
        } else {
            (pull.head != head).then_some(NotNow::Moved)
        }
    }

    /// Shows on the commit that it is being reviewed. With a token of GitHub there
    /// is nothing to see before the end, unless the end of an earlier review stands
    /// there: it may be green, and holds no more.
    async fn announce(&self, review: ReviewId, head: &str, is_again: bool) -> Result<(), Trouble> {
        if matches!(&self.client, ForgeClient::GitHub(github) if !github.is_app() && !is_again) {
            return Ok(());
        }
        let check = Check {
            review: &review.to_string(),
            conclusion: None,
            title: "Reviewing",
            summary: "The change is being read.",
            annotations: Vec::new(),
        };
        let (repo, name) = (&self.id.repo, &self.tools.check_name);
        self.client.check(repo, &commit(head)?, name, check).await?;
        Ok(())
    }
}

/// Says on the pull request that there is no review: silence would look like one
/// that found nothing.
pub(super) async fn give_up(
    tx: &mut Tx,
    scope: &Scope,
    claim: &Claim,
    trouble: &Trouble,
) -> Result<(), assay_store::Error> {
    let Ok(job) = ReviewPull::read(&claim.payload, claim.payload_version) else {
        return Ok(());
    };
    if let Ok(review) = ReviewId::parse(&job.review) {
        let failed = ReviewState::Failed;
        tx.review_abandon(scope, review, failed, &trouble.problem)
            .await?;
        announce_failed(tx, scope, review).await?;
    }
    let end = match trouble.is_late {
        true => End::TimedOut,
        false => End::Broken,
    };
    let task = PostReview::of_none(&job, end, trouble.public.as_deref()).task();
    if let (Ok(task), Some(organisation)) = (task, claim.organisation)
        && let Ok(scope) = scope.within(organisation)
    {
        tx.task_enqueue(&scope, &task).await?;
    }
    Ok(())
}
