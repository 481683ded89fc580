//! What a driver provides: sessions that run rendered statements.

use async_trait::async_trait;
use sea_query::Values;

use super::{dialect::Dialect, rows::Row};
use crate::Result;

#[async_trait]
pub(crate) trait Database: Send + Sync {
    fn dialect(&self) -> Dialect;
    async fn open(&self, mode: SessionMode) -> Result<Box<dyn Session>>;
    async fn close(&self);
}

#[async_trait]
pub(crate) trait Session: Send {
    async fn execute(&mut self, sql: String, values: Values) -> Result<u64>;
    async fn fetch(&mut self, sql: String, values: Values) -> Result<Vec<Row>>;
    async fn batch(&mut self, sql: String) -> Result<()>;
    async fn commit(self: Box<Self>) -> Result<()>;
}

/// How a session treats its statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionMode {
    Auto,
    Read,
    Snapshot,
    Write,
}
