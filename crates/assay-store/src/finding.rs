//! What reviews found, and the numbers they measured.

use assay_auth::Scope;

use crate::transaction::{Page, organisation_of};
use crate::value::{Row, args};
use crate::word::words;
use crate::{Error, FindingId, RepositoryId, ReviewId, Tx};

/// So many findings of one review are kept.
const FINDINGS_MAX: usize = 20_000;
/// So many numbers of one review are kept.
const METRICS_MAX: usize = 1_000;

words! {
    /// Whether a change brought a finding.
    FindingOrigin as "origin of a finding" {
        /// It did.
        Introduced = "introduced",
        /// It was there before.
        Existing = "existing",
    }
}

/// A finding of a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which one.
    pub id: FindingId,
    /// Of which review.
    pub review: ReviewId,
    /// What is found.
    pub found: NewFinding,
    /// When it was kept.
    pub created_ms: i64,
}

/// A finding that is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFinding {
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
    pub origin: FindingOrigin,
    /// In which file; a path is bytes.
    pub path: Vec<u8>,
    /// From which line on.
    pub line_start: i64,
    /// Up to which line.
    pub line_end: i64,
    /// What it says.
    pub message: String,
    /// The whole finding, as JSON.
    pub detail: String,
}

/// Which findings a list is of.
#[derive(Clone, Debug, Default)]
pub struct FindingFilter {
    /// Of one review.
    pub review: Option<ReviewId>,
    /// Of one rule.
    pub rule: Option<String>,
    /// Of one severity.
    pub severity: Option<String>,
    /// Of reviews of one repository.
    pub repository: Option<RepositoryId>,
    /// Of one category.
    pub category: Option<String>,
    /// Whether a change brought them.
    pub origin: Option<FindingOrigin>,
    /// In one file.
    pub path: Option<Vec<u8>>,
    /// Of one identity.
    pub fingerprint: Option<String>,
}

/// A number at one review of a repository.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricPoint {
    /// The review that measured it.
    pub review: ReviewId,
    /// Of which pull request, if of one.
    pub pull_request: Option<i64>,
    /// To which revision.
    pub head_revision: String,
    /// When the review ended.
    pub finished_ms: i64,
    /// How much.
    pub value: f64,
}

/// The name under which the score is asked for like a number.
const SCORE: &str = "score";
const FINDING: &str = "finding";

pub(crate) const LIST_OF_REVIEW: &str = "SELECT * FROM finding WHERE review_id = $1 \
     AND organisation_id = coalesce($2, organisation_id) \
     AND ($3 IS NULL OR id < $3) ORDER BY id DESC LIMIT $4";
pub(crate) const METRICS: &str = "SELECT name, value FROM metric WHERE review_id = $1 \
     AND organisation_id = coalesce($2, organisation_id) ORDER BY name";

fn finding(row: &Row) -> Result<Finding, Error> {
    Ok(Finding {
        id: row.id("id")?,
        review: row.id("review_id")?,
        found: NewFinding {
            fingerprint: row.get("fingerprint")?,
            rule: row.get("rule")?,
            severity: row.get("severity")?,
            confidence: row.get("confidence")?,
            category: row.get("category")?,
            origin: FindingOrigin::parse(&row.get::<String>("origin")?)?,
            path: row.get("path")?,
            line_start: row.get("line_start")?,
            line_end: row.get("line_end")?,
            message: row.get("message")?,
            detail: row.get("detail")?,
        },
        created_ms: row.get("created_ms")?,
    })
}

impl Tx {
    /// Keeps the findings of a review of the scope's organisation, in place of what
    /// an attempt before kept.
    pub async fn finding_replace(
        &mut self,
        scope: &Scope,
        review: ReviewId,
        findings: &[NewFinding],
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        if findings.len() > FINDINGS_MAX {
            return Err(Error::Invalid(format!(
                "a review keeps {FINDINGS_MAX} findings at most"
            )));
        }
        // It is seen first, so that a stranger's review is not there.
        self.review_get(scope, review).await?;
        let sql = "DELETE FROM finding WHERE review_id = $1 AND organisation_id = $2";
        self.execute(sql, args![review, organisation]).await?;
        let sql = "INSERT INTO finding (id, organisation_id, review_id, fingerprint, rule, \
                   severity, confidence, category, origin, path, line_start, line_end, message, \
                   detail, created_ms) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
                   ON CONFLICT (review_id, fingerprint) DO NOTHING";
        let now_ms = self.now_ms();
        for new in findings {
            let args = args![
                FindingId::new(self.store.clock(), self.store.randomness()),
                organisation,
                review,
                &new.fingerprint,
                &new.rule,
                &new.severity,
                &new.confidence,
                &new.category,
                new.origin,
                new.path.clone(),
                new.line_start,
                new.line_end,
                &new.message,
                &new.detail,
                now_ms,
            ];
            self.execute(sql, args).await?;
        }
        Ok(())
    }

    /// Returns a finding.
    pub async fn finding_get(&mut self, scope: &Scope, id: FindingId) -> Result<Finding, Error> {
        let sql = "SELECT * FROM finding WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        let found = self
            .find(sql, args![id, scope.organisation()], finding)
            .await?;
        found.ok_or(Error::NotFound(FINDING))
    }

