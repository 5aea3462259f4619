//! What a worker does with what it took. Each call names the lease; when it is
//! lost, nothing is written and the caller's transaction is to be undone.

use assay_auth::Scope;
use assay_source::Randomness;

use crate::transaction::system_only;
use crate::value::args;
use crate::{Error, Lease, Tx};

/// So large may be what a job says about how far it is.
const PROGRESS_BYTES_MAX: usize = 64 << 10;
/// So large may be what comes out.
const RESULT_BYTES_MAX: usize = 8 << 20;
/// So much of why it failed is kept.
const PROBLEM_BYTES_MAX: usize = 8 << 10;
/// After a first failure it is tried again after so long.
const BACKOFF_MS: i64 = 2_000;
/// And after many failures after so long at most.
const BACKOFF_MS_MAX: i64 = 15 * 60_000;

/// What a heartbeat learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heartbeat {
    /// The lease goes on until then.
    Until(i64),
    /// Somebody does not want the task any more; the lease goes on until then.
    CancelWanted(i64),
}

/// When to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// After a time that grows with each attempt.
    Backoff,
    /// At a time that somebody named, such as a forge that is busy.
    At(i64),
    /// Never: it would fail again.
    Never,
}

/// What becomes of a task that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It is tried again at that time.
    Again(i64),
    /// It is dead.
    Dead,
    /// A newer one with its key waits already.
    Superseded,
    /// It was to be cancelled, and is.
    Cancelled,
}

/// Returns how long to wait after an attempt, the first being 1: twice as long
/// each time, and of that a random part between a half and all, so that those who
/// failed together do not come back together.
pub fn backoff_ms(attempt: i64, randomness: &dyn Randomness) -> i64 {
    let doublings = u32::try_from(attempt.clamp(1, 20) - 1).unwrap_or(0);
    let whole = BACKOFF_MS
        .saturating_mul(1 << doublings)
        .min(BACKOFF_MS_MAX);
    let mut bytes = [0; 8];
    randomness.fill(&mut bytes);
    let half = whole / 2;
    let part = u64::from_le_bytes(bytes) % u64::try_from(half + 1).unwrap_or(1);
    half + i64::try_from(part).unwrap_or(0)
}

/// A task that goes back to waiting does so only when no newer one with its key
/// was accepted meanwhile; the newer one is as good.
macro_rules! waiting_again {
    () => {
        "CASE WHEN is_cancel_wanted THEN 'cancelled' WHEN is_replaced THEN 'superseded' \
         ELSE 'waiting' END"
    };
}
pub(super) use waiting_again;

impl Tx {
    /// Says that the worker lives, and how far the job is.
    pub async fn task_heartbeat(
        &mut self,
        scope: &Scope,
        lease: Lease,
        lease_ms: i64,
        progress: Option<&str>,
    ) -> Result<Heartbeat, Error> {
        system_only(scope)?;
        limit(progress.unwrap_or_default(), PROGRESS_BYTES_MAX)?;
        let now_ms = self.now_ms();
        let until_ms = now_ms.saturating_add(lease_ms.max(1));
        let sql = "UPDATE task SET lease_until_ms = $3, updated_ms = $4, \
                   progress = coalesce($5, progress) \
                   WHERE id = $1 AND lease_number = $2 AND state = 'leased' \
                   RETURNING is_cancel_wanted";
        let args = args![lease.task, lease.number, until_ms, now_ms, progress];
        let found = self.find(sql, args, |row| row.get::<bool>("is_cancel_wanted"));
        match found.await? {
            None => Err(Error::LeaseLost),
            Some(false) => Ok(Heartbeat::Until(until_ms)),
            Some(true) => Ok(Heartbeat::CancelWanted(until_ms)),
        }
    }

    /// Holds on to the lease until the transaction ends: what is written with it is
    /// written by the task's one worker or not at all.
    pub async fn task_hold(&mut self, scope: &Scope, lease: Lease) -> Result<(), Error> {
        system_only(scope)?;
        let sql = "UPDATE task SET updated_ms = $3 \
                   WHERE id = $1 AND lease_number = $2 AND state = 'leased'";
        let args = args![lease.task, lease.number, self.now_ms()];
        self.fenced(sql, args).await
    }

    /// Says that the task is done. It belongs in the transaction that keeps what
    /// came out.
    pub async fn task_complete(
        &mut self,
        scope: &Scope,
        lease: Lease,
        result: Option<&str>,
    ) -> Result<(), Error> {
        system_only(scope)?;
        limit(result.unwrap_or_default(), RESULT_BYTES_MAX)?;
        let sql = "UPDATE task SET state = 'done', result = $3, problem = NULL, \
                   lease_until_ms = NULL, updated_ms = $4, finished_ms = $4 \
                   WHERE id = $1 AND lease_number = $2 AND state = 'leased'";
        let args = args![lease.task, lease.number, result, self.now_ms()];
        self.fenced(sql, args).await
    }

