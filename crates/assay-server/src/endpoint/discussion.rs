//! Talks of agents about a review.

use assay_app::{DiscussWish, DiscussionView};
use assay_auth::Identifier;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::context::Context;
use crate::extract::{Authenticated, Id, IdempotencyKey, Parameters, Payload};
use crate::page::{Listed, PageQuery};
use crate::problem::{Problem, Refusals};

/// A talk that somebody wants.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DiscussWish)]
pub(crate) struct WireDiscuss {
    /// Who talks, as YAML; left out, the agents of the setting `model`, or the usual ones.
    #[schema(max_length = 65536, example = "version: 1\nturns: 4\nagents: []")]
    agents: Option<String>,
}

/// A talk that was accepted.
#[derive(Serialize, ToSchema)]
#[schema(as = StartedDiscussion)]
pub(crate) struct WireStarted {
    /// The talk.
    discussion: String,
    /// The task that does it.
    task: String,
    /// Where it is to be looked at.
    #[schema(example = "/api/v1/discussions/019b76da-a800-7000-8000-000000000000")]
    url: String,
}

/// A talk of agents, and what came of it once it is over.
#[derive(Serialize, ToSchema)]
#[schema(as = Discussion)]
pub(crate) struct WireDiscussion {
    /// Its identifier.
    id: String,
    /// About which review. What is said is among the review's messages.
    review: String,
    /// `queued`, `running`, `done` or `failed`.
    #[schema(example = "done")]
    state: &'static str,
    /// The task that does it.
    task: Option<String>,
    /// What came of it, as `assay discuss --format json` writes it.
    #[schema(value_type = Option<Object>)]
    conclusion: Option<Value>,
    /// Why it did not come about.
    problem: Option<String>,
    /// When it was asked for, in milliseconds since 1970.
    created_ms: i64,
    /// When it was over.
    finished_ms: Option<i64>,
}

impl From<DiscussionView> for WireDiscussion {
    fn from(view: DiscussionView) -> Self {
        Self {
            id: view.id.to_string(),
            review: view.review.to_string(),
            state: view.state,
            task: view.task.map(|id| id.to_string()),
            conclusion: view.conclusion,
            problem: view.problem,
            created_ms: view.created_ms,
            finished_ms: view.finished_ms,
        }
    }
}

/// Lets two agents, a coder and a reviewer, talk about the review of a pull request.
///
/// The answer comes at once. What they say is among the messages of the review, and in its
/// live sessions, as it is said.
#[utoipa::path(
    post, path = "/api/v1/review/{id}/discussions", operation_id = "discussion_start", tag = "live",
    params(
        ("id" = String, Path, description = "The review."),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 bytes; remembered for a day.")
    ),
    request_body = WireDiscuss,
    responses((status = 202, body = WireStarted, description = "They will talk."), Refusals)
)]
pub(crate) async fn start(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Payload(wish): Payload<WireDiscuss>,
) -> Result<Response, Problem> {
    let id = id.read(Identifier::parse)?;
    let wish = DiscussWish {
        agents: wish.agents,
        idempotency_key,
    };
    let started = context.app.discussion_start(&caller, id, wish).await?;
    let url = format!("/api/v1/discussions/{}", started.discussion);
    let body = WireStarted {
        discussion: started.discussion.to_string(),
        task: started.task.to_string(),
        url: url.clone(),
    };
    Ok((StatusCode::ACCEPTED, [(LOCATION, url)], Json(body)).into_response())
}

/// Lists the talks about a review, the newest first.
#[utoipa::path(
    get, path = "/api/v1/review/{id}/discussions", operation_id = "discussion_list", tag = "live",
    params(("id" = String, Path, description = "The review."), PageQuery),
    responses((status = 200, body = Listed<WireDiscussion>, description = "A page."), Refusals)
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Json<Listed<WireDiscussion>>, Problem> {
    let id = id.read(Identifier::parse)?;
    let app = &context.app;
    let rows = app.discussion_list(&caller, id, query.paging()?).await?;
    let cursor = |row: &DiscussionView| row.id.to_string();
    Ok(Json(query.answer(rows, cursor, WireDiscussion::from)?))
}

/// Returns a talk, with what came of it once it is over.
#[utoipa::path(
    get, path = "/api/v1/discussions/{id}", operation_id = "discussion_get", tag = "live",
    params(("id" = String, Path, description = "The talk.")),
    responses((status = 200, body = WireDiscussion, description = "The talk."), Refusals)
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Json<WireDiscussion>, Problem> {
    let id = id.read(Identifier::parse)?;
    Ok(Json(context.app.discussion_get(&caller, id).await?.into()))
}

/// Returns what language models were asked and answered in a talk, in the form of
/// `assay discuss --transcript`.
#[utoipa::path(
    get, path = "/api/v1/discussions/{id}/transcript", operation_id = "discussion_transcript", tag = "live",
    params(("id" = String, Path, description = "The talk.")),
    responses((status = 200, body = String, content_type = "application/jsonl", description = "A line of JSON for each question."), Refusals)
)]
pub(crate) async fn transcript(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Response, Problem> {
    let id = id.read(Identifier::parse)?;
    let transcript = context.app.discussion_transcript(&caller, id).await?;
    Ok(([(CONTENT_TYPE, "application/jsonl")], transcript).into_response())
}
