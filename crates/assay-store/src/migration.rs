//! Brings a database's tables up to what this program knows. Migrations are
//! numbered texts that only add, so that the program before still runs on what
//! the program after has made.

use assay_source::BlobKeyHasher;
use sqlx::Executor as _;

use crate::transaction::State;
use crate::value::args;
use crate::{Engine, Error, Store, Tx};

/// A step that was embedded.
struct Migration {
    number: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migrations {
    ($($number:literal $name:literal)+) => {
        &[$(Migration {
            number: $number,
            name: $name,
            sqlite: include_str!(concat!("../../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../../migrations/postgres/", $name, ".sql")),
        }),+]
    };
}

const MIGRATIONS: &[Migration] = migrations! {
    1 "0001-access"
    2 "0002-forge"
    3 "0003-task"
    4 "0004-review"
    5 "0005-login"
    6 "0006-event"
    7 "0007-outgoing"
    8 "0008-outside"
    9 "0009-partition"
    10 "0010-rejection"
    11 "0011-attempt"
    12 "0012-live"
    13 "0013-model"
    14 "0014-rejected-setting"
    15 "0015-author"
    16 "0016-knowledge"
    17 "0017-transcript"
    18 "0018-question"
    19 "0019-discussion"
    20 "0020-prompt"
    21 "0021-experiment"
    22 "0022-suggestion"
};

/// Keeps two processes from migrating one server at once.
const LOCK_NUMBER: i64 = 0x00a5_5a79;

const CREATE: (&str, &str) = (
    "CREATE TABLE IF NOT EXISTS schema_migration (number INTEGER NOT NULL PRIMARY KEY, \
     name TEXT NOT NULL, checksum BLOB NOT NULL, applied_ms INTEGER NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS schema_migration (number BIGINT NOT NULL PRIMARY KEY, \
     name TEXT NOT NULL, checksum BYTEA NOT NULL, applied_ms BIGINT NOT NULL)",
);

impl Store {
    /// Applies the migrations that are missing; returns their names. Several
    /// processes may do so at once.
    pub async fn migrate(&self) -> Result<Vec<&'static str>, Error> {
        self.migrate_to(i64::MAX).await
    }

    /// Returns how many migrations this program knows.
    pub fn migrations_known() -> usize {
        MIGRATIONS.len()
    }

    /// Returns a hash of all migrations: the same for two programs that make the
    /// same tables.
    pub fn schema_hash() -> String {
        let mut hasher = BlobKeyHasher::new("schema");
        for migration in MIGRATIONS {
            hasher.add(migration.sqlite.as_bytes());
            hasher.add(migration.postgres.as_bytes());
        }
        let bytes = hasher.finish();
        bytes[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Applies the migrations that are missing up to a number.
    pub async fn migrate_to(&self, last: i64) -> Result<Vec<&'static str>, Error> {
        let mut tx = self.begin().await?;
        if tx.engine() == Engine::Postgres {
            let lock = "SELECT 1 FROM (SELECT pg_advisory_xact_lock($1)) AS taken";
            tx.rows(lock, args![LOCK_NUMBER]).await?;
        }
        let create = tx.pick(CREATE.0, CREATE.1);
        tx.execute(create, Vec::new()).await?;
        let done = tx.migration_done().await?;
        let mut applied = Vec::new();
        for migration in MIGRATIONS.iter().filter(|one| one.number <= last) {
            let text = tx.pick(migration.sqlite, migration.postgres);
            let checksum = BlobKeyHasher::new("migration")
                .part(text.as_bytes())
                .finish();
            match done.iter().find(|(number, _)| *number == migration.number) {
                Some((_, kept)) if kept[..] == checksum[..] => {}
                Some(_) => {
                    return Err(Error::Migration {
                        number: migration.number,
                        why: "it was applied with another text".to_owned(),
                    });
                }
                None => {
                    tx.script(text).await?;
                    let sql = "INSERT INTO schema_migration (number, name, checksum, applied_ms) \
                               VALUES ($1, $2, $3, $4)";
                    let now_ms = tx.now_ms();
                    tx.execute(
                        sql,
                        args![migration.number, migration.name, checksum, now_ms],
                    )
                    .await?;
                    applied.push(migration.name);
                }
            }
        }
        if last == i64::MAX {
            tx.partition_make_ahead().await?;
        }
        tx.commit().await?;
        Ok(applied)
    }

    /// Returns the names of the migrations that are missing.
    pub async fn migrations_missing(&self) -> Result<Vec<&'static str>, Error> {
        let mut tx = self.begin().await?;
        let create = tx.pick(CREATE.0, CREATE.1);
        tx.execute(create, Vec::new()).await?;
        let done = tx.migration_done().await?;
        tx.commit().await?;
        let is_done = |one: &&Migration| !done.iter().any(|(number, _)| *number == one.number);
        Ok(MIGRATIONS
            .iter()
            .filter(is_done)
            .map(|one| one.name)
            .collect())
    }
}

impl Tx {
    async fn migration_done(&mut self) -> Result<Vec<(i64, Vec<u8>)>, Error> {
        let sql = "SELECT number, checksum FROM schema_migration ORDER BY number";
        self.list(sql, Vec::new(), |row| {
            Ok((row.get("number")?, row.get("checksum")?))
        })
        .await
    }

    /// Runs a text of several statements that is part of this program.
    pub(crate) async fn script(&mut self, text: &'static str) -> Result<(), Error> {
        self.be_loud();
        match self.state() {
            State::Sqlite(held) => held
                .connection()
                .execute(sqlx::raw_sql(text))
                .await?
                .rows_affected(),
            State::Postgres(transaction) => (&mut **transaction)
                .execute(sqlx::raw_sql(text))
                .await?
                .rows_affected(),
            State::SqliteRead(_) | State::PostgresRead(_) => {
                return Err(Error::Invalid(
                    "a connection for reading does not write".to_owned(),
                ));
            }
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::MIGRATIONS;

    /// Rows that an earlier step copied to where they are read.
    const COPIED: &str = "DELETE FROM setting WHERE name LIKE 'rejected/%';";

    /// Steps that put another table in the place of one, as `migrations/README.md` says.
    const REPLACING: &[&str] = &["0009-partition", "0017-transcript"];

    #[test]
    fn migrations_are_numbered_and_only_add() {
        for (number, migration) in (1..).zip(MIGRATIONS) {
            assert_eq!(migration.number, number);
            assert!(migration.name.starts_with(&format!("{number:04}-")));
            for text in [migration.sqlite, migration.postgres] {
                // Their tables keep their names, and rows what makes them unique.
                if REPLACING.contains(&migration.name) {
                    continue;
                }
                for word in ["DROP ", "RENAME ", "DELETE ", "TRUNCATE ", "ALTER COLUMN"] {
                    let lines = text.lines();
                    let lines = lines.filter(|line| !line.contains("ON DELETE") && *line != COPIED);
                    let found = lines
                        .filter(|line| line.to_uppercase().contains(word))
                        .count();
                    assert_eq!(found, 0, "{}: {word}", migration.name);
                }
            }
        }
    }
}
