//! What goes into a statement and what comes out of it, the same for both engines.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::types::Uuid;
use sqlx::{Decode, Postgres, Row as _, Sqlite, Type};

use crate::Error;

/// An argument of a statement.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Bool(bool),
    Bytes(Option<Vec<u8>>),
    Int(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
    Uuid(Option<Uuid>),
}

macro_rules! from {
    ($($type:ty => $variant:ident),+ $(,)?) => {
        $(
            impl From<$type> for Value {
                fn from(value: $type) -> Self {
                    Self::$variant(Some(value.into()))
                }
            }

            impl From<Option<$type>> for Value {
                fn from(value: Option<$type>) -> Self {
                    Self::$variant(value.map(Into::into))
                }
            }
        )+
    };
}

from! {
    i64 => Int, u32 => Int, f64 => Real, String => Text, &str => Text, &String => Text,
    Vec<u8> => Bytes, &[u8] => Bytes, Uuid => Uuid,
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<[u8; 32]> for Value {
    fn from(value: [u8; 32]) -> Self {
        Self::Bytes(Some(value.to_vec()))
    }
}

/// Lists the arguments of a statement.
macro_rules! args {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::value::Value::from($value)),*]
    };
}
pub(crate) use args;

/// Refuses what only one of the engines would take.
fn check(args: &[Value]) -> Result<(), Error> {
    let has_nul = |value: &Value| matches!(value, Value::Text(Some(text)) if text.contains('\0'));
    if args.iter().any(has_nul) {
        return Err(Error::Invalid("a text has a NUL in it".to_owned()));
    }
    Ok(())
}

macro_rules! bound {
    ($name:ident, $engine:ty, $arguments:ty) => {
        /// Returns the statement with its arguments.
        pub(crate) fn $name(
            sql: &'static str,
            args: Vec<Value>,
        ) -> Result<Query<'static, $engine, $arguments>, Error> {
            check(&args)?;
            let mut query = sqlx::query::<$engine>(sql);
            for value in args {
                query = match value {
                    Value::Bool(value) => query.bind(value),
                    Value::Bytes(value) => query.bind(value),
                    Value::Int(value) => query.bind(value),
                    Value::Real(value) => query.bind(value),
                    Value::Text(value) => query.bind(value),
                    Value::Uuid(value) => query.bind(value),
                };
            }
            Ok(query)
        }
    };
}

bound!(bound_sqlite, Sqlite, SqliteArguments);
bound!(bound_postgres, Postgres, PgArguments);

/// A row of either engine.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// A type that a column of both engines has.
pub(crate) trait Column:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl<T> Column for T where
    T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl Row {
    /// Returns what is in a column.
    pub(crate) fn get<T: Column>(&self, column: &str) -> Result<T, Error> {
        let value = match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        };
        Ok(value?)
    }
}
