//! Reviews: asked for, looked at, and brought to their end.

use assay_auth::{Identifier, OrganisationId, Permission, Scope};
use assay_source::RepoPath;
use assay_store::{
    CacheKey, CacheKind, Finding, FindingId, Lease, NewReview, RepositoryId, Review, ReviewFilter,
    ReviewId, ReviewState, TaskId,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::examine::{ExamineRequest, ExamineRules, ExaminedFile};
use crate::job::{Job as _, JobFile, ReviewChange};
use crate::metric::family;
use crate::outgoing_event::{OutgoingEvent, announce};
use crate::paging::Paging;
use crate::quota::QuotaKind;
use crate::record::Recorded;
use crate::version::Once;

/// What reviews that came with the API are called.
const ORIGIN: &str = "api";
/// The status under which the answer to a kept request is kept.
pub(crate) const ACCEPTED: i64 = 202;

/// A change that is to be reviewed.
#[derive(Clone, Debug)]
pub struct AnalyzeWish {
    /// The repository that it belongs to, if that is known here.
    pub repository: Option<Identifier>,
    /// What the base is called.
    pub base: String,
    /// What the head is called.
    pub head: String,
    /// The files that differ.
    pub files: Vec<ExaminedFile>,
    /// What the caller sends again when they do not know whether it arrived.
    pub idempotency_key: Option<String>,
}

/// A review that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Analyzed {
    /// The review.
    pub review: Identifier,
    /// The task that does it.
    pub task: Identifier,
}

/// The kept answer to a request.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptAnswer {
    review: String,
    task: String,
}

impl From<&Analyzed> for KeptAnswer {
    fn from(analyzed: &Analyzed) -> Self {
        Self {
            review: analyzed.review.to_string(),
            task: analyzed.task.to_string(),
        }
    }
}

/// Which reviews a list is of.
#[derive(Clone, Debug, Default)]
pub struct ReviewQuery {
    /// Of one repository.
    pub repository: Option<Identifier>,
    /// Of one pull request.
    pub pull_request: Option<i64>,
    /// In one state, by its name.
    pub state: Option<String>,
}

/// A review without its findings.
#[derive(Clone, Debug)]
pub struct ReviewRow {
    /// Its identifier.
    pub id: Identifier,
    /// Of which repository, if of one that is known.
    pub repository: Option<Identifier>,
    /// Of which pull request, if of one.
    pub pull_request: Option<i64>,
    /// What asked for it.
    pub origin: String,
    /// From which revision the change starts.
    pub base: String,
    /// To which revision it leads.
    pub head: String,
    /// How far it is.
    pub state: &'static str,
    /// The task that does it.
    pub task: Option<Identifier>,
    /// The score, from 0 to 100.
    pub score: Option<f64>,
    /// The score as a letter.
    pub grade: Option<String>,
    /// What the gate said.
    pub gate: Option<String>,
    /// How many findings it has.
    pub findings: i64,
    /// Why it failed.
    pub problem: Option<String>,
    /// When it was asked for.
    pub created_ms: i64,
    /// When its work began.
    pub started_ms: Option<i64>,
    /// When it ended.
    pub finished_ms: Option<i64>,
}

impl From<Review> for ReviewRow {
    fn from(row: Review) -> Self {
        Self {
            id: row.id.identifier(),
            repository: row.repository.map(RepositoryId::identifier),
            pull_request: row.pull_request,
            origin: row.origin,
            base: row.base_revision,
            head: row.head_revision,
            state: row.state.name(),
            task: row.task.map(TaskId::identifier),
            score: row.score,
            grade: row.grade,
            gate: row.gate,
            findings: row.findings,
            problem: row.problem,
            created_ms: row.created_ms,
            started_ms: row.started_ms,
            finished_ms: row.finished_ms,
        }
    }
}

/// A finding of a review.
#[derive(Clone, Debug)]
pub struct FindingView {
    /// Its identifier.
    pub id: Identifier,
    /// Its identity over reviews.
    pub fingerprint: String,
    /// The rule.
    pub rule: String,
    /// How bad it is.
    pub severity: String,
    /// How sure it is.
    pub confidence: String,
    /// What it is about.
    pub category: String,
    /// Whether the change brought it.
    pub origin: &'static str,
    /// In which file.
    pub path: String,
    /// From which line on.
    pub line_start: i64,
    /// Up to which line.
    pub line_end: i64,
    /// What it says.
    pub message: String,
}

