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

use super::{
    renewal::Renewal,
    session::{self, Meaning, Usage, reader, sessions},
};
use crate::store::{
    dialect::Dialect,
    driver::{Database, Session, SessionMode},
    rows::{Cell, Row},
};
use crate::{Error, Result};

const BUSY: Duration = Duration::from_secs(5);

struct Pools {
    writer: Pool,
    readers: Pool,
}

/// Each is renewed by itself: while the disk is full, readers that are open still read.
struct Pool {
    connections: SqlitePool,
    renewal: Renewal,
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
        let renewal = Renewal::default();
        let pool = SqlitePoolOptions::new()
            .max_connections(size)
            .acquire_timeout(acquire);
        (renewal.watch(pool), renewal)
    };
    let (writer, renewal) = pool(1);
    let connections = writer.connect_with(options.clone()).await;
    let connections = connections.map_err(|error| not_connected(error).with("file", file))?;
    // a file that is gone, with its disk perhaps, must not come back empty
    let options = options.create_if_missing(false);
    connections.set_connect_options(options.clone());
    let writer = Pool {
        connections,
        renewal,
    };
    // a snapshot cannot write, whatever statement it is given
    let (readers, renewal) = pool(4);
    let readers = Pool {
        connections: readers.connect_lazy_with(options.pragma("query_only", "ON")),
        renewal,
    };
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
        let mut usage = Usage::new(mode, &pool.renewal, meaning);
        let Some(begin) = begin else {
            let connection = pool.connections.acquire().await;
            let connection = usage.settle("store.begin", connection)?;
            return Ok(Box::new(Auto { connection, usage }));
        };
        let connection = pool.connections.begin_with(begin).await;
        let connection = usage.settle("store.begin", connection)?;
        Ok(Box::new(Tx { connection, usage }))
    }

    async fn close(&self) {
        self.readers.connections.close().await;
        self.writer.connections.close().await;
    }
}

/// By primary code: of these, SQLite rolls some back by itself, when it likes.
fn meaning(error: &dyn DatabaseError) -> Option<Meaning> {
    match primary_code(error)? {
        // busy, locked and lost races for the WAL's locks
        5 | 6 | 15 => Some(Meaning::TryAgain),
        8 => Some(Meaning::ReadOnly),
        9 => Some(Meaning::GaveUp),
        // permission, memory, I/O, full, cannot open, too large a file for the file system
        3 | 7 | 10 | 13 | 14 | 22 => Some(Meaning::Fails),
        11 | 26 => Some(Meaning::Damaged),
        18 | 20 => Some(Meaning::DoesNotFit),
        _ => None,
    }
}

/// At the first look, a file that cannot be opened or is no database is a wrong path.
fn not_connected(error: sqlx::Error) -> Error {
    let first_look = |error: &dyn DatabaseError| match primary_code(error)? {
        14 | 26 => Some(Meaning::Misconfigured(
            "the file cannot be opened as a database",
        )),
        _ => meaning(error),
    };
    session::driver_error("store.connect", error, first_look, true)
}

fn primary_code(error: &dyn DatabaseError) -> Option<i32> {
    Some(error.code()?.parse::<i32>().ok()? & 0xff)
}

fn driver_error(operation: &'static str, error: sqlx::Error) -> Error {
    session::driver_error(operation, error, meaning, true)
}

fn read_value(row: &SqliteRow, index: usize, kind: &str) -> sqlx::Result<Cell> {
    match kind {
        "TEXT" => read_text(row, index),
        "REAL" => row.try_get_unchecked(index).map(Cell::Real),
        "BLOB" => row.try_get_unchecked(index).map(Cell::Bytes),
        _ => row.try_get_unchecked(index).map(Cell::Int),
    }
}

/// SQLite takes any bytes for text.
fn read_text(row: &SqliteRow, index: usize) -> sqlx::Result<Cell> {
    let text = row.try_get_unchecked(index).map(Cell::Text);
    text.or_else(|_| row.try_get_unchecked(index).map(Cell::Bytes))
}

sessions!(Sqlite);
reader!(SqliteRow);
