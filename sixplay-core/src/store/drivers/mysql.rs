//! MariaDB and MySQL.

use std::{str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    MySql, MySqlPool, Row as _, Type, ValueRef,
    error::DatabaseError,
    mysql::{MySqlConnectOptions, MySqlDatabaseError, MySqlPoolOptions, MySqlRow},
};

use super::{
    reach::reach_server,
    session::{self, reader, sessions},
};
use crate::store::{
    dialect::Dialect,
    driver::{Database, Session, SessionMode},
    rows::{Cell, Row},
};
use crate::{Error, ErrorKind, Result};

const SNAPSHOT: &str = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

/// Under the default isolation a claim would lock the gap where other writers insert.
const WRITE: &str = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION";

pub(in crate::store) async fn connect(url: &str, acquire: Duration) -> Result<Arc<dyn Database>> {
    let url = url.replacen("mariadb:", "mysql:", 1);
    let options = MySqlConnectOptions::from_str(&url)
        .map_err(|error| driver_error("store.connect", error))?;
    reach_server(&options, acquire)
        .await
        .map_err(|error| driver_error("store.connect", error))?;
    Ok(Arc::new(
        MySqlPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(acquire)
            .connect_lazy_with(options),
    ))
}

#[async_trait::async_trait]
impl Database for MySqlPool {
    fn dialect(&self) -> Dialect {
        Dialect::Mysql
    }

    async fn open(&self, mode: SessionMode) -> Result<Box<dyn Session>> {
        let begin = match mode {
            SessionMode::Auto | SessionMode::Read => {
                let connection = self.acquire().await.map_err(not_opened)?;
                return Ok(Box::new(Auto(connection)));
            }
            SessionMode::Snapshot => SNAPSHOT,
            SessionMode::Write => WRITE,
        };
        Ok(Box::new(Tx(self
            .begin_with(begin)
            .await
            .map_err(not_opened)?)))
    }

    async fn close(&self) {
        MySqlPool::close(self).await;
    }
}

/// By number: SQLSTATE is HY000 for most of them, whatever they mean.
fn error_kind(error: &dyn DatabaseError) -> Option<ErrorKind> {
    let number = error.try_downcast_ref::<MySqlDatabaseError>()?.number();
    match number {
        // changed since the snapshot, too many connections, shutdown
        1020 | 1040 | 1047 | 1053 | 1077..=1079 => Some(ErrorKind::Unavailable),
        // broken packets, lock wait, deadlock, table changed
        1152..=1161 | 1184 | 1203 | 1205 | 1206 | 1213 | 1412 => Some(ErrorKind::Unavailable),
        // too many transactions, connection killed, nowait, disconnected for inactivity
        1637 | 1927 | 3572 | 4031 => Some(ErrorKind::Unavailable),
        1317 | 1969 | 3024 => Some(ErrorKind::Timeout),
        1044 | 1045 | 1049 | 1698 => Some(ErrorKind::Config),
        _ => None,
    }
}

fn not_opened(error: sqlx::Error) -> Error {
    driver_error("store.begin", error)
}

fn driver_error(operation: &'static str, error: sqlx::Error) -> Error {
    session::driver_error(operation, error, error_kind)
}

fn read_value(row: &MySqlRow, index: usize, kind: &str) -> sqlx::Result<Cell> {
    match kind {
        // TINYINT(1) holds more than two values
        "BOOLEAN" => row.try_get_unchecked(index).map(Cell::Int),
        kind if kind.contains("INT") && kind.contains("UNSIGNED") => {
            let value: u64 = row.try_get_unchecked(index)?;
            Ok(Cell::Int(i64::try_from(value).unwrap_or(i64::MAX)))
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

sessions!(MySql, MySqlRow);
reader!(MySqlRow);
