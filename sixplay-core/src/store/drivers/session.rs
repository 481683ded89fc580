//! Sessions over sqlx: one macro writes them for each driver, as the drivers differ only in types.

use crate::{Error, ErrorKind};

/// Writes `Auto` and `Tx`, the two sessions of a driver; the module provides
/// `driver_error(operation, sqlx::Error) -> Error`.
macro_rules! sessions {
    ($db:ty, $row:ty) => {
        struct Auto(sqlx::pool::PoolConnection<$db>);
        struct Tx(sqlx::Transaction<'static, $db>);

        sessions!(@impl $db, $row, Auto, |_session| Ok(()));
        sessions!(@impl $db, $row, Tx, |session| {
            session.0.commit().await.map_err(|error| driver_error("store.commit", error))
        });
    };
    (@impl $db:ty, $row:ty, $session:ident, |$this:ident| $commit:expr) => {
        #[async_trait::async_trait]
        impl Session for $session {
            async fn execute(&mut self, sql: String, values: sea_query::Values) -> Result<u64> {
                let values = sea_query_sqlx::SqlxValues(values);
                let query = sqlx::query_with::<$db, _>(sqlx::AssertSqlSafe(sql), values);
                let done = query.execute(&mut *self.0).await;
                Ok(done.map_err(|error| driver_error("store.execute", error))?.rows_affected())
            }

            async fn fetch(&mut self, sql: String, values: sea_query::Values) -> Result<Vec<Row>> {
                let values = sea_query_sqlx::SqlxValues(values);
                let query = sqlx::query_with::<$db, _>(sqlx::AssertSqlSafe(sql), values);
                let rows = query.fetch_all(&mut *self.0).await;
                read(&rows.map_err(|error| driver_error("store.fetch", error))?)
            }

            async fn batch(&mut self, sql: String) -> Result<()> {
                use sqlx::Executor;
                let done = self.0.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))).await;
                done.map(drop).map_err(|error| driver_error("store.batch", error))
            }

            async fn commit(self: Box<Self>) -> Result<()> {
                let $this = self;
                $commit
            }
        }
    };
}

/// Writes `read(&[DbRow]) -> Result<Vec<Row>>` for a driver; the module provides
/// `read_value(&DbRow, index, type) -> sqlx::Result<Cell>` for what is not null.
macro_rules! reader {
    ($row:ty) => {
        fn read(rows: &[$row]) -> Result<Vec<Row>> {
            use sqlx::{Column, Row as _};
            let Some(first) = rows.first() else {
                return Ok(Vec::new());
            };
            let names = first
                .columns()
                .iter()
                .map(|column| column.name().to_owned());
            let columns: std::sync::Arc<[String]> = names.collect();
            let cells = |row| (0..columns.len()).map(move |index| read_cell(row, index));
            let row = |row| {
                Ok(Row::new(
                    columns.clone(),
                    cells(row).collect::<Result<_>>()?,
                ))
            };
            rows.iter().map(row).collect()
        }

        fn read_cell(row: &$row, index: usize) -> Result<Cell> {
            use sqlx::{Row as _, TypeInfo as _, ValueRef as _};
            let failed = |error| driver_error("store.fetch", error);
            let value = row.try_get_raw(index).map_err(failed)?;
            if value.is_null() {
                return Ok(Cell::Null);
            }
            read_value(row, index, value.type_info().name()).map_err(failed)
        }
    };
}

pub(super) use {reader, sessions};

/// Turns a driver's error into ours; `error_kind` knows the driver's codes. The message of a
/// database error names no value of the URL.
pub(super) fn driver_error(
    operation: &'static str,
    error: sqlx::Error,
    error_kind: fn(&dyn sqlx::error::DatabaseError) -> Option<ErrorKind>,
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
            _ => refused_statement(error_kind(inner.as_ref())),
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

fn refused_statement(kind: Option<ErrorKind>) -> (ErrorKind, &'static str) {
    match kind {
        Some(ErrorKind::Config) => (ErrorKind::Config, "the database refuses the connection"),
        Some(ErrorKind::Timeout) => (ErrorKind::Timeout, "the database gave up on the statement"),
        Some(kind) => (kind, "the database asks to try again"),
        None => (ErrorKind::Unexpected, "the database refuses the statement"),
    }
}
