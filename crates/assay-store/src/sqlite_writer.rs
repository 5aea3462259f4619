//! The one writer of an SQLite database. Its disk is told to keep what was
//! written once for all transactions that wait at that moment, so that many
//! small ones a second are each as durable as one.
//!
//! Each caller's transaction is a savepoint in a larger one; a caller is told of
//! the commit when the larger one is on disk. Readers see it then and not before.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Executor as _, Row as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::Error;
use crate::mark::LogIndex;

/// So many transactions share one write to disk at most.
const BATCH_TRANSACTIONS_MAX: usize = 128;
/// After so long no further transaction joins.
const BATCH_MS_MAX: u64 = 10;
/// So many callers may wait for their turn.
const WAITING_MAX: usize = 4096;

/// So often the log is worked into the file while there is something to work in.
const CHECKPOINT_MS: u64 = 100;
/// A log of so many pages is begun anew by the writer, between two transactions.
const LOG_PAGES_MAX: i64 = 8_000;
const DATA_VERSION: &str = "PRAGMA data_version";
const CHECKPOINT: &str = "PRAGMA wal_checkpoint(PASSIVE)";

type Turn = oneshot::Sender<Held>;

/// Gives the connection to one caller at a time.
#[derive(Clone)]
pub(crate) struct Writer {
    turns: mpsc::Sender<Turn>,
}

/// The connection, in a transaction of the caller's own. Dropped, it is undone.
pub(crate) struct Held {
    connection: Option<SqliteConnection>,
    back: Option<oneshot::Sender<Back>>,
}

struct Back {
    connection: SqliteConnection,
    /// Whom to tell when it is on disk; nobody when it is to be undone.
    committed: Option<oneshot::Sender<Result<(), Error>>>,
    /// Whether it wrote more than quiet rows.
    is_loud: bool,
}

impl Writer {
    /// Starts the writer; it ends when nobody can ask it any more.
    pub(crate) fn start(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        log: Arc<LogIndex>,
    ) -> Self {
        let (turns, asked) = mpsc::channel(WAITING_MAX);
        tokio::spawn(serve(connection, options, asked, log));
        Self { turns }
    }

    /// Waits for the connection.
    pub(crate) async fn hold(&self) -> Result<Held, Error> {
        let (turn, held) = oneshot::channel();
        match self.turns.try_send(turn) {
            Ok(()) => held.await.map_err(|_| Error::Unavailable(None)),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Error::Busy(None)),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Error::Unavailable(None)),
        }
    }
}

impl Held {
    /// Returns the connection.
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        let connection = self.connection.as_mut();
        connection.expect("it is there until the transaction ends")
    }

    /// Ends the transaction; when this returns it is on disk. `is_loud` says that it wrote
    /// more than quiet rows.
    pub(crate) async fn commit(mut self, is_loud: bool) -> Result<(), Error> {
        let (committed, answer) = oneshot::channel();
        self.give_back(Some(committed), is_loud);
        answer.await.map_err(|_| Error::Unavailable(None))?
    }

    fn give_back(&mut self, committed: Option<oneshot::Sender<Result<(), Error>>>, is_loud: bool) {
        if let (Some(connection), Some(back)) = (self.connection.take(), self.back.take()) {
            // The writer waits for it as long as it runs.
            let _ = back.send(Back {
                connection,
                committed,
                is_loud,
            });
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.give_back(None, false);
    }
}

async fn serve(
    connection: SqliteConnection,
    options: SqliteConnectOptions,
    mut asked: mpsc::Receiver<Turn>,
    log: Arc<LogIndex>,
) {
    let mut witness = Witness::new(log);
    let log_pages = Arc::new(AtomicI64::new(0));
    let (written, told) = mpsc::channel(1);
    tokio::spawn(checkpoint(options.clone(), told, log_pages.clone()));
    let mut kept = Some(connection);
    while let Some(first) = asked.recv().await {
        // What a broken one was in the middle of is undone. While there is no new
        // one, because the disk is full or gone, callers see their turns go by.
        let connection = match kept.take() {
            Some(connection) => connection,
            None => match SqliteConnection::connect_with(&options).await {
                Ok(new) => {
                    witness.version = None;
                    new
                }
                Err(_) => continue,
            },
        };
        let batched = batch(connection, first, &mut asked, &mut witness.is_loud).await;
        if let Ok(mut connection) = batched {
            witness.look(&mut connection).await;
            // One word is enough, however many transactions there were.
            let _ = written.try_send(());
            if log_pages.swap(0, Ordering::Relaxed) > LOG_PAGES_MAX {
                // Little is left to do; when all is done the log begins anew.
                // Its failure is only a longer log.
                let _ = connection.execute(CHECKPOINT).await;
            }
            kept = Some(connection);
        }
    }
    if let Some(connection) = kept {
        // A failure leaves the write-ahead log for the next start.
        let _ = connection.close().await;
    }
}

