//! Copies of a whole database, made while it is used, and their way back.
//!
//! A copy is one file, packed and with a hash over all: of SQLite it has the database
//! file, of PostgreSQL the rows of each table as the server writes them out, as of one
//! moment, which go into an empty database with the same tables.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use assay_source::BlobKeyHasher;
use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Executor as _, SqliteConnection};

use crate::value::args;
use crate::{Engine, Error, Store};

/// Every table, each after those that it refers to.
const TABLES: [&str; 46] = [
    "organisation",
    "user_account",
    "role",
    "membership",
    "team",
    "team_member",
    "api_key",
    "session",
    "setting",
    "idempotency_key",
    "audit_chain",
    "audit_entry",
    "forge_installation",
    "repository",
    "delivery",
    "outgoing_webhook",
    "outgoing_webhook_attempt",
    "task",
    "scheduled_task",
    "review",
    "finding",
    "metric",
    "remark",
    "feedback",
    "model_usage",
    "user_identity",
    "login",
    "login_attempt",
    "quota_usage",
    "review_event",
    "outside_import",
    "live_message",
    "live_presence",
    "model_spend",
    "model_transcript",
    "knowledge_document",
    "question",
    "discussion",
    "prompt",
    "prompt_version",
    "prompt_activation",
    "review_prompt",
    "model_quality",
    "experiment",
    "experiment_arm",
    "suggestion",
];

/// What a file of rows begins with.
const ROWS_MAGIC: &Magic = b"assay backup 1\n\n";
/// What a copy of SQLite begins with.
const FILE_MAGIC: &Magic = b"assay backup 1f\n";
type Magic = [u8; 16];
/// So large is a piece of rows in a file at most.
const PIECE_BYTES_MAX: usize = 64 << 20;
/// So much of a file is packed at a time.
const FILE_PIECE_BYTES: usize = 1 << 20;
/// The usual trade of time for size.
const LEVEL: i32 = 3;

/// Writes a copy of the whole database to a file that is not there yet. It is whole
/// or not there.
pub async fn backup(store: &Store, path: &Path) -> Result<(), Error> {
    if path.exists() {
        return Err(disk("make", path, io::ErrorKind::AlreadyExists.into()));
    }
    let unfinished = beside(path, ".unfinished");
    // What an attempt that was killed left is worthless.
    let _ = fs::remove_file(&unfinished);
    let result = match store.engine() {
        Engine::Sqlite => backup_sqlite(store, &unfinished).await,
        Engine::Postgres => backup_postgres(store, &unfinished).await,
    };
    let result = result.and_then(|()| {
        let file = File::open(&unfinished).map_err(|why| disk("open", &unfinished, why))?;
        file.sync_all()
            .map_err(|why| disk("write", &unfinished, why))?;
        fs::rename(&unfinished, path).map_err(|why| disk("make", path, why))
    });
    if result.is_err() {
        // The reason why it failed is what is told.
        let _ = fs::remove_file(&unfinished);
    }
    result
}

/// Brings a copy back: to an SQLite address without a file, or into a PostgreSQL
/// database whose tables are there and empty.
pub async fn restore(store_url: &str, into: Option<&Store>, path: &Path) -> Result<(), Error> {
    match into.map(Store::engine) {
        None => restore_sqlite(store_url, path).await,
        Some(Engine::Postgres) => restore_postgres(into, path).await,
        Some(Engine::Sqlite) => Err(Error::Invalid(
            "an SQLite file is brought back before it is opened".to_owned(),
        )),
    }
}

async fn backup_sqlite(store: &Store, path: &Path) -> Result<(), Error> {
    let database = beside(path, ".database");
    // What an attempt that was killed left is worthless.
    let _ = fs::remove_file(&database);
    let name = database.to_str();
    let name = name.ok_or_else(|| Error::Invalid("the path is no text".to_owned()))?;
    let mut connection = store.sqlite_connection().await?;
    let query = crate::value::bound_sqlite("VACUUM INTO $1", args![name])?;
    let copied = query.execute(&mut connection).await;
    connection.close().await?;
    let packed = match copied {
        Ok(_) => pack(&database, path).map_err(|why| disk("write", path, why)),
        Err(why) => Err(why.into()),
    };
    // It is in the copy now, or it is of no use.
    let _ = fs::remove_file(&database);
    packed
}

/// Packs a file, with a hash over it: SQLite's own check does not see a text that was
/// changed.
fn pack(database: &Path, path: &Path) -> io::Result<()> {
    let mut from = File::open(database)?;
    let mut out = Pieces::new(BufWriter::new(File::create(path)?), FILE_MAGIC)?;
    let mut piece = vec![0; FILE_PIECE_BYTES];
    loop {
        match from.read(&mut piece)? {
            0 => return out.finish(),
            length => out.piece(&piece[..length])?,
        }
    }
}

/// Returns the path of a file with a longer name.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(end);
    path.with_file_name(name)
}

