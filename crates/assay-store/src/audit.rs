//! The audit log: one chain of entries for each organisation and one for the
//! platform. Entries are added and read; there is no statement that changes one.

use assay_auth::{AuditEvent, AuditHash, AuditWalk, OrganisationId, Scope};
use serde_json::Value as Json;

use crate::setting::owner;
use crate::value::{Row, args};
use crate::{Engine, Error, Tx};

/// So large may be what an entry says.
const DETAILS_BYTES_MAX: usize = 64 << 10;
/// So many entries are checked in one go.
const CHECKED_ROWS: i64 = 500;

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// Its number, from 1.
    pub number: i64,
    /// What happened.
    pub event: AuditEvent,
    /// Its hash, and with it that of all before it.
    pub hash: AuditHash,
}

/// What is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditFault {
    /// The entry with the number is not what was written, or is missing.
    Entry(i64),
    /// The chain ends before the entry that was written last.
    End {
        /// Where it ends.
        found: i64,
        /// Where it should.
        expected: i64,
    },
}

struct Kept {
    number: i64,
    at_ms: i64,
    actor: String,
    action: String,
    target: String,
    detail: String,
    hash: Vec<u8>,
}

fn kept(row: &Row) -> Result<Kept, Error> {
    Ok(Kept {
        number: row.get("number")?,
        at_ms: row.get("at_ms")?,
        actor: row.get("actor")?,
        action: row.get("action")?,
        target: row.get("target")?,
        detail: row.get("detail")?,
        hash: row.get("hash")?,
    })
}

impl Kept {
    fn entry(self, organisation: Option<OrganisationId>) -> Result<AuditEntry, Error> {
        let details =
            serde_json::from_str(&self.detail).map_err(|why| Error::corrupt("audit entry", why))?;
        Ok(AuditEntry {
            number: self.number,
            event: AuditEvent {
                at_ms: self.at_ms,
                organisation,
                actor: self.actor,
                action: self.action,
                target: self.target,
                details,
            },
            hash: hash(&self.hash)?,
        })
    }
}

fn hash(bytes: &[u8]) -> Result<AuditHash, Error> {
    let bytes = bytes.try_into();
    let bytes = bytes.map_err(|_| Error::corrupt("audit hash", "it has another length"))?;
    Ok(AuditHash::from_bytes(bytes))
}

