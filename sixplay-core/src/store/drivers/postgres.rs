//! PostgreSQL.

use std::{str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    PgPool, Postgres, Row as _,
    error::DatabaseError,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
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

pub(in crate::store) async fn connect(url: &str, acquire: Duration) -> Result<Arc<dyn Database>> {
    let options =
        PgConnectOptions::from_str(url).map_err(|error| driver_error("store.connect", error))?;
    reach_server(&options, acquire)
        .await
        .map_err(|error| driver_error("store.connect", error))?;
    Ok(Arc::new(
        PgPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(acquire)
            .connect_lazy_with(options),
    ))
}

#[async_trait::async_trait]
impl Database for PgPool {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn open(&self, mode: SessionMode) -> Result<Box<dyn Session>> {
        let begin = match mode {
            SessionMode::Auto | SessionMode::Read => {
                let connection = self.acquire().await.map_err(not_opened)?;
                return Ok(Box::new(Auto(connection)));
            }
            SessionMode::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            SessionMode::Write => "BEGIN",
        };
        Ok(Box::new(Tx(self
            .begin_with(begin)
            .await
            .map_err(not_opened)?)))
    }

    async fn close(&self) {
        PgPool::close(self).await;
    }
}

fn error_kind(error: &dyn DatabaseError) -> Option<ErrorKind> {
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

fn not_opened(error: sqlx::Error) -> Error {
    driver_error("store.begin", error)
}

fn driver_error(operation: &'static str, error: sqlx::Error) -> Error {
    session::driver_error(operation, error, error_kind)
}

fn read_value(row: &PgRow, index: usize, kind: &str) -> sqlx::Result<Cell> {
    match kind {
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
    }
}

sessions!(Postgres, PgRow);
reader!(PgRow);
