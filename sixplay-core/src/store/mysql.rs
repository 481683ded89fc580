//! MariaDB and MySQL.

use std::{str::FromStr, sync::Arc};

use sqlx::{
    MySql, MySqlPool, Row as _, TypeInfo, ValueRef,
    mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlRow},
};

use super::{
    Dialect, Mode, Row,
    row::Cell,
    session::{Database, Session, failure, reader, sessions},
};
use crate::Result;

pub(super) async fn connect(url: &str) -> Result<Arc<dyn Database>> {
    let url = url.replacen("mariadb:", "mysql:", 1);
    let options = MySqlConnectOptions::from_str(&url).map_err(|error| failure("store.connect", error))?;
    let pool = MySqlPoolOptions::new().max_connections(8).acquire_timeout(super::DEADLINE).connect_with(options);
    Ok(Arc::new(pool.await.map_err(|error| failure("store.connect", error))?))
}

#[async_trait::async_trait]
impl Database for MySqlPool {
    fn dialect(&self) -> Dialect {
        Dialect::Mysql
    }

    async fn open(&self, mode: Mode) -> Result<Box<dyn Session>> {
        let open = |error| failure("store.begin", error);
        Ok(match mode {
            Mode::Auto => Box::new(Auto(self.acquire().await.map_err(open)?)),
            Mode::Snapshot => Box::new(Tx(self.begin_with("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY").await.map_err(open)?)),
            Mode::Write => Box::new(Tx(self.begin().await.map_err(open)?)),
        })
    }

    async fn close(&self) {
        MySqlPool::close(self).await;
    }
}

fn cell(row: &MySqlRow, index: usize) -> Result<Cell> {
    let raw = row.try_get_raw(index).map_err(|error| failure("store.fetch", error))?;
    if raw.is_null() {
        return Ok(Cell::Null);
    }
    let kind = raw.type_info().name().to_owned();
    let cell = match kind.as_str() {
        "BOOLEAN" => row.try_get::<bool, _>(index).map(|value| Cell::Int(value.into())),
        kind if kind.contains("INT") && kind.contains("UNSIGNED") => {
            row.try_get_unchecked::<u64, _>(index).map(|value| Cell::Int(i64::try_from(value).unwrap_or(i64::MAX)))
        }
        kind if kind.contains("INT") => row.try_get_unchecked(index).map(Cell::Int),
        "FLOAT" => row.try_get::<f32, _>(index).map(|value| Cell::Real(value.into())),
        "DOUBLE" => row.try_get_unchecked(index).map(Cell::Real),
        kind if kind.contains("BLOB") || kind.contains("BINARY") => row.try_get_unchecked(index).map(Cell::Bytes),
        _ => row.try_get_unchecked(index).map(Cell::Text),
    };
    cell.map_err(|error| failure("store.fetch", error))
}

sessions!(MySql, MySqlRow);
reader!(MySqlRow);