impl Tx {
    /// Adds an entry to the chain of the scope's organisation, or the platform's:
    /// that the scope's actor did this. Those who add to one chain at the same time
    /// wait for each other.
    pub async fn audit_append(
        &mut self,
        scope: &Scope,
        action: &str,
        target: &str,
        details: &Json,
    ) -> Result<AuditEntry, Error> {
        let detail = details.to_string();
        if detail.len() > DETAILS_BYTES_MAX {
            return Err(Error::Invalid("the audit entry is too large".to_owned()));
        }
        let owner = owner(scope);
        let sql = "INSERT INTO audit_chain (owner_id, last_number, last_hash) \
                   VALUES ($1, 0, $2) ON CONFLICT DO NOTHING";
        let start = *AuditHash::START.as_bytes();
        self.execute(sql, vec![owner.clone(), start.into()]).await?;
        let (number, previous) = self.audit_end(scope, true).await?;
        let event = AuditEvent {
            at_ms: self.now_ms(),
            organisation: scope.organisation(),
            actor: scope.actor().to_string(),
            action: action.to_owned(),
            target: target.to_owned(),
            details: details.clone(),
        };
        let number = number + 1;
        let hash = u64::try_from(number)
            .ok()
            .and_then(|number| event.hash(number, previous).ok())
            .ok_or_else(|| Error::Invalid("the audit entry has no one text".to_owned()))?;
        let sql = "INSERT INTO audit_entry (owner_id, number, at_ms, actor, action, target, \
                   detail, previous_hash, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let mut args = args![
            number,
            event.at_ms,
            &event.actor,
            action,
            target,
            detail,
            *previous.as_bytes(),
            *hash.as_bytes(),
        ];
        args.insert(0, owner.clone());
        self.execute(sql, args).await?;
        let sql = "UPDATE audit_chain SET last_number = $2, last_hash = $3 WHERE owner_id = $1";
        let mut args = args![number, *hash.as_bytes()];
        args.insert(0, owner);
        self.touch("audit chain", sql, args).await?;
        Ok(AuditEntry {
            number,
            event,
            hash,
        })
    }

    /// Returns the number and the hash of the last entry: what to keep elsewhere.
    pub async fn audit_last(&mut self, scope: &Scope) -> Result<(i64, AuditHash), Error> {
        self.audit_end(scope, false).await
    }

    async fn audit_end(&mut self, scope: &Scope, to_add: bool) -> Result<(i64, AuditHash), Error> {
        let sql = match (self.engine(), to_add) {
            (Engine::Postgres, true) => {
                "SELECT last_number, last_hash FROM audit_chain WHERE owner_id = $1 FOR UPDATE"
            }
            _ => "SELECT last_number, last_hash FROM audit_chain WHERE owner_id = $1",
        };
        let found = self.find(sql, vec![owner(scope)], |row| {
            let bytes: Vec<u8> = row.get("last_hash")?;
            Ok((row.get::<i64>("last_number")?, hash(&bytes)?))
        });
        Ok(found.await?.unwrap_or((0, AuditHash::START)))
    }

    /// Lists entries after a number, the oldest first.
    pub async fn audit_list(
        &mut self,
        scope: &Scope,
        after: i64,
        rows_max: u32,
    ) -> Result<Vec<AuditEntry>, Error> {
        let limit = crate::Page::<()>::first(rows_max).limit();
        self.audit_page(scope, after, limit).await
    }

    async fn audit_page(
        &mut self,
        scope: &Scope,
        after: i64,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, Error> {
        let sql = "SELECT * FROM audit_entry WHERE owner_id = $1 AND number > $2 \
                   ORDER BY number LIMIT $3";
        let args = vec![owner(scope), after.into(), limit.into()];
        let rows = self.list(sql, args, kept).await?;
        let organisation = scope.organisation();
        rows.into_iter()
            .map(|row| row.entry(organisation))
            .collect()
    }

    /// Counts what was done since a time in the scope's organisation, or on the platform,
    /// by its kind.
    pub async fn audit_counts(
        &mut self,
        scope: &Scope,
        since_ms: i64,
    ) -> Result<Vec<(String, i64)>, Error> {
        let sql = "SELECT action, count(*) AS count FROM audit_entry WHERE owner_id = $1 \
                   AND at_ms >= $2 GROUP BY action ORDER BY action LIMIT 1000";
        let args = vec![owner(scope), since_ms.into()];
        self.list(sql, args, |row| Ok((row.get("action")?, row.get("count")?)))
            .await
    }

    /// Checks the whole chain of the scope's organisation, or the platform's;
    /// returns how many entries are right, and what is wrong with the next.
    pub async fn audit_verify(
        &mut self,
        scope: &Scope,
    ) -> Result<(i64, Option<AuditFault>), Error> {
        // The end is read first: what is added meanwhile is not missed.
        let (expected, last) = self.audit_end(scope, false).await?;
        let mut walk = AuditWalk::default();
        let mut checked = 0;
        while checked < expected {
            let page = self.audit_page(scope, checked, CHECKED_ROWS).await?;
            if page.is_empty() {
                let found = checked;
                return Ok((checked, Some(AuditFault::End { found, expected })));
            }
            for entry in page {
                let number = u64::try_from(entry.number).unwrap_or(0);
                if walk.step(number, &entry.event, entry.hash).is_err() {
                    return Ok((checked, Some(AuditFault::Entry(checked + 1))));
                }
                checked = entry.number;
                if checked == expected && walk.hash() != last {
                    return Ok((checked - 1, Some(AuditFault::Entry(checked))));
                }
            }
        }
        Ok((checked, None))
    }
}
