//! Looking at tasks, and what people do with them.

use assay_auth::Scope;

use crate::transaction::{Page, system_only};
use crate::value::args;
use crate::{Error, Priority, Task, TaskId, TaskState, Tx};

use super::{TASK, task};

/// A task that may run within so long is one that waits for a worker.
const SOON_MS: i64 = 15 * 60_000;

/// Which tasks a list is of.
#[derive(Clone, Debug, Default)]
pub struct TaskFilter {
    /// In one state.
    pub state: Option<TaskState>,
    /// Of one kind.
    pub kind: Option<String>,
    /// Only those that are no organisation's: the platform's own.
    pub is_platform: bool,
}

/// How many tasks of one kind are in one state, for metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskCounts {
    /// Of which kind.
    pub kind: String,
    /// In which state.
    pub state: TaskState,
    /// Of which priority.
    pub priority: Priority,
    /// How many.
    pub count: i64,
    /// Since when the oldest of them is ready.
    pub oldest_ready_ms: i64,
}

impl Tx {
    /// Returns a task.
    pub async fn task_get(&mut self, scope: &Scope, id: TaskId) -> Result<Task, Error> {
        let sql = "SELECT * FROM task WHERE id = $1 AND ($2 IS NULL OR organisation_id = $2)";
        let found = self
            .find(sql, args![id, scope.organisation()], task)
            .await?;
        found.ok_or(Error::NotFound(TASK))
    }

    /// Lists tasks, the newest first. A list of the dead ones is the dead letters.
    pub async fn task_list(
        &mut self,
        scope: &Scope,
        filter: &TaskFilter,
        page: Page<TaskId>,
    ) -> Result<Vec<Task>, Error> {
        let sql = "SELECT * FROM task WHERE ($1 IS NULL OR organisation_id = $1) \
                   AND ($2 IS NULL OR state = $2) AND ($3 IS NULL OR kind = $3) \
                   AND ($4 IS NULL OR id < $4) AND (NOT $6 OR organisation_id IS NULL) \
                   ORDER BY id DESC LIMIT $5";
        let args = args![
            scope.organisation(),
            filter.state,
            filter.kind.clone(),
            page.after,
            page.limit(),
            filter.is_platform,
        ];
        self.list(sql, args, task).await
    }

    /// Stops a task: one that waits is over, one that runs is told at its next
    /// heartbeat.
    pub async fn task_cancel(&mut self, scope: &Scope, id: TaskId) -> Result<(), Error> {
        let sql = "UPDATE task SET is_cancel_wanted = TRUE, updated_ms = $3, \
                   finished_ms = CASE state WHEN 'waiting' THEN $3 ELSE finished_ms END, \
                   state = CASE state WHEN 'waiting' THEN 'cancelled' ELSE state END \
                   WHERE id = $1 AND ($2 IS NULL OR organisation_id = $2) \
                   AND state IN ('waiting', 'leased')";
        let args = args![id, scope.organisation(), self.now_ms()];
        self.touch(TASK, sql, args).await
    }

    /// Lets a dead or cancelled task begin anew, with all its attempts.
    pub async fn task_retry(&mut self, scope: &Scope, id: TaskId) -> Result<(), Error> {
        let sql = "UPDATE task SET state = 'waiting', attempts = 0, attempts_lost = 0, \
                   is_cancel_wanted = FALSE, \
                   is_replaced = FALSE, \
                   rank_ms = rank_ms - ready_ms + $3, ready_ms = $3, updated_ms = $3, \
                   finished_ms = NULL \
                   WHERE id = $1 AND ($2 IS NULL OR organisation_id = $2) \
                   AND state IN ('dead', 'cancelled') AND (unique_key IS NULL OR NOT EXISTS \
                   (SELECT 1 FROM task AS other WHERE other.unique_key = task.unique_key \
                   AND other.state IN ('waiting', 'leased')))";
        let args = args![id, scope.organisation(), self.now_ms()];
        self.touch(TASK, sql, args).await?;
        self.task_announce();
        Ok(())
    }

    /// Counts tasks that are not over, and the dead ones.
    pub async fn task_counts(&mut self, scope: &Scope) -> Result<Vec<TaskCounts>, Error> {
        let sql = "SELECT kind, state, priority, count(*) AS count, \
                   min(ready_ms) AS oldest_ready_ms FROM task \
                   WHERE ($1 IS NULL OR organisation_id = $1) \
                   AND state IN ('waiting', 'leased', 'dead') \
                   GROUP BY kind, state, priority ORDER BY kind, state, priority LIMIT 10000";
        self.list(sql, args![scope.organisation()], |row| {
            Ok(TaskCounts {
                kind: row.get("kind")?,
                state: TaskState::parse(&row.get::<String>("state")?)?,
                priority: Priority::from_number(row.get("priority")?)?,
                count: row.get("count")?,
                oldest_ready_ms: row.get("oldest_ready_ms")?,
            })
        })
        .await
    }

    /// Counts the tasks that could run now, by what a worker has to be able to do.
    pub async fn task_ready(&mut self, scope: &Scope) -> Result<Vec<(String, i64)>, Error> {
        system_only(scope)?;
        let sql = "SELECT capability, count(*) AS count FROM task \
                   WHERE state = 'waiting' AND ready_ms <= $1 \
                   GROUP BY capability ORDER BY capability LIMIT 100";
        self.list(sql, args![self.now_ms()], |row| {
            Ok((row.get("capability")?, row.get("count")?))
        })
        .await
    }

    /// Returns whether at least so many tasks wait: when new work is turned away. Those
    /// that wait for a time hours ahead, such as for a quota, are no backlog.
    pub async fn task_backlog(&mut self, scope: &Scope, at_least: u32) -> Result<bool, Error> {
        system_only(scope)?;
        let sql = "SELECT count(*) AS count FROM \
                   (SELECT 1 FROM task WHERE state = 'waiting' AND ready_ms <= $2 LIMIT $1) \
                   AS waiting";
        let soon_ms = self.now_ms().saturating_add(SOON_MS);
        Ok(self.count(sql, args![at_least, soon_ms]).await? >= i64::from(at_least))
    }

    /// Returns when the next waiting task becomes ready.
    pub async fn task_next_ready(&mut self, scope: &Scope) -> Result<Option<i64>, Error> {
        system_only(scope)?;
        let sql = "SELECT min(ready_ms) AS ready_ms FROM task WHERE state = 'waiting'";
        let found = self.find(sql, Vec::new(), |row| row.get::<Option<i64>>("ready_ms"));
        Ok(found.await?.flatten())
    }
}
