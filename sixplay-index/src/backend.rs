//! What a kind of index server provides to the handle.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use serde_json::value::RawValue;
use sixplay_core::{Mapping, Result};

use crate::{IndexInfo, Outcome, Page, Query, Swap, stored::CheckedOperation};

/// An index server behind [`crate::Index`].
///
/// The contracts are those of the handle's methods with the same names, and the conformance suite
/// holds every backend to them. The handle checks names and limits, turns a query's instant into
/// filters, ends a call at its deadline and adds the index's name to errors.
#[async_trait]
pub(crate) trait Backend: Send + Sync + 'static {
    /// Makes an empty index with exactly the fields of `mapping`.
    async fn create(
        &self,
        name: &str,
        mapping: &Mapping,
        meta: &BTreeMap<String, String>,
    ) -> Result<()>;

    /// Removes the index with exactly this name.
    async fn remove(&self, name: &str) -> Result<()>;

    /// The indices whose names begin with `prefix`, sorted by name.
    async fn list(&self, prefix: &str) -> Result<Vec<IndexInfo>>;

    /// The index behind `alias`.
    async fn resolve(&self, alias: &str) -> Result<Option<String>>;

    /// Moves all aliases, each of them once, or none.
    async fn swap(&self, swaps: &[Swap]) -> Result<()>;

    /// Makes what was written visible to searches.
    async fn refresh(&self, name: &str) -> Result<()>;

    /// How many documents there are.
    async fn count(&self, name: &str) -> Result<u64>;

    /// Writes at least one operation and answers an outcome for each. The handle sets no deadline
    /// here: `limit` is that of each request the backend makes of them.
    async fn apply(
        &self,
        name: &str,
        operations: &[CheckedOperation<'_>],
        limit: Duration,
    ) -> Result<Vec<Outcome>>;

    /// The documents with these ids, at least one, in their order.
    async fn get(&self, alias: &str, ids: &[&str]) -> Result<Vec<Option<Box<RawValue>>>>;

    /// One page and the exact total.
    async fn search(&self, alias: &str, query: &Query) -> Result<Page>;

    /// The distinct values of a keyword field, sorted, at most `limit`, which is not 0.
    async fn values(
        &self,
        alias: &str,
        field: &str,
        query: &Query,
        limit: u64,
    ) -> Result<Vec<String>>;

    /// The words that a French field keeps of `text`.
    async fn analyze(&self, text: &str) -> Result<Vec<String>>;
}
