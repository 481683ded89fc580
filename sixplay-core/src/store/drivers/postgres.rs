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
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| driver_error("store.connect", error))?
        // poolers refuse it as they cannot keep track of it, and since PostgreSQL 12 the default
        // gives every digit
        .extra_float_digits(None);
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
        shares_connections: keeps_no_statements(url),
    }))
}

/// The parameter by which a URL says that a pooler lends a connection for one transaction only.
fn keeps_no_statements(url: &str) -> bool {
    let (_, parameters) = url.split_once('?').unwrap_or_default();
    parameters
        .split('&')
        .any(|parameter| parameter == "statement-cache-capacity=0")
}

#[derive(Clone)]
struct Pool {
    connections: PgPool,
    renewal: Renewal,
    /// Behind a pooler, nothing may be left on a connection between two transactions.
    shares_connections: bool,
}

impl Pool {
    fn usage(&self, mode: SessionMode) -> Usage {
        let mut usage = Usage::new(mode, &self.renewal, meaning);
        usage.keeps_statements = !self.shares_connections;
        usage
    }

    async fn begin(&self, mode: SessionMode, begin: &'static str) -> Result<Tx> {
        let mut usage = self.usage(mode);
        let connection = self.connections.begin_with(begin).await;
        let connection = usage.settle("store.begin", connection)?;
        Ok(Tx { connection, usage })
    }

    async fn acquire(&self, mode: SessionMode) -> Result<Auto> {
        let mut usage = self.usage(mode);
        let connection = self.connections.acquire().await;
        let connection = usage.settle("store.begin", connection)?;
        Ok(Auto { connection, usage })
    }
}

#[async_trait::async_trait]
impl Database for Pool {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn open(&self, mode: SessionMode) -> Result<Box<dyn Session>> {
        Ok(match mode {
            SessionMode::Auto if self.shares_connections => Box::new(OneByOne(self.clone())),
            SessionMode::Read if self.shares_connections => {
                Box::new(self.begin(mode, "BEGIN READ ONLY").await?)
            }
            SessionMode::Auto | SessionMode::Read => Box::new(self.acquire(mode).await?),
            SessionMode::Snapshot => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                Box::new(self.begin(mode, begin).await?)
            }
            SessionMode::Write => Box::new(self.begin(mode, "BEGIN").await?),
        })
    }

    async fn close(&self) {
        self.connections.close().await;
    }
}

/// Statements that commit one by one behind a pooler: each within a transaction, as preparing and
/// running it would otherwise happen on two connections.
struct OneByOne(Pool);

#[async_trait::async_trait]
impl Session for OneByOne {
    async fn execute(&mut self, sql: String, values: sea_query::Values) -> Result<u64> {
        let mut transaction = self.0.begin(SessionMode::Write, "BEGIN").await?;
        let changed = transaction.execute(sql, values).await?;
        Box::new(transaction).commit().await?;
        Ok(changed)
    }

    async fn fetch(&mut self, sql: String, values: sea_query::Values) -> Result<Vec<Row>> {
        let mut transaction = self.0.begin(SessionMode::Write, "BEGIN").await?;
        let rows = transaction.fetch(sql, values).await?;
        Box::new(transaction).commit().await?;
        Ok(rows)
    }

    async fn batch(&mut self, sql: String) -> Result<()> {
        // one message, which a pooler does not take apart
        self.0.acquire(SessionMode::Auto).await?.batch(sql).await
    }

    async fn commit(self: Box<Self>) -> Result<()> {
        Ok(())
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
        "26000" | "42P05" => Some(Meaning::Misconfigured(
            "a pooler mixes up prepared statements: add ?statement-cache-capacity=0 to the URL",
        )),
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
