//! # Column that a migration drops
//!
//! A migration drops a column that earlier releases read and write.
//!
//! ## Why it matters
//!
//! While a release rolls out, the old program still names the column in its queries: they fail, also inserts that list all columns.
//! Make the program forget the column in one release and drop it in the next.
//!
//! ## Not reported
//!
//! - Tables that the same migration makes, the way back (`down`, `-- +goose Down`, `.down.sql`), files in no folder of migrations.
//!
//! ## References
//!
//! - PostgreSQL 17, ALTER TABLE, <https://www.postgresql.org/docs/17/sql-altertable.html>
//! - Ruby on Rails, `ignored_columns`, <https://api.rubyonrails.org/classes/ActiveRecord/ModelSchema/ClassMethods.html>
//!
//! ## Examples
//!
//! ```sql bad path=migrations/0007_title.sql
//! ALTER TABLE books DROP COLUMN subtitle;
//! ```
//!
//! ```sql good path=migrations/0007_title.down.sql
//! ALTER TABLE books DROP COLUMN subtitle;
//! ```
//!
//! ```python bad path=shop/migrations/0007_title.py rename=no
//! from django.db import migrations
//!
//!
//! class Migration(migrations.Migration):
//!     operations = [
//!         migrations.RemoveField(model_name="book", name="subtitle"),
//!     ]
//! ```
//!
//! ```php bad path=database/migrations/2024_01_01_000000_title.php rename=no
//! <?php
//! return new class extends Migration {
//!     public function up(): void
//!     {
//!         Schema::table('books', function (Blueprint $table) {
//!             $table->dropColumn('subtitle');
//!         });
//!     }
//!
//!     public function down(): void
//!     {
//!         Schema::table('books', function (Blueprint $table) {
//!             $table->dropColumn('title');
//!         });
//!     }
//! };
//! ```

use assay_finding::{Category, Confidence, Severity};

use crate::ddl::{Danger, check};
use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Medium,
        Check::File(|context| check(Danger::RemovedColumn, context)),
    )
};
