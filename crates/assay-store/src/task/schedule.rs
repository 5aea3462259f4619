//! What happens to tasks without a worker: leases that ended, and work that comes
//! round.

use assay_auth::Scope;

use crate::transaction::system_only;
use crate::value::args;
use crate::{Claim, Error, NewTask, Tx, Unique};

use super::claim::claim;
use super::lease::{backoff_ms, waiting_again};

/// So many leases are looked at in one go.
const REAPED_MAX: i64 = 500;

/// What became of the tasks whose leases ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reaped {
    /// They wait again.
    pub again: u64,
    /// They had no attempt left: what is left to do when a task will not be tried
    /// again is to be done in the same transaction. Their leases are over.
    pub dead: Vec<Claim>,
    /// They were to be cancelled, or newer ones took their place.
    pub over: u64,
}

/// The two engines differ in how others' locks are passed over.
macro_rules! reap {
    ($lock:literal) => {
        concat!(
            "UPDATE task SET state = CASE WHEN attempts >= attempts_max \
             AND NOT is_cancel_wanted AND NOT is_replaced THEN 'dead' ELSE ",
            waiting_again!(),
            " END, problem = 'the worker was not heard of any more: it was killed, or its machine was', \
             attempts_lost = attempts_lost + 1, \
             ready_ms = $2, rank_ms = rank_ms - ready_ms + $2, \
             lease_until_ms = NULL, updated_ms = $1 WHERE id IN (SELECT id FROM task \
             WHERE state = 'leased' AND lease_until_ms <= $1 ORDER BY lease_until_ms \
             LIMIT $3 ",
            $lock,
            ") RETURNING id, state, lease_number, organisation_id, kind, payload, \
             payload_version, priority, attempts, attempts_max, deadline_ms, trace, created_ms, \
             lease_until_ms"
        )
    };
}

impl Tx {
    /// Takes tasks from workers that were not heard of in time. It may run
    /// anywhere, at any time, and more than once.
    pub async fn task_reap(&mut self, scope: &Scope) -> Result<Reaped, Error> {
        system_only(scope)?;
        let now_ms = self.now_ms();
        let wait_ms = backoff_ms(1, self.store.randomness());
        let sql = self.pick(reap!(""), reap!("FOR UPDATE SKIP LOCKED"));
        let ended = self
            .list(sql, args![now_ms, now_ms + wait_ms, REAPED_MAX], |row| {
                Ok((row.get::<String>("state")?, claim(row)?))
            })
            .await?;
        let mut reaped = Reaped::default();
        for (state, claim) in ended {
            if state == "waiting" {
                reaped.again += 1;
                continue;
            }
            let sql = "UPDATE task SET finished_ms = $2 WHERE id = $1";
            self.execute(sql, args![claim.lease.task, now_ms]).await?;
            match state.as_str() {
                "dead" => reaped.dead.push(claim),
                _ => reaped.over += 1,
            }
        }
        if reaped.again > 0 {
            self.task_announce();
        }
        Ok(reaped)
    }

    /// Says that work comes round, and how often. What is known keeps its place in
    /// time.
    pub async fn schedule_put(
        &mut self,
        scope: &Scope,
        name: &str,
        every_ms: i64,
    ) -> Result<(), Error> {
        system_only(scope)?;
        if every_ms < 1 {
            return Err(Error::Invalid(
                "work comes round after some time".to_owned(),
            ));
        }
        let sql = "INSERT INTO scheduled_task (name, every_ms, next_ms, is_enabled) \
                   VALUES ($1, $2, $3, TRUE) ON CONFLICT (name) DO UPDATE \
                   SET every_ms = excluded.every_ms";
        self.execute(sql, args![name, every_ms, self.now_ms()])
            .await?;
        Ok(())
    }

    /// Queues the work that is due, each kind once however late it is; returns its
    /// names. `task` says what to queue for a name; nothing is queued for a name
    /// that it does not know.
    pub async fn schedule_run(
        &mut self,
        scope: &Scope,
        task: fn(&str) -> Option<NewTask>,
    ) -> Result<Vec<String>, Error> {
        system_only(scope)?;
        let now_ms = self.now_ms();
        let sql = "UPDATE scheduled_task SET next_ms = $1 + every_ms, last_ms = $1 \
                   WHERE is_enabled AND (next_ms <= $1 OR next_ms > $1 + every_ms) \
                   RETURNING name";
        let mut names = Vec::new();
        for name in self
            .list(sql, args![now_ms], |row| row.get::<String>("name"))
            .await?
        {
            let Some(mut new) = task(&name) else { continue };
            new.unique
                .get_or_insert_with(|| (name.clone(), Unique::Oldest));
            self.task_enqueue(scope, &new).await?;
            names.push(name);
        }
        names.sort();
        Ok(names)
    }
}
