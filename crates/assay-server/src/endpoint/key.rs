//! API keys: made, listed, revoked.

use assay_app::{KeyOwner, KeyView, KeyWish};
use assay_auth::Identifier;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::token::permissions;
use crate::context::Context;
use crate::extract::{Authenticated, Id, Parameters, Payload};
use crate::page::{Listed, PageQuery};
use crate::problem::{Problem, Refusals};

/// Whose a key is to be.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = KeyOwner)]
pub(crate) enum WireOwner {
    /// The caller's own.
    Caller,
    /// The organisation's, such as of a build server.
    Organisation,
}

/// A key that is wished for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KeyWish)]
pub(crate) struct WireKeyWish {
    /// What it is called.
    #[schema(min_length = 1, max_length = 100, example = "build server")]
    name: String,
    /// Whose it is.
    owner: WireOwner,
    /// What it allows; no more than the caller may do.
    #[schema(min_items = 1, example = json!(["review:read", "review:run"]))]
    permissions: Vec<String>,
    /// When it stops being good, in milliseconds since 1970.
    expires_ms: Option<i64>,
}

/// A key, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Key)]
pub(crate) struct WireKey {
    /// Its identifier.
    id: String,
    /// Whose it is; the organisation's, where it is nobody's.
    user: Option<String>,
    /// What it is called.
    name: String,
    /// What it allows.
    permissions: Vec<&'static str>,
    /// When it was made.
    created_ms: i64,
    /// When it stops being good.
    expires_ms: Option<i64>,
    /// When it was last shown, to the minute.
    last_used_ms: Option<i64>,
    /// Since when it is revoked.
    revoked_ms: Option<i64>,
}

/// A key that was made, with its text, which is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedKey)]
pub(crate) struct WireCreatedKey {
    /// What is kept.
    key: WireKey,
    /// The text.
    #[schema(example = "assay_...")]
    text: String,
}

impl From<KeyView> for WireKey {
    fn from(key: KeyView) -> Self {
        Self {
            id: key.id.to_string(),
            user: key.owner.map(|user| user.to_string()),
            name: key.name,
            permissions: key.permissions.names(),
            created_ms: key.created_ms,
            expires_ms: key.expires_ms,
            last_used_ms: key.last_used_ms,
            revoked_ms: key.revoked_ms,
        }
    }
}

/// Makes a key that allows no more than the caller may do.
#[utoipa::path(
    post, path = "/api/v1/keys", operation_id = "key_create", tag = "access",
    request_body = WireKeyWish,
    responses((status = 201, body = WireCreatedKey, description = "The key."), Refusals)
)]
pub(crate) async fn create(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Payload(wish): Payload<WireKeyWish>,
) -> Result<(StatusCode, Json<WireCreatedKey>), Problem> {
    let wish = KeyWish {
        name: wish.name,
        owner: match wish.owner {
            WireOwner::Caller => KeyOwner::Caller,
            WireOwner::Organisation => KeyOwner::Organisation,
        },
        permissions: permissions(&wish.permissions)?,
        expires_ms: wish.expires_ms,
    };
    let created = context.app.key_create(&caller, wish).await?;
    let body = WireCreatedKey {
        key: created.key.into(),
        text: created.text.expose_secret().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Lists the keys that the caller may see, the newest first.
#[utoipa::path(
    get, path = "/api/v1/keys", operation_id = "key_list", tag = "access", params(PageQuery),
    responses((status = 200, body = Listed<WireKey>, description = "A page."), Refusals)
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Json<Listed<WireKey>>, Problem> {
    let rows = context.app.key_list(&caller, query.paging()?).await?;
    Ok(Json(query.answer(
        rows,
        |key| key.id.to_string(),
        WireKey::from,
    )?))
}

/// Revokes a key.
#[utoipa::path(
    delete, path = "/api/v1/keys/{id}", operation_id = "key_revoke", tag = "access",
    params(("id" = String, Path, description = "The key.")),
    responses((status = 204, description = "It is worth nothing any more."), Refusals)
)]
pub(crate) async fn revoke(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<StatusCode, Problem> {
    let id = id.read(Identifier::parse)?;
    context.app.key_revoke(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