/// Tells those who keep answers which commits they need not mind.
struct Witness {
    log: Arc<LogIndex>,
    /// Changes when another connection commits; of this connection alone.
    version: Option<i64>,
    /// Whether a commit since the last look wrote more than quiet rows.
    is_loud: bool,
}

impl Witness {
    fn new(log: Arc<LogIndex>) -> Self {
        Self {
            log,
            version: None,
            is_loud: true,
        }
    }

    /// Looks how far the database is after a commit of ours, if anybody wants to know.
    async fn look(&mut self, connection: &mut SqliteConnection) {
        if !self.log.was_asked() {
            return;
        }
        let before = self.log.header();
        let version = sqlx::query(DATA_VERSION).fetch_one(connection).await;
        let version = version.and_then(|row| row.try_get::<i64, _>(0));
        // Equal ones: the version is that of this header.
        let (Some(header), Ok(version)) = (before, version) else {
            return;
        };
        if self.log.header() != Some(header) {
            return;
        }
        let is_ours = self.version == Some(version);
        self.log.note(header, is_ours && !self.is_loud);
        self.version = Some(version);
        self.is_loud = false;
    }
}

/// Works the log into the file beside the writer, in small pieces: done by the
/// writer it would hold up whoever commits at that moment.
async fn checkpoint(
    options: SqliteConnectOptions,
    mut told: mpsc::Receiver<()>,
    log_pages: Arc<AtomicI64>,
) {
    // Without it the writer does so itself when the log is long.
    let Ok(mut connection) = SqliteConnection::connect_with(&options).await else {
        return;
    };
    while told.recv().await.is_some() {
        tokio::time::sleep(Duration::from_millis(CHECKPOINT_MS)).await;
        if let Ok(row) = sqlx::query(CHECKPOINT).fetch_one(&mut connection).await {
            log_pages.store(row.try_get(1).unwrap_or(0), Ordering::Relaxed);
        }
    }
    // The file is as good without it.
    let _ = connection.close().await;
}

/// The connection cannot be used any more: it is closed, and another made for the
/// next caller.
struct Broken;

/// Lets callers have their transactions one after the other, then tells the disk.
async fn batch(
    mut connection: SqliteConnection,
    first: Turn,
    asked: &mut mpsc::Receiver<Turn>,
    is_loud: &mut bool,
) -> Result<SqliteConnection, Broken> {
    if connection.execute("BEGIN IMMEDIATE").await.is_err() {
        // The callers see that their turns are gone. Another process may hold
        // the lock: what is broken shows when it is tried again.
        drop(first);
        return if connection.ping().await.is_ok() {
            Ok(connection)
        } else {
            Err(Broken)
        };
    }
    let last = Instant::now() + Duration::from_millis(BATCH_MS_MAX);
    let mut committed = Vec::new();
    let mut next = Some(first);
    for _ in 0..BATCH_TRANSACTIONS_MAX {
        let Some(turn) = next.take() else { break };
        connection = lend(connection, turn, &mut committed, is_loud).await?;
        if Instant::now() < last {
            next = asked.try_recv().ok();
        }
    }
    if let Some(late) = next {
        connection = lend(connection, late, &mut committed, is_loud).await?;
    }
    let result = connection.execute("COMMIT").await.map(|_| ());
    let is_broken = result.is_err() && connection.execute("ROLLBACK").await.is_err();
    let mut result = result.map_err(Error::from);
    for caller in committed {
        let told = match &mut result {
            Ok(()) => Ok(()),
            Err(_) => std::mem::replace(&mut result, Err(Error::Unavailable(None))),
        };
        // Who does not wait any more has given up.
        let _ = caller.send(told);
    }
    if is_broken {
        Err(Broken)
    } else {
        Ok(connection)
    }
}

async fn lend(
    mut connection: SqliteConnection,
    turn: Turn,
    committed: &mut Vec<oneshot::Sender<Result<(), Error>>>,
    is_loud: &mut bool,
) -> Result<SqliteConnection, Broken> {
    connection
        .execute("SAVEPOINT caller")
        .await
        .map_err(|_| Broken)?;
    let (back, returned) = oneshot::channel();
    let held = Held {
        connection: Some(connection),
        back: Some(back),
    };
    // A caller who is gone drops it, which gives it back.
    let _ = turn.send(held);
    let back = returned.await.map_err(|_| Broken)?;
    connection = back.connection;
    *is_loud |= back.is_loud;
    let end = match &back.committed {
        Some(_) => "RELEASE caller",
        None => "ROLLBACK TO caller; RELEASE caller",
    };
    match sqlx::raw_sql(end).execute(&mut connection).await {
        Ok(_) => committed.extend(back.committed),
        // SQLite undoes the whole transaction by itself when the disk is full.
        Err(error) => {
            if let Some(caller) = back.committed {
                let _ = caller.send(Err(error.into()));
            }
            return Err(Broken);
        }
    }
    Ok(connection)
}