impl From<Finding> for FindingView {
    fn from(row: Finding) -> Self {
        let found = row.found;
        Self {
            id: row.id.identifier(),
            fingerprint: found.fingerprint,
            rule: found.rule,
            severity: found.severity,
            confidence: found.confidence,
            category: found.category,
            origin: found.origin.name(),
            path: RepoPath::from_bytes(found.path).to_display(),
            line_start: found.line_start,
            line_end: found.line_end,
            message: found.message,
        }
    }
}

/// A review with a page of its findings.
#[derive(Clone, Debug)]
pub struct ReviewView {
    /// The review.
    pub review: ReviewRow,
    /// The findings, the newest first.
    pub findings: Vec<FindingView>,
    /// Its numbers.
    pub metrics: Vec<(String, f64)>,
}

impl App {
    /// Accepts a change for review: when this returns, the review will be done.
    pub async fn review_analyze(
        &self,
        caller: &Caller,
        wish: AnalyzeWish,
    ) -> Result<Analyzed, Error> {
        let scope = caller.authorise(Permission::ReviewRun)?;
        let request = ExamineRequest {
            base: wish.base,
            head: wish.head,
            files: wish.files,
            rules: ExamineRules::All,
        };
        request.check()?;
        let repository = wish.repository.map(RepositoryId::from_identifier);
        let mut job = job_of(request);
        let key = wish.idempotency_key.as_deref();
        let mut tx = self.store().begin().await?;
        let request = (&job, repository.map(|id| id.to_string()));
        let (once, done) = Once::begin(&mut tx, &scope, key, &request).await?;
        if let Some(kept) = done {
            return kept_answer(&kept);
        }
        self.quota_take(&mut tx, &scope, QuotaKind::Reviews).await?;
        self.check_backlog(&mut tx).await?;
        if let Some(repository) = repository {
            tx.repository_get(&scope, repository).await?;
        }
        let new = NewReview {
            repository,
            pull_request: None,
            origin: ORIGIN.to_owned(),
            base_revision: job.base.clone(),
            head_revision: job.head.clone(),
        };
        let review = tx.review_insert(&scope, &new).await?;
        job.review = review.to_string();
        let task = tx.task_enqueue(&scope, &job.task()?).await?.task();
        tx.review_set_task(&scope, review, task).await?;
        let details = json!({"files": job.files.len()});
        audit(
            &mut tx,
            &scope,
            "review.request",
            format!("review:{review}"),
            details,
        )
        .await?;
        let analyzed = Analyzed {
            review: review.identifier(),
            task: task.identifier(),
        };
        let answer = KeptAnswer::from(&analyzed);
        once.finish(&mut tx, &scope, ACCEPTED, &answer).await?;
        tx.commit().await?;
        Ok(analyzed)
    }

    /// Returns a review with a page of its findings.
    pub async fn review_get(
        &self,
        caller: &Caller,
        id: Identifier,
        paging: Paging,
    ) -> Result<ReviewView, Error> {
        let id = ReviewId::from_identifier(id);
        let scope = caller.authorise(Permission::ReviewRead)?;
        let mut tx = self.store().read().await?;
        let review = tx.review_get(&scope, id).await?;
        let page = paging.page(FindingId::from_identifier);
        let findings = tx.finding_list_of_review(&scope, id, page).await?;
        Ok(ReviewView {
            review: review.into(),
            findings: findings.into_iter().map(FindingView::from).collect(),
            metrics: tx.metric_list(&scope, id).await?,
        })
    }

