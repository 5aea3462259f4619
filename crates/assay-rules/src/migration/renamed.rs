//! # Table or column that a migration renames
//!
//! A migration gives a table or column another name while programs use the old one.
//!
//! ## Why it matters
//!
//! Old and new program run together while a release rolls out, and only one of them knows the name. Add the new column, write
//! both, move the readers, then drop the old one; or leave a view with the old name.
//!
//! ## Not reported
//!
//! - Tables that the same migration makes, the way back (`down`, `-- +goose Down`, `.down.sql`), files in no folder of migrations.
//!
//! ## References
//!
//! - PostgreSQL 17, ALTER TABLE, <https://www.postgresql.org/docs/17/sql-altertable.html>
//!
//! ## Examples
//!
//! ```sql bad path=migrations/0008_title.sql
//! ALTER TABLE books RENAME COLUMN name TO title;
//! ```
//!
//! ```python bad path=alembic/versions/8a_title.py rename=no
//! from alembic import op
//!
//!
//! def upgrade():
//!     op.alter_column("books", "name", new_column_name="title")
//!
//!
//! def downgrade():
//!     op.alter_column("books", "title", new_column_name="name")
//! ```
//!
//! ```javascript good path=migrations/8_title.js rename=no
//! exports.up = (knex) => knex.schema.table('books', (table) => {
//!   table.string('title');
//! });
//!
//! exports.down = (knex) => knex.schema.table('books', (table) => {
//!   table.renameColumn('title', 'name');
//! });
//! ```

use assay_finding::{Category, Confidence, Severity};

use crate::ddl::{Danger, check};
use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Medium,
        Check::File(|context| check(Danger::Renamed, context)),
    )
};