    /// Lists findings of the scope's organisation.
    pub async fn finding_list(
        &mut self,
        scope: &Scope,
        filter: &FindingFilter,
        page: Page<FindingId>,
    ) -> Result<Vec<Finding>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM finding WHERE organisation_id = $1 \
                   AND ($2 IS NULL OR review_id = $2) AND ($3 IS NULL OR rule = $3) \
                   AND ($4 IS NULL OR severity = $4) AND ($5 IS NULL OR category = $5) \
                   AND ($6 IS NULL OR origin = $6) AND ($7 IS NULL OR path = $7) \
                   AND ($8 IS NULL OR fingerprint = $8) \
                   AND ($9 IS NULL OR review_id IN (SELECT id FROM review \
                   WHERE repository_id = $9 AND organisation_id = $1)) \
                   AND ($10 IS NULL OR id < $10) ORDER BY id DESC LIMIT $11";
        let args = args![
            organisation,
            filter.review,
            filter.rule.clone(),
            filter.severity.clone(),
            filter.category.clone(),
            filter.origin,
            filter.path.clone(),
            filter.fingerprint.clone(),
            filter.repository,
            page.after,
            page.limit(),
        ];
        self.list(sql, args, finding).await
    }

    /// Lists the findings of a review, the newest first.
    pub async fn finding_list_of_review(
        &mut self,
        scope: &Scope,
        review: ReviewId,
        page: Page<FindingId>,
    ) -> Result<Vec<Finding>, Error> {
        let args = args![review, scope.organisation(), page.after, page.limit()];
        self.list(LIST_OF_REVIEW, args, finding).await
    }

    /// Lists findings of a review after one, the oldest first.
    pub async fn finding_list_after(
        &mut self,
        scope: &Scope,
        review: ReviewId,
        after: Option<FindingId>,
        rows_max: u32,
    ) -> Result<Vec<Finding>, Error> {
        let sql = "SELECT * FROM finding WHERE review_id = $1 \
                   AND organisation_id = coalesce($2, organisation_id) \
                   AND ($3 IS NULL OR id > $3) ORDER BY id LIMIT $4";
        let limit = Page::<FindingId>::first(rows_max).limit();
        let args = args![review, scope.organisation(), after, limit];
        self.list(sql, args, finding).await
    }

    /// Returns the newest finding of a pull request whose fingerprint begins so.
    pub async fn finding_find(
        &mut self,
        scope: &Scope,
        repository: RepositoryId,
        pull_request: i64,
        fingerprint: &str,
    ) -> Result<Option<Finding>, Error> {
        let organisation = organisation_of(scope)?;
        // Fingerprints are of small hexadecimal digits, which come before `g`.
        let sql = "SELECT finding.* FROM finding JOIN review ON review.id = finding.review_id \
                   WHERE finding.organisation_id = $1 AND review.organisation_id = $1 \
                   AND review.repository_id = $2 AND review.pull_request = $3 \
                   AND finding.fingerprint >= $4 AND finding.fingerprint < $5 \
                   ORDER BY finding.id DESC LIMIT 1";
        let args = args![
            organisation,
            repository,
            pull_request,
            fingerprint,
            format!("{fingerprint}g"),
        ];
        self.find(sql, args, finding).await
    }

    /// Keeps the numbers of a review of the scope's organisation, in place of what
    /// an attempt before kept.
    pub async fn metric_replace(
        &mut self,
        scope: &Scope,
        review: ReviewId,
        metrics: &[(String, f64)],
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        if metrics.len() > METRICS_MAX {
            return Err(Error::Invalid(format!(
                "a review keeps {METRICS_MAX} numbers at most"
            )));
        }
        self.review_get(scope, review).await?;
        let sql = "DELETE FROM metric WHERE review_id = $1 AND organisation_id = $2";
        self.execute(sql, args![review, organisation]).await?;
        let sql = "INSERT INTO metric (organisation_id, review_id, name, value) \
                   VALUES ($1, $2, $3, $4) ON CONFLICT (review_id, name) DO NOTHING";
        for (name, value) in metrics {
            let args = args![organisation, review, name, *value];
            self.execute(sql, args).await?;
        }
        Ok(())
    }

    /// Lists the numbers of a review.
    pub async fn metric_list(
        &mut self,
        scope: &Scope,
        review: ReviewId,
    ) -> Result<Vec<(String, f64)>, Error> {
        let args = args![review, scope.organisation()];
        self.list(METRICS, args, |row| {
            Ok((row.get("name")?, row.get("value")?))
        })
        .await
    }

    /// Lists how a number of a repository of the scope's organisation went, the newest
    /// review first; `score` is the score.
    pub async fn metric_history(
        &mut self,
        scope: &Scope,
        repository: RepositoryId,
        name: &str,
        page: Page<ReviewId>,
    ) -> Result<Vec<MetricPoint>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT r.id, r.pull_request, r.head_revision, r.finished_ms, \
                   coalesce(m.value, r.score) AS value FROM review AS r \
                   LEFT JOIN metric AS m ON m.review_id = r.id AND m.name = $3 \
                   WHERE r.organisation_id = $1 AND r.repository_id = $2 AND r.state = 'done' \
                   AND (m.value IS NOT NULL OR ($3 = $4 AND r.score IS NOT NULL)) \
                   AND ($5 IS NULL OR r.id < $5) ORDER BY r.id DESC LIMIT $6";
        let args = args![
            organisation,
            repository,
            name,
            SCORE,
            page.after,
            page.limit()
        ];
        self.list(sql, args, |row| {
            Ok(MetricPoint {
                review: row.id("id")?,
                pull_request: row.get("pull_request")?,
                head_revision: row.get("head_revision")?,
                finished_ms: row.get("finished_ms")?,
                value: row.get("value")?,
            })
        })
        .await
    }
}
