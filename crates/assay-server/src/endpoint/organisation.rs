//! Organisations, and the roles of the caller's own.

use assay_app::{OrganisationView, RoleView};
use assay_auth::OrganisationId;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::token::permissions;
use crate::context::Context;
use crate::extract::{Authenticated, Id, IfMatch, Parameters, Payload};
use crate::layer::Versioned;
use crate::page::{Listed, PageQuery};
use crate::problem::{Problem, Refusals};

/// An organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = Organisation)]
pub(crate) struct WireOrganisation {
    /// Its identifier.
    id: String,
    /// Its name in addresses.
    name: String,
    /// Its name for people.
    display_name: String,
    /// When it was made.
    created_ms: i64,
    /// Its roles, for those who may see them; left out in lists.
    roles: Vec<WireRole>,
}

impl From<OrganisationView> for WireOrganisation {
    fn from(view: OrganisationView) -> Self {
        Self {
            id: view.id.to_string(),
            name: view.name,
            display_name: view.display_name,
            created_ms: view.created_ms,
            roles: view.roles.into_iter().map(WireRole::from).collect(),
        }
    }
}

/// A role.
#[derive(Serialize, ToSchema)]
#[schema(as = Role)]
pub(crate) struct WireRole {
    /// Its name.
    #[schema(example = "team-lead")]
    name: String,
    /// What it allows.
    permissions: Vec<&'static str>,
    /// Whether every organisation has it, and none changes it.
    is_built_in: bool,
}

impl From<RoleView> for WireRole {
    fn from(role: RoleView) -> Self {
        Self {
            name: role.name,
            permissions: role.permissions.names(),
            is_built_in: role.is_built_in,
        }
    }
}

/// What is to change about an organisation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationWish)]
pub(crate) struct WireOrganisationWish {
    /// Its name for people.
    #[schema(min_length = 1, max_length = 100)]
    display_name: String,
}

/// An organisation that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOrganisation)]
pub(crate) struct WireNewOrganisation {
    /// Its name in addresses, which no other has or had.
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = "^[a-z0-9-]+$",
        example = "acme"
    )]
    name: String,
    /// Its name for people.
    #[schema(min_length = 1, max_length = 100)]
    display_name: String,
}

/// An organisation that was made, with the key of its first administrator, which is
/// shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedOrganisation)]
pub(crate) struct WireCreatedOrganisation {
    /// Its identifier.
    id: String,
    /// The key.
    #[schema(example = "assay_...")]
    key: String,
}

/// The roles of an organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = Roles)]
pub(crate) struct WireRoles {
    /// Built-in ones first.
    items: Vec<WireRole>,
}

/// What a role is to allow.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoleWish)]
pub(crate) struct WireRoleWish {
    /// What it allows; no more than the caller may do.
    permissions: Vec<String>,
}

/// Returns the caller's organisation.
#[utoipa::path(
    get, path = "/api/v1/organisation", operation_id = "organisation_get", tag = "organisation",
    responses((status = 200, body = WireOrganisation, description = "The organisation."), Refusals)
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
) -> Result<impl IntoResponse, Problem> {
    let view = context.app.organisation_get(&caller).await?;
    let version = Versioned(view.version);
    Ok((Extension(version), Json(WireOrganisation::from(view))))
}

