//! Reviews: what was asked for, how far it is, and what came out.

use assay_auth::{OrganisationId, Scope, TeamId};

use crate::partition::first_of;
use crate::transaction::{Page, organisation_of};
use crate::value::{Row, args};
use crate::word::words;
use crate::{Error, RepositoryId, ReviewEventKind, ReviewId, TaskId, Tx};

/// So large may a kept report be, packed.
const REPORT_BYTES_MAX: usize = 64 << 20;
/// Reports are packed this hard: the usual trade of time for size.
const REPORT_LEVEL: i32 = 3;
/// So large may a report be, unpacked.
const REPORT_UNPACKED_BYTES_MAX: usize = 256 << 20;

words! {
    /// How far a review is.
    ReviewState as "state of a review" {
        /// Its task waits.
        Queued = "queued",
        /// Its task runs.
        Running = "running",
        /// It is finished.
        Done = "done",
        /// It failed for good.
        Failed = "failed",
        /// A newer push made it worthless.
        Superseded = "superseded",
    }
}

/// A review, without its findings and its report.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    /// Which one.
    pub id: ReviewId,
    /// Whose.
    pub organisation: OrganisationId,
    /// Of which repository, if of one that is known.
    pub repository: Option<RepositoryId>,
    /// Of which pull request, if of one.
    pub pull_request: Option<i64>,
    /// What asked for it: a webhook, the API, a comment.
    pub origin: String,
    /// From which revision the change starts.
    pub base_revision: String,
    /// To which revision it leads.
    pub head_revision: String,
    /// How far it is.
    pub state: ReviewState,
    /// The task that does it.
    pub task: Option<TaskId>,
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
    /// When it last changed.
    pub updated_ms: i64,
    /// When its work began.
    pub started_ms: Option<i64>,
    /// When it ended.
    pub finished_ms: Option<i64>,
}

/// A review that is asked for.
#[derive(Clone, Debug)]
pub struct NewReview {
    /// Of which repository, if of one that is known.
    pub repository: Option<RepositoryId>,
    /// Of which pull request, if of one.
    pub pull_request: Option<i64>,
    /// What asked for it: a webhook, the API, a comment.
    pub origin: String,
    /// From which revision the change starts.
    pub base_revision: String,
    /// To which revision it leads.
    pub head_revision: String,
}

/// What came out of a review.
#[derive(Clone, Debug)]
pub struct ReviewOutcome {
    /// The score, from 0 to 100.
    pub score: Option<f64>,
    /// The score as a letter.
    pub grade: Option<String>,
    /// What the gate said.
    pub gate: Option<String>,
    /// The whole report, as it is given out.
    pub report: Vec<u8>,
}

/// Which reviews a list is of.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReviewFilter {
    /// Of one repository.
    pub repository: Option<RepositoryId>,
    /// Of one pull request.
    pub pull_request: Option<i64>,
    /// In one state.
    pub state: Option<ReviewState>,
}

/// What a team's figures need of a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamReview {
    /// Of which repository, if of one that is known.
    pub repository: Option<RepositoryId>,
    /// Of which pull request, if of one.
    pub pull_request: Option<i64>,
    /// How far it is.
    pub state: ReviewState,
    /// What the gate said.
    pub gate: Option<String>,
    /// How many findings it has.
    pub findings: i64,
    /// When it was asked for.
    pub created_ms: i64,
    /// When its work began.
    pub started_ms: Option<i64>,
    /// When it ended.
    pub finished_ms: Option<i64>,
}

/// A login at a forge is of at most so many bytes; a longer one is of nobody here.
const AUTHOR_BYTES_MAX: usize = 255;
/// A team's figures are of so many reviews, the newest.
const TEAM_REVIEWS_MAX: i64 = 20_000;
const REVIEW: &str = "review";
/// All but the report, which is large.
macro_rules! columns {
    () => {
        "id, organisation_id, repository_id, pull_request, origin, base_revision, \
         head_revision, state, task_id, score, grade, gate, findings, problem, created_ms, \
         updated_ms, started_ms, finished_ms"
    };
}

fn review(row: &Row) -> Result<Review, Error> {
    Ok(Review {
        id: row.id("id")?,
        organisation: row.id("organisation_id")?,
        repository: row.id_or_none("repository_id")?,
        pull_request: row.get("pull_request")?,
        origin: row.get("origin")?,
        base_revision: row.get("base_revision")?,
        head_revision: row.get("head_revision")?,
        state: ReviewState::parse(&row.get::<String>("state")?)?,
        task: row.id_or_none("task_id")?,
        score: row.get("score")?,
        grade: row.get("grade")?,
        gate: row.get("gate")?,
        findings: row.get("findings")?,
        problem: row.get("problem")?,
        created_ms: row.get("created_ms")?,
        updated_ms: row.get("updated_ms")?,
        started_ms: row.get("started_ms")?,
        finished_ms: row.get("finished_ms")?,
    })
}

