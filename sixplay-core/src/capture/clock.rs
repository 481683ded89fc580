//! The one clock of leases, log times and windows: the database's.

use jiff::Timestamp;

use crate::{
    Error, Result,
    store::{Dialect, Row, Store},
};

impl Store {
    /// The database's time, which decides when windows are due.
    ///
    /// # Errors
    /// `Corrupt` for a clock out of range, `Unavailable`, `Timeout`.
    pub async fn now(&self) -> Result<Timestamp> {
        let sql = format!("SELECT {} AS now_us", self.dialect().now_us());
        let rows = self.read_once().await?.fetch_sql(&sql, Vec::new()).await?;
        rows.first().map_or_else(|| Err(no_clock()), read_clock)
    }
}

/// The column `now_us` of an answer.
pub(super) fn read_clock(row: &Row) -> Result<Timestamp> {
    Timestamp::from_microsecond(row.int("now_us")?).map_err(|error| no_clock().with_source(error))
}

fn no_clock() -> Error {
    Error::corrupt("store.now", "the database's clock is out of range")
}

impl Dialect {
    /// The database's time as an expression, in Unix microseconds; in UTC, as local time has an
    /// hour twice a year that is ambiguous.
    pub(super) fn now_us(self) -> &'static str {
        match self {
            // `unixepoch('subsec')` is too new: the trigger runs in whatever SQLite the writer has
            Self::Sqlite => "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
            Self::Mysql => "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
            Self::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS bigint)",
        }
    }
}
