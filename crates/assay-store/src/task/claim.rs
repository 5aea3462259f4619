//! Taking work.

use assay_auth::{OrganisationId, Scope};

use crate::transaction::system_only;
use crate::value::{Row, args};
use crate::{Error, Lease, Priority, Tx};

/// So many tasks are taken at once at most.
const CLAIMS_MAX: u32 = 100;
/// So long is the name of a worker at most.
const WORKER_BYTES_MAX: usize = 255;

/// A task that a worker took, with what it needs to do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The right to it.
    pub lease: Lease,
    /// Whose it is; nobody's is the platform's own.
    pub organisation: Option<OrganisationId>,
    /// The job that does it.
    pub kind: String,
    /// What the job is given, as JSON.
    pub payload: String,
    /// Of which version the payload is.
    pub payload_version: i64,
    /// How much it matters.
    pub priority: Priority,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// How many there may be.
    pub attempts_max: i64,
    /// How long this one may take.
    pub deadline_ms: i64,
    /// By what it is traced.
    pub trace: Option<String>,
    /// When it was accepted.
    pub created_ms: i64,
    /// When the lease ends, if no heartbeat comes.
    pub until_ms: i64,
}

pub(super) fn claim(row: &Row) -> Result<Claim, Error> {
    Ok(Claim {
        lease: Lease {
            task: row.id("id")?,
            number: row.get("lease_number")?,
        },
        organisation: row.id_or_none("organisation_id")?,
        kind: row.get("kind")?,
        payload: row.get("payload")?,
        payload_version: row.get("payload_version")?,
        priority: Priority::from_number(row.get("priority")?)?,
        attempt: row.get("attempts")?,
        attempts_max: row.get("attempts_max")?,
        deadline_ms: row.get("deadline_ms")?,
        trace: row.get("trace")?,
        created_ms: row.get("created_ms")?,
        until_ms: row.get::<Option<i64>>("lease_until_ms")?.unwrap_or(0),
    })
}

/// The two engines differ in how others' locks are passed over and how a list of
/// words is given.
macro_rules! statement {
    ($words:literal, $lock:literal) => {
        concat!(
            "UPDATE task SET state = 'leased', lease_number = lease_number + 1, \
             lease_worker = $1, lease_until_ms = $3, attempts = attempts + 1, started_ms = $2, \
             updated_ms = $2, progress = NULL WHERE id IN (SELECT id FROM task \
             WHERE state = 'waiting' AND ready_ms <= $2 AND capability IN (",
            $words,
            ") ORDER BY rank_ms, id LIMIT $5 ",
            $lock,
            ") RETURNING id, lease_number, organisation_id, kind, payload, payload_version, \
             priority, attempts, attempts_max, deadline_ms, trace, created_ms, lease_until_ms, \
             rank_ms"
        )
    };
}

impl Tx {
    /// Takes up to so many tasks that are ready and that the worker can do, those
    /// that matter most first. An attempt counts from here on, whatever becomes of
    /// the worker.
    pub async fn task_claim(
        &mut self,
        scope: &Scope,
        worker: &str,
        capabilities: &[&str],
        lease_ms: i64,
        claims_max: u32,
    ) -> Result<Vec<Claim>, Error> {
        system_only(scope)?;
        if worker.is_empty() || worker.len() > WORKER_BYTES_MAX || lease_ms < 1 {
            return Err(Error::Invalid("a worker has a name and a lease".to_owned()));
        }
        let sql = self.pick(
            statement!("SELECT value FROM json_each($4)", ""),
            statement!(
                "SELECT jsonb_array_elements_text(CAST($4 AS jsonb))",
                "FOR UPDATE SKIP LOCKED"
            ),
        );
        let now_ms = self.now_ms();
        let capabilities = serde_json::Value::from(capabilities.to_vec()).to_string();
        let args = args![
            worker,
            now_ms,
            now_ms.saturating_add(lease_ms),
            capabilities,
            claims_max.clamp(1, CLAIMS_MAX),
        ];
        let rows = self.rows(sql, args).await?;
        let mut claims = Vec::with_capacity(rows.len());
        for row in &rows {
            claims.push((row.get::<i64>("rank_ms")?, claim(row)?));
        }
        claims.sort_by_key(|(rank_ms, claim)| (*rank_ms, claim.lease.task));
        Ok(claims.into_iter().map(|(_, claim)| claim).collect())
    }
}
