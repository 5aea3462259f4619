//! What calls of language models took: tokens, money, time.

use assay_auth::{Scope, TeamId, UserId};

use crate::partition::first_of;
use crate::transaction::organisation_of;
use crate::value::{Row, args};
use crate::{Engine, Error, ModelUsageId, RepositoryId, Review, ReviewId, Tx};

/// One call of a model.
#[derive(Clone, Debug)]
pub struct ModelUsage {
    /// For which review.
    pub review: Option<ReviewId>,
    /// For whom.
    pub user: Option<UserId>,
    /// For which team.
    pub team: Option<TeamId>,
    /// For which repository.
    pub repository: Option<RepositoryId>,
    /// On whose change, as the forge calls them.
    pub user_login: Option<String>,
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
    /// The same in billionths.
    pub cost_nanos: i64,
    /// Whether an answer came.
    pub is_answered: bool,
    /// Whether the answer was kept from before.
    pub is_cached: bool,
    /// How long it took.
    pub duration_ms: i64,
}

/// A call of a model, as it was kept.
#[derive(Clone, Debug)]
pub struct ModelCall {
    /// What it took.
    pub call: ModelUsage,
    /// When it was kept.
    pub created_ms: i64,
}

/// So many calls of a review are listed.
const CALLS_MAX: i64 = 2_000;
/// What a review's calls took is written down so long after its end at most.
const WRITTEN_MS: i64 = 24 * 60 * 60_000;

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

/// By what calls are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageBy {
    /// Each call by itself, the newest first.
    Call,
    /// Reviews.
    Review,
    /// Repositories.
    Repository,
    /// Those whose changes were reviewed.
    User,
    /// Teams.
    Team,
    /// Models.
    Model,
    /// What was asked for.
    Purpose,
    /// Days, in UTC.
    Day,
    /// Months, in UTC.
    Month,
}

/// What was used by one of those by whom calls are added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRow {
    /// Who or what it is; none where nobody knows.
    pub key: Option<String>,
    /// How often a model was called.
    pub calls: i64,
    /// How often no answer came.
    pub failed: i64,
    /// Tokens that went in.
    pub prompt_tokens: i64,
    /// Tokens that came out.
    pub completion_tokens: i64,
    /// What it cost, in billionths of a dollar.
    pub cost_nanos: i64,
}

/// Adds up calls by an expression, the first thousand of them.
macro_rules! usage_sql {
    ($key:literal, $order:literal) => {
        concat!(
            "SELECT ",
            $key,
            " AS key, count(*) AS calls, \
             CAST(sum(CASE WHEN is_answered THEN 0 ELSE 1 END) AS BIGINT) AS failed, \
             CAST(sum(prompt_tokens) AS BIGINT) AS prompt_tokens, \
             CAST(sum(completion_tokens) AS BIGINT) AS completion_tokens, \
             CAST(sum(CASE WHEN cost_nanos > 0 THEN cost_nanos ELSE cost_micros * 1000 END) \
             AS BIGINT) AS cost_nanos FROM model_usage \
             WHERE organisation_id = $1 AND created_ms >= $2 AND created_ms < $3 \
             AND id >= $4 AND id < $5 GROUP BY ",
            $key,
            " ORDER BY ",
            $order,
            " LIMIT 1000"
        )
    };
}

