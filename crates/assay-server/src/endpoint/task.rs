//! Queued work.

use assay_app::{TaskQuery, TaskView, TaskWish};
use assay_auth::Identifier;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::context::Context;
use crate::extract::{Authenticated, Id, Parameters};
use crate::page::{Listed, PageQuery};
use crate::problem::{Problem, Refusals};

/// A piece of queued work.
#[derive(Serialize, ToSchema)]
#[schema(as = Task)]
pub(crate) struct WireTask {
    /// Its identifier.
    id: String,
    /// The job that does it.
    #[schema(example = "review_change")]
    kind: String,
    /// `waiting`, `leased`, `done`, `dead`, `superseded` or `cancelled`.
    #[schema(example = "waiting")]
    state: &'static str,
    /// `critical`, `high`, `normal` or `low`.
    priority: &'static str,
    /// How often it was begun.
    attempts: i64,
    /// How often it may be.
    attempts_max: i64,
    /// How many of these attempts ended without a word of their worker: it was killed, or
    /// its machine started anew. They count towards the attempts that there may be.
    attempts_lost: i64,
    /// The worker that has it, or had it last.
    worker: Option<String>,
    /// From when on it may run.
    ready_ms: i64,
    /// How far it is, as the job says.
    progress: Option<String>,
    /// Why its last attempt failed.
    problem: Option<String>,
    /// When it was accepted.
    created_ms: i64,
    /// When its last attempt began.
    started_ms: Option<i64>,
    /// When it ended.
    finished_ms: Option<i64>,
}

impl From<TaskView> for WireTask {
    fn from(view: TaskView) -> Self {
        Self {
            id: view.id.to_string(),
            kind: view.kind,
            state: view.state,
            priority: view.priority,
            attempts: view.attempts,
            attempts_max: view.attempts_max,
            attempts_lost: view.attempts_lost,
            worker: view.worker,
            ready_ms: view.ready_ms,
            progress: view.progress,
            problem: view.problem,
            created_ms: view.created_ms,
            started_ms: view.started_ms,
            finished_ms: view.finished_ms,
        }
    }
}

/// Which tasks a list is of.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// In one state; `dead` are the dead letters.
    #[param(example = "dead")]
    state: Option<String>,
    /// Of one kind.
    kind: Option<String>,
    /// The platform's own, which are no organisation's, such as what webhooks bring; for
    /// those who manage the first organisation.
    platform: Option<bool>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists tasks, the newest first.
#[utoipa::path(
    get, path = "/api/v1/tasks", operation_id = "task_list", tag = "tasks", params(ListQuery),
    responses((status = 200, body = Listed<WireTask>, description = "A page."), Refusals)
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Listed<WireTask>>, Problem> {
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    let wanted = TaskQuery {
        state: query.state,
        kind: query.kind,
        is_platform: query.platform.unwrap_or(false),
    };
    let rows = context
        .app
        .task_list(&caller, wanted, page.paging()?)
        .await?;
    Ok(Json(page.answer(
        rows,
        |row| row.id.to_string(),
        WireTask::from,
    )?))
}

/// Returns a task.
#[utoipa::path(
    get, path = "/api/v1/tasks/{id}", operation_id = "task_get", tag = "tasks",
    params(("id" = String, Path, description = "The task.")),
    responses((status = 200, body = WireTask, description = "The task."), Refusals)
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Json<WireTask>, Problem> {
    let id = id.read(Identifier::parse)?;
    Ok(Json(context.app.task_get(&caller, id).await?.into()))
}

/// Lets a dead or cancelled task begin anew, with all its attempts.
#[utoipa::path(
    post, path = "/api/v1/tasks/{id}/retry", operation_id = "task_retry", tag = "tasks",
    params(("id" = String, Path, description = "The task.")),
    responses((status = 200, body = WireTask, description = "It waits again."), Refusals)
)]
pub(crate) async fn retry(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Json<WireTask>, Problem> {
    steer(&context, &caller, &id, TaskWish::Retry).await
}

/// Stops a task: one that waits is over, one that runs is told.
#[utoipa::path(
    post, path = "/api/v1/tasks/{id}/cancel", operation_id = "task_cancel", tag = "tasks",
    params(("id" = String, Path, description = "The task.")),
    responses((status = 200, body = WireTask, description = "It stops."), Refusals)
)]
pub(crate) async fn cancel(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Json<WireTask>, Problem> {
    steer(&context, &caller, &id, TaskWish::Cancel).await
}

async fn steer(
    context: &Context,
    caller: &assay_app::Caller,
    id: &Id,
    wish: TaskWish,
) -> Result<Json<WireTask>, Problem> {
    let id = id.read(Identifier::parse)?;
    Ok(Json(context.app.task_steer(caller, id, wish).await?.into()))
}
