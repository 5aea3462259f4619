//! Repositories: listed, looked at, set, and read whole.

use assay_app::{MetricView, PackageView, RepositoryName, RepositoryView, TreeWish};
use assay_auth::Identifier;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::context::Context;
use crate::endpoint::review::{WireAnalyzed, accepted};
use crate::extract::{Authenticated, Id, IdempotencyKey, Parameters, Payload};
use crate::page::{Listed, PageQuery};
use crate::problem::{Problem, Refusals};

/// A repository.
#[derive(Serialize, ToSchema)]
#[schema(as = Repository)]
pub(crate) struct WireRepository {
    /// Its identifier.
    id: String,
    /// On which forge: `github` or `gitlab`.
    #[schema(example = "github")]
    forge: &'static str,
    /// At which host.
    #[schema(example = "github.com")]
    host: String,
    /// The account that owns it.
    owner: String,
    /// Its name.
    name: String,
    /// The branch that changes go to.
    default_branch: String,
    /// Whether strangers cannot see it.
    private: bool,
    /// Whether its changes are reviewed.
    enabled: bool,
    /// When it was first seen, in milliseconds since 1970.
    created_ms: i64,
}

impl From<RepositoryView> for WireRepository {
    fn from(view: RepositoryView) -> Self {
        Self {
            id: view.id.to_string(),
            forge: view.forge,
            host: view.host,
            owner: view.owner,
            name: view.name,
            default_branch: view.default_branch,
            private: view.is_private,
            enabled: view.is_enabled,
            created_ms: view.created_ms,
        }
    }
}

/// Lists repositories, the newest first.
#[utoipa::path(
    get, path = "/api/v1/repositories", operation_id = "repository_list", tag = "repositories", params(PageQuery),
    responses((status = 200, body = Listed<WireRepository>, description = "A page."), Refusals)
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Json<Listed<WireRepository>>, Problem> {
    let rows = context
        .app
        .repository_list(&caller, query.paging()?)
        .await?;
    let page = query.answer(rows, |row| row.id.to_string(), WireRepository::from)?;
    Ok(Json(page))
}

/// Returns a repository.
#[utoipa::path(
    get, path = "/api/v1/repositories/{id}", operation_id = "repository_get", tag = "repositories",
    params(("id" = String, Path, description = "The repository.")),
    responses((status = 200, body = WireRepository, description = "The repository."), Refusals)
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Json<WireRepository>, Problem> {
    let id = id.read(Identifier::parse)?;
    Ok(Json(context.app.repository_get(&caller, id).await?.into()))
}

/// What is set for a repository.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RepositorySettings)]
pub(crate) struct WireSettings {
    /// Whether its changes are reviewed.
    enabled: bool,
}

/// Says whether the changes of a repository are reviewed.
#[utoipa::path(
    put, path = "/api/v1/repositories/{id}/settings", operation_id = "repository_set", tag = "repositories",
    params(("id" = String, Path, description = "The repository.")),
    request_body = WireSettings,
    responses((status = 200, body = WireRepository, description = "The repository as it is now."), Refusals)
)]
pub(crate) async fn set(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
    Payload(settings): Payload<WireSettings>,
) -> Result<Json<WireRepository>, Problem> {
    let id = id.read(Identifier::parse)?;
    let set = context
        .app
        .repository_set_enabled(&caller, id, settings.enabled)
        .await?;
    Ok(Json(set.into()))
}

/// Of which number the history is.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// `score`, or a number that reviews name.
    #[param(example = "score", default = "score", min_length = 1, max_length = 100)]
    metric: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// How a number was at one review.
#[derive(Serialize, ToSchema)]
#[schema(as = MetricPoint)]
pub(crate) struct WirePoint {
    /// The review that measured it.
    review: String,
    /// Of which pull request, if of one.
    pull_request: Option<i64>,
    /// To which revision.
    head: String,
    /// When the review ended, in milliseconds since 1970.
    finished_ms: i64,
    /// How much.
    value: f64,
}

impl From<MetricView> for WirePoint {
    fn from(view: MetricView) -> Self {
        Self {
            review: view.review.to_string(),
            pull_request: view.pull_request,
            head: view.head,
            finished_ms: view.finished_ms,
            value: view.value,
        }
    }
}

