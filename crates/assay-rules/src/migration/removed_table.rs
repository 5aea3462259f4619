//! # Table that a migration drops
//!
//! A migration drops a table that earlier releases use.
//!
//! ## Why it matters
//!
//! While a release rolls out, the old program and the new database run together: each query for the table fails. And what was in it
//! is gone for good. Stop using the table in one release, drop it in a later one, after a backup.
//!
//! ## Not reported
//!
//! - Tables that the same migration makes, the way back (`down`, `-- +goose Down`, `.down.sql`), files in no folder of migrations.
//! - The old copy of a table that is built anew under the same name (SQLite).
//!
//! ## References
//!
//! - PostgreSQL 17, ALTER TABLE, <https://www.postgresql.org/docs/17/sql-altertable.html>
//!
//! ## Examples
//!
//! ```sql bad path=db/migrations/004_books.sql
//! DROP TABLE IF EXISTS books;
//! ```
//!
//! ```sql good path=db/migrations/005_books.sql
//! CREATE TABLE books_new (id INTEGER PRIMARY KEY, title TEXT);
//! INSERT INTO books_new SELECT id, title FROM books;
//! DROP TABLE books;
//! ALTER TABLE books_new RENAME TO books;
//! ```
//!
//! ```ruby bad path=db/migrate/20240101000000_drop_books.rb rename=no
//! class DropBooks < ActiveRecord::Migration[7.1]
//!   def up
//!     drop_table :books
//!   end
//! end
//! ```

use assay_finding::{Category, Confidence, Severity};

use crate::ddl::{Danger, check};
use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Medium,
        Check::File(|context| check(Danger::RemovedTable, context)),
    )
};
