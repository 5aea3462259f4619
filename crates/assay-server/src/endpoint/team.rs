//! Teams of the organisation and who is in them.

use assay_app::TeamView;
use assay_auth::{TeamId, UserId};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::context::Context;
use crate::extract::{Authenticated, Id, IdempotencyKey, IfMatch, Parameters, Payload, TwoIds};
use crate::layer::Versioned;
use crate::page::{Listed, PageQuery};
use crate::problem::{Problem, Refusals};

/// A team.
#[derive(Serialize, ToSchema)]
#[schema(as = Team)]
pub(crate) struct WireTeam {
    /// Its identifier.
    id: String,
    /// Its name, which no other team of the organisation has.
    name: String,
    /// When it was made.
    created_ms: i64,
}

impl From<TeamView> for WireTeam {
    fn from(view: TeamView) -> Self {
        Self {
            id: view.id.to_string(),
            name: view.name,
            created_ms: view.created_ms,
        }
    }
}

/// What a team is to be called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TeamWish)]
pub(crate) struct WireTeamWish {
    /// Its name, which no other team of the organisation has.
    #[schema(min_length = 1, max_length = 100, example = "backend")]
    name: String,
}

/// A team that was made.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedTeam)]
pub(crate) struct WireCreatedTeam {
    /// Its identifier.
    id: String,
}

/// Who is in a team.
#[derive(Serialize, ToSchema)]
#[schema(as = TeamMembers)]
pub(crate) struct WireTeamMembers {
    /// Their identifiers.
    users: Vec<String>,
}

/// Lists the teams of the organisation, the newest first.
#[utoipa::path(
    get, path = "/api/v1/teams", operation_id = "team_list", tag = "organisation", params(PageQuery),
    responses((status = 200, body = Listed<WireTeam>, description = "A page."), Refusals)
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Json<Listed<WireTeam>>, Problem> {
    let rows = context.app.team_list(&caller, query.paging()?).await?;
    let cursor = |row: &TeamView| row.id.to_string();
    Ok(Json(query.answer(rows, cursor, WireTeam::from)?))
}

/// Makes a team.
#[utoipa::path(
    post, path = "/api/v1/teams", operation_id = "team_create", tag = "organisation",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 bytes; remembered for a day.")),
    request_body = WireTeamWish,
    responses((status = 201, body = WireCreatedTeam, description = "It is there."), Refusals)
)]
pub(crate) async fn create(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    IdempotencyKey(key): IdempotencyKey,
    Payload(wish): Payload<WireTeamWish>,
) -> Result<(StatusCode, Json<WireCreatedTeam>), Problem> {
    let made = context
        .app
        .team_create(&caller, &wish.name, key.as_deref())
        .await?;
    let id = made.to_string();
    Ok((StatusCode::CREATED, Json(WireCreatedTeam { id })))
}

/// Returns a team.
#[utoipa::path(
    get, path = "/api/v1/teams/{id}", operation_id = "team_get", tag = "organisation",
    params(("id" = String, Path, description = "The team.")),
    responses((status = 200, body = WireTeam, description = "The team."), Refusals)
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<impl IntoResponse, Problem> {
    let id = id.read(TeamId::parse)?;
    let view = context.app.team_get(&caller, id).await?;
    let version = Versioned(view.version);
    Ok((Extension(version), Json(WireTeam::from(view))))
}

/// Gives a team another name.
#[utoipa::path(
    put, path = "/api/v1/teams/{id}", operation_id = "team_rename", tag = "organisation",
    params(
        ("id" = String, Path, description = "The team."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that it had.")
    ),
    request_body = WireTeamWish,
    responses((status = 204, description = "It has that name."), Refusals)
)]
pub(crate) async fn rename(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
    IfMatch(expected): IfMatch,
    Payload(wish): Payload<WireTeamWish>,
) -> Result<StatusCode, Problem> {
    let id = id.read(TeamId::parse)?;
    let app = &context.app;
    app.team_rename(&caller, id, &wish.name, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a team away.
#[utoipa::path(
    delete, path = "/api/v1/teams/{id}", operation_id = "team_remove", tag = "organisation",
    params(
        ("id" = String, Path, description = "The team."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that it had.")
    ),
    responses((status = 204, description = "It is gone."), Refusals)
)]
pub(crate) async fn remove(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    let id = id.read(TeamId::parse)?;
    context.app.team_remove(&caller, id, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists who is in a team.
#[utoipa::path(
    get, path = "/api/v1/teams/{id}/members", operation_id = "team_member_list",
    tag = "organisation",
    params(("id" = String, Path, description = "The team.")),
    responses((status = 200, body = WireTeamMembers, description = "All of them."), Refusals)
)]
pub(crate) async fn members(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Json<WireTeamMembers>, Problem> {
    let id = id.read(TeamId::parse)?;
    let users = context.app.team_member_list(&caller, id).await?;
    let users = users.iter().map(ToString::to_string).collect();
    Ok(Json(WireTeamMembers { users }))
}

/// Puts somebody of the organisation into a team, or leaves them there.
#[utoipa::path(
    put, path = "/api/v1/teams/{id}/members/{user}", operation_id = "team_member_put",
    tag = "organisation",
    params(
        ("id" = String, Path, description = "The team."),
        ("user" = String, Path, description = "The person.")
    ),
    responses((status = 204, description = "They are in it."), Refusals)
)]
pub(crate) async fn put_member(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    TwoIds(id, user): TwoIds,
) -> Result<StatusCode, Problem> {
    let (id, user) = (id.read(TeamId::parse)?, user.read(UserId::parse)?);
    context.app.team_member_put(&caller, id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes somebody out of a team.
#[utoipa::path(
    delete, path = "/api/v1/teams/{id}/members/{user}", operation_id = "team_member_remove",
    tag = "organisation",
    params(
        ("id" = String, Path, description = "The team."),
        ("user" = String, Path, description = "The person.")
    ),
    responses((status = 204, description = "They are out of it."), Refusals)
)]
pub(crate) async fn remove_member(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    TwoIds(id, user): TwoIds,
) -> Result<StatusCode, Problem> {
    let (id, user) = (id.read(TeamId::parse)?, user.read(UserId::parse)?);
    context.app.team_member_remove(&caller, id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
