//! What language models cost an organisation, by those for whom they were asked.

use assay_auth::Permission;
use assay_store::UsageBy;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Error;

/// What was used by one of those by whom calls are added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageLine {
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

/// By what calls are added up, by the names of the API.
pub const USAGE_BY: [(&str, UsageBy); 9] = [
    ("call", UsageBy::Call),
    ("review", UsageBy::Review),
    ("repository", UsageBy::Repository),
    ("user", UsageBy::User),
    ("team", UsageBy::Team),
    ("model", UsageBy::Model),
    ("task", UsageBy::Purpose),
    ("day", UsageBy::Day),
    ("month", UsageBy::Month),
];

impl App {
    /// Adds up what models cost the organisation from one time to before another.
    pub async fn model_usage(
        &self,
        caller: &Caller,
        by: &str,
        (from_ms, to_ms): (Option<i64>, Option<i64>),
    ) -> Result<Vec<UsageLine>, Error> {
        let scope = caller.authorise(Permission::UsageRead)?;
        let known = USAGE_BY.into_iter().find(|(name, _)| *name == by);
        let (_, by) = known.ok_or_else(|| {
            let names = USAGE_BY.map(|(name, _)| name).join(", ");
            Error::invalid("by", format!("one of {names}"))
        })?;
        let times = (from_ms.unwrap_or(0), to_ms.unwrap_or(i64::MAX));
        let mut tx = self.store().read().await?;
        let rows = tx.model_usage_by(&scope, by, times).await?;
        let line = |row: assay_store::UsageRow| UsageLine {
            key: row.key,
            calls: row.calls,
            failed: row.failed,
            prompt_tokens: row.prompt_tokens,
            completion_tokens: row.completion_tokens,
            cost_nanos: row.cost_nanos,
        };
        Ok(rows.into_iter().map(line).collect())
    }
}
