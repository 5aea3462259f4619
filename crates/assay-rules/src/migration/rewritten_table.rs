//! # Table that a migration writes anew
//!
//! A migration changes every row of a table while it holds a lock that keeps readers out.
//!
//! ## Why it matters
//!
//! On a large table that is an outage. Add a column with the new type, fill it in parts, and swap.
//!
//! A new column with a constant default is no rewrite since PostgreSQL 11 and MySQL 8.0.12. Set the option `postgres` to the oldest version that
//! you run, and with one below 11 such columns are reported. A default that is another one for each row (`gen_random_uuid()`, `serial`, `STORED`) writes the table in every version.
//!
//! ## Not reported
//!
//! - Tables that the same migration makes, the way back (`down`, `-- +goose Down`, `.down.sql`), files in no folder of migrations.
//! - A type that is a longer text, where PostgreSQL keeps the rows; other databases, unless findings of low confidence are asked for.
//!
//! ## References
//!
//! - PostgreSQL 17, ALTER TABLE, <https://www.postgresql.org/docs/17/sql-altertable.html>, section Notes
//!
//! ## Examples
//!
//! ```sql bad path=migrations/postgres/0009_pages.sql
//! ALTER TABLE books ALTER COLUMN pages TYPE bigint;
//! ```
//!
//! ```sql good path=migrations/postgres/0009_note.sql
//! ALTER TABLE books ADD COLUMN note text DEFAULT 'none';
//! ```
//!
//! ```sql bad path=migrations/postgres/0010_note.sql postgres=10
//! ALTER TABLE books ADD COLUMN note text DEFAULT 'none';
//! ```
//!
//! ```sql bad path=migrations/postgres/0011_key.sql
//! ALTER TABLE books ADD COLUMN key uuid DEFAULT gen_random_uuid();
//! ```

use assay_finding::{Category, Confidence, Severity};

use crate::ddl::{Danger, check};
use crate::rule::{Check, NumberOption, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    options: &[NumberOption {
        name: "postgres",
        summary: "The oldest major version of PostgreSQL that the migration runs on.",
        default: 14,
        min: 8,
        max: 99,
    }],
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Medium,
        Check::File(|context| check(Danger::Rewritten, context)),
    )
};
