//! What the organisation has set.

use assay_app::SettingView;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::context::Context;
use crate::extract::{Authenticated, Id, IfMatch, Payload};
use crate::layer::Versioned;
use crate::problem::{Problem, Refusals};

/// Something that was set.
#[derive(Serialize, ToSchema)]
#[schema(as = Setting)]
pub(crate) struct WireSetting {
    /// What.
    #[schema(example = "quota")]
    name: String,
    /// To what.
    #[schema(value_type = Object)]
    value: Value,
    /// When it was last set.
    updated_ms: i64,
    /// By whom.
    updated_by: String,
}

impl From<SettingView> for WireSetting {
    fn from(view: SettingView) -> Self {
        Self {
            name: view.name,
            value: view.value,
            updated_ms: view.updated_ms,
            updated_by: view.updated_by,
        }
    }
}

/// What was set.
#[derive(Serialize, ToSchema)]
#[schema(as = Settings)]
pub(crate) struct WireSettings {
    /// All of it.
    items: Vec<WireSetting>,
}

/// What something is to be set to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SettingWish)]
pub(crate) struct WireSettingWish {
    /// The value; what it may be follows from the name.
    #[schema(value_type = Object, example = json!({"organisation": {"reviews": {"day": 500}}}))]
    value: Value,
}

/// Lists what the organisation has set.
#[utoipa::path(
    get, path = "/api/v1/settings", operation_id = "setting_list", tag = "organisation",
    responses((status = 200, body = WireSettings, description = "All settings."), Refusals)
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
) -> Result<Json<WireSettings>, Problem> {
    let settings = context.app.setting_list(&caller).await?;
    let items = settings.into_iter().map(WireSetting::from).collect();
    Ok(Json(WireSettings { items }))
}

/// Returns something that was set.
#[utoipa::path(
    get, path = "/api/v1/settings/{name}", operation_id = "setting_get", tag = "organisation",
    params(("name" = String, Path, description = "What.")),
    responses((status = 200, body = WireSetting, description = "The setting."), Refusals)
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Id(name): Id,
) -> Result<impl IntoResponse, Problem> {
    let view = context.app.setting_get(&caller, &name).await?;
    let version = Versioned(view.version);
    Ok((Extension(version), Json(WireSetting::from(view))))
}

/// Sets something.
#[utoipa::path(
    put, path = "/api/v1/settings/{name}", operation_id = "setting_put", tag = "organisation",
    params(
        ("name" = String, Path, description = "What: `quota`."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that it had.")
    ),
    request_body = WireSettingWish,
    responses((status = 204, description = "It is so."), Refusals)
)]
pub(crate) async fn put(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Id(name): Id,
    IfMatch(expected): IfMatch,
    Payload(wish): Payload<WireSettingWish>,
) -> Result<StatusCode, Problem> {
    let app = &context.app;
    app.setting_put(&caller, &name, &wish.value, &expected)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes back what was set: what is usual holds again.
#[utoipa::path(
    delete, path = "/api/v1/settings/{name}", operation_id = "setting_remove",
    tag = "organisation",
    params(
        ("name" = String, Path, description = "What."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that it had.")
    ),
    responses((status = 204, description = "It is not set."), Refusals)
)]
pub(crate) async fn remove(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Id(name): Id,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    let app = &context.app;
    app.setting_remove(&caller, &name, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
