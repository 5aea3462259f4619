//! Opening a database: one file with SQLite, or a server with PostgreSQL.

use std::path::Path;
use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::time::Duration;

use assay_source::{Clock, Randomness};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgPool, SqlitePool,
};
use sqlx::{PgConnection, SqliteConnection};
use tokio::sync::{broadcast, watch};

use crate::cache::{Cache, CacheOptions};
use crate::mark::{LogIndex, Mark};
use crate::sqlite_writer::Writer;
use crate::task::{hint_others, tell_others};
use crate::transaction::{State, Tx};
use crate::{Error, LiveHint};

/// So many connections read an SQLite file at once.
const SQLITE_READERS: u32 = 4;
/// So long another process may hold an SQLite file.
const SQLITE_BUSY_MS: u64 = 5_000;
/// So many pages the write-ahead log gets before a commit has to work it in; the
/// writer has it done before that.
const SQLITE_CHECKPOINT_PAGES: &str = "32000";
/// So long a caller waits for a connection.
const ACQUIRE_MS: u64 = 5_000;
/// So long a caller waits for a connection to a replica before the main server is
/// asked in its place.
const REPLICA_MS: u64 = 500;
/// For so long a replica that did not answer is not asked again.
const REPLICA_PAUSE_MS: i64 = 10_000;
/// So many hints wait for who hears them; who is further behind looks at everything.
const HINTS_WAITING_MAX: usize = 4_096;
/// What an identifier of a database may be made of, for those made here.
const DATABASE_NAME_BYTES_MAX: usize = 63;

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
}

/// How to open a database.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// `sqlite:PATH` or `postgres://...`.
    pub url: String,
    /// A copy of the server that only reads.
    pub replica_url: Option<String>,
    /// How many connections to a server there may be.
    pub connections_max: u32,
}

impl StoreOptions {
    /// Returns the usual options for an address.
    pub fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            replica_url: None,
            connections_max: 16,
        }
    }
}

/// An open database. Copies are the same one.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    database: Database,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    ready: watch::Sender<u64>,
    accepted: watch::Sender<u64>,
    /// Until then the replica is not asked.
    replica_paused_ms: AtomicI64,
    spread: AtomicU8,
    told: watch::Sender<u64>,
    said: watch::Sender<u64>,
    /// What changed in sessions, through any process.
    hinted: broadcast::Sender<LiveHint>,
    /// The same, through this one.
    hinted_here: broadcast::Sender<LiveHint>,
}

enum Database {
    Sqlite {
        writer: Writer,
        readers: SqlitePool,
        log: Arc<LogIndex>,
    },
    Postgres {
        pool: PgPool,
        replica: Option<PgPool>,
    },
}