    /// Says that an attempt failed, and why. The task is tried again, or is dead.
    pub async fn task_fail(
        &mut self,
        scope: &Scope,
        lease: Lease,
        problem: &str,
        retry: Retry,
    ) -> Result<Failure, Error> {
        system_only(scope)?;
        let sql = "SELECT attempts, attempts_max FROM task \
                   WHERE id = $1 AND lease_number = $2 AND state = 'leased'";
        let found = self.find(sql, args![lease.task, lease.number], |row| {
            Ok((row.get::<i64>("attempts")?, row.get::<i64>("attempts_max")?))
        });
        let (attempts, attempts_max) = found.await?.ok_or(Error::LeaseLost)?;
        let now_ms = self.now_ms();
        let problem = shortened(problem);
        let ready_ms = match retry {
            _ if attempts >= attempts_max => None,
            Retry::Never => None,
            Retry::At(ready_ms) => Some(ready_ms.max(now_ms)),
            Retry::Backoff => Some(now_ms + backoff_ms(attempts, self.store.randomness())),
        };
        let Some(ready_ms) = ready_ms else {
            let sql = "UPDATE task SET state = CASE WHEN is_cancel_wanted THEN 'cancelled' \
                       ELSE 'dead' END, problem = $3, lease_until_ms = NULL, updated_ms = $4, \
                       finished_ms = $4 \
                       WHERE id = $1 AND lease_number = $2 AND state = 'leased' RETURNING state";
            let args = args![lease.task, lease.number, problem, now_ms];
            let found = self
                .find(sql, args, |row| row.get::<String>("state"))
                .await?;
            return match found.ok_or(Error::LeaseLost)?.as_str() {
                "cancelled" => Ok(Failure::Cancelled),
                _ => Ok(Failure::Dead),
            };
        };
        self.task_return(lease, Some(&problem), ready_ms, 0).await
    }

    /// Gives a task back that was not really begun, such as at the end of a
    /// process; the attempt does not count. It waits for so many milliseconds.
    pub async fn task_release(
        &mut self,
        scope: &Scope,
        lease: Lease,
        after_ms: i64,
    ) -> Result<Failure, Error> {
        system_only(scope)?;
        let ready_ms = self.now_ms().saturating_add(after_ms.max(0));
        self.task_return(lease, None, ready_ms, 1).await
    }

    async fn task_return(
        &mut self,
        lease: Lease,
        problem: Option<&str>,
        ready_ms: i64,
        attempts_back: i64,
    ) -> Result<Failure, Error> {
        let sql = concat!(
            "UPDATE task SET state = ",
            waiting_again!(),
            ", problem = coalesce($3, problem), ready_ms = $4, \
             rank_ms = $4 + CASE priority WHEN 0 THEN $5 WHEN 1 THEN $6 WHEN 2 THEN $7 ELSE $8 \
             END, attempts = attempts - $9, lease_until_ms = NULL, updated_ms = $10 \
             WHERE id = $1 AND lease_number = $2 AND state = 'leased' RETURNING state"
        );
        let head_start_ms = crate::Priority::ALL.map(crate::Priority::head_start_ms);
        let now_ms = self.now_ms();
        let args = args![
            lease.task,
            lease.number,
            problem,
            ready_ms,
            head_start_ms[0],
            head_start_ms[1],
            head_start_ms[2],
            head_start_ms[3],
            attempts_back,
            now_ms,
        ];
        let found = self
            .find(sql, args, |row| row.get::<String>("state"))
            .await?;
        let failure = match found.ok_or(Error::LeaseLost)?.as_str() {
            "waiting" => {
                self.task_announce();
                return Ok(Failure::Again(ready_ms));
            }
            "superseded" => Failure::Superseded,
            _ => Failure::Cancelled,
        };
        let sql = "UPDATE task SET finished_ms = $2 WHERE id = $1";
        self.execute(sql, args![lease.task, now_ms]).await?;
        Ok(failure)
    }

    /// Runs a statement of a worker; that it touches nothing means that the lease
    /// is lost.
    async fn fenced(
        &mut self,
        sql: &'static str,
        args: Vec<crate::value::Value>,
    ) -> Result<(), Error> {
        match self.execute(sql, args).await? {
            0 => Err(Error::LeaseLost),
            _ => Ok(()),
        }
    }
}

fn limit(text: &str, bytes_max: usize) -> Result<(), Error> {
    if text.len() > bytes_max {
        let why = format!("a task keeps {bytes_max} bytes of that at most");
        return Err(Error::Invalid(why));
    }
    Ok(())
}

/// Why something failed may be any text; it is made one that can be kept.
fn shortened(problem: &str) -> String {
    let end = problem.floor_char_boundary(PROBLEM_BYTES_MAX);
    problem[..end].replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use assay_testkit::SeededRandomness;

    use super::{BACKOFF_MS, BACKOFF_MS_MAX, backoff_ms, shortened};

    #[test]
    fn waiting_grows_up_to_a_limit_and_scatters() {
        let randomness = SeededRandomness::new(3);
        for attempt in [i64::MIN, 0, 1, 2, 3, 8, 19, 20, 100, i64::MAX] {
            let doublings = u32::try_from(attempt.clamp(1, 20) - 1).unwrap();
            let whole = (BACKOFF_MS << doublings).min(BACKOFF_MS_MAX);
            let waits: Vec<i64> = (0..200).map(|_| backoff_ms(attempt, &randomness)).collect();
            assert!(waits.iter().all(|wait| (whole / 2..=whole).contains(wait)));
            assert_ne!(waits.iter().min(), waits.iter().max());
        }
    }

    #[test]
    fn a_problem_is_cut_between_characters() {
        assert_eq!(shortened("a\0b"), "a\u{fffd}b");
        assert!(shortened(&"é".repeat(5_000)).len() <= 8 << 10);
    }
}