/// Returns the query that adds calls up.
fn usage_query(by: UsageBy, engine: Engine) -> &'static str {
    match (by, engine) {
        (UsageBy::Call, _) => usage_sql!("id", "1 DESC"),
        (UsageBy::Review, _) => usage_sql!("review_id", "6 DESC, 1"),
        (UsageBy::Repository, _) => usage_sql!("repository_id", "6 DESC, 1"),
        (UsageBy::Team, _) => usage_sql!("team_id", "6 DESC, 1"),
        (UsageBy::User, _) => usage_sql!("user_login", "6 DESC, 1"),
        (UsageBy::Model, _) => usage_sql!("provider || '/' || model", "6 DESC, 1"),
        (UsageBy::Purpose, _) => usage_sql!("purpose", "6 DESC, 1"),
        (UsageBy::Day, Engine::Sqlite) => usage_sql!(
            "strftime('%Y-%m-%d', created_ms / 1000, 'unixepoch')",
            "1 DESC"
        ),
        (UsageBy::Month, Engine::Sqlite) => usage_sql!(
            "strftime('%Y-%m', created_ms / 1000, 'unixepoch')",
            "1 DESC"
        ),
        (UsageBy::Day, Engine::Postgres) => usage_sql!(
            "to_char(to_timestamp(created_ms / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
            "1 DESC"
        ),
        (UsageBy::Month, Engine::Postgres) => usage_sql!(
            "to_char(to_timestamp(created_ms / 1000) AT TIME ZONE 'UTC', 'YYYY-MM')",
            "1 DESC"
        ),
    }
}

fn usage_row(row: &Row, key: Option<String>) -> Result<UsageRow, Error> {
    Ok(UsageRow {
        key,
        calls: row.get("calls")?,
        failed: row.get("failed")?,
        prompt_tokens: row.get("prompt_tokens")?,
        completion_tokens: row.get("completion_tokens")?,
        cost_nanos: row.get("cost_nanos")?,
    })
}

fn call(row: &Row) -> Result<ModelCall, Error> {
    Ok(ModelCall {
        call: ModelUsage {
            review: row.id_or_none("review_id")?,
            user: row.id_or_none("user_id")?,
            team: row.id_or_none("team_id")?,
            repository: row.id_or_none("repository_id")?,
            user_login: row.get("user_login")?,
            provider: row.get("provider")?,
            model: row.get("model")?,
            purpose: row.get("purpose")?,
            prompt_tokens: row.get("prompt_tokens")?,
            completion_tokens: row.get("completion_tokens")?,
            cost_micros: row.get("cost_micros")?,
            cost_nanos: row.get("cost_nanos")?,
            is_answered: row.get("is_answered")?,
            is_cached: row.get("is_cached")?,
            duration_ms: row.get("duration_ms")?,
        },
        created_ms: row.get("created_ms")?,
    })
}

