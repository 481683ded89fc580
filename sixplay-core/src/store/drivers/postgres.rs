//! PostgreSQL.

use std::{str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    PgPool, Postgres, Row as _,
    error::DatabaseError,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
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

pub(in crate::store) async fn connect(url: &str, acquire: Duration) -> Result<Arc<dyn Database>> {
    let options =
        PgConnectOptions::from_str(url).map_err(|error| driver_error("store.connect", error))?;
    require_database(options.get_database())?;
    reach_server(&options, acquire)
        .await
        .map_err(|error| driver_error("store.connect", error))?;
    let renewal = Renewal::default();
    let pool = PgPoolOptions::new()
        .max_connections(8)
        .acquire_timeout(acquire);
    Ok(Arc::new(Pool {
        connections: renewal.watch(pool).connect_lazy_with(options),
        renewal,
    }))
}

struct Pool {
    connections: PgPool,
    renewal: Renewal,
}

#[async_trait::async_trait]
impl Database for Pool {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn open(&self, mode: SessionMode) -> Result<Box<dyn Session>> {
        let mut usage = Usage::new(mode, &self.renewal, meaning);
        let begin = match mode {
            SessionMode::Auto | SessionMode::Read => {
                let connection = self.connections.acquire().await;
                let connection = usage.settle("store.begin", connection)?;
                return Ok(Box::new(Auto { connection, usage }));
            }
            SessionMode::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            SessionMode::Write => "BEGIN",
        };
        let connection = self.connections.begin_with(begin).await;
        let connection = usage.settle("store.begin", connection)?;
        Ok(Box::new(Tx { connection, usage }))
    }

    async fn close(&self) {
        self.connections.close().await;
    }
}

fn meaning(error: &dyn DatabaseError) -> Option<Meaning> {
    let code = error.code()?;
    match code.as_ref() {
        "57014" => Some(Meaning::GaveUp),
        // serialisation, deadlock, lock not available, shutdown and start-up
        "40001" | "40P01" | "55P03" | "57P01" | "57P02" | "57P03" | "57P05" => {
            Some(Meaning::TryAgain)
        }
        "22001" | "22003" | "22007" | "22008" | "22021" | "22P05" => Some(Meaning::DoesNotFit),
        "25006" => Some(Meaning::ReadOnly),
        "3D000" | "28000" | "28P01" => Some(Meaning::Misconfigured(
            "the database refuses the connection",
        )),
        // out of memory or disk, I/O
        "53100" | "53200" | "58030" => Some(Meaning::Fails),
        "XX001" | "XX002" => Some(Meaning::Damaged),
        // broken connections; out of connections
        code if code.starts_with("08") || code.starts_with("53") => Some(Meaning::TryAgain),
        _ => None,
    }
}

fn driver_error(operation: &'static str, error: sqlx::Error) -> Error {
    session::driver_error(operation, error, meaning, true)
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

sessions!(Postgres);
reader!(PgRow);
