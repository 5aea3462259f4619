//! # Required column without a default
//!
//! A migration adds a column that must have a value, and gives the rows that are there none; or makes a column required while everybody waits.
//!
//! ## Why it matters
//!
//! Adding the column fails on a table with rows. Where the database puts in a value by itself, inserts of the previous release fail
//! or store that value. `SET NOT NULL` reads the whole table under a lock that keeps everybody out.
//!
//! Add the column with a default, or without `NOT NULL`, fill it, then demand it; in PostgreSQL by a `CHECK (a IS NOT NULL) NOT VALID` that is validated later.
//!
//! ## Not reported
//!
//! - Tables that the same migration makes, the way back (`down`, `-- +goose Down`, `.down.sql`), files in no folder of migrations.
//! - MySQL, which gives the rows a zero or an empty text; columns with a default or a number of their own.
//!
//! ## References
//!
//! - PostgreSQL 17, ALTER TABLE, <https://www.postgresql.org/docs/17/sql-altertable.html>
//!
//! ## Examples
//!
//! ```sql bad path=migrations/0012_language.sql
//! ALTER TABLE books ADD COLUMN language text NOT NULL;
//! ```
//!
//! ```sql good path=migrations/0012_language.sql
//! ALTER TABLE books ADD COLUMN language text NOT NULL DEFAULT 'en';
//! ```
//!
//! ```csharp bad path=Data/Migrations/20240101_Language.cs rename=no
//! public partial class Language : Migration
//! {
//!     protected override void Up(MigrationBuilder migrationBuilder)
//!     {
//!         migrationBuilder.AddColumn<string>(name: "Language", table: "Books", nullable: false);
//!     }
//! }
//! ```
//!
//! ```ruby bad path=db/migrate/20240102000000_add_language.rb rename=no
//! class AddLanguage < ActiveRecord::Migration[7.1]
//!   def change
//!     add_column :books, :language, :string, null: false
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
        Check::File(|context| check(Danger::Required, context)),
    )
};
