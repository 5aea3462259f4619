//! Language models: what they cost.

use assay_app::UsageLine;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::context::Context;
use crate::extract::{Authenticated, Parameters};
use crate::problem::{Problem, Refusals};

/// What is added up.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsageQuery {
    /// By what: `call`, `review`, `repository`, `user`, `team`, `model`, `task`, `day`
    /// or `month`.
    #[param(example = "repository")]
    by: Option<String>,
    /// From this time on, in milliseconds since 1970.
    from_ms: Option<i64>,
    /// Before this time.
    to_ms: Option<i64>,
}

/// What was used by one of those by whom calls are added up.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageLine)]
pub(crate) struct WireUsage {
    /// Who or what it is; none where nobody knows.
    #[schema(example = "2026-02-01")]
    key: Option<String>,
    /// How often a model was called.
    calls: i64,
    /// How often no answer came.
    failed: i64,
    /// Tokens that went in.
    prompt_tokens: i64,
    /// Tokens that came out.
    completion_tokens: i64,
    /// What it cost, in billionths of a dollar.
    cost_nanos: i64,
}

impl From<UsageLine> for WireUsage {
    fn from(line: UsageLine) -> Self {
        Self {
            key: line.key,
            calls: line.calls,
            failed: line.failed,
            prompt_tokens: line.prompt_tokens,
            completion_tokens: line.completion_tokens,
            cost_nanos: line.cost_nanos,
        }
    }
}

/// What was used.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageLines)]
pub(crate) struct WireUsages {
    /// The dearest first; calls, days and months in the order of time, the last first.
    /// A thousand at most.
    items: Vec<WireUsage>,
}

/// Adds up what language models were used for and cost.
#[utoipa::path(
    get, path = "/api/v1/model/usage", operation_id = "model_usage", tag = "model", params(UsageQuery),
    responses((status = 200, body = WireUsages, description = "What was used."), Refusals)
)]
pub(crate) async fn usage(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<UsageQuery>,
) -> Result<Json<WireUsages>, Problem> {
    let by = query.by.as_deref().unwrap_or("day");
    let times = (query.from_ms, query.to_ms);
    let lines = context.app.model_usage(&caller, by, times).await?;
    let items = lines.into_iter().map(WireUsage::from).collect();
    Ok(Json(WireUsages { items }))
}
