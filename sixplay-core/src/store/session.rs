//! What a driver provides: sessions that run rendered statements. The drivers differ only in types,
//! so one macro writes them.

use async_trait::async_trait;
use sea_query::Values;

use super::{Dialect, Mode, Row};
use crate::{Error, ErrorKind, Result};

#[async_trait]
pub(crate) trait Database: Send + Sync {
    fn dialect(&self) -> Dialect;
    async fn open(&self, mode: Mode) -> Result<Box<dyn Session>>;
    async fn close(&self);
}

#[async_trait]
pub(crate) trait Session: Send {
    async fn execute(&mut self, sql: String, values: Values) -> Result<u64>;
    async fn fetch(&mut self, sql: String, values: Values) -> Result<Vec<Row>>;
    async fn batch(&mut self, sql: String) -> Result<()>;
    async fn commit(self: Box<Self>) -> Result<()>;
}

/// Writes `Auto` and `Tx`, the two sessions of a driver; the module provides `cell(&DbRow, index)
/// -> Result<Cell>`.
#[allow(unused_macros)]
macro_rules! sessions {
    ($db:ty, $row:ty) => {
        struct Auto(sqlx::pool::PoolConnection<$db>);
        struct Tx(sqlx::Transaction<'static, $db>);

        sessions!(@impl $db, $row, Auto, |_this| Ok(()));
        sessions!(@impl $db, $row, Tx, |this| this.0.commit().await.map_err(|error| failure("store.commit", error)));
    };
    (@impl $db:ty, $row:ty, $session:ident, |$this:ident| $commit:expr) => {
        #[async_trait::async_trait]
        impl Session for $session {
            async fn execute(&mut self, sql: String, values: sea_query::Values) -> Result<u64> {
                let query = sqlx::query_with::<$db, _>(sqlx::AssertSqlSafe(sql), sea_query_sqlx::SqlxValues(values));
                let done = query.execute(&mut *self.0).await.map_err(|error| failure("store.execute", error))?;
                Ok(done.rows_affected())
            }

            async fn fetch(&mut self, sql: String, values: sea_query::Values) -> Result<Vec<Row>> {
                let query = sqlx::query_with::<$db, _>(sqlx::AssertSqlSafe(sql), sea_query_sqlx::SqlxValues(values));
                let rows = query.fetch_all(&mut *self.0).await.map_err(|error| failure("store.fetch", error))?;
                read(&rows)
            }

            async fn batch(&mut self, sql: String) -> Result<()> {
                use sqlx::Executor;
                self.0.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))).await.map_err(|error| failure("store.batch", error))?;
                Ok(())
            }

            async fn commit(self: Box<Self>) -> Result<()> {
                let $this = self;
                $commit
            }
        }
    };
}

/// Writes `read(&[DbRow]) -> Result<Vec<Row>>` for a driver.
#[allow(unused_macros)]
macro_rules! reader {
    ($row:ty) => {
        fn read(rows: &[$row]) -> Result<Vec<Row>> {
            use sqlx::{Column, Row as _};
            let Some(first) = rows.first() else {
                return Ok(Vec::new());
            };
            let columns: std::sync::Arc<[String]> = first
                .columns()
                .iter()
                .map(|column| column.name().to_owned())
                .collect();
            let cells = |row: &$row| {
                (0..columns.len())
                    .map(|index| cell(row, index))
                    .collect::<Result<Vec<_>>>()
            };
            rows.iter()
                .map(|row| Ok(Row::new(columns.clone(), cells(row)?)))
                .collect()
        }
    };
}

#[allow(unused_imports)]
pub(super) use {reader, sessions};

/// One connection without a pool, which would try until its time is up and then not say what is
/// wrong.
#[allow(dead_code)]
pub(super) async fn reach<O>(options: &O) -> std::result::Result<(), sqlx::Error>
where
    O: sqlx::ConnectOptions<Connection: Sized>,
{
    let connection = tokio::time::timeout(super::ACQUIRE, options.connect())
        .await
        .map_err(|_| sqlx::Error::PoolTimedOut)??;
    sqlx::Connection::close(connection).await
}

/// Turns a driver's error into ours; `classify` knows the driver's codes. The message of a database
/// error names no value of the URL.
#[allow(dead_code)]
pub(super) fn failure(
    operation: &'static str,
    error: sqlx::Error,
    classify: fn(&dyn sqlx::error::DatabaseError) -> Option<ErrorKind>,
) -> Error {
    use sqlx::error::ErrorKind as Constraint;
    let (kind, message) = match &error {
        sqlx::Error::Database(inner) => match inner.kind() {
            Constraint::UniqueViolation
            | Constraint::ForeignKeyViolation
            | Constraint::NotNullViolation
            | Constraint::CheckViolation => {
                (ErrorKind::Conflict, "a constraint refuses the change")
            }
            _ => refusal(classify(inner.as_ref())),
        },
        // the pool keeps trying to connect for as long as a caller may wait, so this is also what a
        // dead server looks like
        sqlx::Error::PoolTimedOut => (
            ErrorKind::Unavailable,
            "no connection to the database in time",
        ),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_) => (ErrorKind::Unavailable, "the database cannot be reached"),
        sqlx::Error::Configuration(_) => (ErrorKind::Config, "the database URL is wrong"),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            (ErrorKind::Corrupt, "a column cannot be read")
        }
        _ => (ErrorKind::Unexpected, "the driver failed"),
    };
    Error::new(kind, operation, message).with_source(error)
}

fn refusal(kind: Option<ErrorKind>) -> (ErrorKind, &'static str) {
    match kind {
        Some(ErrorKind::Config) => (ErrorKind::Config, "the database refuses the connection"),
        Some(ErrorKind::Timeout) => (ErrorKind::Timeout, "the database gave up on the statement"),
        Some(kind) => (kind, "the database asks to try again"),
        None => (ErrorKind::Unexpected, "the database refuses the statement"),
    }
}
