//! Accepting work, in the transaction of what causes it.

use assay_auth::Scope;

use crate::value::{Value, args};
use crate::{Error, Priority, TaskId, Tx};

use super::TASK;

/// So large may be what a job is given.
const PAYLOAD_BYTES_MAX: usize = 8 << 20;
/// So long are the names of jobs, capabilities and keys.
const NAME_BYTES_MAX: usize = 512;
/// So often may another transaction come first when a key is taken.
const RACES_MAX: u32 = 5;
/// So often may a task be tried, whatever its job says.
const ATTEMPTS_MAX: i64 = 100;
/// So long may one attempt take, if the job says nothing else.
const DEADLINE_MS: i64 = 10 * 60_000;

/// What happens when a task with the same key waits already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unique {
    /// The older one is superseded: a newer push made it worthless.
    Newest,
    /// The older one stays, and the new one is not accepted beside it.
    Oldest,
}

/// Work that is to be accepted.
#[derive(Clone, Debug)]
pub struct NewTask {
    /// The job that does it.
    pub kind: String,
    /// What a worker has to be able to do.
    pub capability: String,
    /// What the job is given, as JSON.
    pub payload: String,
    /// Of which version the payload is.
    pub payload_version: i64,
    /// How much it matters.
    pub priority: Priority,
    /// From when on it may run, if not at once.
    pub ready_ms: Option<i64>,
    /// How often it may be begun.
    pub attempts_max: i64,
    /// How long one attempt may take.
    pub deadline_ms: i64,
    /// What only one waiting task of an organisation may be about.
    pub unique: Option<(String, Unique)>,
    /// By what it is traced.
    pub trace: Option<String>,
}

impl NewTask {
    /// Returns a task of the usual kind: normal priority, at once, 5 attempts of 10
    /// minutes.
    pub fn new(kind: &str, payload: String) -> Self {
        Self {
            kind: kind.to_owned(),
            capability: "any".to_owned(),
            payload,
            payload_version: 1,
            priority: Priority::Normal,
            ready_ms: None,
            attempts_max: 5,
            deadline_ms: DEADLINE_MS,
            unique: None,
            trace: None,
        }
    }

    fn check(&self) -> Result<(), Error> {
        let is_name = |text: &str| !text.is_empty() && text.len() <= NAME_BYTES_MAX;
        let key = self.unique.as_ref().map(|(key, _)| key.as_str());
        if !is_name(&self.kind) || !is_name(&self.capability) || !key.is_none_or(is_name) {
            let why = format!("a task's names have 1 to {NAME_BYTES_MAX} bytes");
            return Err(Error::Invalid(why));
        }
        if self.payload.len() > PAYLOAD_BYTES_MAX {
            return Err(Error::Invalid("the task's payload is too large".to_owned()));
        }
        if !(1..=ATTEMPTS_MAX).contains(&self.attempts_max) || self.deadline_ms < 1 {
            let why = format!("a task has 1 to {ATTEMPTS_MAX} attempts and a deadline");
            return Err(Error::Invalid(why));
        }
        Ok(())
    }
}

impl NewTask {
    /// Returns the arguments of a row that is about nothing that only one may be about.
    pub(crate) fn plain_args(&self, id: TaskId, now_ms: i64) -> Result<Vec<Value>, Error> {
        self.check()?;
        if self.unique.is_some() {
            return Err(Error::Invalid("such a task has no key".to_owned()));
        }
        let ready_ms = self.ready_ms.unwrap_or(now_ms);
        Ok(args![
            id,
            &self.kind,
            &self.capability,
            &self.payload,
            self.payload_version,
            self.priority,
            ready_ms,
            ready_ms.saturating_add(self.priority.head_start_ms()),
            self.attempts_max,
            self.deadline_ms,
            self.trace.clone(),
        ])
    }
}

/// What became of work that was to be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// It was accepted.
    New(TaskId),
    /// One with the same key waits already.
    Waiting(TaskId),
}

impl Enqueued {
    /// Returns the task that does the work.
    pub fn task(self) -> TaskId {
        match self {
            Self::New(task) | Self::Waiting(task) => task,
        }
    }
}

impl Tx {
    /// Accepts work for the scope's organisation, or the platform's own. It is
    /// there when the transaction is committed, and not otherwise.
    pub async fn task_enqueue(&mut self, scope: &Scope, new: &NewTask) -> Result<Enqueued, Error> {
        new.check()?;
        let Some((name, unique)) = &new.unique else {
            let id = self.task_insert(scope, new, None).await?;
            return id.map(Enqueued::New).ok_or(Error::Changed(TASK));
        };
        // Invariant: no organisation's key is another's.
        let owner = scope.organisation();
        let owner = owner.map_or_else(String::new, |id| id.to_string());
        let key = format!("{owner} {} {name}", new.kind);
        for _ in 0..RACES_MAX {
            let waiting = match unique {
                Unique::Newest => self.task_supersede(&key).await.map(|()| None)?,
                Unique::Oldest => self.task_waiting(&key).await?,
            };
            if let Some(waiting) = waiting {
                return Ok(Enqueued::Waiting(waiting));
            }
            if let Some(id) = self.task_insert(scope, new, Some(&key)).await? {
                // Who runs meanwhile is not needed any more when it fails.
                let sql = "UPDATE task SET is_replaced = TRUE \
                           WHERE unique_key = $1 AND state = 'leased'";
                self.execute(sql, args![&key]).await?;
                return Ok(Enqueued::New(id));
            }
            // Another transaction accepted the same, or gave one back, meanwhile.
        }
        Err(Error::Busy(None))
    }

    async fn task_supersede(&mut self, key: &str) -> Result<(), Error> {
        let sql = "UPDATE task SET state = 'superseded', updated_ms = $2, finished_ms = $2 \
                   WHERE unique_key = $1 AND state = 'waiting'";
        let now_ms = self.now_ms();
        self.execute(sql, args![key, now_ms]).await?;
        Ok(())
    }

    async fn task_waiting(&mut self, key: &str) -> Result<Option<TaskId>, Error> {
        let sql = "SELECT id FROM task WHERE unique_key = $1 AND state = 'waiting'";
        self.find(sql, args![key], |row| row.id("id")).await
    }

    /// Adds the row; returns nothing when one with the key waits already.
    async fn task_insert(
        &mut self,
        scope: &Scope,
        new: &NewTask,
        key: Option<&str>,
    ) -> Result<Option<TaskId>, Error> {
        let now_ms = self.now_ms();
        let id = TaskId::new(self.store.clock(), self.store.randomness());
        let ready_ms = new.ready_ms.unwrap_or(now_ms);
        let rank_ms = ready_ms.saturating_add(new.priority.head_start_ms());
        let sql = "INSERT INTO task (id, organisation_id, kind, capability, payload, \
                   payload_version, priority, state, ready_ms, rank_ms, attempts, attempts_max, \
                   deadline_ms, lease_number, is_cancel_wanted, unique_key, is_replaced, trace, \
                   created_ms, updated_ms) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, $9, 0, $10, $11, 0, FALSE, \
                   $12, FALSE, $13, $14, $14) ON CONFLICT DO NOTHING";
        let args = args![
            id,
            scope.organisation(),
            &new.kind,
            &new.capability,
            &new.payload,
            new.payload_version,
            new.priority,
            ready_ms,
            rank_ms,
            new.attempts_max,
            new.deadline_ms,
            key,
            new.trace.clone(),
            now_ms,
        ];
        if self.execute(sql, args).await? == 0 {
            return Ok(None);
        }
        self.task_announce();
        Ok(Some(id))
    }
}
