//! Queued work, as people look at it and steer it.

use assay_auth::{Identifier, Permission, Scope};
use assay_store::{Task, TaskFilter, TaskId, TaskState, Tx};
use serde_json::json;

use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::paging::Paging;

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
    /// Lists the organisation's tasks; those that are dead are the dead letters.
    pub async fn task_list(
        &self,
        caller: &Caller,
        query: TaskQuery,
        paging: Paging,
    ) -> Result<Vec<TaskView>, Error> {
        let scope = caller.authorise(Permission::TaskRead)?;
        let mut tx = self.store().read().await?;
        let filter = TaskFilter {
            state: state(query.state.as_deref())?,
            kind: query.kind,
        };
        let page = paging.page(TaskId::from_identifier);
        let rows = tx.task_list(&scope, &filter, page).await?;
        Ok(rows.into_iter().map(TaskView::from).collect())
    }

    /// Returns a task of the organisation.
    pub async fn task_get(&self, caller: &Caller, id: Identifier) -> Result<TaskView, Error> {
        let scope = caller.authorise(Permission::TaskRead)?;
        let mut tx = self.store().read().await?;
        Ok(tx
            .task_get(&scope, TaskId::from_identifier(id))
            .await?
            .into())
    }

    /// Retries or cancels a task of the organisation.
    pub async fn task_steer(
        &self,
        caller: &Caller,
        id: Identifier,
        wish: TaskWish,
    ) -> Result<TaskView, Error> {
        let id = TaskId::from_identifier(id);
        let scope = caller.authorise(Permission::TaskManage)?;
        let mut tx = self.store().begin().await?;
        let action = wish.apply(&mut tx, &scope, id).await?;
        let task = tx.task_get(&scope, id).await?;
        audit(
            &mut tx,
            &scope,
            action,
            format!("task:{id}"),
            json!({"kind": task.kind}),
        )
        .await?;
        tx.commit().await?;
        Ok(task.into())
    }
}

pub(crate) fn state(name: Option<&str>) -> Result<Option<TaskState>, Error> {
    let parsed = name.map(TaskState::parse).transpose();
    parsed.map_err(|_| Error::invalid("state", "there is no such state"))
}
