//! The audit log, as people read it and check it.

use assay_auth::{AuditEvent, AuditHash, Permission};

use crate::app::App;
use crate::caller::Caller;
use crate::compliance::check_chain;
use crate::error::Error;

/// What a check of the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditCheck {
    /// How many entries follow from each other.
    pub entries: i64,
    /// The hash of the entry that was written last; whoever keeps it elsewhere sees
    /// when the end was cut off and written anew.
    pub last_hash: AuditHash,
    /// The number of the first entry that is not right, or is missing.
    pub broken_at: Option<i64>,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditView {
    /// Its number, from 1.
    pub number: i64,
    /// What happened.
    pub event: AuditEvent,
    /// Its hash, and with it that of all before it.
    pub hash: AuditHash,
}

impl App {
    /// Lists the organisation's entries after a number, the oldest first.
    pub async fn audit_list(
        &self,
        caller: &Caller,
        after: i64,
        rows_max: u32,
    ) -> Result<Vec<AuditView>, Error> {
        let scope = caller.authorise(Permission::AuditRead)?;
        let mut tx = self.store().read_lagging().await?;
        let rows = tx.audit_list(&scope, after, rows_max).await?;
        let view = |row: assay_store::AuditEntry| AuditView {
            number: row.number,
            event: row.event,
            hash: row.hash,
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// Checks the organisation's chain from its first entry.
    pub async fn audit_check(&self, caller: &Caller) -> Result<AuditCheck, Error> {
        let scope = caller.authorise(Permission::AuditRead)?;
        let mut tx = self.store().read().await?;
        check_chain(&mut tx, &scope).await
    }
}
