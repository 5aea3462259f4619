//! # Index that is built while nobody can write
//!
//! A migration for PostgreSQL builds an index on a table that is in use without `CONCURRENTLY`.
//!
//! ## Why it matters
//!
//! `CREATE INDEX` holds a lock against writing until it has read the whole table. `CREATE INDEX CONCURRENTLY` does not, but must
//! stand outside a transaction and leaves an invalid index behind when it fails.
//!
//! ## Not reported
//!
//! - Tables that the same migration makes, the way back (`down`, `-- +goose Down`, `.down.sql`), files in no folder of migrations.
//! - MySQL, SQLite and SQL Server; databases that neither the path nor the text tells, unless findings of low confidence are asked for.
//!
//! ## References
//!
//! - PostgreSQL 17, Building Indexes Concurrently, <https://www.postgresql.org/docs/17/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY>
//!
//! ## Examples
//!
//! ```sql bad path=migrations/postgres/0013_isbn.sql
//! CREATE UNIQUE INDEX books_isbn ON books (isbn);
//! ```
//!
//! ```sql good path=migrations/postgres/0013_isbn.sql
//! CREATE UNIQUE INDEX CONCURRENTLY books_isbn ON books (isbn);
//! ```
//!
//! ```sql good path=migrations/postgres/0014_shops.sql
//! CREATE TABLE shops (id bigserial PRIMARY KEY, city text);
//! CREATE INDEX shops_city ON shops (city);
//! ```

use assay_finding::{Category, Confidence, Severity};

use crate::ddl::{Danger, check};
use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Low,
        Check::File(|context| check(Danger::BlockingIndex, context)),
    )
};