pub(crate) const GET: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM review WHERE id = $1 AND organisation_id = coalesce($2, organisation_id)"
);

impl Tx {
    /// Asks for a review in the scope's organisation.
    pub async fn review_insert(
        &mut self,
        scope: &Scope,
        new: &NewReview,
    ) -> Result<ReviewId, Error> {
        let organisation = organisation_of(scope)?;
        let id = ReviewId::new(self.store.clock(), self.store.randomness());
        let sql = "INSERT INTO review (id, organisation_id, repository_id, pull_request, origin, \
                   base_revision, head_revision, state, findings, created_ms, updated_ms) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', 0, $8, $8)";
        let args = args![
            id,
            organisation,
            new.repository,
            new.pull_request,
            &new.origin,
            &new.base_revision,
            &new.head_revision,
            self.now_ms(),
        ];
        self.execute(sql, args).await?;
        self.review_event_insert(scope, id, ReviewEventKind::Queued, "{}")
            .await?;
        Ok(id)
    }

    /// Returns a review.
    pub async fn review_get(&mut self, scope: &Scope, id: ReviewId) -> Result<Review, Error> {
        let found = self
            .find(GET, args![id, scope.organisation()], review)
            .await?;
        found.ok_or(Error::NotFound(REVIEW))
    }

    /// Lists the reviews of the scope's organisation.
    pub async fn review_list(
        &mut self,
        scope: &Scope,
        filter: ReviewFilter,
        page: Page<ReviewId>,
    ) -> Result<Vec<Review>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM review WHERE organisation_id = $1 \
             AND ($2 IS NULL OR repository_id = $2) AND ($3 IS NULL OR pull_request = $3) \
             AND ($4 IS NULL OR state = $4) AND ($5 IS NULL OR id < $5) \
             ORDER BY id DESC LIMIT $6"
        );
        let args = args![
            organisation,
            filter.repository,
            filter.pull_request,
            filter.state,
            page.after,
            page.limit(),
        ];
        self.list(sql, args, review).await
    }

    /// Returns the newest finished review of a pull request.
    pub async fn review_last(
        &mut self,
        scope: &Scope,
        repository: RepositoryId,
        pull_request: i64,
    ) -> Result<Option<Review>, Error> {
        let filter = ReviewFilter {
            repository: Some(repository),
            pull_request: Some(pull_request),
            state: Some(ReviewState::Done),
        };
        let found = self.review_list(scope, filter, Page::first(1)).await?;
        Ok(found.into_iter().next())
    }

    /// Says which task does the review.
    pub async fn review_set_task(
        &mut self,
        scope: &Scope,
        id: ReviewId,
        task: TaskId,
    ) -> Result<(), Error> {
        let sql = "UPDATE review SET task_id = $3, updated_ms = $4 WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        let args = args![id, scope.organisation(), task, self.now_ms()];
        self.touch(REVIEW, sql, args).await
    }

    /// Says on whose change the review is, as the forge calls them.
    pub async fn review_set_author(
        &mut self,
        scope: &Scope,
        id: ReviewId,
        login: &str,
    ) -> Result<(), Error> {
        let login = Some(login).filter(|login| login.len() <= AUTHOR_BYTES_MAX);
        let sql = "UPDATE review SET author_login = $3 WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        let args = args![id, scope.organisation(), login];
        self.touch(REVIEW, sql, args).await
    }

    /// Lists the reviews since a time of what the people of a team changed, the newest
    /// first. Who they are at the forge, their logins say.
    pub async fn review_list_of_team(
        &mut self,
        scope: &Scope,
        team: TeamId,
        since_ms: i64,
    ) -> Result<Vec<TeamReview>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT repository_id, pull_request, state, gate, findings, created_ms, \
                   started_ms, finished_ms FROM review \
                   WHERE organisation_id = $1 AND id >= $3 AND created_ms >= $4 \
                   AND lower(author_login) IN (SELECT lower(u.login) FROM team_member AS m \
                   JOIN user_account AS u ON u.id = m.user_id \
                   WHERE m.organisation_id = $1 AND m.team_id = $2) ORDER BY id DESC LIMIT $5";
        let first = first_of(since_ms);
        let args = args![organisation, team, first, since_ms, TEAM_REVIEWS_MAX];
        self.list(sql, args, |row| {
            Ok(TeamReview {
                repository: row.id_or_none("repository_id")?,
                pull_request: row.get("pull_request")?,
                state: ReviewState::parse(&row.get::<String>("state")?)?,
                gate: row.get("gate")?,
                findings: row.get("findings")?,
                created_ms: row.get("created_ms")?,
                started_ms: row.get("started_ms")?,
                finished_ms: row.get("finished_ms")?,
            })
        })
        .await
    }

    /// Says that the work on a review began. One that ended stays as it is.
    pub async fn review_start(&mut self, scope: &Scope, id: ReviewId) -> Result<(), Error> {
        let sql = "UPDATE review SET state = 'running', updated_ms = $3, \
                   started_ms = coalesce(started_ms, $3) WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id) \
                   AND state IN ('queued', 'running')";
        let args = args![id, scope.organisation(), self.now_ms()];
        self.touch(REVIEW, sql, args).await?;
        self.review_event_insert(scope, id, ReviewEventKind::Started, "{}")
            .await
    }

    /// Keeps what came out of a review. Its findings are kept before, in the same
    /// transaction.
    pub async fn review_finish(
        &mut self,
        scope: &Scope,
        id: ReviewId,
        outcome: &ReviewOutcome,
    ) -> Result<(), Error> {
        let report = zstd::bulk::compress(&outcome.report, REPORT_LEVEL)
            .map_err(|why| Error::corrupt("report", why))?;
        if report.len() > REPORT_BYTES_MAX || outcome.report.len() > REPORT_UNPACKED_BYTES_MAX {
            return Err(Error::Invalid("the report is too large".to_owned()));
        }
        let sql = "UPDATE review SET state = 'done', score = $3, grade = $4, gate = $5, \
                   report = $6, problem = NULL, updated_ms = $7, finished_ms = $7, \
                   findings = (SELECT count(*) FROM finding WHERE review_id = $1) WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        let args = args![
            id,
            scope.organisation(),
            outcome.score,
            outcome.grade.clone(),
            outcome.gate.clone(),
            report,
            self.now_ms(),
        ];
        self.touch(REVIEW, sql, args).await?;
        self.review_event_insert(scope, id, ReviewEventKind::Finished, "{}")
            .await?;
        self.review_found_forget(scope, id).await
    }

    /// Says that a review ended without a result. One that is done stays done.
    pub async fn review_abandon(
        &mut self,
        scope: &Scope,
        id: ReviewId,
        state: ReviewState,
        problem: &str,
    ) -> Result<(), Error> {
        let sql = "UPDATE review SET state = $3, problem = $4, updated_ms = $5, finished_ms = $5 \
                   WHERE id = $1 AND organisation_id = coalesce($2, organisation_id) \
                   AND state <> 'done'";
        let args = args![id, scope.organisation(), state, problem, self.now_ms()];
        self.touch(REVIEW, sql, args).await?;
        let kind = match state {
            ReviewState::Superseded => ReviewEventKind::Superseded,
            _ => ReviewEventKind::Failed,
        };
        self.review_event_insert(scope, id, kind, "{}").await
    }

    /// Makes the reviews of a pull request that are not finished worthless, all but
    /// one; returns how many.
    pub async fn review_supersede(
        &mut self,
        scope: &Scope,
        repository: RepositoryId,
        pull_request: i64,
        except: ReviewId,
    ) -> Result<u64, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "UPDATE review SET state = 'superseded', updated_ms = $5, finished_ms = $5 \
                   WHERE organisation_id = $1 AND repository_id = $2 AND pull_request = $3 \
                   AND id <> $4 AND id < $4 AND state IN ('queued', 'running') \
                   RETURNING id";
        let args = args![
            organisation,
            repository,
            pull_request,
            except,
            self.now_ms()
        ];
        let over: Vec<ReviewId> = self.list(sql, args, |row| row.id("id")).await?;
        for id in &over {
            self.review_event_insert(scope, *id, ReviewEventKind::Superseded, "{}")
                .await?;
        }
        Ok(over.len() as u64)
    }

    /// Returns the report of a review, as it was kept.
    pub async fn review_report(
        &mut self,
        scope: &Scope,
        id: ReviewId,
    ) -> Result<Option<Vec<u8>>, Error> {
        let sql = "SELECT report FROM review WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        let args = args![id, scope.organisation()];
        let found = self.find(sql, args, |row| row.get::<Option<Vec<u8>>>("report"));
        let packed = found.await?.ok_or(Error::NotFound(REVIEW))?;
        let unpack = |packed: Vec<u8>| {
            let size = zstd::zstd_safe::get_frame_content_size(&packed)
                .ok()
                .flatten();
            let size = usize::try_from(size.unwrap_or(0)).unwrap_or(usize::MAX);
            if size > REPORT_UNPACKED_BYTES_MAX {
                return Err(Error::corrupt("report", "it is too large"));
            }
            zstd::bulk::decompress(&packed, size).map_err(|why| Error::corrupt("report", why))
        };
        packed.map(unpack).transpose()
    }

    /// Takes a review away, with its findings and its report.
    pub async fn review_remove(&mut self, scope: &Scope, id: ReviewId) -> Result<(), Error> {
        let sql = "DELETE FROM review WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        self.touch(REVIEW, sql, args![id, scope.organisation()])
            .await
    }
}
