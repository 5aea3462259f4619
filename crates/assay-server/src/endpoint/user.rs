//! The people of an organisation.

use assay_app::{MemberView, UserChange, UserWish};
use assay_auth::UserId;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::context::Context;
use crate::extract::{Authenticated, Id, IdempotencyKey, IfMatch, Parameters, Payload};
use crate::layer::Versioned;
use crate::page::{Listed, PageQuery};
use crate::problem::{Problem, Refusals};

/// A person of the organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct WireUser {
    /// Their identifier.
    id: String,
    /// Their name, which no other has.
    login: String,
    /// Their name for people.
    display_name: String,
    /// As what they are in the organisation.
    #[schema(example = "developer")]
    role: String,
    /// Whether they are shut out of the platform.
    is_disabled: bool,
}

impl From<MemberView> for WireUser {
    fn from(view: MemberView) -> Self {
        Self {
            id: view.id.to_string(),
            login: view.login,
            display_name: view.display_name,
            role: view.role,
            is_disabled: view.is_disabled,
        }
    }
}

/// A person who is to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserWish)]
pub(crate) struct WireUserWish {
    /// Their name, which no other has.
    #[schema(min_length = 1, max_length = 100, example = "ada")]
    login: String,
    /// Their name for people.
    display_name: String,
    /// As what.
    #[schema(example = "developer")]
    role: String,
}

/// What a person is to be in the organisation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserRoleWish)]
pub(crate) struct WireUserRole {
    /// As what.
    #[schema(example = "team-lead")]
    role: String,
}

/// What is to change about a person; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserChange)]
pub(crate) struct WireUserChange {
    /// Their name for people; of those who are in other organisations as well only they
    /// themselves change it.
    #[schema(max_length = 200)]
    display_name: Option<String>,
    /// As what they are in the organisation.
    #[schema(example = "team-lead")]
    role: Option<String>,
}

/// A person who was added.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedUser)]
pub(crate) struct WireCreatedUser {
    /// Their identifier.
    id: String,
}

/// Lists the people of the organisation.
#[utoipa::path(
    get, path = "/api/v1/users", operation_id = "user_list", tag = "organisation", params(PageQuery),
    responses((status = 200, body = Listed<WireUser>, description = "A page."), Refusals)
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Json<Listed<WireUser>>, Problem> {
    let rows = context.app.user_list(&caller, query.paging()?).await?;
    Ok(Json(query.answer(
        rows,
        |row| row.id.to_string(),
        WireUser::from,
    )?))
}

/// Adds a person.
#[utoipa::path(
    post, path = "/api/v1/users", operation_id = "user_create", tag = "organisation",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 bytes; remembered for a day.")),
    request_body = WireUserWish,
    responses((status = 201, body = WireCreatedUser, description = "They are in."), Refusals)
)]
pub(crate) async fn create(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    IdempotencyKey(key): IdempotencyKey,
    Payload(wish): Payload<WireUserWish>,
) -> Result<(StatusCode, Json<WireCreatedUser>), Problem> {
    let wish = UserWish {
        login: wish.login,
        display_name: wish.display_name,
        role: wish.role,
    };
    let made = context.app.user_create(&caller, wish, key.as_deref());
    let id = made.await?.to_string();
    Ok((StatusCode::CREATED, Json(WireCreatedUser { id })))
}

/// Returns a person of the organisation.
#[utoipa::path(
    get, path = "/api/v1/users/{id}", operation_id = "user_get", tag = "organisation",
    params(("id" = String, Path, description = "The person.")),
    responses((status = 200, body = WireUser, description = "The person."), Refusals)
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<impl IntoResponse, Problem> {
    let user = id.read(UserId::parse)?;
    let view = context.app.user_get(&caller, user).await?;
    let version = Versioned(view.version);
    Ok((Extension(version), Json(WireUser::from(view))))
}

/// Changes a person's name for people or their role in the organisation.
#[utoipa::path(
    put, path = "/api/v1/users/{id}", operation_id = "user_update", tag = "organisation",
    params(
        ("id" = String, Path, description = "The person."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that they had.")
    ),
    request_body = WireUserChange,
    responses((status = 204, description = "They are so."), Refusals)
)]
pub(crate) async fn update(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
    IfMatch(expected): IfMatch,
    Payload(change): Payload<WireUserChange>,
) -> Result<StatusCode, Problem> {
    let user = id.read(UserId::parse)?;
    let change = UserChange {
        display_name: change.display_name,
        role: change.role,
    };
    let app = &context.app;
    app.user_update(&caller, user, change, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a person another role.
#[utoipa::path(
    put, path = "/api/v1/users/{id}/role", operation_id = "user_set_role", tag = "organisation",
    params(
        ("id" = String, Path, description = "The person."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that they had.")
    ),
    request_body = WireUserRole,
    responses((status = 204, description = "They have it."), Refusals)
)]
pub(crate) async fn set_role(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
    IfMatch(expected): IfMatch,
    Payload(wish): Payload<WireUserRole>,
) -> Result<StatusCode, Problem> {
    let user = id.read(UserId::parse)?;
    let change = UserChange {
        role: Some(wish.role),
        ..UserChange::default()
    };
    let app = &context.app;
    app.user_update(&caller, user, change, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts a person out of the organisation. Their keys there do nothing any more.
#[utoipa::path(
    delete, path = "/api/v1/users/{id}", operation_id = "user_remove", tag = "organisation",
    params(
        ("id" = String, Path, description = "The person."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that they had.")
    ),
    responses((status = 204, description = "They are out."), Refusals)
)]
pub(crate) async fn remove(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    let user = id.read(UserId::parse)?;
    context.app.user_remove(&caller, user, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
