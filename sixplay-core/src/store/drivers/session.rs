//! Sessions over sqlx: one macro writes them for each driver, as the drivers differ only in types.

use sqlx::error::DatabaseError;

use super::renewal::Renewal;
use crate::{Error, ErrorKind, Result, store::driver::SessionMode};

/// Writes `Auto` and `Tx`, the two sessions of a driver; the module provides `read`.
macro_rules! sessions {
    ($db:ty) => {
        struct Auto {
            connection: sqlx::pool::PoolConnection<$db>,
            usage: Usage,
        }
        struct Tx {
            connection: sqlx::Transaction<'static, $db>,
            usage: Usage,
        }

        sessions!(@impl $db, Auto, |_session| Ok(()));
        sessions!(@impl $db, Tx, |session| {
            let mut session = session;
            if session.usage.met_error {
                session.batch("SELECT 1".to_owned()).await?;
            }
            let Tx { connection, mut usage } = *session;
            usage.require_whole("store.commit")?;
            usage.settle("store.commit", connection.commit().await)
        });
    };
    (@impl $db:ty, $session:ident, |$this:ident| $commit:expr) => {
        #[async_trait::async_trait]
        impl Session for $session {
            async fn execute(&mut self, sql: String, values: sea_query::Values) -> Result<u64> {
                self.usage.require_whole("store.execute")?;
                let values = sea_query_sqlx::SqlxValues(values);
                let query = sqlx::query_with::<$db, _>(sqlx::AssertSqlSafe(sql), values)
                    .persistent(self.usage.keeps_statements);
                let done = query.execute(&mut *self.connection).await;
                Ok(self.usage.settle("store.execute", done)?.rows_affected())
            }

            async fn fetch(&mut self, sql: String, values: sea_query::Values) -> Result<Vec<Row>> {
                self.usage.require_whole("store.fetch")?;
                let values = sea_query_sqlx::SqlxValues(values);
                let query = sqlx::query_with::<$db, _>(sqlx::AssertSqlSafe(sql), values)
                    .persistent(self.usage.keeps_statements);
                let rows = query.fetch_all(&mut *self.connection).await;
                read(&self.usage.settle("store.fetch", rows)?)
            }

            async fn batch(&mut self, sql: String) -> Result<()> {
                use sqlx::Executor;
                self.usage.require_whole("store.batch")?;
                let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
                let done = self.connection.execute(sql).await;
                self.usage.settle("store.batch", done).map(drop)
            }

            async fn commit(self: Box<Self>) -> Result<()> {
                let $this = self;
                $commit
            }
        }
    };
}

/// What a session is for, and what became of it.
pub(super) struct Usage {
    mode: SessionMode,
    renewal: Renewal,
    meaning: fn(&dyn DatabaseError) -> Option<Meaning>,
    /// Whether prepared statements stay with the connection.
    pub(super) keeps_statements: bool,
    /// PostgreSQL takes no more statements then, unless it was rolled back to a savepoint, but a
    /// commit, which changes nothing and succeeds.
    pub(super) met_error: bool,
    /// The error after which the database has rolled back or may have: what comes after would be
    /// committed alone.
    ended_by: Option<ErrorKind>,
}

impl Usage {
    pub(super) fn new(
        mode: SessionMode,
        renewal: &Renewal,
        meaning: fn(&dyn DatabaseError) -> Option<Meaning>,
    ) -> Self {
        Self {
            mode,
            renewal: renewal.clone(),
            meaning,
            keeps_statements: true,
            met_error: false,
            ended_by: None,
        }
    }

    /// Refuses to go on with a transaction of which a part may be gone.
    pub(super) fn require_whole(&self, operation: &'static str) -> Result<()> {
        let Some(kind) = self.ended_by else {
            return Ok(());
        };
        let message = "the transaction ended with an earlier error";
        Err(Error::new(kind, operation, message))
    }

