//! Webhooks of forges. Who signs right is believed; nothing else is.

use assay_app::{Forge, Intake, WebhookCall};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::context::Context;
use crate::extract::{Address, Body, header};
use crate::problem::{Problem, Refusals};

/// What became of a webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookAnswer)]
pub(crate) struct WireIntake {
    /// `queued`, `known` (sent before, and done or under way) or `ignored`.
    #[schema(example = "queued")]
    state: &'static str,
    /// The task that does the work.
    task: Option<String>,
}

/// Takes in a webhook of GitHub.
///
/// Signed with `X-Hub-Signature-256`; the bytes may be JSON or a form with `payload`.
/// When the answer is 202, the delivery is on disk. A delivery that is sent again
/// does nothing, unless its work had failed.
#[utoipa::path(
    post, path = "/webhooks/github", operation_id = "webhook_github", tag = "webhooks", security(()),
    params(
        ("X-GitHub-Event" = String, Header, description = "What it tells of."),
        ("X-GitHub-Delivery" = String, Header, description = "GitHub's number of it."),
        ("X-Hub-Signature-256" = String, Header, description = "`sha256=` and the HMAC of the body.")
    ),
    request_body(content = Object, description = "What GitHub sends."),
    responses(
        (status = 202, body = WireIntake, description = "It is kept, and its work is queued."),
        (status = 200, body = WireIntake, description = "There is nothing to do."),
        Refusals
    )
)]
pub(crate) async fn github(
    State(context): State<Context>,
    Address(caller): Address,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<(StatusCode, Json<WireIntake>), Problem> {
    let call = WebhookCall {
        forge: Forge::GitHub,
        caller,
        event: header(&headers, "x-github-event")?,
        delivery: header(&headers, "x-github-delivery")?,
        signature: header(&headers, "x-hub-signature-256")?,
        is_form: is_form(&headers),
        body: &body,
    };
    Ok(answer(context.app.webhook_accept(call).await?))
}

/// Takes in a webhook of GitLab.
///
/// Shown to be GitLab's by `X-Gitlab-Token`.
#[utoipa::path(
    post, path = "/webhooks/gitlab", operation_id = "webhook_gitlab", tag = "webhooks", security(()),
    params(
        ("X-Gitlab-Event" = String, Header, description = "What it tells of."),
        ("Idempotency-Key" = Option<String>, Header, description = "GitLab's number of it, the same when it is sent again."),
        ("X-Gitlab-Event-UUID" = Option<String>, Header, description = "GitLab's number of it in versions that know no other."),
        ("X-Gitlab-Token" = String, Header, description = "The secret.")
    ),
    request_body(content = Object, description = "What GitLab sends."),
    responses(
        (status = 202, body = WireIntake, description = "It is kept, and its work is queued."),
        (status = 200, body = WireIntake, description = "There is nothing to do."),
        Refusals
    )
)]
pub(crate) async fn gitlab(
    State(context): State<Context>,
    Address(caller): Address,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<(StatusCode, Json<WireIntake>), Problem> {
    let number = header(&headers, "idempotency-key")?;
    let call = WebhookCall {
        forge: Forge::GitLab,
        caller,
        event: header(&headers, "x-gitlab-event")?,
        delivery: match number {
            Some(number) => Some(number),
            None => header(&headers, "x-gitlab-event-uuid")?,
        },
        signature: header(&headers, "x-gitlab-token")?,
        is_form: is_form(&headers),
        body: &body,
    };
    Ok(answer(context.app.webhook_accept(call).await?))
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(axum::http::header::CONTENT_TYPE);
    let form = b"application/x-www-form-urlencoded";
    kind.is_some_and(|kind| kind.as_bytes().to_ascii_lowercase().starts_with(form))
}

fn answer(intake: Intake) -> (StatusCode, Json<WireIntake>) {
    let (status, state, task) = match intake {
        Intake::Queued(task) => (StatusCode::ACCEPTED, "queued", Some(task.to_string())),
        Intake::Known => (StatusCode::OK, "known", None),
        Intake::Ignored => (StatusCode::OK, "ignored", None),
    };
    (status, Json(WireIntake { state, task }))
}
