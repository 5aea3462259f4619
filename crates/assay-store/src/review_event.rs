//! What happens to reviews, for those who look on: kept in the transaction that makes
//! it happen, numbered, and told to whoever waits in any process.

use assay_auth::Scope;

use crate::transaction::Page;
use crate::value::{Row, args};
use crate::word::words;
use crate::{Error, FindingId, ReviewId, Tx};

/// The channel on which PostgreSQL tells other processes.
pub(crate) const CHANNEL: &str = "assay_review";
/// So often may another transaction come first with an event.
const RACES_MAX: u32 = 5;
/// So many events on its way a review has at most; what comes after is not kept.
const NUMBER_MAX: i64 = 5_000;

pub(crate) const LIST: &str = "SELECT * FROM review_event WHERE review_id = $1 \
     AND organisation_id = coalesce($2, organisation_id) AND number > $3 \
     ORDER BY number LIMIT $4";

words! {
    /// What happened to a review.
    ReviewEventKind as "event of a review" {
        /// It was asked for.
        Queued = "queued",
        /// Its work began, perhaps once more.
        Started = "started",
        /// Some of its work is done.
        Progress = "progress",
        /// Something was found, or what was found does not hold; only until the review is
        /// done, when its findings take the place of all that was found on the way.
        Found = "found",
        /// It is finished.
        Finished = "finished",
        /// It failed for good.
        Failed = "failed",
        /// A newer push made it worthless.
        Superseded = "superseded",
    }
}

impl ReviewEventKind {
    /// Returns whether nothing comes after it.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Superseded)
    }
}

/// Something that happened to a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewEvent {
    /// Its place among the review's events, from 1.
    pub number: i64,
    /// What happened.
    pub kind: ReviewEventKind,
    /// More about it, as JSON.
    pub detail: String,
    /// When.
    pub created_ms: i64,
}

fn event(row: &Row) -> Result<ReviewEvent, Error> {
    Ok(ReviewEvent {
        number: row.get("number")?,
        kind: ReviewEventKind::parse(&row.get::<String>("kind")?)?,
        detail: row.get("detail")?,
        created_ms: row.get("created_ms")?,
    })
}

impl Tx {
    /// Keeps what happened to a review.
    pub(crate) async fn review_event_insert(
        &mut self,
        scope: &Scope,
        review: ReviewId,
        kind: ReviewEventKind,
        detail: &str,
    ) -> Result<(), Error> {
        // The number is the next one, whatever number that is.
        let sql = "INSERT INTO review_event (organisation_id, review_id, number, kind, detail, \
                   created_ms) SELECT r.organisation_id, r.id, (SELECT coalesce(max(e.number), 0) \
                   + 1 FROM review_event AS e WHERE e.review_id = r.id), $3, $4, $5 \
                   FROM review AS r WHERE r.id = $1 \
                   AND r.organisation_id = coalesce($2, r.organisation_id) \
                   ON CONFLICT DO NOTHING";
        for _ in 0..RACES_MAX {
            let args = args![
                review,
                scope.organisation(),
                kind.name(),
                detail,
                self.now_ms()
            ];
            if self.execute(sql, args).await? > 0 {
                self.review_announce();
                return Ok(());
            }
            // Another transaction took the number; what it wrote is seen by now.
        }
        Err(Error::Busy(None))
    }

    /// Keeps how far a review is or what it found so far; past some number of events it is
    /// not kept.
    pub async fn review_tell(
        &mut self,
        scope: &Scope,
        review: ReviewId,
        kind: ReviewEventKind,
        detail: &str,
    ) -> Result<(), Error> {
        let sql = "SELECT count(*) AS count FROM review_event WHERE review_id = $1";
        if self.count(sql, args![review]).await? >= NUMBER_MAX {
            return Ok(());
        }
        self.review_event_insert(scope, review, kind, detail).await
    }

    /// Forgets what was found on the way of a review that has its findings. The event of
    /// its end is there already, so that no number is given out again.
    pub(crate) async fn review_found_forget(
        &mut self,
        scope: &Scope,
        review: ReviewId,
    ) -> Result<(), Error> {
        let sql = "DELETE FROM review_event WHERE review_id = $1 \
                   AND organisation_id = coalesce($2, organisation_id) AND kind = $3";
        let args = args![review, scope.organisation(), ReviewEventKind::Found.name()];
        self.execute(sql, args).await?;
        Ok(())
    }

    /// Lists what happened to a review after a number, the oldest first.
    pub async fn review_event_list(
        &mut self,
        scope: &Scope,
        review: ReviewId,
        after: i64,
        rows_max: u32,
    ) -> Result<Vec<ReviewEvent>, Error> {
        let limit = Page::<FindingId>::first(rows_max).limit();
        let args = args![review, scope.organisation(), after, limit];
        self.list(LIST, args, event).await
    }
}
