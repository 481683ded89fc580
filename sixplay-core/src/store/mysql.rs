//! MariaDB and MySQL.

use std::{str::FromStr, sync::Arc};

use sqlx::{
    MySql, MySqlPool, Row as _, TypeInfo, ValueRef,
    error::DatabaseError,
    mysql::{MySqlConnectOptions, MySqlDatabaseError, MySqlPoolOptions, MySqlRow},
};

use super::{
    Dialect, Mode, Row,
    row::Cell,
    session::{self, Database, Session, reader, sessions},
};
use crate::{Error, ErrorKind, Result};

/// Under the default isolation a claim would lock the gap where other writers insert.
const WRITE: &str = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION";

pub(super) async fn connect(url: &str) -> Result<Arc<dyn Database>> {
    let url = url.replacen("mariadb:", "mysql:", 1);
    let options =
        MySqlConnectOptions::from_str(&url).map_err(|error| failure("store.connect", error))?;
    session::reach(&options)
        .await
        .map_err(|error| failure("store.connect", error))?;
    Ok(Arc::new(
        MySqlPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(super::ACQUIRE)
            .connect_lazy_with(options),
    ))
}

#[async_trait::async_trait]
impl Database for MySqlPool {
    fn dialect(&self) -> Dialect {
        Dialect::Mysql
    }

    async fn open(&self, mode: Mode) -> Result<Box<dyn Session>> {
        let open = |error| failure("store.begin", error);
        Ok(match mode {
            Mode::Auto | Mode::Read => Box::new(Auto(self.acquire().await.map_err(open)?)),
            Mode::Snapshot => Box::new(Tx(self
                .begin_with("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
                .await
                .map_err(open)?)),
            Mode::Write => Box::new(Tx(self.begin_with(WRITE).await.map_err(open)?)),
        })
    }

    async fn close(&self) {
        MySqlPool::close(self).await;
    }
}

/// By number: SQLSTATE is HY000 for most of them, whatever they mean.
fn classify(error: &dyn DatabaseError) -> Option<ErrorKind> {
    match error.try_downcast_ref::<MySqlDatabaseError>()?.number() {
        // changed since the snapshot, too many connections, shutdown, broken packets, lock wait,
        // deadlock, table changed
        1020
        | 1040
        | 1047
        | 1053
        | 1077..=1079
        | 1152..=1161
        | 1184
        | 1203
        | 1205
        | 1206
        | 1213
        | 1412 => Some(ErrorKind::Unavailable),
        // too many transactions, connection killed, nowait, disconnected for inactivity
        1637 | 1927 | 3572 | 4031 => Some(ErrorKind::Unavailable),
        1317 | 1969 | 3024 => Some(ErrorKind::Timeout),
        1044 | 1045 | 1049 | 1698 => Some(ErrorKind::Config),
        _ => None,
    }
}

fn failure(operation: &'static str, error: sqlx::Error) -> Error {
    session::failure(operation, error, classify)
}

fn cell(row: &MySqlRow, index: usize) -> Result<Cell> {
    let raw = row
        .try_get_raw(index)
        .map_err(|error| failure("store.fetch", error))?;
    if raw.is_null() {
        return Ok(Cell::Null);
    }
    let kind = raw.type_info().name().to_owned();
    let cell = match kind.as_str() {
        // TINYINT(1) holds more than two values
        "BOOLEAN" => row.try_get_unchecked(index).map(Cell::Int),
        kind if kind.contains("INT") && kind.contains("UNSIGNED") => row
            .try_get_unchecked::<u64, _>(index)
            .map(|value| Cell::Int(i64::try_from(value).unwrap_or(i64::MAX))),
        kind if kind.contains("INT") => row.try_get_unchecked(index).map(Cell::Int),
        "FLOAT" => row
            .try_get::<f32, _>(index)
            .map(|value| Cell::Real(value.into())),
        "DOUBLE" => row.try_get_unchecked(index).map(Cell::Real),
        // the driver also calls text of a binary collation so
        kind if (kind.contains("BLOB") || kind.contains("BINARY"))
            && !<String as sqlx::Type<MySql>>::compatible(&raw.type_info()) =>
        {
            row.try_get_unchecked(index).map(Cell::Bytes)
        }
        _ => row.try_get_unchecked(index).map(Cell::Text),
    };
    cell.map_err(|error| failure("store.fetch", error))
}

sessions!(MySql, MySqlRow);
reader!(MySqlRow);
