//! What calls of language models took: tokens, money, time.

use assay_auth::{Scope, TeamId, UserId};

use crate::partition::first_of;
use crate::transaction::organisation_of;
use crate::value::args;
use crate::{Error, ModelUsageId, ReviewId, Tx};

/// One call of a model.
#[derive(Clone, Debug)]
pub struct ModelUsage {
    /// For which review.
    pub review: Option<ReviewId>,
    /// For whom.
    pub user: Option<UserId>,
    /// For which team.
    pub team: Option<TeamId>,
    /// Who sells it.
    pub provider: String,
    /// Which one.
    pub model: String,
    /// For what.
    pub purpose: String,
    /// Tokens that went in.
    pub prompt_tokens: i64,
    /// Tokens that came out.
    pub completion_tokens: i64,
    /// What it cost, in millionths of a dollar.
    pub cost_micros: i64,
    /// Whether the answer was kept from before.
    pub is_cached: bool,
    /// How long it took.
    pub duration_ms: i64,
}

/// What a model took in a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageTotal {
    /// Who sells it.
    pub provider: String,
    /// Which one.
    pub model: String,
    /// How often it was called.
    pub calls: i64,
    /// Tokens that went in.
    pub prompt_tokens: i64,
    /// Tokens that came out.
    pub completion_tokens: i64,
    /// What it cost, in millionths of a dollar.
    pub cost_micros: i64,
}

/// The identifiers say which months are looked into.
pub(crate) const TOTAL: &str = "SELECT provider, model, count(*) AS calls, \
     CAST(sum(prompt_tokens) AS BIGINT) AS prompt_tokens, \
     CAST(sum(completion_tokens) AS BIGINT) AS completion_tokens, \
     CAST(sum(cost_micros) AS BIGINT) AS cost_micros FROM model_usage \
     WHERE organisation_id = $1 AND created_ms >= $2 AND created_ms < $3 \
     AND id >= $4 AND id < $5 \
     GROUP BY provider, model ORDER BY provider, model LIMIT 1000";
/// A clock that jumps by more between two lines is not the machine's.
const CLOCK_JUMP_MS: i64 = 60 * 60_000;

impl Tx {
    /// Keeps what a call took, in the scope's organisation.
    pub async fn model_usage_insert(
        &mut self,
        scope: &Scope,
        new: &ModelUsage,
    ) -> Result<ModelUsageId, Error> {
        let organisation = organisation_of(scope)?;
        let id = ModelUsageId::new(self.store.clock(), self.store.randomness());
        let sql = "INSERT INTO model_usage (id, organisation_id, review_id, user_id, team_id, \
                   provider, model, purpose, prompt_tokens, completion_tokens, cost_micros, \
                   is_cached, duration_ms, created_ms) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
        let args = args![
            id,
            organisation,
            new.review,
            new.user,
            new.team,
            &new.provider,
            &new.model,
            &new.purpose,
            new.prompt_tokens,
            new.completion_tokens,
            new.cost_micros,
            new.is_cached,
            new.duration_ms,
            self.now_ms(),
        ];
        self.execute(sql, args).await?;
        Ok(id)
    }

    /// Adds up what the scope's organisation used from one time to before another,
    /// by model.
    pub async fn model_usage_total(
        &mut self,
        scope: &Scope,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Vec<UsageTotal>, Error> {
        let organisation = organisation_of(scope)?;
        // An identifier is made a little before or, with a clock that jumps, after.
        let first = first_of(from_ms.saturating_sub(CLOCK_JUMP_MS));
        let last = first_of(to_ms.saturating_add(CLOCK_JUMP_MS));
        let args = args![organisation, from_ms, to_ms, first, last];
        self.list(TOTAL, args, |row| {
            Ok(UsageTotal {
                provider: row.get("provider")?,
                model: row.get("model")?,
                calls: row.get("calls")?,
                prompt_tokens: row.get("prompt_tokens")?,
                completion_tokens: row.get("completion_tokens")?,
                cost_micros: row.get("cost_micros")?,
            })
        })
        .await
    }
}
