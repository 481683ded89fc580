//! The one clock of leases, log times and windows: the database's.

use jiff::Timestamp;

use super::{Dialect, Store};
use crate::{Error, Result};

impl Dialect {
    /// The database's time as an expression, in Unix microseconds; in UTC, as local time has an
    /// hour twice a year that is ambiguous.
    pub(crate) fn now_us(self) -> &'static str {
        match self {
            // `unixepoch('subsec')` is too new: the trigger runs in whatever SQLite the writer has
            Self::Sqlite => "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
            Self::Mysql => "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
            Self::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS bigint)",
        }
    }
}

impl Store {
    /// The database's time, which decides when windows are due.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`.
    pub async fn now(&self) -> Result<Timestamp> {
        let mut reader = self.reader().await?;
        let rows = reader
            .fetch_sql(
                &format!("SELECT {} AS now_us", self.dialect().now_us()),
                Vec::new(),
            )
            .await?;
        let now = rows.first().map(|row| row.int("now_us")).transpose()?;
        now.and_then(|now| Timestamp::from_microsecond(now).ok())
            .ok_or_else(|| Error::corrupt("store.now", "the database's clock is out of range"))
    }
}
