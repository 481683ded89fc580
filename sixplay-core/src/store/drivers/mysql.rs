//! MariaDB and MySQL.

use std::{str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    Executor as _, MySql, MySqlPool, Row as _, Type, ValueRef,
    error::DatabaseError,
    mysql::{MySqlConnectOptions, MySqlDatabaseError, MySqlPoolOptions, MySqlRow},
};

use super::{
    reach::{reach_server, require_database},
    renewal::Renewal,
    session::{self, Meaning, Usage, reader, sessions},
};
use crate::store::{
    dialect::Dialect,
    driver::{Database, Session, SessionMode},
    rows::{Cell, Row},
};
use crate::{Error, Result};

const SNAPSHOT: &str = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

/// Under the default isolation a claim would lock the gap where other writers insert.
const WRITE: &str = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION";

/// A server that is not strict stores something else than it was given, and says nothing.
const STRICT: &str = "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')";

pub(in crate::store) async fn connect(url: &str, acquire: Duration) -> Result<Arc<dyn Database>> {
    let url = url.replacen("mariadb:", "mysql:", 1);
    let options = MySqlConnectOptions::from_str(&url)
        .map_err(|error| driver_error("store.connect", error))?;
    require_database(options.get_database())?;
    reach_server(&options, acquire)
        .await
        .map_err(|error| driver_error("store.connect", error))?;
    let renewal = Renewal::default();
    let pool = MySqlPoolOptions::new()
        .max_connections(8)
        .acquire_timeout(acquire)
        .after_connect(|connection, _| {
            Box::pin(async { connection.execute(STRICT).await.map(drop) })
        });
    Ok(Arc::new(Pool {
        connections: renewal.watch(pool).connect_lazy_with(options),
        renewal,
    }))
}

struct Pool {
    connections: MySqlPool,
    renewal: Renewal,
}

#[async_trait::async_trait]
impl Database for Pool {
    fn dialect(&self) -> Dialect {
        Dialect::Mysql
    }

    async fn open(&self, mode: SessionMode) -> Result<Box<dyn Session>> {
        let mut usage = Usage::new(mode, &self.renewal, meaning);
        let begin = match mode {
            SessionMode::Auto | SessionMode::Read => {
                let connection = self.connections.acquire().await;
                let connection = usage.settle("store.begin", connection)?;
                return Ok(Box::new(Auto { connection, usage }));
            }
            SessionMode::Snapshot => SNAPSHOT,
            SessionMode::Write => WRITE,
        };
        let connection = self.connections.begin_with(begin).await;
        let connection = usage.settle("store.begin", connection)?;
        Ok(Box::new(Tx { connection, usage }))
    }

    async fn close(&self) {
        self.connections.close().await;
    }
}

/// By number: SQLSTATE is HY000 for most of them, whatever they mean.
fn meaning(error: &dyn DatabaseError) -> Option<Meaning> {
    let number = error.try_downcast_ref::<MySqlDatabaseError>()?.number();
    match number {
        // changed since the snapshot, too many connections, shutdown
        1020 | 1040 | 1047 | 1053 | 1077..=1079 => Some(Meaning::TryAgain),
        // broken packets, lock wait, deadlock, table changed
        1152..=1161 | 1184 | 1203 | 1205 | 1206 | 1213 | 1412 => Some(Meaning::TryAgain),
        // the user's own limits, too many transactions, connection killed, nowait, disconnected for
        // inactivity
        1226 | 1637 | 1927 | 3572 | 4031 => Some(Meaning::TryAgain),
        // disk full, read and write errors, out of memory or threads, table full, failed commit
        1021 | 1024 | 1026 | 1030 | 1037 | 1038 | 1041 | 1114 | 1135 | 1180 => Some(Meaning::Fails),
        // the server, the transaction, InnoDB
        1290 | 1792 | 1836 => Some(Meaning::ReadOnly),
        1034 | 1035 | 1194 | 1195 | 1712 => Some(Meaning::Damaged),
        1264 | 1265 | 1292 | 1366 | 1406 => Some(Meaning::DoesNotFit),
        1317 | 1969 | 3024 => Some(Meaning::GaveUp),
        1044 | 1045 | 1049 | 1698 => Some(Meaning::Misconfigured(
            "the database refuses the connection",
        )),
        _ => None,
    }
}

fn driver_error(operation: &'static str, error: sqlx::Error) -> Error {
    session::driver_error(operation, error, meaning, true)
}

fn read_value(row: &MySqlRow, index: usize, kind: &str) -> sqlx::Result<Cell> {
    match kind {
        // TINYINT(1) holds more than two values
        "BOOLEAN" => row.try_get_unchecked(index).map(Cell::Int),
        kind if kind.contains("INT") && kind.contains("UNSIGNED") => {
            let value: u64 = row.try_get_unchecked(index)?;
            let too_large = |_| Cell::Unreadable(format!("{value}, which takes 64 bits unsigned"));
            Ok(i64::try_from(value).map_or_else(too_large, Cell::Int))
        }
        kind if kind.contains("INT") => row.try_get_unchecked(index).map(Cell::Int),
        "FLOAT" => row
            .try_get::<f32, _>(index)
            .map(|value| Cell::Real(value.into())),
        "DOUBLE" => row.try_get_unchecked(index).map(Cell::Real),
        kind if is_binary(row, index, kind)? => row.try_get_unchecked(index).map(Cell::Bytes),
        _ => row.try_get_unchecked(index).map(Cell::Text),
    }
}

/// The driver also calls text of a binary collation so: its type info knows.
fn is_binary(row: &MySqlRow, index: usize, kind: &str) -> sqlx::Result<bool> {
    let text = <String as Type<MySql>>::compatible(&row.try_get_raw(index)?.type_info());
    Ok(!text && (kind.contains("BLOB") || kind.contains("BINARY")))
}

sessions!(MySql);
reader!(MySqlRow);