    /// The driver's answer; an error decides what becomes of the transaction and its connection.
    pub(super) fn settle<T>(
        &mut self,
        operation: &'static str,
        answer: sqlx::Result<T>,
    ) -> Result<T> {
        let error = match answer {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if self.is_spent_by(&error) {
            self.renewal.demand();
        }
        let error = driver_error(operation, error, self.meaning, self.may_write());
        self.met_error = true;
        if self.ends_transaction(&error) {
            self.ended_by = Some(error.kind());
        }
        Err(error)
    }

    fn is_spent_by(&self, error: &sqlx::Error) -> bool {
        match error {
            sqlx::Error::Database(inner) => (self.meaning)(inner.as_ref())
                .is_some_and(|meaning| meaning.spends_connection(self.may_write())),
            error => is_out_of_step(error),
        }
    }

    fn ends_transaction(&self, error: &Error) -> bool {
        let in_transaction = matches!(self.mode, SessionMode::Snapshot | SessionMode::Write);
        let rolled_back = error.is_transient() || error.kind() == ErrorKind::Corrupt;
        in_transaction && rolled_back
    }

    fn may_write(&self) -> bool {
        matches!(self.mode, SessionMode::Auto | SessionMode::Write)
    }
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

        // one cell that cannot be read is the business of whoever reads it, and stops no other

        fn read_cell(row: &$row, index: usize) -> Result<Cell> {
            use sqlx::{Row as _, TypeInfo as _, ValueRef as _};
            let failed = |error| driver_error("store.fetch", error);
            let value = row.try_get_raw(index).map_err(failed)?;
            if value.is_null() {
                return Ok(Cell::Null);
            }
            let cell = read_value(row, index, value.type_info().name());
            Ok(cell.unwrap_or_else(|error| Cell::Unreadable(error.to_string())))
        }
    };
}

pub(super) use {reader, sessions};

/// What a database's code of an error says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Somebody else was in the way, or the server starts or ends.
    TryAgain,
    /// The disk is full, or something else under it fails.
    Fails,
    /// It takes no changes: another server may have become the one that is written to.
    ReadOnly,
    /// The database's own limit of time.
    GaveUp,
    /// It cannot work before somebody changes the configuration; with what to change.
    Misconfigured(&'static str),
    /// Its files are damaged.
    Damaged,
    /// A value is too long, too large or has characters that its column cannot hold.
    DoesNotFit,
}

impl Meaning {
    /// Whether nothing more is to be expected of the connection.
    fn spends_connection(self, may_write: bool) -> bool {
        match self {
            Self::Fails | Self::Damaged => true,
            Self::ReadOnly => may_write,
            Self::TryAgain | Self::GaveUp | Self::Misconfigured(_) | Self::DoesNotFit => false,
        }
    }

    /// A snapshot takes no changes by design: there it is the statement that is wrong.
    fn told(self, may_write: bool) -> (ErrorKind, &'static str) {
        match self {
            Self::TryAgain => (ErrorKind::Unavailable, "the database asks to try again"),
            Self::Fails => (ErrorKind::Unavailable, "the database cannot work for now"),
            Self::ReadOnly if may_write => {
                (ErrorKind::Unavailable, "the database takes no changes now")
            }
            Self::ReadOnly => REFUSED,
            Self::GaveUp => (ErrorKind::Timeout, "the database gave up on the statement"),
            Self::Misconfigured(what) => (ErrorKind::Config, what),
            Self::Damaged => (ErrorKind::Corrupt, "the database's files are damaged"),
            Self::DoesNotFit => (ErrorKind::Invalid, "a value does not fit its column"),
        }
    }
}

const REFUSED: (ErrorKind, &str) = (ErrorKind::Unexpected, "the database refuses the statement");

/// The driver and the database disagree on whether a transaction is open.
fn is_out_of_step(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::BeginFailed | sqlx::Error::InvalidSavePointStatement
    )
}

/// Turns a driver's error into ours; `meaning` knows the driver's codes. The message of a database
/// error names no value of the URL.
pub(super) fn driver_error(
    operation: &'static str,
    error: sqlx::Error,
    meaning: fn(&dyn DatabaseError) -> Option<Meaning>,
    may_write: bool,
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
            _ => meaning(inner.as_ref()).map_or(REFUSED, |meaning| meaning.told(may_write)),
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
        error if is_out_of_step(error) => (ErrorKind::Unavailable, "the connection is given up"),
        sqlx::Error::Configuration(_) => (ErrorKind::Config, "the database URL is wrong"),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            (ErrorKind::Corrupt, "a column cannot be read")
        }
        _ => (ErrorKind::Unexpected, "the driver failed"),
    };
    Error::new(kind, operation, message).with_source(error)
}
