//! What language models were asked and answered in a review, and what it cost.

use assay_app::ModelCallView;
use assay_auth::Identifier;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::context::Context;
use crate::extract::{Authenticated, Id};
use crate::problem::{Problem, Refusals};

/// A call of a model.
#[derive(Serialize, ToSchema)]
#[schema(as = ModelCall)]
pub(crate) struct WireCall {
    /// Who sells the model.
    provider: String,
    /// Which one.
    model: String,
    /// For what.
    task: String,
    /// Tokens that went in.
    prompt_tokens: i64,
    /// Tokens that came out.
    completion_tokens: i64,
    /// What it cost, in billionths of a dollar.
    cost_nanos: i64,
    /// Whether an answer came.
    answered: bool,
    /// Whether the answer was kept from before.
    cached: bool,
    /// How long it took.
    duration_ms: i64,
    /// When it was written down, in milliseconds since 1970.
    created_ms: i64,
}

impl From<ModelCallView> for WireCall {
    fn from(view: ModelCallView) -> Self {
        Self {
            provider: view.provider,
            model: view.model,
            task: view.purpose,
            prompt_tokens: view.prompt_tokens,
            completion_tokens: view.completion_tokens,
            cost_nanos: view.cost_nanos,
            answered: view.is_answered,
            cached: view.is_cached,
            duration_ms: view.duration_ms,
            created_ms: view.created_ms,
        }
    }
}

/// The calls of models that a review took.
#[derive(Serialize, ToSchema)]
#[schema(as = ModelCalls)]
pub(crate) struct WireCalls {
    /// The calls, the oldest first; 2,000 at most.
    items: Vec<WireCall>,
}

/// Lists the calls of language models that a review took.
#[utoipa::path(
    get, path = "/api/v1/review/{id}/model", operation_id = "review_model_calls", tag = "reviews",
    params(("id" = String, Path, description = "The review.")),
    responses((status = 200, body = WireCalls, description = "The calls."), Refusals)
)]
pub(crate) async fn calls(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Json<WireCalls>, Problem> {
    let id = id.read(Identifier::parse)?;
    let calls = context.app.review_model_calls(&caller, id).await?;
    let items = calls.into_iter().map(WireCall::from).collect();
    Ok(Json(WireCalls { items }))
}

/// What models were asked and answered in a review.
#[derive(Serialize, ToSchema)]
#[schema(as = Transcript)]
pub(crate) struct WireTranscript {
    /// The model that was to be asked.
    model: String,
    /// Questions with their answers: `ask` with `system` and `messages`, then `answer`
    /// with `text`, or `error`.
    #[schema(value_type = Vec<Object>)]
    entries: Vec<serde_json::Value>,
    /// Whether there are more than these.
    cut: bool,
}

/// Returns what language models were asked and answered in a review.
///
/// Secrets in it were masked before anything was asked. Where no model was asked, there is none.
#[utoipa::path(
    get, path = "/api/v1/review/{id}/transcript", operation_id = "review_transcript", tag = "reviews",
    params(("id" = String, Path, description = "The review.")),
    responses((status = 200, body = WireTranscript, description = "What was said."), Refusals)
)]
pub(crate) async fn transcript(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Json<WireTranscript>, Problem> {
    let id = id.read(Identifier::parse)?;
    let read = context.app.review_transcript(&caller, id).await?;
    Ok(Json(WireTranscript {
        model: read.model,
        entries: read.entries,
        cut: read.is_cut,
    }))
}
