//! Work that was accepted: kept in the same transaction as what causes it, taken
//! by a lease, tried again after a crash, and never lost.
//!
//! A task waits, is leased to one worker, and ends: done, dead (all its attempts
//! failed), superseded or cancelled. The number of the lease is a fence: each
//! write of a worker names it, and who lost the lease writes nothing.

mod claim;
mod enqueue;
mod lease;
mod schedule;
mod spread;
mod view;
mod wake;

use assay_auth::OrganisationId;

pub use claim::Claim;
pub use enqueue::{Enqueued, NewTask, Unique};
pub use lease::{Failure, Heartbeat, Retry, backoff_ms};
pub use schedule::Reaped;
pub use spread::Spread;
pub use view::{TaskCounts, TaskFilter};
pub use wake::Waiter;
pub(crate) use wake::{hint_others, tell_others};

use crate::value::{Row, Value};
use crate::word::words;
use crate::{Error, TaskId};

/// What a task is called in errors.
const TASK: &str = "task";

words! {
    /// Where a task is on its way.
    TaskState as "state of a task" {
        /// It waits for a worker, perhaps until a time.
        Waiting = "waiting",
        /// A worker has it.
        Leased = "leased",
        /// It is done.
        Done = "done",
        /// All its attempts failed; somebody has to look at it.
        Dead = "dead",
        /// A newer one with the same key takes its place.
        Superseded = "superseded",
        /// Somebody did not want it any more.
        Cancelled = "cancelled",
    }
}

/// How much a task matters.
///
/// The order is that of `ready + head start`: work that matters less runs when it
/// has waited longer than the head start that the other has. So under any load
/// nothing waits for ever, and nothing old stands long in the way of what matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Somebody waits and cannot go on.
    Critical,
    /// Somebody waits.
    High,
    /// The usual.
    Normal,
    /// Nobody waits.
    Low,
}

impl Priority {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Normal, Self::Low];

    /// Returns the name in formats and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let mut all = Self::ALL.into_iter();
        all.find(|one| one.name() == name)
            .ok_or_else(|| Error::Invalid(format!("there is no priority `{name}`")))
    }

    /// Returns how long work of this priority waits for critical work at most.
    pub(crate) fn head_start_ms(self) -> i64 {
        match self {
            Self::Critical => 0,
            Self::High => 15 * 60_000,
            Self::Normal => 60 * 60_000,
            Self::Low => 4 * 60 * 60_000,
        }
    }

    fn number(self) -> i64 {
        match self {
            Self::Critical => 0,
            Self::High => 1,
            Self::Normal => 2,
            Self::Low => 3,
        }
    }

    fn from_number(number: i64) -> Result<Self, Error> {
        let mut all = Self::ALL.into_iter();
        all.find(|one| one.number() == number)
            .ok_or_else(|| Error::corrupt("priority", number))
    }
}

impl From<Priority> for Value {
    fn from(priority: Priority) -> Self {
        priority.number().into()
    }
}

/// A task, as people and the platform look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Which one.
    pub id: TaskId,
    /// Whose; nobody's is the platform's own.
    pub organisation: Option<OrganisationId>,
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
    /// Where it is on its way.
    pub state: TaskState,
    /// From when on it may run.
    pub ready_ms: i64,
    /// How often it was begun.
    pub attempts: i64,
    /// How often it may be.
    pub attempts_max: i64,
    /// How many of these attempts ended without a word of their worker.
    pub attempts_lost: i64,
    /// How long one attempt may take.
    pub deadline_ms: i64,
    /// Who has it.
    pub worker: Option<String>,
    /// Until when.
    pub lease_until_ms: Option<i64>,
    /// Whether it is to be stopped.
    pub is_cancel_wanted: bool,
    /// By what it is traced.
    pub trace: Option<String>,
    /// How far it is, as the job says.
    pub progress: Option<String>,
    /// What came out, as JSON.
    pub result: Option<String>,
    /// Why its last attempt failed.
    pub problem: Option<String>,
    /// When it was accepted.
    pub created_ms: i64,
    /// When its last attempt began.
    pub started_ms: Option<i64>,
    /// When it ended.
    pub finished_ms: Option<i64>,
}

/// A worker's right to a task, until it is lost. Its number grows with each claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// To which task.
    pub task: TaskId,
    /// The fence.
    pub number: i64,
}

fn task(row: &Row) -> Result<Task, Error> {
    Ok(Task {
        id: row.id("id")?,
        organisation: row.id_or_none("organisation_id")?,
        kind: row.get("kind")?,
        capability: row.get("capability")?,
        payload: row.get("payload")?,
        payload_version: row.get("payload_version")?,
        priority: Priority::from_number(row.get("priority")?)?,
        state: TaskState::parse(&row.get::<String>("state")?)?,
        ready_ms: row.get("ready_ms")?,
        attempts: row.get("attempts")?,
        attempts_max: row.get("attempts_max")?,
        attempts_lost: row.get("attempts_lost")?,
        deadline_ms: row.get("deadline_ms")?,
        worker: row.get("lease_worker")?,
        lease_until_ms: row.get("lease_until_ms")?,
        is_cancel_wanted: row.get("is_cancel_wanted")?,
        trace: row.get("trace")?,
        progress: row.get("progress")?,
        result: row.get("result")?,
        problem: row.get("problem")?,
        created_ms: row.get("created_ms")?,
        started_ms: row.get("started_ms")?,
        finished_ms: row.get("finished_ms")?,
    })
}
