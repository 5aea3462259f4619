//! Outgoing webhooks: addresses of other programs that are told what happens.

use assay_app::{OutgoingAttemptView, OutgoingSecret, OutgoingView, OutgoingWish};
use assay_auth::Identifier;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::context::Context;
use crate::extract::{Authenticated, Id, Parameters, Payload};
use crate::page::{Listed, PageQuery};
use crate::problem::{Problem, Refusals};

/// An address that is told.
#[derive(Serialize, ToSchema)]
#[schema(as = OutgoingWebhook)]
pub(crate) struct WireOutgoing {
    /// Its identifier.
    id: String,
    /// Where.
    #[schema(example = "https://example.org/hooks/assay")]
    url: String,
    /// Of what: `review.finished`, `review.failed`, `finding.rejected`, `quota.reached`.
    events: Vec<String>,
    /// Whether it is told.
    enabled: bool,
    /// Since when it does not take what it is told.
    failing_since_ms: Option<i64>,
    /// What it did instead, the last time.
    problem: Option<String>,
    /// Until when messages are signed with the secret from before as well.
    secret_before_until_ms: Option<i64>,
    /// When it was added.
    created_ms: i64,
}

impl From<OutgoingView> for WireOutgoing {
    fn from(view: OutgoingView) -> Self {
        Self {
            id: view.id.to_string(),
            url: view.url,
            events: view.events,
            enabled: view.is_enabled,
            failing_since_ms: view.failing_since_ms,
            problem: view.problem,
            secret_before_until_ms: view.secret_before_until_ms,
            created_ms: view.created_ms,
        }
    }
}

/// An address that is to be told.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OutgoingWebhookWish)]
pub(crate) struct WireOutgoingWish {
    /// Where: `https`, and a server of the public Internet unless the settings of this
    /// one allow another.
    #[schema(max_length = 2048, example = "https://example.org/hooks/assay")]
    url: String,
    /// Of what; of everything when it is left out.
    #[serde(default)]
    #[schema(max_items = 20)]
    events: Vec<String>,
}

/// Whether an address is told.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OutgoingWebhookChange)]
pub(crate) struct WireOutgoingChange {
    /// Whether it is told.
    enabled: bool,
}

/// An address and its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = OutgoingWebhookSecret)]
pub(crate) struct WireOutgoingSecret {
    /// The address.
    id: String,
    /// What its messages are signed with, as Standard Webhooks has it.
    #[schema(example = "whsec_...")]
    secret: String,
}

impl From<OutgoingSecret> for WireOutgoingSecret {
    fn from(made: OutgoingSecret) -> Self {
        Self {
            id: made.id.to_string(),
            secret: made.secret.expose_secret().to_owned(),
        }
    }
}

/// A message that is on its way.
#[derive(Serialize, ToSchema)]
#[schema(as = OutgoingWebhookMessage)]
pub(crate) struct WireOutgoingMessage {
    /// Its name, as `webhook-id` has it.
    message: String,
}

/// Attempts to tell an address.
#[derive(Serialize, ToSchema)]
#[schema(as = OutgoingWebhookAttempts)]
pub(crate) struct WireOutgoingAttempts {
    /// The last of them, the newest first.
    items: Vec<WireOutgoingAttempt>,
}

/// An attempt to tell an address.
#[derive(Serialize, ToSchema)]
#[schema(as = OutgoingWebhookAttempt)]
pub(crate) struct WireOutgoingAttempt {
    /// The message: the same for each attempt at it.
    message: Option<String>,
    /// What happened.
    #[schema(example = "review.finished")]
    event: String,
    /// Which attempt it was, from 1.
    number: i64,
    /// What it answered.
    status: Option<i64>,
    /// Why that is not good.
    problem: Option<String>,
    /// How long it took.
    duration_ms: i64,
    /// When it ended.
    created_ms: i64,
}

impl From<OutgoingAttemptView> for WireOutgoingAttempt {
    fn from(view: OutgoingAttemptView) -> Self {
        Self {
            message: view.message.map(|id| id.to_string()),
            event: view.event,
            number: view.number,
            status: view.status,
            problem: view.problem,
            duration_ms: view.duration_ms,
            created_ms: view.created_ms,
        }
    }
}

