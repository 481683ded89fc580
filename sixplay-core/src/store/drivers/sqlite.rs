//! SQLite: one writer connection and a few readers on a WAL database; several processes may share
//! the file.

use std::{sync::Arc, time::Duration};

use sqlx::{
    Row as _, Sqlite, SqlitePool,
    error::DatabaseError,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};

use super::session::{self, reader, sessions};
use crate::store::{
    dialect::Dialect,
    driver::{Database, Session, SessionMode},
    rows::{Cell, Row},
};
use crate::{Error, ErrorKind, Result};

const BUSY: Duration = Duration::from_secs(5);

struct Pools {
    writer: SqlitePool,
    readers: SqlitePool,
}

pub(in crate::store) async fn connect(url: &str, acquire: Duration) -> Result<Arc<dyn Database>> {
    let file = file_of(url)?;
    let options = SqliteConnectOptions::new()
        .filename(file)
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
            .acquire_timeout(acquire)
    };
    let writer = pool(1).connect_with(options.clone()).await;
    let writer = writer.map_err(|error| driver_error("store.connect", error).with("file", file))?;
    // a snapshot cannot write, whatever statement it is given
    let readers = pool(4).connect_lazy_with(options.pragma("query_only", "ON"));
    Ok(Arc::new(Pools { writer, readers }))
}

/// The path as it is written: nothing in it is decoded. `//` before it is no part of it.
fn file_of(url: &str) -> Result<&str> {
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let path = path.strip_prefix("//").unwrap_or(path);
    let refused = match path {
        "" => "expected sqlite:PATH with the path of a file",
        // every connection would have a database of its own, and none outlives it
        _ if path.starts_with(":memory:") => "a database in memory is lost: expected sqlite:PATH",
        _ => return Ok(path),
    };
    Err(Error::config("store.connect", refused))
}

#[async_trait::async_trait]
impl Database for Pools {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn open(&self, mode: SessionMode) -> Result<Box<dyn Session>> {
        let (pool, begin) = match mode {
            SessionMode::Auto => (&self.writer, None),
            SessionMode::Read => (&self.readers, None),
            SessionMode::Snapshot => (&self.readers, Some("BEGIN")),
            // a deferred transaction that turns into a writer would not wait for the lock
            SessionMode::Write => (&self.writer, Some("BEGIN IMMEDIATE")),
        };
        Ok(match begin {
            Some(begin) => Box::new(Tx(pool.begin_with(begin).await.map_err(not_opened)?)),
            None => Box::new(Auto(pool.acquire().await.map_err(not_opened)?)),
        })
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Busy, locked and lost races for the WAL's locks pass; a file that cannot be opened does not.
fn error_kind(error: &dyn DatabaseError) -> Option<ErrorKind> {
    let code: i32 = error.code()?.parse().ok()?;
    match code & 0xff {
        5 | 6 | 15 => Some(ErrorKind::Unavailable),
        14 | 26 => Some(ErrorKind::Config),
        _ => None,
    }
}

fn not_opened(error: sqlx::Error) -> Error {
    driver_error("store.begin", error)
}

fn driver_error(operation: &'static str, error: sqlx::Error) -> Error {
    session::driver_error(operation, error, error_kind)
}

fn read_value(row: &SqliteRow, index: usize, kind: &str) -> sqlx::Result<Cell> {
    match kind {
        "TEXT" => row.try_get_unchecked(index).map(Cell::Text),
        "REAL" => row.try_get_unchecked(index).map(Cell::Real),
        "BLOB" => row.try_get_unchecked(index).map(Cell::Bytes),
        _ => row.try_get_unchecked(index).map(Cell::Int),
    }
}

sessions!(Sqlite, SqliteRow);
reader!(SqliteRow);