impl Store {
    /// Opens a database, making an SQLite file when there is none. Its tables are
    /// made by [`Store::migrate`].
    pub async fn open(
        options: &StoreOptions,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, Error> {
        let url = options.url.as_str();
        let database = if url.starts_with("sqlite:") {
            open_sqlite(url).await?
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            open_postgres(options).await?
        } else {
            let why = "the database's address begins with `sqlite:` or `postgres:`";
            return Err(Error::Invalid(why.to_owned()));
        };
        let store = Self(Arc::new(Inner {
            database,
            clock,
            randomness,
            ready: watch::Sender::new(0),
            accepted: watch::Sender::new(0),
            replica_paused_ms: AtomicI64::new(i64::MIN),
            spread: AtomicU8::default(),
            told: watch::Sender::new(0),
            said: watch::Sender::new(0),
            hinted: broadcast::Sender::new(HINTS_WAITING_MAX),
            hinted_here: broadcast::Sender::new(HINTS_WAITING_MAX),
        }));
        if let Some(pool) = store.postgres() {
            tokio::spawn(hint_others(pool.clone(), store.0.hinted_here.subscribe()));
            let (tasks, reviews) = (store.accepted(), store.0.said.subscribe());
            tokio::spawn(tell_others(pool.clone(), tasks, reviews));
        }
        Ok(store)
    }

    /// Returns how far the database is, for those who keep what they read: while marks
    /// are equal nothing was committed, by any process. Nothing where that cannot be
    /// told without asking, as with PostgreSQL.
    pub fn mark(&self) -> Option<Mark> {
        match &self.0.database {
            Database::Sqlite { log, .. } => log.mark(),
            Database::Postgres { .. } => None,
        }
    }

    /// Returns which database it is.
    pub fn engine(&self) -> Engine {
        match self.0.database {
            Database::Sqlite { .. } => Engine::Sqlite,
            Database::Postgres { .. } => Engine::Postgres,
        }
    }

    /// Begins a transaction. With SQLite there is one at a time: the others wait.
    pub async fn begin(&self) -> Result<Tx, Error> {
        let state = match &self.0.database {
            Database::Sqlite { writer, .. } => State::Sqlite(writer.hold().await?),
            Database::Postgres { pool, .. } => State::Postgres(pool.begin().await?),
        };
        Ok(Tx::new(state, self.clone()))
    }

    /// Begins what is one statement with PostgreSQL, which keeps it by itself, and a
    /// transaction like others with SQLite.
    pub async fn begin_single(&self) -> Result<Tx, Error> {
        match &self.0.database {
            Database::Sqlite { .. } => self.begin().await,
            Database::Postgres { .. } => self.read().await,
        }
    }

    /// Returns a connection for reading what is committed now, each statement for itself;
    /// never from a replica: whoever was told of something finds it, and a key that was
    /// revoked is.
    pub async fn read(&self) -> Result<Tx, Error> {
        let state = match &self.0.database {
            Database::Sqlite { readers, .. } => State::SqliteRead(readers.acquire().await?),
            Database::Postgres { pool, .. } => State::PostgresRead(pool.acquire().await?),
        };
        Ok(Tx::new(state, self.clone()))
    }

    /// Returns a connection for reading what may be some moments old, such as lists
    /// that people look through: to the replica, where there is one that answers.
    /// Never for rights, and never for what a caller has just been told of.
    pub async fn read_lagging(&self) -> Result<Tx, Error> {
        let Database::Postgres {
            replica: Some(replica),
            ..
        } = &self.0.database
        else {
            return self.read().await;
        };
        let now_ms = self.now_ms();
        if now_ms >= self.0.replica_paused_ms.load(Ordering::Relaxed) {
            if let Ok(connection) = replica.acquire().await {
                return Ok(Tx::new(State::PostgresRead(connection), self.clone()));
            }
            let until_ms = now_ms.saturating_add(REPLICA_PAUSE_MS);
            let paused = &self.0.replica_paused_ms;
            paused.store(until_ms, Ordering::Relaxed);
        }
        self.read().await
    }

    /// Returns whether the replica answered when it was last asked; nothing when
    /// there is none.
    pub fn is_replica_up(&self) -> Option<bool> {
        match &self.0.database {
            Database::Postgres {
                replica: Some(_), ..
            } => Some(self.now_ms() >= self.0.replica_paused_ms.load(Ordering::Relaxed)),
            _ => None,
        }
    }

    /// Opens a cache that lives by the store's clock.
    pub fn cache(&self, options: &CacheOptions) -> Result<Cache, Error> {
        let (clock, randomness) = (&self.0.clock, &self.0.randomness);
        Cache::open(options, Arc::clone(clock), Arc::clone(randomness))
    }

    pub(crate) fn spread(&self) -> &AtomicU8 {
        &self.0.spread
    }

    /// Asks the database for an answer, for health checks.
    pub async fn ping(&self) -> Result<(), Error> {
        self.read()
            .await?
            .rows("SELECT 1 AS count", Vec::new())
            .await?;
        Ok(())
    }

    /// Returns the time, from the clock that was passed in.
    pub fn now_ms(&self) -> i64 {
        self.0.clock.now_ms()
    }

    /// Returns the clock that was passed in.
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// Returns the same, to keep.
    pub fn clock_shared(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.0.clock)
    }

    /// Returns the randomness that was passed in.
    pub fn randomness(&self) -> &dyn Randomness {
        &*self.0.randomness
    }

    /// Ends all connections.
    pub async fn close(&self) {
        match &self.0.database {
            Database::Sqlite { readers, .. } => readers.close().await,
            Database::Postgres { pool, replica } => {
                pool.close().await;
                if let Some(replica) = replica {
                    replica.close().await;
                }
            }
        }
    }

