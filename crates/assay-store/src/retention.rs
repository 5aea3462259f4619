//! How long things are kept that nobody needs any more.

use assay_auth::Scope;

use crate::partition::first_of;
use crate::transaction::system_only;
use crate::value::args;
use crate::{Error, Tx};

/// So many rows of a table go in one transaction, so that none is held long.
const ROWS_MAX: i64 = 2_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// For how long things are kept after they ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Tasks and what came out of them.
    pub tasks_ms: i64,
    /// Deliveries and their texts, and what other tools found.
    pub deliveries_ms: i64,
    /// Reviews with their findings and reports, questions with their answers, suggestions.
    pub reviews_ms: i64,
    /// Tries to tell outgoing webhooks.
    pub attempts_ms: i64,
    /// What calls of models took.
    pub usage_ms: i64,
}

impl Default for Retention {
    /// Keeps results of tasks for 60 days, reviews for two years.
    fn default() -> Self {
        Self {
            tasks_ms: 60 * DAY_MS,
            deliveries_ms: 30 * DAY_MS,
            reviews_ms: 730 * DAY_MS,
            attempts_ms: 30 * DAY_MS,
            usage_ms: 730 * DAY_MS,
        }
    }
}

impl Retention {
    /// Keeps nothing that is over.
    pub fn nothing_kept() -> Self {
        Self {
            tasks_ms: 0,
            deliveries_ms: 0,
            reviews_ms: 0,
            attempts_ms: 0,
            usage_ms: 0,
        }
    }
}

impl Tx {
    /// Removes what is older than it is to be kept; returns how many rows. When it
    /// removed any there may be more: it is to be called again, in a transaction
    /// of its own.
    pub async fn retention_run(
        &mut self,
        scope: &Scope,
        retention: &Retention,
    ) -> Result<u64, Error> {
        system_only(scope)?;
        let now_ms = self.now_ms();
        let before = |kept_ms: i64| now_ms.saturating_sub(kept_ms);
        let statements = [
            (
                "DELETE FROM task WHERE id IN (SELECT id FROM task WHERE finished_ms <= $1 \
                 AND state IN ('done', 'dead', 'superseded', 'cancelled') LIMIT $2)",
                before(retention.tasks_ms),
            ),
            (
                "DELETE FROM delivery WHERE id IN (SELECT id FROM delivery \
                 WHERE finished_ms <= $1 AND state <> 'accepted' LIMIT $2)",
                before(retention.deliveries_ms),
            ),
            (
                "DELETE FROM review WHERE id IN (SELECT id FROM review WHERE finished_ms <= $1 \
                 AND state IN ('done', 'failed', 'superseded') LIMIT $2)",
                before(retention.reviews_ms),
            ),
            (
                "DELETE FROM question WHERE id IN (SELECT id FROM question \
                 WHERE finished_ms <= $1 LIMIT $2)",
                before(retention.reviews_ms),
            ),
            (
                "DELETE FROM suggestion WHERE (repository_id, pull_request, fingerprint) IN \
                 (SELECT repository_id, pull_request, fingerprint FROM suggestion \
                 WHERE updated_ms <= $1 LIMIT $2)",
                before(retention.reviews_ms),
            ),
            (
                "DELETE FROM outgoing_webhook_attempt WHERE id IN (SELECT id \
                 FROM outgoing_webhook_attempt WHERE created_ms <= $1 LIMIT $2)",
                before(retention.attempts_ms),
            ),
            (
                "DELETE FROM outside_import WHERE id IN (SELECT id FROM outside_import \
                 WHERE created_ms <= $1 LIMIT $2)",
                before(retention.deliveries_ms),
            ),
            (
                "DELETE FROM login WHERE id IN (SELECT id FROM login \
                 WHERE expires_ms <= $1 LIMIT $2)",
                now_ms,
            ),
            (
                "DELETE FROM login_attempt WHERE state_hash IN (SELECT state_hash \
                 FROM login_attempt WHERE expires_ms <= $1 LIMIT $2)",
                now_ms,
            ),
            (
                "DELETE FROM idempotency_key WHERE (organisation_id, name) IN \
                 (SELECT organisation_id, name FROM idempotency_key WHERE expires_ms <= $1 \
                 LIMIT $2)",
                now_ms,
            ),
        ];
        let mut removed = 0;
        for (sql, before_ms) in statements {
            removed += self.execute(sql, args![before_ms, ROWS_MAX]).await?;
        }
        // An identifier begins with its time, and there is an index of it.
        let sql = "DELETE FROM model_usage WHERE id IN (SELECT id FROM model_usage \
                   WHERE id < $1 LIMIT $2)";
        let first = first_of(before(retention.usage_ms));
        removed += self.execute(sql, args![first, ROWS_MAX]).await?;
        Ok(removed)
    }
}