/// Lists how a number of a repository went, the newest review first.
#[utoipa::path(
    get, path = "/api/v1/repositories/{id}/metrics", operation_id = "repository_metrics", tag = "repositories",
    params(("id" = String, Path, description = "The repository."), HistoryQuery),
    responses((status = 200, body = Listed<WirePoint>, description = "A page."), Refusals)
)]
pub(crate) async fn metrics(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
    Parameters(query): Parameters<HistoryQuery>,
) -> Result<Json<Listed<WirePoint>>, Problem> {
    let id = id.read(Identifier::parse)?;
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    let metric = query.metric.as_deref().unwrap_or("score");
    let rows = context
        .app
        .repository_metric(&caller, id, metric, page.paging()?)
        .await?;
    let page = page.answer(rows, |row| row.review.to_string(), WirePoint::from)?;
    Ok(Json(page))
}

/// A package that a repository depends on.
#[derive(Serialize, ToSchema)]
#[schema(as = Package)]
pub(crate) struct WirePackage {
    /// The file that names it.
    path: String,
    /// The ecosystem.
    #[schema(example = "npm")]
    ecosystem: String,
    /// Its name.
    name: String,
    /// Its versions.
    versions: Vec<String>,
    /// Whether the project itself asks for it.
    direct: bool,
    /// The review that says so.
    review: String,
}

/// The packages that a repository depends on.
#[derive(Serialize, ToSchema)]
#[schema(as = Packages)]
pub(crate) struct WirePackages {
    /// Those that the project itself asks for first; 5,000 at most.
    items: Vec<WirePackage>,
    /// Whether they are all, as a review of the whole repository says; else they are those
    /// that its newest 20 reviews changed.
    whole: bool,
}

impl From<PackageView> for WirePackage {
    fn from(view: PackageView) -> Self {
        let package = view.package;
        Self {
            path: package.path,
            ecosystem: package.ecosystem,
            name: package.name,
            versions: package.versions,
            direct: package.is_direct,
            review: view.review.to_string(),
        }
    }
}

/// Lists the packages that a repository depends on, as its newest reviews say.
#[utoipa::path(
    get, path = "/api/v1/repositories/{id}/packages", operation_id = "repository_packages", tag = "repositories",
    params(("id" = String, Path, description = "The repository.")),
    responses((status = 200, body = WirePackages, description = "The packages."), Refusals)
)]
pub(crate) async fn packages(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Json<WirePackages>, Problem> {
    let id = id.read(Identifier::parse)?;
    let found = context.app.repository_packages(&caller, id).await?;
    Ok(Json(WirePackages {
        items: found.items.into_iter().map(WirePackage::from).collect(),
        whole: found.is_whole,
    }))
}

/// A repository that is to be read whole.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TreeWish)]
pub(crate) struct WireTree {
    /// The repository's identifier here; either this or `url`.
    repository: Option<String>,
    /// The repository's address on a forge that this server knows; only repositories of
    /// the organisation are found, and the address is not asked.
    #[schema(example = "https://github.com/acme/shop")]
    url: Option<String>,
    /// A branch, a tag, or the full name of a commit of the default branch; the default
    /// branch if left out.
    #[schema(max_length = 200, example = "main")]
    revision: Option<String>,
}

/// Accepts a repository to be read whole.
///
/// The answer comes at once; the report is that of the review, with the findings and
/// numbers of all files.
#[utoipa::path(
    post, path = "/api/v1/analyze/repository", operation_id = "repository_analyze", tag = "reviews",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 bytes; remembered for a day.")),
    request_body = WireTree,
    responses((status = 202, body = WireAnalyzed, description = "It will be read."), Refusals)
)]
pub(crate) async fn analyze(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Payload(wish): Payload<WireTree>,
) -> Result<Response, Problem> {
    let repository = match (wish.repository, wish.url) {
        (Some(id), None) => {
            let id = Identifier::parse(&id);
            RepositoryName::Id(id.map_err(|_| Problem::invalid("`repository` is no identifier"))?)
        }
        (None, Some(url)) => RepositoryName::Url(url),
        _ => return Err(Problem::invalid("either `repository` or `url`")),
    };
    let wish = TreeWish {
        repository,
        revision: wish.revision,
        idempotency_key,
    };
    let analyzed = context.app.repository_analyze(&caller, wish).await?;
    Ok(accepted(&analyzed))
}