    pub(crate) fn wake(&self) {
        self.0
            .ready
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Says that this process accepted work.
    pub(crate) fn accept(&self) {
        self.wake();
        let accepted = &self.0.accepted;
        accepted.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Says that this process committed something that happened to a review.
    pub(crate) fn say(&self) {
        self.tell();
        let said = &self.0.said;
        said.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Says that something happened to a review.
    pub(crate) fn tell(&self) {
        self.0
            .told
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Says what this process changed in a session, to everybody.
    pub(crate) fn hint_all(&self, hint: LiveHint) {
        self.hint(hint);
        // With SQLite there is nobody else.
        let _ = self.0.hinted_here.send(hint);
    }

    /// Says what changed in a session, to those who hear it here.
    pub(crate) fn hint(&self, hint: LiveHint) {
        // Nobody may be there.
        let _ = self.0.hinted.send(hint);
    }

    /// Hears from now on what changes in sessions, through this process and through
    /// those that [`Store::task_listen`] hears. It is only a hint: who is too far behind
    /// has missed some.
    pub fn live_hints(&self) -> broadcast::Receiver<LiveHint> {
        self.0.hinted.subscribe()
    }

    pub(crate) fn told(&self) -> watch::Receiver<u64> {
        self.0.told.subscribe()
    }

    pub(crate) fn accepted(&self) -> watch::Receiver<u64> {
        self.0.accepted.subscribe()
    }

    /// Returns a further connection to an SQLite file, for what is not for the
    /// writer and not for readers.
    pub(crate) async fn sqlite_connection(&self) -> Result<SqliteConnection, Error> {
        match &self.0.database {
            Database::Sqlite { readers, .. } => {
                let options = readers.connect_options();
                let options = (*options).clone().pragma("query_only", "OFF");
                Ok(SqliteConnection::connect_with(&options).await?)
            }
            Database::Postgres { .. } => Err(Error::Unavailable(None)),
        }
    }

    pub(crate) fn ready(&self) -> watch::Receiver<u64> {
        self.0.ready.subscribe()
    }

    pub(crate) fn postgres(&self) -> Option<&PgPool> {
        match &self.0.database {
            Database::Sqlite { .. } => None,
            Database::Postgres { pool, .. } => Some(pool),
        }
    }
}

async fn open_sqlite(url: &str) -> Result<Database, Error> {
    if url.contains(":memory:") || url.contains("mode=memory") {
        let why = "a database in memory has no second connection; name a file";
        return Err(Error::Invalid(why.to_owned()));
    }
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|why| Error::Invalid(format!("the database's address: {why}")))?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // Every commit is on disk before it returns.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_millis(SQLITE_BUSY_MS))
        .statement_cache_capacity(256)
        .pragma("wal_autocheckpoint", SQLITE_CHECKPOINT_PAGES)
        .disable_statement_logging();
    let log = Arc::new(LogIndex::of(options.get_filename()));
    let folder = options.get_filename().parent();
    if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
        make_folder(folder)?;
    }
    let connection = SqliteConnection::connect_with(&options).await?;
    let reading = options.clone().pragma("query_only", "ON");
    let readers = SqlitePoolOptions::new()
        .max_connections(SQLITE_READERS)
        .acquire_timeout(Duration::from_millis(ACQUIRE_MS))
        .test_before_acquire(false)
        .connect_lazy_with(reading);
    let writer = Writer::start(connection, options, Arc::clone(&log));
    Ok(Database::Sqlite {
        writer,
        readers,
        log,
    })
}

fn make_folder(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(|why| Error::Disk {
        verb: "make",
        path: folder.display().to_string(),
        why,
    })
}

async fn open_postgres(options: &StoreOptions) -> Result<Database, Error> {
    let pool = |url: &str, is_replica: bool| {
        let connect = PgConnectOptions::from_str(url)
            .map_err(|why| Error::Invalid(format!("the database's address: {why}")))?
            .application_name("assay")
            .statement_cache_capacity(256)
            .disable_statement_logging();
        let acquire_ms = if is_replica { REPLICA_MS } else { ACQUIRE_MS };
        let pool = PgPoolOptions::new()
            .max_connections(options.connections_max.max(1))
            .acquire_timeout(Duration::from_millis(acquire_ms))
            // A connection that broke is found by the statement that fails; with a
            // replica there is another server to ask in time.
            .test_before_acquire(is_replica)
            .connect_lazy_with(connect);
        Ok::<_, Error>(pool)
    };
    let main = pool(&options.url, false)?;
    let replica = options.replica_url.as_deref();
    let replica = replica.map(|url| pool(url, true)).transpose()?;
    // An address that is wrong is told at once.
    drop(main.acquire().await?);
    Ok(Database::Postgres {
        pool: main,
        replica,
    })
}

/// Makes a database on a PostgreSQL server, empty or as a copy of another.
pub async fn database_create(
    server_url: &str,
    name: &str,
    template: Option<&str>,
) -> Result<(), Error> {
    check_name(name)?;
    check_name(template.unwrap_or("template0"))?;
    let template = template.unwrap_or("template0");
    let mut connection = PgConnection::connect(&format!("{server_url}postgres")).await?;
    // Invariant: both names are letters, digits and underscores.
    let sql = format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\"");
    connection.execute(AssertSqlSafe(sql)).await?;
    connection.close().await?;
    Ok(())
}

/// Takes a database off a PostgreSQL server, whoever is connected to it.
pub async fn database_drop(server_url: &str, name: &str) -> Result<(), Error> {
    check_name(name)?;
    let mut connection = PgConnection::connect(&format!("{server_url}postgres")).await?;
    // Invariant: the name is letters, digits and underscores.
    let sql = format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
    connection.execute(AssertSqlSafe(sql)).await?;
    connection.close().await?;
    Ok(())
}

fn check_name(name: &str) -> Result<(), Error> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || name.len() > DATABASE_NAME_BYTES_MAX || !name.chars().all(is_plain) {
        let why = "a database's name is of lower-case letters, digits and underscores";
        return Err(Error::Invalid(why.to_owned()));
    }
    Ok(())
}