impl Tx {
    /// Adds up what the scope's organisation used from one time to before another; the
    /// dearest come first, days and months in their order.
    pub async fn model_usage_by(
        &mut self,
        scope: &Scope,
        by: UsageBy,
        (from_ms, to_ms): (i64, i64),
    ) -> Result<Vec<UsageRow>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = usage_query(by, self.engine());
        let read: fn(&Row) -> Result<UsageRow, Error> = match by {
            UsageBy::Call => |row| usage_row(row, named(row.id_or_none::<ModelUsageId>("key")?)),
            UsageBy::Review => |row| usage_row(row, named(row.id_or_none::<ReviewId>("key")?)),
            UsageBy::Repository => {
                |row| usage_row(row, named(row.id_or_none::<RepositoryId>("key")?))
            }
            UsageBy::Team => |row| usage_row(row, named(row.id_or_none::<TeamId>("key")?)),
            _ => |row| usage_row(row, row.get("key")?),
        };
        let first = first_of(from_ms.saturating_sub(CLOCK_JUMP_MS));
        let last = first_of(to_ms.saturating_add(CLOCK_JUMP_MS));
        let args = args![organisation, from_ms, to_ms, first, last];
        self.list(sql, args, read).await
    }

    /// Adds an amount to each of several sums, or to none when one would pass its limit:
    /// then which, and what it is. Who adds to the same sums waits until this
    /// transaction ends.
    pub async fn model_spend_take(
        &mut self,
        _: &Scope,
        sums: &[(&str, i64)],
        amount: i64,
    ) -> Result<Result<(), (usize, i64)>, Error> {
        let now_ms = self.now_ms();
        for (at, (name, limit)) in sums.iter().enumerate() {
            let sql = "INSERT INTO model_spend (name, spent_nanos, updated_ms) VALUES ($1, 0, $2) \
                       ON CONFLICT DO NOTHING";
            self.execute(sql, args![*name, now_ms]).await?;
            let sql = "UPDATE model_spend SET spent_nanos = spent_nanos + $2, updated_ms = $3 \
                       WHERE name = $1 AND spent_nanos <= $4";
            let most = limit.saturating_sub(amount);
            let taken = self
                .execute(sql, args![*name, amount, now_ms, most])
                .await?;
            if taken == 0 {
                return Ok(Err((at, self.model_spend_sum(name).await?)));
            }
        }
        Ok(Ok(()))
    }

    /// Puts what was really spent in the place of what was taken.
    pub async fn model_spend_settle(
        &mut self,
        _: &Scope,
        names: &[&str],
        (taken, spent): (i64, i64),
    ) -> Result<(), Error> {
        let now_ms = self.now_ms();
        for name in names {
            let sql = "UPDATE model_spend SET spent_nanos = spent_nanos - $2 + $3, \
                       updated_ms = $4 WHERE name = $1";
            self.execute(sql, args![*name, taken, spent, now_ms])
                .await?;
        }
        Ok(())
    }

    /// Returns a sum.
    pub async fn model_spend_get(&mut self, _: &Scope, name: &str) -> Result<i64, Error> {
        self.model_spend_sum(name).await
    }

    async fn model_spend_sum(&mut self, name: &str) -> Result<i64, Error> {
        let sql = "SELECT spent_nanos FROM model_spend WHERE name = $1";
        let sum = self
            .find(sql, args![name], |row| row.get("spent_nanos"))
            .await?;
        Ok(sum.unwrap_or(0))
    }

    /// Keeps what models were asked and answered in a review, in the place of what was
    /// kept of it. It goes with the review; of one that is gone nothing is kept.
    pub async fn model_transcript_put(
        &mut self,
        scope: &Scope,
        review: ReviewId,
        body: &[u8],
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "INSERT INTO model_transcript (organisation_id, review_id, body, created_ms) \
                   SELECT organisation_id, id, $3, $4 FROM review \
                   WHERE organisation_id = $1 AND id = $2 ON CONFLICT (review_id) DO UPDATE SET \
                   body = excluded.body, created_ms = excluded.created_ms";
        let args = args![organisation, review, body, self.now_ms()];
        self.execute(sql, args).await?;
        Ok(())
    }

    /// Returns what models were asked and answered in a review.
    pub async fn model_transcript_get(
        &mut self,
        scope: &Scope,
        review: ReviewId,
    ) -> Result<Option<Vec<u8>>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT body FROM model_transcript WHERE organisation_id = $1 AND review_id = $2";
        self.find(sql, args![organisation, review], |row| row.get("body"))
            .await
    }

    /// Lists the calls that a review of the scope's organisation took, the oldest first.
    pub async fn model_usage_of_review(
        &mut self,
        scope: &Scope,
        review: &Review,
    ) -> Result<Vec<ModelCall>, Error> {
        let organisation = organisation_of(scope)?;
        let from_ms = review.created_ms.saturating_sub(CLOCK_JUMP_MS);
        let ended_ms = review.finished_ms.unwrap_or_else(|| self.now_ms());
        let to_ms = ended_ms.saturating_add(WRITTEN_MS);
        let sql = "SELECT * FROM model_usage WHERE organisation_id = $1 AND review_id = $2 \
                   AND created_ms >= $3 AND created_ms < $4 AND id >= $5 AND id < $6 \
                   ORDER BY id LIMIT $7";
        let args = args![
            organisation,
            review.id,
            from_ms,
            to_ms,
            first_of(from_ms),
            first_of(to_ms.saturating_add(CLOCK_JUMP_MS)),
            CALLS_MAX,
        ];
        self.list(sql, args, call).await
    }

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
                   is_cached, duration_ms, created_ms, repository_id, user_login, cost_nanos, \
                   is_answered) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, \
                   $14, $15, $16, $17, $18)";
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
            new.repository,
            new.user_login.as_deref(),
            new.cost_nanos,
            new.is_answered,
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

fn named<T: ToString>(id: Option<T>) -> Option<String> {
    id.map(|id| id.to_string())
}
