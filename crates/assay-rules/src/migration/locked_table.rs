//! # Table that a migration locks
//!
//! A migration takes a lock on a table, or does what takes one until it ends: `LOCK TABLE`, `VACUUM FULL`, `REINDEX`.
//!
//! ## Why it matters
//!
//! Everybody else waits, and those who come after wait behind them. Do it in small steps, with a time limit on the lock
//! (`SET lock_timeout`), or with the concurrent form.
//!
//! ## Not reported
//!
//! - Tables that the same migration makes, the way back (`down`, `-- +goose Down`, `.down.sql`), files in no folder of migrations.
//!
//! ## References
//!
//! - PostgreSQL 17, Explicit Locking, <https://www.postgresql.org/docs/17/explicit-locking.html>
//!
//! ## Examples
//!
//! ```sql bad path=migrations/0016_lock.sql errors=yes
//! LOCK TABLE books IN ACCESS EXCLUSIVE MODE;
//! ```
//!
//! ```sql good path=migrations/0016_index.sql errors=yes
//! REINDEX INDEX CONCURRENTLY books_isbn;
//! ```

use assay_finding::{Category, Confidence, Severity};

use crate::ddl::{Danger, check};
use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Medium,
        Check::File(|context| check(Danger::Locked, context)),
    )
};