/// Lists the addresses that are told, the newest first.
#[utoipa::path(
    get, path = "/api/v1/webhooks", operation_id = "outgoing_list", tag = "organisation",
    params(PageQuery),
    responses((status = 200, body = Listed<WireOutgoing>, description = "A page."), Refusals)
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Json<Listed<WireOutgoing>>, Problem> {
    let rows = context.app.outgoing_list(&caller, query.paging()?).await?;
    let cursor = |row: &OutgoingView| row.id.to_string();
    Ok(Json(query.answer(rows, cursor, WireOutgoing::from)?))
}

/// Adds an address that is told; its secret is shown this once.
#[utoipa::path(
    post, path = "/api/v1/webhooks", operation_id = "outgoing_create", tag = "organisation",
    request_body = WireOutgoingWish,
    responses((status = 201, body = WireOutgoingSecret, description = "It is told."), Refusals)
)]
pub(crate) async fn create(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Payload(wish): Payload<WireOutgoingWish>,
) -> Result<(StatusCode, Json<WireOutgoingSecret>), Problem> {
    let wish = OutgoingWish {
        url: wish.url,
        events: wish.events,
    };
    let made = context.app.outgoing_create(&caller, wish).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Returns an address that is told.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}", operation_id = "outgoing_get", tag = "organisation",
    params(("id" = String, Path, description = "The address.")),
    responses((status = 200, body = WireOutgoing, description = "The address."), Refusals)
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Json<WireOutgoing>, Problem> {
    let id = id.read(Identifier::parse)?;
    Ok(Json(context.app.outgoing_get(&caller, id).await?.into()))
}

/// Says whether an address is told.
#[utoipa::path(
    put, path = "/api/v1/webhooks/{id}", operation_id = "outgoing_update", tag = "organisation",
    params(("id" = String, Path, description = "The address.")),
    request_body = WireOutgoingChange,
    responses((status = 204, description = "It is so."), Refusals)
)]
pub(crate) async fn update(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
    Payload(change): Payload<WireOutgoingChange>,
) -> Result<StatusCode, Problem> {
    let id = id.read(Identifier::parse)?;
    let app = &context.app;
    app.outgoing_set_enabled(&caller, id, change.enabled)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes an address away, with what was tried.
#[utoipa::path(
    delete, path = "/api/v1/webhooks/{id}", operation_id = "outgoing_remove",
    tag = "organisation", params(("id" = String, Path, description = "The address.")),
    responses((status = 204, description = "It is gone."), Refusals)
)]
pub(crate) async fn remove(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<StatusCode, Problem> {
    let id = id.read(Identifier::parse)?;
    context.app.outgoing_remove(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes another secret; for a day messages are signed with both.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/secret", operation_id = "outgoing_rotate",
    tag = "organisation", params(("id" = String, Path, description = "The address.")),
    responses((status = 200, body = WireOutgoingSecret, description = "The new secret."), Refusals)
)]
pub(crate) async fn rotate(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Json<WireOutgoingSecret>, Problem> {
    let id = id.read(Identifier::parse)?;
    Ok(Json(context.app.outgoing_rotate(&caller, id).await?.into()))
}

/// Sends an address a message of no meaning, `webhook.test`.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/test", operation_id = "outgoing_test",
    tag = "organisation", params(("id" = String, Path, description = "The address.")),
    responses((status = 202, body = WireOutgoingMessage, description = "It is on its way."), Refusals)
)]
pub(crate) async fn test(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<(StatusCode, Json<WireOutgoingMessage>), Problem> {
    let id = id.read(Identifier::parse)?;
    let message = context.app.outgoing_test(&caller, id).await?.to_string();
    Ok((StatusCode::ACCEPTED, Json(WireOutgoingMessage { message })))
}

/// Lists the last attempts to tell an address, the newest first.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}/attempts", operation_id = "outgoing_attempts",
    tag = "organisation", params(("id" = String, Path, description = "The address.")),
    responses((status = 200, body = WireOutgoingAttempts, description = "Up to 50."), Refusals)
)]
pub(crate) async fn attempts(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Json<WireOutgoingAttempts>, Problem> {
    let id = id.read(Identifier::parse)?;
    let rows = context.app.outgoing_attempts(&caller, id).await?;
    let items = rows.into_iter().map(WireOutgoingAttempt::from).collect();
    Ok(Json(WireOutgoingAttempts { items }))
}
