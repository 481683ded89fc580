//! PostgreSQL.

use std::{str::FromStr, sync::Arc};

use sqlx::{
    PgPool, Postgres, Row as _, TypeInfo, ValueRef,
    error::DatabaseError,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
};

use super::{
    Dialect, Mode, Row,
    row::Cell,
    session::{self, Database, Session, reader, sessions},
};
use crate::{Error, ErrorKind, Result};

pub(super) async fn connect(url: &str) -> Result<Arc<dyn Database>> {
    let options =
        PgConnectOptions::from_str(url).map_err(|error| failure("store.connect", error))?;
    session::reach(&options)
        .await
        .map_err(|error| failure("store.connect", error))?;
    Ok(Arc::new(
        PgPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(super::ACQUIRE)
            .connect_lazy_with(options),
    ))
}

#[async_trait::async_trait]
impl Database for PgPool {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn open(&self, mode: Mode) -> Result<Box<dyn Session>> {
        let open = |error| failure("store.begin", error);
        Ok(match mode {
            Mode::Auto | Mode::Read => Box::new(Auto(self.acquire().await.map_err(open)?)),
            Mode::Snapshot => Box::new(Tx(self
                .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                .await
                .map_err(open)?)),
            Mode::Write => Box::new(Tx(self.begin().await.map_err(open)?)),
        })
    }

    async fn close(&self) {
        PgPool::close(self).await;
    }
}

fn classify(error: &dyn DatabaseError) -> Option<ErrorKind> {
    let code = error.code()?;
    match code.as_ref() {
        "57014" => Some(ErrorKind::Timeout),
        // serialisation, deadlock, lock not available, shutdown and start-up
        "40001" | "40P01" | "55P03" | "57P01" | "57P02" | "57P03" | "57P05" => {
            Some(ErrorKind::Unavailable)
        }
        "3D000" | "28000" | "28P01" => Some(ErrorKind::Config),
        // broken connections; out of connections, memory or disk
        code if code.starts_with("08") || code.starts_with("53") => Some(ErrorKind::Unavailable),
        _ => None,
    }
}

fn failure(operation: &'static str, error: sqlx::Error) -> Error {
    session::failure(operation, error, classify)
}

fn cell(row: &PgRow, index: usize) -> Result<Cell> {
    let raw = row
        .try_get_raw(index)
        .map_err(|error| failure("store.fetch", error))?;
    if raw.is_null() {
        return Ok(Cell::Null);
    }
    let kind = raw.type_info().name().to_owned();
    let cell = match kind.as_str() {
        "BOOL" => row
            .try_get::<bool, _>(index)
            .map(|value| Cell::Int(value.into())),
        "INT2" => row
            .try_get::<i16, _>(index)
            .map(|value| Cell::Int(value.into())),
        "INT4" => row
            .try_get::<i32, _>(index)
            .map(|value| Cell::Int(value.into())),
        "INT8" => row.try_get(index).map(Cell::Int),
        "FLOAT4" => row
            .try_get::<f32, _>(index)
            .map(|value| Cell::Real(value.into())),
        "FLOAT8" => row.try_get(index).map(Cell::Real),
        "BYTEA" => row.try_get(index).map(Cell::Bytes),
        _ => row.try_get(index).map(Cell::Text),
    };
    cell.map_err(|error| failure("store.fetch", error))
}

sessions!(Postgres, PgRow);
reader!(PgRow);
