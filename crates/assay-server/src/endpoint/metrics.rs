//! What is counted, for Prometheus.

use assay_app::family;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::context::Context;
use crate::extract::Inside;
use crate::problem::{Problem, Refusals};

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is counted, in the text format of Prometheus.
///
/// Answered inside only: to loopback and private networks, unless configured.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics_get", tag = "health", security(()),
    responses((status = 200, body = String, content_type = "text/plain", description = "The series."), Refusals)
)]
pub(crate) async fn metrics(
    State(context): State<Context>,
    _: Inside,
) -> Result<Response, Problem> {
    context.app.metrics_gather().await?;
    let bodies = context.bodies.used() as f64;
    context.app.metrics().set(family::BODIES, &[], bodies);
    let text = context.app.metrics().text();
    Ok(([(CONTENT_TYPE, TEXT)], text).into_response())
}