    /// Returns the whole report of a finished review.
    pub async fn review_report(&self, caller: &Caller, id: Identifier) -> Result<Vec<u8>, Error> {
        let id = ReviewId::from_identifier(id);
        let scope = caller.authorise(Permission::ReviewRead)?;
        // Whether it is still there, and who may see it, the database says.
        let mut tx = self.store().read().await?;
        let review = tx.review_get(&scope, id).await?;
        let finished_ms = review.finished_ms.unwrap_or_default();
        let key = CacheKey::new(CacheKind::ReviewResult, format!("{id} {finished_ms}"));
        let read = async {
            let report = tx.review_report(&scope, id).await?;
            report.ok_or(assay_store::Error::NotFound("report"))
        };
        match self.kept(&scope, &key, read).await {
            Ok(report) => Ok(report.to_vec()),
            Err(Some(error)) => Err(error.into()),
            Err(None) => Err(Error::Busy { retry_ms: 1_000 }),
        }
    }

    /// Lists the organisation's reviews, the newest first.
    pub async fn review_list(
        &self,
        caller: &Caller,
        query: ReviewQuery,
        paging: Paging,
    ) -> Result<Vec<ReviewRow>, Error> {
        let scope = caller.authorise(Permission::ReviewRead)?;
        let mut tx = self.store().read_lagging().await?;
        let state = query.state.as_deref().map(ReviewState::parse).transpose();
        let filter = ReviewFilter {
            repository: query.repository.map(RepositoryId::from_identifier),
            pull_request: query.pull_request,
            state: state.map_err(|_| Error::invalid("state", "there is no such state"))?,
        };
        let page = paging.page(ReviewId::from_identifier);
        let rows = tx.review_list(&scope, filter, page).await?;
        Ok(rows.into_iter().map(ReviewRow::from).collect())
    }

    /// Removes a review and what was found.
    pub async fn review_remove(&self, caller: &Caller, id: Identifier) -> Result<(), Error> {
        let id = ReviewId::from_identifier(id);
        let scope = caller.authorise(Permission::ReviewDelete)?;
        let mut tx = self.store().begin().await?;
        tx.review_remove(&scope, id).await?;
        audit(
            &mut tx,
            &scope,
            "review.remove",
            format!("review:{id}"),
            json!({}),
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Keeps what a worker found, and ends its task: both, or, when the worker lost
    /// its lease meanwhile, neither. `follow_up` is queued with it.
    pub async fn review_conclude(
        &self,
        organisation: OrganisationId,
        lease: Lease,
        id: ReviewId,
        recorded: &Recorded,
        follow_up: Option<&assay_store::NewTask>,
    ) -> Result<(), Error> {
        let system = Scope::system("worker");
        let scope = system.within(organisation)?;
        let mut tx = self.store().begin().await?;
        tx.task_hold(&system, lease).await?;
        tx.finding_replace(&scope, id, &recorded.findings).await?;
        tx.metric_replace(&scope, id, &recorded.metrics).await?;
        // It counts the findings, which are there by now.
        tx.review_finish(&scope, id, &recorded.outcome).await?;
        let review = tx.review_get(&scope, id).await?;
        if let Some(follow_up) = follow_up {
            tx.task_enqueue(&scope, follow_up).await?;
        }
        let event = OutgoingEvent::ReviewFinished(Box::new(review.clone()));
        announce(&mut tx, &scope, &event).await?;
        tx.task_complete(&system, lease, None).await?;
        tx.commit().await?;
        let outcome = recorded.outcome.gate.as_deref().unwrap_or("none");
        self.metrics()
            .count(family::REVIEWS, &[&review.origin, outcome]);
        let started_ms = review.started_ms.unwrap_or(review.created_ms);
        let took_ms = (self.now_ms() - started_ms).max(0) as f64;
        self.metrics()
            .observe_ms(family::REVIEW_DURATION, &[&review.origin], took_ms);
        Ok(())
    }
}

fn job_of(request: ExamineRequest) -> ReviewChange {
    let file = |file: ExaminedFile| JobFile {
        path: file.path,
        base: file.base,
        head: file.head,
    };
    ReviewChange {
        review: String::new(),
        base: request.base,
        head: request.head,
        files: request.files.into_iter().map(file).collect(),
    }
}

/// Returns the answer that was kept.
pub(crate) fn kept_answer(kept: &KeptAnswer) -> Result<Analyzed, Error> {
    Ok(Analyzed {
        review: Identifier::parse(&kept.review)?,
        task: Identifier::parse(&kept.task)?,
    })
}