async fn restore_sqlite(url: &str, path: &Path) -> Result<(), Error> {
    let wrong = |why: sqlx::Error| Error::Invalid(format!("the database's address: {why}"));
    let target = SqliteConnectOptions::from_str(url).map_err(wrong)?;
    let target = target.get_filename().to_owned();
    if target.exists() {
        return Err(disk("make", &target, io::ErrorKind::AlreadyExists.into()));
    }
    let unfinished = beside(&target, ".unfinished");
    let unpacked = match unpack(path, &unfinished) {
        Ok(()) => check_integrity(&unfinished).await,
        Err(error) => Err(error),
    };
    let result = unpacked
        .and_then(|()| fs::rename(&unfinished, &target).map_err(|why| disk("make", &target, why)));
    if result.is_err() {
        // The reason why it failed is what is told.
        let _ = fs::remove_file(&unfinished);
    }
    result
}

/// Writes what was packed to a file; it is there to stay only when this succeeds.
fn unpack(path: &Path, to: &Path) -> Result<(), Error> {
    let mut reading = Reading::open(path, FILE_MAGIC)?;
    let written = |why| disk("write", to, why);
    let mut out = File::create(to).map_err(written)?;
    while let Some(piece) = reading.piece()? {
        out.write_all(&piece).map_err(written)?;
    }
    out.sync_all().map_err(written)
}

async fn check_integrity(database: &Path) -> Result<(), Error> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .read_only(true)
        .immutable(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let answer = sqlx::query_scalar::<_, String>("PRAGMA integrity_check")
        .fetch_all(&mut connection)
        .await?;
    connection.close().await?;
    match answer == ["ok"] {
        true => Ok(()),
        false => Err(Error::corrupt("backup", answer.join("; "))),
    }
}

async fn backup_postgres(store: &Store, path: &Path) -> Result<(), Error> {
    let Some(pool) = store.postgres() else {
        return Err(Error::Unavailable(None));
    };
    let file = File::create(path).map_err(|why| disk("make", path, why))?;
    let written = |why| disk("write", path, why);
    let mut out = Pieces::new(BufWriter::new(file), ROWS_MAGIC).map_err(written)?;
    let mut connection = pool.acquire().await?;
    connection
        .execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    for table in TABLES {
        let columns = columns(&mut connection, table).await?;
        out.piece(table.as_bytes()).map_err(written)?;
        out.piece(columns.as_bytes()).map_err(written)?;
        // Invariant: both are names of our own migrations.
        // A table of several partitions is copied by what is read of it.
        let sql = format!("COPY (SELECT {columns} FROM \"{table}\") TO STDOUT (FORMAT binary)");
        let mut rows = connection.copy_out_raw(&sql).await?;
        while let Some(piece) = rows.try_next().await? {
            for piece in piece.chunks(PIECE_BYTES_MAX) {
                out.piece(piece).map_err(written)?;
            }
        }
        out.piece(b"").map_err(written)?;
    }
    connection.execute("COMMIT").await?;
    out.finish().map_err(written)
}

async fn columns(connection: &mut sqlx::PgConnection, table: &str) -> Result<String, Error> {
    let sql = "SELECT column_name::text FROM information_schema.columns \
               WHERE table_schema = current_schema() AND table_name = $1 \
               ORDER BY ordinal_position";
    let names = sqlx::query_scalar::<_, String>(sql).bind(table.to_owned());
    let names: Vec<String> = names.fetch_all(connection).await?;
    Ok(names.join(", "))
}

