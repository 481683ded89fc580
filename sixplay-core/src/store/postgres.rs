//! PostgreSQL.

use std::{str::FromStr, sync::Arc};

use sqlx::{
    PgPool, Postgres, Row as _, TypeInfo, ValueRef,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
};

use super::{
    Dialect, Mode, Row,
    row::Cell,
    session::{Database, Session, failure, reader, sessions},
};
use crate::Result;

pub(super) async fn connect(url: &str) -> Result<Arc<dyn Database>> {
    let options = PgConnectOptions::from_str(url).map_err(|error| failure("store.connect", error))?;
    let pool = PgPoolOptions::new().max_connections(8).acquire_timeout(super::DEADLINE).connect_with(options);
    Ok(Arc::new(pool.await.map_err(|error| failure("store.connect", error))?))
}

#[async_trait::async_trait]
impl Database for PgPool {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn open(&self, mode: Mode) -> Result<Box<dyn Session>> {
        let open = |error| failure("store.begin", error);
        Ok(match mode {
            Mode::Auto => Box::new(Auto(self.acquire().await.map_err(open)?)),
            Mode::Snapshot => Box::new(Tx(self.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.map_err(open)?)),
            Mode::Write => Box::new(Tx(self.begin().await.map_err(open)?)),
        })
    }

    async fn close(&self) {
        PgPool::close(self).await;
    }
}

fn cell(row: &PgRow, index: usize) -> Result<Cell> {
    let raw = row.try_get_raw(index).map_err(|error| failure("store.fetch", error))?;
    if raw.is_null() {
        return Ok(Cell::Null);
    }
    let kind = raw.type_info().name().to_owned();
    let cell = match kind.as_str() {
        "BOOL" => row.try_get::<bool, _>(index).map(|value| Cell::Int(value.into())),
        "INT2" => row.try_get::<i16, _>(index).map(|value| Cell::Int(value.into())),
        "INT4" => row.try_get::<i32, _>(index).map(|value| Cell::Int(value.into())),
        "INT8" => row.try_get(index).map(Cell::Int),
        "FLOAT4" => row.try_get::<f32, _>(index).map(|value| Cell::Real(value.into())),
        "FLOAT8" => row.try_get(index).map(Cell::Real),
        "BYTEA" => row.try_get(index).map(Cell::Bytes),
        _ => row.try_get(index).map(Cell::Text),
    };
    cell.map_err(|error| failure("store.fetch", error))
}

sessions!(Postgres, PgRow);
reader!(PgRow);
