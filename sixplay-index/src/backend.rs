//! What a kind of index server provides to the handle.

use std::{collections::BTreeMap, future::Future, time::Duration};

use async_trait::async_trait;
use serde_json::value::RawValue;
use sixplay_core::{Error, Result, mapping::Mapping};

use crate::{Filter, IndexInfo, Operation, Outcome, Page, Query, Swap};

/// An index server behind [`crate::Index`].
///
/// The handle checks names and limits, refuses operations that no server takes, and adds the
/// index's name to errors; a backend keeps its own deadlines. The methods' contracts are those of
/// the handle's methods with the same names (`swap`: of `swap_all`); the conformance suite (feature
/// `test-util`) holds every backend to them.
#[async_trait]
#[allow(missing_docs)]
pub trait Backend: Send + Sync + 'static {
    async fn create(
        &self,
        name: &str,
        mapping: &Mapping,
        meta: &BTreeMap<String, String>,
    ) -> Result<()>;
    async fn remove(&self, name: &str) -> Result<()>;
    async fn list(&self, prefix: &str) -> Result<Vec<IndexInfo>>;
    async fn resolve(&self, alias: &str) -> Result<Option<String>>;
    async fn swap(&self, swaps: &[Swap]) -> Result<()>;
    async fn refresh(&self, name: &str) -> Result<()>;
    async fn count(&self, name: &str) -> Result<u64>;
    async fn apply(&self, name: &str, operations: &[Operation]) -> Result<Vec<Outcome>>;
    async fn get(&self, alias: &str, ids: &[&str]) -> Result<Vec<Option<Box<RawValue>>>>;
    async fn search(&self, alias: &str, query: &Query) -> Result<Page>;
    async fn values(
        &self,
        alias: &str,
        field: &str,
        filters: &[Filter],
        limit: u64,
    ) -> Result<Vec<String>>;
    async fn analyze(&self, text: &str) -> Result<Vec<String>>;
}

/// Ends `work` at the deadline.
#[allow(dead_code)] // a build may have no backend
pub(crate) async fn within<T>(
    deadline: Duration,
    operation: &'static str,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    tokio::time::timeout(deadline, work)
        .await
        .unwrap_or_else(|_| {
            Err(
                Error::timeout(operation, "the index did not answer in time")
                    .with("ms", deadline.as_millis()),
            )
        })
}
