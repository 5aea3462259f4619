//! # Constraint that is checked while nobody can write
//!
//! A migration for PostgreSQL adds a constraint and checks all rows at once, under a lock.
//!
//! ## Why it matters
//!
//! A foreign key locks both tables. Added `NOT VALID` it holds for new rows at once; `VALIDATE CONSTRAINT` in a later
//! migration checks the old ones while others write. A unique constraint takes an index that was built concurrently (`USING INDEX`).
//!
//! ## Not reported
//!
//! - Tables that the same migration makes, the way back (`down`, `-- +goose Down`, `.down.sql`), files in no folder of migrations.
//! - Databases that neither the path nor the text tells, unless findings of low confidence are asked for.
//!
//! ## References
//!
//! - PostgreSQL 17, ALTER TABLE, <https://www.postgresql.org/docs/17/sql-altertable.html>
//!
//! ## Examples
//!
//! ```sql bad path=migrations/postgres/0015_author.sql
//! ALTER TABLE books ADD CONSTRAINT books_author FOREIGN KEY (author_id) REFERENCES authors (id);
//! ```
//!
//! ```sql good path=migrations/postgres/0015_author.sql errors=yes
//! ALTER TABLE books ADD CONSTRAINT books_author FOREIGN KEY (author_id) REFERENCES authors (id) NOT VALID;
//! ```

use assay_finding::{Category, Confidence, Severity};

use crate::ddl::{Danger, check};
use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Low,
        Check::File(|context| check(Danger::BlockingConstraint, context)),
    )
};
