//! # Statement that changes every row
//!
//! A migration updates or deletes all rows of a table in one statement.
//!
//! ## Why it matters
//!
//! The rows stay locked until the end of the transaction, replicas fall behind, and a mistake has no bounds. Change the rows in
//! parts, by ranges of the key, outside the migration of the tables; or say in a `WHERE` which rows are meant.
//!
//! ## Not reported
//!
//! - Tables that the same migration makes, the way back (`down`, `-- +goose Down`, `.down.sql`), files in no folder of migrations.
//! - Bodies of triggers and procedures.
//!
//! ## References
//!
//! - PostgreSQL 17, UPDATE, <https://www.postgresql.org/docs/17/sql-update.html>
//!
//! ## Examples
//!
//! ```sql bad path=migrations/0017_state.sql
//! UPDATE books SET state = 'new';
//! ```
//!
//! ```sql good path=migrations/0017_state.sql
//! UPDATE books SET state = 'new' WHERE state IS NULL AND id BETWEEN 1 AND 5000;
//! ```
//!
//! ```python bad path=alembic/versions/9b_state.py rename=no
//! from alembic import op
//!
//!
//! def upgrade():
//!     op.execute("UPDATE books SET state = 'new'")
//! ```

use assay_finding::{Category, Confidence, Severity};

use crate::ddl::{Danger, check};
use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Low,
        Check::File(|context| check(Danger::EveryRow, context)),
    )
};
