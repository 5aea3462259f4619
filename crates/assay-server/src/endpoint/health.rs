//! Whether the server lives, is ready, and how each thing that it needs does.

use assay_app::{Health, HealthState};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::context::Context;
use crate::extract::Inside;
use crate::problem::WireProblem;

/// That the server lives.
#[derive(Serialize, ToSchema)]
#[schema(as = Liveness)]
pub(crate) struct WireLive {
    /// Always `ok`.
    #[schema(example = "ok")]
    state: &'static str,
    /// The version that runs.
    version: String,
}

/// How the server does.
#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct WireHealth {
    /// `ok`, `degraded` or `failed`: as the worst component.
    #[schema(example = "ok")]
    state: &'static str,
    /// What the server needs.
    components: Vec<WireComponent>,
}

/// How one thing that the server needs does.
#[derive(Serialize, ToSchema)]
#[schema(as = Component)]
pub(crate) struct WireComponent {
    /// What it is.
    #[schema(example = "database")]
    name: &'static str,
    /// `ok`, `degraded` or `failed`.
    state: &'static str,
    /// What there is to say about it.
    detail: String,
    /// How long the answer took.
    latency_ms: i64,
}

/// Whether the process lives.
///
/// Asks nothing of anything else: a server that cannot reach its database lives.
#[utoipa::path(
    get, path = "/health/live", operation_id = "health_live", tag = "health", security(()),
    responses((status = 200, body = WireLive, description = "It lives."))
)]
pub(crate) async fn live(State(context): State<Context>) -> Json<WireLive> {
    Json(WireLive {
        state: HealthState::Ok.name(),
        version: context.app.options().version.clone(),
    })
}

/// Whether requests can be answered.
#[utoipa::path(
    get, path = "/health/ready", operation_id = "health_ready", tag = "health", security(()),
    responses(
        (status = 200, body = WireHealth, description = "They can."),
        (status = 503, body = WireHealth, description = "They cannot.")
    )
)]
pub(crate) async fn ready(State(context): State<Context>) -> (StatusCode, Json<WireHealth>) {
    answer(context.app.health_ready().await)
}

/// How everything does that the server needs.
///
/// Answered inside only: to loopback and private networks, unless configured.
#[utoipa::path(
    get, path = "/health/deep", operation_id = "health_deep", tag = "health", security(()),
    responses(
        (status = 200, body = WireHealth, description = "It works, perhaps degraded."),
        (status = 503, body = WireHealth, description = "Something that is needed does not work."),
        (status = 404, body = WireProblem, content_type = "application/problem+json", description = "The caller is outside.")
    )
)]
pub(crate) async fn deep(
    State(context): State<Context>,
    _: Inside,
) -> (StatusCode, Json<WireHealth>) {
    answer(context.app.health_deep().await)
}

fn answer(health: Health) -> (StatusCode, Json<WireHealth>) {
    let status = match health.state {
        HealthState::Ok | HealthState::Degraded => StatusCode::OK,
        HealthState::Failed => StatusCode::SERVICE_UNAVAILABLE,
    };
    let components = health
        .components
        .into_iter()
        .map(|component| WireComponent {
            name: component.name,
            state: component.state.name(),
            detail: component.detail,
            latency_ms: component.latency_ms,
        });
    let body = WireHealth {
        state: health.state.name(),
        components: components.collect(),
    };
    (status, Json(body))
}