/// Gives the organisation another name for people.
#[utoipa::path(
    put, path = "/api/v1/organisation", operation_id = "organisation_rename", tag = "organisation",
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that it had.")),
    request_body = WireOrganisationWish,
    responses((status = 204, description = "It has that name."), Refusals)
)]
pub(crate) async fn rename(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    IfMatch(expected): IfMatch,
    Payload(wish): Payload<WireOrganisationWish>,
) -> Result<StatusCode, Problem> {
    let name = &wish.display_name;
    let app = &context.app;
    app.organisation_rename(&caller, name, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists organisations, the newest first.
///
/// All of them, for those who manage the platform's own organisation; else those that
/// the caller is in.
#[utoipa::path(
    get, path = "/api/v1/organisations", operation_id = "organisation_list", tag = "organisation",
    params(PageQuery),
    responses((status = 200, body = Listed<WireOrganisation>, description = "A page."), Refusals)
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Json<Listed<WireOrganisation>>, Problem> {
    let rows = context.app.organisation_list(&caller, query.paging()?);
    let rows = rows.await?;
    let cursor = |row: &OrganisationView| row.id.to_string();
    Ok(Json(query.answer(rows, cursor, WireOrganisation::from)?))
}

/// Makes an organisation, with a key for whoever is to look after it.
///
/// For those who manage the platform's own organisation.
#[utoipa::path(
    post, path = "/api/v1/organisations", operation_id = "organisation_create",
    tag = "organisation", request_body = WireNewOrganisation,
    responses((status = 201, body = WireCreatedOrganisation, description = "It is there."), Refusals)
)]
pub(crate) async fn create(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Payload(wish): Payload<WireNewOrganisation>,
) -> Result<(StatusCode, Json<WireCreatedOrganisation>), Problem> {
    let made = context
        .app
        .organisation_create(&caller, &wish.name, &wish.display_name)
        .await?;
    let body = WireCreatedOrganisation {
        id: made.id.to_string(),
        key: made.key.expose_secret().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Ends an organisation: nobody is in it any more, and its keys are worth nothing.
///
/// For those who manage the platform's own organisation, which is never ended. The name stays taken.
#[utoipa::path(
    delete, path = "/api/v1/organisations/{id}", operation_id = "organisation_remove",
    tag = "organisation",
    params(
        ("id" = String, Path, description = "The organisation."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that it had.")
    ),
    responses((status = 204, description = "It is over."), Refusals)
)]
pub(crate) async fn remove(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    IfMatch(expected): IfMatch,
    id: Id,
) -> Result<StatusCode, Problem> {
    let id = id.read(OrganisationId::parse)?;
    let app = &context.app;
    app.organisation_remove(&caller, id, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the roles of the organisation.
#[utoipa::path(
    get, path = "/api/v1/roles", operation_id = "role_list", tag = "organisation",
    responses((status = 200, body = WireRoles, description = "All roles."), Refusals)
)]
pub(crate) async fn roles(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
) -> Result<Json<WireRoles>, Problem> {
    let roles = context.app.role_list(&caller).await?;
    let items = roles.into_iter().map(WireRole::from).collect();
    Ok(Json(WireRoles { items }))
}

/// Returns a role.
#[utoipa::path(
    get, path = "/api/v1/roles/{name}", operation_id = "role_get", tag = "organisation",
    params(("name" = String, Path, description = "Its name.")),
    responses((status = 200, body = WireRole, description = "The role."), Refusals)
)]
pub(crate) async fn get_role(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Id(name): Id,
) -> Result<impl IntoResponse, Problem> {
    let role = context.app.role_get(&caller, &name).await?;
    let version = Versioned(role.version);
    Ok((Extension(version), Json(WireRole::from(role))))
}

/// Makes or changes a role of the organisation's own.
#[utoipa::path(
    put, path = "/api/v1/roles/{name}", operation_id = "role_put", tag = "organisation",
    params(
        ("name" = String, Path, description = "Lower-case words with hyphens between them."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that it had.")
    ),
    request_body = WireRoleWish,
    responses((status = 204, description = "The role is so."), Refusals)
)]
pub(crate) async fn put_role(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Id(name): Id,
    IfMatch(expected): IfMatch,
    Payload(wish): Payload<WireRoleWish>,
) -> Result<StatusCode, Problem> {
    let permissions = permissions(&wish.permissions)?;
    let app = &context.app;
    app.role_put(&caller, &name, permissions, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a role of the organisation's own away, which nobody has any more.
#[utoipa::path(
    delete, path = "/api/v1/roles/{name}", operation_id = "role_remove", tag = "organisation",
    params(
        ("name" = String, Path, description = "Its name."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that it had.")
    ),
    responses((status = 204, description = "It is gone."), Refusals)
)]
pub(crate) async fn remove_role(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Id(name): Id,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    context.app.role_remove(&caller, &name, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
