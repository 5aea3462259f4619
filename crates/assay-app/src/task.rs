//! Queued work, as people look at it and steer it.

use assay_auth::{Identifier, Permission, Scope};
use assay_store::{Task, TaskFilter, TaskId, TaskState, Tx};
use serde_json::json;

use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::organisation::platform_scope;
use crate::paging::Paging;

/// What looks at the platform's own tasks for somebody.
const PLATFORM: &str = "platform";

/// What is to become of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskWish {
    /// Begin anew, with all its attempts.
    Retry,
    /// Stop.
    Cancel,
}

impl TaskWish {
    /// Does it; returns what it is called in the audit log.
    pub(crate) async fn apply(
        self,
        tx: &mut Tx,
        scope: &Scope,
        id: TaskId,
    ) -> Result<&'static str, Error> {
        Ok(match self {
            Self::Retry => {
                tx.task_retry(scope, id).await?;
                "task.retry"
            }
            Self::Cancel => {
                tx.task_cancel(scope, id).await?;
                "task.cancel"
            }
        })
    }
}

/// Which tasks a list is of.
#[derive(Clone, Debug, Default)]
pub struct TaskQuery {
    /// In one state, by its name.
    pub state: Option<String>,
    /// Of one kind.
    pub kind: Option<String>,
    /// The platform's own, which are no organisation's, such as what webhooks bring before
    /// it is known whose they are.
    pub is_platform: bool,
}

/// A task as people see it, without what it was given.
#[derive(Clone, Debug)]
pub struct TaskView {
    /// Its identifier.
    pub id: Identifier,
    /// The job that does it.
    pub kind: String,
    /// Where it is on its way.
    pub state: &'static str,
    /// How much it matters.
    pub priority: &'static str,
    /// How often it was begun.
    pub attempts: i64,
    /// How often it may be.
    pub attempts_max: i64,
    /// How many of these attempts ended without a word of their worker, as when it was
    /// killed or its machine started anew. They count.
    pub attempts_lost: i64,
    /// The worker that has it, or had it last.
    pub worker: Option<String>,
    /// From when on it may run.
    pub ready_ms: i64,
    /// How far it is, as the job says.
    pub progress: Option<String>,
    /// Why its last attempt failed.
    pub problem: Option<String>,
    /// When it was accepted.
    pub created_ms: i64,
    /// When its last attempt began.
    pub started_ms: Option<i64>,
    /// When it ended.
    pub finished_ms: Option<i64>,
}

impl From<Task> for TaskView {
    fn from(row: Task) -> Self {
        Self {
            id: row.id.identifier(),
            kind: row.kind,
            state: row.state.name(),
            priority: row.priority.name(),
            attempts: row.attempts,
            attempts_max: row.attempts_max,
            attempts_lost: row.attempts_lost,
            worker: row.worker,
            ready_ms: row.ready_ms,
            progress: row.progress,
            problem: row.problem,
            created_ms: row.created_ms,
            started_ms: row.started_ms,
            finished_ms: row.finished_ms,
        }
    }
}

impl App {
    /// Lists the organisation's tasks, or for those who look after the platform its own;
    /// those that are dead are the dead letters.
    pub async fn task_list(
        &self,
        caller: &Caller,
        query: TaskQuery,
        paging: Paging,
    ) -> Result<Vec<TaskView>, Error> {
        let mut scope = caller.authorise(Permission::TaskRead)?;
        let mut tx = self.store().read().await?;
        if query.is_platform {
            platform_scope(&mut tx, caller).await?;
            scope = Scope::system(PLATFORM);
        }
        let filter = TaskFilter {
            state: state(query.state.as_deref())?,
            kind: query.kind,
            is_platform: query.is_platform,
        };
        let page = paging.page(TaskId::from_identifier);
        let rows = tx.task_list(&scope, &filter, page).await?;
        Ok(rows.into_iter().map(TaskView::from).collect())
    }

    /// Returns a task of the organisation, or for those who look after the platform one of
    /// its own.
    pub async fn task_get(&self, caller: &Caller, id: Identifier) -> Result<TaskView, Error> {
        let scope = caller.authorise(Permission::TaskRead)?;
        let mut tx = self.store().read().await?;
        let id = TaskId::from_identifier(id);
        Ok(seen(&mut tx, caller, scope, id).await?.task.into())
    }

    /// Retries or cancels a task of the organisation, or for those who look after the
    /// platform one of its own.
    pub async fn task_steer(
        &self,
        caller: &Caller,
        id: Identifier,
        wish: TaskWish,
    ) -> Result<TaskView, Error> {
        let id = TaskId::from_identifier(id);
        let scope = caller.authorise(Permission::TaskManage)?;
        let mut tx = self.store().begin().await?;
        let seen = seen(&mut tx, caller, scope, id).await?;
        let action = wish.apply(&mut tx, &seen.rows, id).await?;
        let task = tx.task_get(&seen.rows, id).await?;
        audit(
            &mut tx,
            &seen.acts,
            action,
            format!("task:{id}"),
            json!({"kind": task.kind}),
        )
        .await?;
        tx.commit().await?;
        Ok(task.into())
    }
}

/// A task that a caller may look at.
struct Seen {
    task: Task,
    /// In which it is found.
    rows: Scope,
    /// In whose log it stands what is done about it.
    acts: Scope,
}

/// Finds a task. The platform's own are there for those who look after it; for others
/// they are not.
async fn seen(tx: &mut Tx, caller: &Caller, scope: Scope, id: TaskId) -> Result<Seen, Error> {
    let missing = match tx.task_get(&scope, id).await {
        Ok(task) => {
            let (rows, acts) = (scope.clone(), scope);
            return Ok(Seen { task, rows, acts });
        }
        Err(error @ assay_store::Error::NotFound(_)) => error,
        Err(error) => return Err(error.into()),
    };
    let Ok(acts) = platform_scope(tx, caller).await else {
        return Err(missing.into());
    };
    let rows = Scope::system(PLATFORM);
    let task = tx.task_get(&rows, id).await?;
    match task.organisation {
        None => Ok(Seen { task, rows, acts }),
        Some(_) => Err(missing.into()),
    }
}

pub(crate) fn state(name: Option<&str>) -> Result<Option<TaskState>, Error> {
    let parsed = name.map(TaskState::parse).transpose();
    parsed.map_err(|_| Error::invalid("state", "there is no such state"))
}
