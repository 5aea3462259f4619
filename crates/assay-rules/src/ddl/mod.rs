//! What a database migration does to tables that hold data: read from SQL and
//! from the calls of migration libraries, judged by what the databases' manuals
//! say of locks and rewriting.
//!
//! SQL is read from its tokens, statement by statement: a migration is written in
//! one of many dialects, and a statement that is not understood must not take
//! the next one with it.

mod call;
mod judge;
mod liquibase;
mod sql;
#[cfg(test)]
mod tests;
mod token;

use assay_source::{RepoPath, Span};

pub(crate) use judge::{Danger, check};

/// The database that a migration is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Postgres,
    MySql,
    Sqlite,
    SqlServer,
    Unknown,
}

/// One step of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) action: Action,
    /// The table, in lower case, without its schema; empty when it is not said.
    pub(crate) table: String,
    pub(crate) span: Span,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    CreateTable,
    DropTable,
    DropColumn(String),
    RenameTable(String),
    RenameColumn(String, String),
    /// A column has another type; whether its values must be computed anew.
    ChangeType(String, Rewrite),
    AddColumn(NewColumn),
    SetNotNull(String),
    /// Whether writing goes on meanwhile.
    CreateIndex {
        is_concurrent: bool,
    },
    AddConstraint(&'static str),
    /// What holds a lock that keeps readers out.
    Lock(&'static str),
    /// `update`, `delete` or `truncate` of all rows.
    EveryRow(&'static str),
}

/// How sure it is that a change of a type writes the whole table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rewrite {
    Sure,
    Likely,
    Unlikely,
}

/// A column that is added to a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NewColumn {
    pub(crate) name: String,
    pub(crate) is_required: bool,
    pub(crate) default: NewDefault,
}

/// What the rows that are there get in a new column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum NewDefault {
    #[default]
    None,
    /// The same value for all rows.
    Constant,
    /// A value for each row, which must be written.
    Computed,
}

/// Folders that hold migrations.
const FOLDERS: &[&str] = &[
    "migrations",
    "migration",
    "migrate",
    "db-migrations",
    "db_migrations",
    "dbmigrations",
    "post_migrate",
    "upgrades",
];

/// Folders whose migrations run nowhere that matters.
const INNER: &[&str] = &[
    "test",
    "tests",
    "testdata",
    "fixtures",
    "examples",
    "node_modules",
    "vendor",
];

/// Returns whether a file is a migration, by its path alone.
pub(crate) fn is_migration(path: &RepoPath) -> bool {
    let Some(path) = path.as_str() else {
        return false;
    };
    let lower = path.to_ascii_lowercase();
    let (folders, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
    let parts = || folders.split('/');
    if is_inner(path) || is_backwards(name) {
        return false;
    }
    // Flyway: `V12__add_books.sql`.
    let flyway = name
        .strip_prefix('v')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains("__"));
    let alembic = parts().next_back() == Some("versions");
    let is_snapshot = name.ends_with(".designer.cs") || name.ends_with("snapshot.cs");
    !is_snapshot
        && (flyway && name.ends_with(".sql")
            || alembic && name.ends_with(".py")
            || parts().any(|part| FOLDERS.contains(&part)))
}

/// Whether a path lies where nothing runs that matters.
fn is_inner(path: &str) -> bool {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders
        .split('/')
        .any(|part| INNER.contains(&part.to_ascii_lowercase().as_str()))
}

/// A file that takes a migration back.
fn is_backwards(name: &str) -> bool {
    [
        ".down.",
        ".undo.",
        "_down.",
        "-down.",
        ".rollback.",
        "_rollback.",
    ]
    .iter()
    .any(|part| name.contains(part))
        || name == "down.sql"
        || name.starts_with('u')
            && name[1..].starts_with(|c: char| c.is_ascii_digit())
            && name.contains("__")
}

/// Returns the database that a path speaks of.
fn dialect_of_path(path: &str) -> Dialect {
    let lower = path.to_ascii_lowercase();
    let has = |words: &[&str]| {
        lower
            .split(['/', '.', '_', '-'])
            .any(|part| words.contains(&part))
    };
    if has(&["postgres", "postgresql", "pg", "psql", "pgsql", "cockroach"]) {
        Dialect::Postgres
    } else if has(&["mysql", "mariadb"]) {
        Dialect::MySql
    } else if has(&["sqlite", "sqlite3"]) {
        Dialect::Sqlite
    } else if has(&["mssql", "sqlserver"]) {
        Dialect::SqlServer
    } else {
        Dialect::Unknown
    }
}
