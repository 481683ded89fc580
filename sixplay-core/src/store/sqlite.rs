//! SQLite: one writer connection and a few readers on a WAL database; several processes may share
//! the file.

use std::{str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    Row as _, Sqlite, SqlitePool, TypeInfo, ValueRef,
    error::DatabaseError,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};

use super::{
    Dialect, Mode, Row,
    row::Cell,
    session::{self, Database, Session, reader, sessions},
};
use crate::{Error, ErrorKind, Result};

const BUSY: Duration = Duration::from_secs(5);

struct Pools {
    writer: SqlitePool,
    readers: SqlitePool,
}

pub(super) async fn connect(url: &str) -> Result<Arc<dyn Database>> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|error| failure("store.connect", error))?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // REPLACE would otherwise delete rows without firing their delete triggers
        .pragma("recursive_triggers", "ON")
        .busy_timeout(BUSY);
    let pool = |size| {
        SqlitePoolOptions::new()
            .max_connections(size)
            .acquire_timeout(super::ACQUIRE)
    };
    let writer = pool(1)
        .connect_with(options.clone())
        .await
        .map_err(|error| failure("store.connect", error))?;
    let readers = pool(4).connect_lazy_with(options);
    Ok(Arc::new(Pools { writer, readers }))
}

#[async_trait::async_trait]
impl Database for Pools {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn open(&self, mode: Mode) -> Result<Box<dyn Session>> {
        let open = |error| failure("store.begin", error);
        Ok(match mode {
            Mode::Auto => Box::new(Auto(self.writer.acquire().await.map_err(open)?)),
            Mode::Read => Box::new(Auto(self.readers.acquire().await.map_err(open)?)),
            Mode::Snapshot => Box::new(Tx(self.readers.begin_with("BEGIN").await.map_err(open)?)),
            // a deferred transaction that turns into a writer would not wait for the lock
            Mode::Write => Box::new(Tx(self
                .writer
                .begin_with("BEGIN IMMEDIATE")
                .await
                .map_err(open)?)),
        })
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Busy, locked and lost races for the WAL's locks pass; a file that cannot be opened does not.
fn classify(error: &dyn DatabaseError) -> Option<ErrorKind> {
    let code: i32 = error.code()?.parse().ok()?;
    match code & 0xff {
        5 | 6 | 15 => Some(ErrorKind::Unavailable),
        14 | 26 => Some(ErrorKind::Config),
        _ => None,
    }
}

fn failure(operation: &'static str, error: sqlx::Error) -> Error {
    session::failure(operation, error, classify)
}

fn cell(row: &SqliteRow, index: usize) -> Result<Cell> {
    let raw = row
        .try_get_raw(index)
        .map_err(|error| failure("store.fetch", error))?;
    if raw.is_null() {
        return Ok(Cell::Null);
    }
    let kind = raw.type_info().name().to_owned();
    let cell = match kind.as_str() {
        "TEXT" => row.try_get_unchecked(index).map(Cell::Text),
        "REAL" => row.try_get_unchecked(index).map(Cell::Real),
        "BLOB" => row.try_get_unchecked(index).map(Cell::Bytes),
        _ => row.try_get_unchecked(index).map(Cell::Int),
    };
    cell.map_err(|error| failure("store.fetch", error))
}

sessions!(Sqlite, SqliteRow);
reader!(SqliteRow);
