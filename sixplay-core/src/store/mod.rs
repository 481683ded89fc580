//! One handle over SQLite, MariaDB/MySQL and PostgreSQL: statements are written once with
//! `sea-query` and rendered for each.

mod affected;
mod changes;
mod clock;
mod due;
mod graph;
mod row;
mod schema;
mod session;
mod ticket;
mod triggers;

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(not(feature = "mysql"))]
#[path = "absent.rs"]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(not(feature = "postgres"))]
#[path = "absent.rs"]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(not(feature = "sqlite"))]
#[path = "absent.rs"]
mod sqlite;

use std::{future::Future, sync::Arc, time::Duration};

use sea_query::{QueryStatementWriter, SchemaStatementBuilder, Value, Values};

pub(crate) use affected::Path;
pub(crate) use changes::Claim;
pub use due::Due;
pub(crate) use due::DueClaim;
pub use row::Row;
use session::{Database, Session};

use crate::{Error, Result};

/// Every statement and every wait for a connection ends within this time.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// A wait for a connection ends before the deadline, so that its error says what was waited for.
#[allow(dead_code)]
const ACQUIRE: Duration = Duration::from_secs(5);

/// The database's dialect of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// SQLite 3.35 or newer.
    Sqlite,
    /// MariaDB 10.6 or newer, MySQL 8 or newer; a binary log, if there is one, not in the format
    /// `STATEMENT`.
    Mysql,
    /// PostgreSQL 13 or newer.
    Postgres,
}

/// A handle on a relational database; cheap to clone.
///
/// A connection that the server drops is replaced by itself; only the work in hand fails. SQLite
/// has one writer per process: a [`Store::begin`] or [`Store::session`] that is held makes the next
/// one wait, at last in vain.
#[derive(Clone)]
pub struct Store {
    database: Arc<dyn Database>,
}

impl Store {
    /// Connects to `sqlite:PATH` (the file is created), `mysql://…` or `postgres://…`.
    ///
    /// # Errors
    /// `Config` for another scheme or a bad URL, `Unsupported` when the build lacks the driver,
    /// `Unavailable` when the server does not answer. The URL's password is never part of an error.
    pub async fn connect(url: &str) -> Result<Self> {
        let database = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => sqlite::connect(url).await?,
            Some("mysql" | "mariadb") => mysql::connect(url).await?,
            Some("postgres" | "postgresql") => postgres::connect(url).await?,
            _ => {
                return Err(Error::config(
                    "store.connect",
                    "expected sqlite:PATH, mysql://… or postgres://…",
                ));
            }
        };
        Ok(Self { database })
    }

    /// The dialect behind the handle.
    pub fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    /// Opens a consistent read-only snapshot: all its reads see the same instant.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`.
    pub async fn snapshot(&self) -> Result<Transaction> {
        self.open(Mode::Snapshot).await
    }

    /// Opens a transaction that may write; nothing stays unless [`Transaction::commit`] is called.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`.
    pub async fn begin(&self) -> Result<Transaction> {
        self.open(Mode::Write).await
    }

    /// Takes a connection without a transaction: each statement commits by itself.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`.
    pub async fn session(&self) -> Result<Transaction> {
        self.open(Mode::Auto).await
    }

    /// Takes a connection for single reads; unlike [`Store::session`] it never waits for a writer.
    pub(crate) async fn reader(&self) -> Result<Transaction> {
        self.open(Mode::Read).await
    }

    async fn open(&self, mode: Mode) -> Result<Transaction> {
        let session = deadline("store.begin", self.database.open(mode)).await?;
        Ok(Transaction {
            dialect: self.dialect(),
            session,
        })
    }

    /// Closes all connections; later calls fail with `Unavailable`.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

/// How a session treats its statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Auto,
    Read,
    Snapshot,
    Write,
}

/// A running transaction (or plain session); rolled back when dropped.
pub struct Transaction {
    dialect: Dialect,
    session: Box<dyn Session>,
}

impl Transaction {
    /// The dialect of the database.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Runs a statement and returns the number of rows it changed.
    ///
    /// # Errors
    /// `Conflict` for a broken unique, foreign key or check constraint; `Unavailable`, `Timeout`;
    /// `Unexpected` otherwise.
    pub async fn execute(&mut self, statement: &impl QueryStatementWriter) -> Result<u64> {
        let (sql, values) = self.render(statement);
        deadline("store.execute", self.session.execute(sql, values)).await
    }

    /// Runs a query and returns all its rows; bound it with `LIMIT`.
    ///
    /// # Errors
    /// As [`Transaction::execute`].
    pub async fn fetch(&mut self, statement: &impl QueryStatementWriter) -> Result<Vec<Row>> {
        let (sql, values) = self.render(statement);
        deadline("store.fetch", self.session.fetch(sql, values)).await
    }

    /// Runs text written for this dialect (`?` in SQLite and MySQL, `$1` in PostgreSQL) and returns
    /// the rows changed.
    ///
    /// # Errors
    /// As [`Transaction::execute`].
    pub async fn execute_sql(&mut self, sql: &str, values: Vec<Value>) -> Result<u64> {
        deadline(
            "store.execute",
            self.session.execute(sql.to_owned(), Values(values)),
        )
        .await
    }

    /// Runs a query written for this dialect and returns all its rows.
    ///
    /// # Errors
    /// As [`Transaction::execute`].
    pub async fn fetch_sql(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>> {
        deadline(
            "store.fetch",
            self.session.fetch(sql.to_owned(), Values(values)),
        )
        .await
    }

    /// Runs a schema statement written once for the three databases.
    ///
    /// # Errors
    /// As [`Transaction::execute`].
    pub async fn define(&mut self, statement: &impl SchemaStatementBuilder) -> Result<()> {
        let sql = match self.dialect {
            Dialect::Sqlite => statement.build(sea_query::SqliteQueryBuilder),
            Dialect::Mysql => statement.build(sea_query::MysqlQueryBuilder),
            Dialect::Postgres => statement.build(sea_query::PostgresQueryBuilder),
        };
        self.batch(&sql).await
    }

    /// Runs statements that cannot be prepared (schema, triggers), written for this dialect;
    /// without values.
    ///
    /// # Errors
    /// As [`Transaction::execute`].
    pub async fn batch(&mut self, sql: &str) -> Result<()> {
        deadline("store.batch", self.session.batch(sql.to_owned())).await
    }

    /// Makes the changes durable.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`: the outcome is then unknown. `Conflict` when the database refuses
    /// the transaction.
    pub async fn commit(self) -> Result<()> {
        deadline("store.commit", self.session.commit()).await
    }

    fn render(&self, statement: &impl QueryStatementWriter) -> (String, Values) {
        match self.dialect {
            Dialect::Sqlite => statement.build(sea_query::SqliteQueryBuilder),
            Dialect::Mysql => statement.build(sea_query::MysqlQueryBuilder),
            Dialect::Postgres => statement.build(sea_query::PostgresQueryBuilder),
        }
    }
}

async fn deadline<T>(operation: &'static str, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(DEADLINE, work)
        .await
        .unwrap_or_else(|_| {
            Err(
                Error::timeout(operation, "the database did not answer in time")
                    .with("seconds", DEADLINE.as_secs()),
            )
        })
}
