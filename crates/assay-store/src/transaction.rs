//! A transaction that the caller owns, over either engine.

use assay_auth::{OrganisationId, Scope};
use sqlx::pool::PoolConnection;
use sqlx::{Postgres, Sqlite, Transaction};

use crate::mark::is_quiet;
use crate::open::Store;
use crate::sqlite_writer::Held;
use crate::value::{Row, Value, bound_postgres, bound_sqlite};
use crate::{Engine, Error, LiveHint};

/// So many rows a page has at most.
pub(crate) const PAGE_ROWS_MAX: u32 = 500;

/// Where a list goes on and how long it gets.
#[derive(Clone, Copy, Debug)]
pub struct Page<T> {
    /// The last one that was seen; lists go from the newest to the oldest.
    pub after: Option<T>,
    /// How many at most; more than 500 are 500.
    pub rows_max: u32,
}

impl<T> Page<T> {
    /// Returns the first page.
    pub fn first(rows_max: u32) -> Self {
        Self {
            after: None,
            rows_max,
        }
    }

    pub(crate) fn limit(&self) -> i64 {
        i64::from(self.rows_max.clamp(1, PAGE_ROWS_MAX))
    }
}

/// A transaction, or a connection that only reads. What is not committed is
/// undone when it is dropped. It is never kept while something outside is asked.
pub struct Tx {
    state: State,
    pub(crate) store: Store,
    /// Tasks became ready; whoever waits is told after the commit.
    pub(crate) wakes: bool,
    /// Something happened to a review; whoever looks on is told after the commit.
    pub(crate) tells: bool,
    /// What changed in sessions; whoever is in them is told after the commit.
    pub(crate) hints: Vec<LiveHint>,
    /// Whether it wrote what answers are made of that are kept.
    is_loud: bool,
}

pub(crate) enum State {
    Sqlite(Held),
    SqliteRead(PoolConnection<Sqlite>),
    Postgres(Transaction<'static, Postgres>),
    PostgresRead(PoolConnection<Postgres>),
}

impl Tx {
    pub(crate) fn state(&mut self) -> &mut State {
        &mut self.state
    }

    /// Returns the store that it is of.
    pub fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn new(state: State, store: Store) -> Self {
        Self {
            state,
            store,
            wakes: false,
            tells: false,
            hints: Vec::new(),
            is_loud: false,
        }
    }

    /// Ends the transaction; when this returns, what was written is on disk.
    pub async fn commit(self) -> Result<(), Error> {
        match self.state {
            State::Sqlite(held) => held.commit(self.is_loud).await?,
            State::Postgres(transaction) => transaction.commit().await?,
            State::SqliteRead(_) | State::PostgresRead(_) => {}
        }
        if self.wakes {
            self.store.accept();
        }
        if self.tells {
            self.store.say();
        }
        for hint in self.hints {
            self.store.hint_all(hint);
        }
        Ok(())
    }

    /// Undoes what was written.
    pub async fn rollback(self) -> Result<(), Error> {
        if let State::Postgres(transaction) = self.state {
            transaction.rollback().await?;
        }
        Ok(())
    }

    /// Says that it writes what cannot be told from the statement.
    pub(crate) fn be_loud(&mut self) {
        self.is_loud = true;
    }

    /// Returns the engine that runs the statements.
    pub fn engine(&self) -> Engine {
        match self.state {
            State::Sqlite(_) | State::SqliteRead(_) => Engine::Sqlite,
            State::Postgres(_) | State::PostgresRead(_) => Engine::Postgres,
        }
    }

    /// Returns the statement of the engine, where one text is not enough.
    pub(crate) fn pick(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self.engine() {
            Engine::Sqlite => sqlite,
            Engine::Postgres => postgres,
        }
    }

    /// Returns the time.
    pub(crate) fn now_ms(&self) -> i64 {
        self.store.now_ms()
    }

    /// Runs a statement and returns how many rows it touched.
    pub(crate) async fn execute(
        &mut self,
        sql: &'static str,
        args: Vec<Value>,
    ) -> Result<u64, Error> {
        self.is_loud |= !is_quiet(sql);
        Ok(match &mut self.state {
            State::Sqlite(held) => {
                let query = bound_sqlite(sql, args)?;
                query.execute(held.connection()).await?.rows_affected()
            }
            State::SqliteRead(connection) => {
                let query = bound_sqlite(sql, args)?;
                query.execute(&mut **connection).await?.rows_affected()
            }
            State::Postgres(transaction) => {
                let query = bound_postgres(sql, args)?;
                query.execute(&mut **transaction).await?.rows_affected()
            }
            State::PostgresRead(connection) => {
                let query = bound_postgres(sql, args)?;
                query.execute(&mut **connection).await?.rows_affected()
            }
        })
    }

    /// Runs a statement and returns its rows.
    pub(crate) async fn rows(
        &mut self,
        sql: &'static str,
        args: Vec<Value>,
    ) -> Result<Vec<Row>, Error> {
        self.is_loud |= !is_quiet(sql);
        Ok(match &mut self.state {
            State::Sqlite(held) => {
                let query = bound_sqlite(sql, args)?;
                let rows = query.fetch_all(held.connection()).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            State::SqliteRead(connection) => {
                let query = bound_sqlite(sql, args)?;
                let rows = query.fetch_all(&mut **connection).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            State::Postgres(transaction) => {
                let query = bound_postgres(sql, args)?;
                let rows = query.fetch_all(&mut **transaction).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
            State::PostgresRead(connection) => {
                let query = bound_postgres(sql, args)?;
                let rows = query.fetch_all(&mut **connection).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Runs a statement and returns its rows, each read.
    pub(crate) async fn list<T>(
        &mut self,
        sql: &'static str,
        args: Vec<Value>,
        read: fn(&Row) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let rows = self.rows(sql, args).await?;
        rows.iter().map(read).collect()
    }

    /// Runs a statement and returns its only row, read.
    pub(crate) async fn find<T>(
        &mut self,
        sql: &'static str,
        args: Vec<Value>,
        read: fn(&Row) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let rows = self.rows(sql, args).await?;
        rows.first().map(read).transpose()
    }

    /// Runs a statement that touches one row; none is one that is not there.
    pub(crate) async fn touch(
        &mut self,
        what: &'static str,
        sql: &'static str,
        args: Vec<Value>,
    ) -> Result<(), Error> {
        match self.execute(sql, args).await? {
            0 => Err(Error::NotFound(what)),
            _ => Ok(()),
        }
    }

    /// Runs an insertion that does nothing when there is such a row.
    pub(crate) async fn insert_new(
        &mut self,
        what: &'static str,
        sql: &'static str,
        args: Vec<Value>,
    ) -> Result<(), Error> {
        match self.execute(sql, args).await? {
            0 => Err(Error::Exists(what)),
            _ => Ok(()),
        }
    }

    /// Returns the first number of a statement's only row.
    pub(crate) async fn count(
        &mut self,
        sql: &'static str,
        args: Vec<Value>,
    ) -> Result<i64, Error> {
        let rows = self.rows(sql, args).await?;
        rows.first().map_or(Ok(0), |row| row.get("count"))
    }
}

/// Returns the organisation of a scope that has one.
pub(crate) fn organisation_of(scope: &Scope) -> Result<OrganisationId, Error> {
    scope.organisation().ok_or(Error::ScopeTooWide)
}

/// Refuses all but the platform's own scope.
pub(crate) fn system_only(scope: &Scope) -> Result<(), Error> {
    match scope.organisation() {
        None => Ok(()),
        Some(_) => Err(Error::ScopeTooNarrow),
    }
}