async fn restore_postgres(store: Option<&Store>, path: &Path) -> Result<(), Error> {
    let Some((store, pool)) = store.and_then(|store| Some((store, store.postgres()?))) else {
        return Err(Error::Unavailable(None));
    };
    // The hash is at the end: the file is read once to see that it is whole.
    let mut check = Reading::open(path, ROWS_MAGIC)?;
    while check.piece()?.is_some() {}
    let mut reading = Reading::open(path, ROWS_MAGIC)?;
    let mut tx = store.begin().await?;
    tx.partition_make_all().await?;
    tx.commit().await?;
    let mut transaction = pool.begin().await?;
    for table in TABLES {
        let name = reading.text()?;
        if name != table {
            return Err(Error::corrupt(
                "backup",
                format!("`{name}` is not `{table}`"),
            ));
        }
        let said = reading.text()?;
        let there = columns(&mut transaction, table).await?;
        let known: Vec<&str> = there.split(", ").collect();
        if !said.split(", ").all(|column| known.contains(&column)) {
            return Err(Error::corrupt(
                "backup",
                format!("`{table}` has other columns"),
            ));
        }
        // Invariant: the columns are names that the database has.
        let sql = format!("COPY \"{table}\" ({said}) FROM STDIN (FORMAT binary)");
        let mut rows = transaction.copy_in_raw(&sql).await?;
        loop {
            match reading.piece()? {
                Some(piece) if !piece.is_empty() => {
                    rows.send(piece).await?;
                }
                _ => break,
            }
        }
        rows.finish().await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Writes pieces, each after its length, packed, and at last a hash over all.
struct Pieces<W: Write> {
    out: zstd::stream::write::Encoder<'static, W>,
    hasher: BlobKeyHasher,
}

/// A length that no piece has: the hash follows.
const END: u32 = u32::MAX;

impl<W: Write> Pieces<W> {
    fn new(mut out: W, magic: &Magic) -> io::Result<Self> {
        out.write_all(magic)?;
        Ok(Self {
            out: zstd::stream::write::Encoder::new(out, LEVEL)?,
            hasher: BlobKeyHasher::new("backup"),
        })
    }

    fn piece(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.hasher.add(bytes);
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(bytes)
    }

    fn finish(mut self) -> Result<(), io::Error> {
        self.out.write_all(&END.to_le_bytes())?;
        self.out.write_all(&self.hasher.finish())?;
        self.out.finish()?.flush()
    }
}

/// Reads pieces; anything that is not whole is an error.
struct Reading {
    from: zstd::stream::read::Decoder<'static, BufReader<File>>,
    hasher: BlobKeyHasher,
}

impl Reading {
    fn open(path: &Path, magic: &Magic) -> Result<Self, Error> {
        let mut file = File::open(path).map_err(|why| disk("open", path, why))?;
        let mut found: Magic = [0; 16];
        if file.read_exact(&mut found).is_err() || found != *magic {
            let why = "it is no backup of a database of this kind";
            return Err(Error::corrupt("backup", why));
        }
        let from = zstd::stream::read::Decoder::new(file);
        Ok(Self {
            from: from.map_err(|why| Error::corrupt("backup", why))?,
            hasher: BlobKeyHasher::new("backup"),
        })
    }

    /// Returns the next piece, or nothing at the end, which has the right hash.
    fn piece(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let length = u32::from_le_bytes(self.array()?);
        if length == END {
            let said: [u8; 32] = self.array()?;
            if said != self.hasher.finish() {
                return Err(Error::corrupt("backup", "it was changed"));
            }
            return Ok(None);
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > PIECE_BYTES_MAX {
            return Err(Error::corrupt("backup", "a piece is too large"));
        }
        let mut piece = vec![0; length];
        let read = self.from.read_exact(&mut piece);
        read.map_err(|why| Error::corrupt("backup", why))?;
        self.hasher.add(&piece);
        Ok(Some(piece))
    }

    fn text(&mut self) -> Result<String, Error> {
        let piece = self.piece()?.unwrap_or_default();
        String::from_utf8(piece).map_err(|why| Error::corrupt("backup", why))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        let read = self.from.read_exact(&mut bytes);
        read.map_err(|why| Error::corrupt("backup", why))?;
        Ok(bytes)
    }
}

fn disk(verb: &'static str, path: &Path, why: io::Error) -> Error {
    let path = path.display().to_string();
    Error::Disk { verb, path, why }
}

#[cfg(test)]
mod tests {
    use super::TABLES;

    /// A table that is forgotten here would not be in any copy.
    #[test]
    fn every_table_of_the_migrations_is_copied() {
        let texts = [
            include_str!("../../../migrations/postgres/0001-access.sql"),
            include_str!("../../../migrations/postgres/0002-forge.sql"),
            include_str!("../../../migrations/postgres/0003-task.sql"),
            include_str!("../../../migrations/postgres/0004-review.sql"),
            include_str!("../../../migrations/postgres/0005-login.sql"),
            include_str!("../../../migrations/postgres/0006-event.sql"),
            include_str!("../../../migrations/postgres/0007-outgoing.sql"),
            include_str!("../../../migrations/postgres/0008-outside.sql"),
            include_str!("../../../migrations/postgres/0009-partition.sql"),
            include_str!("../../../migrations/postgres/0010-rejection.sql"),
            include_str!("../../../migrations/postgres/0011-attempt.sql"),
            include_str!("../../../migrations/postgres/0012-live.sql"),
            include_str!("../../../migrations/postgres/0013-model.sql"),
            include_str!("../../../migrations/postgres/0014-rejected-setting.sql"),
            include_str!("../../../migrations/postgres/0015-author.sql"),
            include_str!("../../../migrations/postgres/0016-knowledge.sql"),
            include_str!("../../../migrations/postgres/0017-transcript.sql"),
            include_str!("../../../migrations/postgres/0018-question.sql"),
            include_str!("../../../migrations/postgres/0019-discussion.sql"),
            include_str!("../../../migrations/postgres/0020-prompt.sql"),
            include_str!("../../../migrations/postgres/0021-experiment.sql"),
            include_str!("../../../migrations/postgres/0022-suggestion.sql"),
        ];
        assert_eq!(texts.len(), crate::Store::migrations_known());
        let lines = texts.iter().flat_map(|text| text.lines());
        let made: Vec<&str> = lines
            .filter_map(|line| line.strip_prefix("CREATE TABLE "))
            // Such a one takes the place of another, or is a part of one.
            .filter(|rest| !rest.contains("(LIKE ") && !rest.contains(" PARTITION OF "))
            .map(|rest| rest.trim_end_matches(" ("))
            .collect();
        assert_eq!(made, TABLES);
    }
}
