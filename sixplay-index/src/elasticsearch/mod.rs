//! Elasticsearch 8 and 9, OpenSearch 3.
//!
//! Every index gets an alias of its own, `{name}.write`, and is written through it with
//! `require_alias`: so a write to an index that was removed fails, where a plain write would make a
//! new index without a mapping.
//!
//! Versions are the servers' external ones with `external_gte`: an equal version is accepted, which
//! makes a repeated write a success. Deletes are remembered by the servers for an hour. Bulk writes
//! are cut into requests of bounded size; one that is too large or too slow is halved.
//!
//! A call goes to the nodes in turn, and to one more when the first cannot be reached, within the
//! same deadline. A node that failed is asked last for five seconds.

mod analyze;
mod answer;
mod bulk;
mod call;
mod item;
mod nodes;
mod request;
mod swap;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ::elasticsearch::{
    CountParts, MgetParts, SearchParts,
    http::Method,
    indices::{
        IndicesCreateParts, IndicesDeleteParts, IndicesGetAliasParts, IndicesGetParts,
        IndicesRefreshParts,
    },
};
use async_trait::async_trait;
use serde::de::IgnoredAny;
use serde_json::{json, value::RawValue};
use sixplay_core::{Error, Mapping, Result};

use crate::{
    IndexConfig, IndexInfo, Outcome, Page, Query, Swap, backend::Backend, stored::CheckedOperation,
};
use answer::{CountAnswer, DescribedIndex, GetAnswer, SearchAnswer, ValuesAnswer};
use call::ServerCall;
use nodes::Nodes;

/// A handle on the nodes, which are not asked yet.
pub(crate) async fn connect(config: &IndexConfig) -> Result<Arc<dyn Backend>> {
    Ok(Arc::new(Elasticsearch {
        nodes: Nodes::parse_urls(config.url.expose())?,
        read_limit: shorten(config.deadline),
        write_limit: shorten(config.bulk_deadline),
        replicas: config.replicas,
    }))
}

/// The nodes get a little less than the handle's deadline: it is the node that is late, and
/// remembered for it, and not the whole call.
fn shorten(deadline: Duration) -> Duration {
    deadline - deadline / 50
}

struct Elasticsearch {
    nodes: Nodes,
    read_limit: Duration,
    write_limit: Duration,
    replicas: u32,
}

impl Elasticsearch {
    /// A request within the deadline of reads.
    fn reading(
        &self,
        operation: &'static str,
        method: Method,
        path: impl Into<String>,
    ) -> ServerCall {
        ServerCall::new(operation, method, path, self.read_limit)
    }

    /// A request within the deadline of bulk writes and administration.
    fn writing(
        &self,
        operation: &'static str,
        method: Method,
        path: impl Into<String>,
    ) -> ServerCall {
        ServerCall::new(operation, method, path, self.write_limit)
    }

    /// The indices that an alias points to, usually one; none when there is no such alias.
    async fn indices_behind(&self, alias: &str) -> Result<Vec<String>> {
        let path = IndicesGetAliasParts::Name(&[alias]).url();
        let call = self.reading("index.resolve", Method::Get, path);
        let answer = self.nodes.send(&call).await?;
        if answer.status == 404 {
            return Ok(Vec::new());
        }
        let found: BTreeMap<String, IgnoredAny> = answer.accept(&call)?.parse(&call)?;
        Ok(found.into_keys().collect())
    }
}

#[async_trait]
impl Backend for Elasticsearch {
    async fn create(
        &self,
        name: &str,
        mapping: &Mapping,
        meta: &BTreeMap<String, String>,
    ) -> Result<()> {
        let path = IndicesCreateParts::Index(name).url();
        let body = request::create_index_body(name, mapping, meta, self.replicas);
        let call = self.writing("index.create", Method::Put, path).body(&body);
        self.nodes.perform(&call.once()).await
    }

    async fn remove(&self, name: &str) -> Result<()> {
        let path = IndicesDeleteParts::Index(&[name]).url();
        let call = self.writing("index.remove", Method::Delete, path);
        self.nodes.perform(&call).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<IndexInfo>> {
        let path = IndicesGetParts::Index(&[&format!("{prefix}*")]).url();
        let parts = "*.aliases,*.mappings._meta,*.settings.index.uuid";
        let call = self.reading("index.list", Method::Get, path);
        let call = call.query("filter_path", parts);
        let found: BTreeMap<String, DescribedIndex> = self.nodes.ask_for(&call).await?;
        // the pattern matches aliases, too
        let found = found
            .into_iter()
            .filter(|(name, _)| name.starts_with(prefix));
        Ok(found.map(|(name, index)| index.into_info(name)).collect())
    }

    async fn resolve(&self, alias: &str) -> Result<Option<String>> {
        let mut behind = self.indices_behind(alias).await?;
        if behind.len() <= 1 {
            return Ok(behind.pop());
        }
        let error = Error::conflict("index.resolve", "several indices are behind the alias");
        Err(error.with("found", behind.join(",")))
    }

    async fn swap(&self, swaps: &[Swap]) -> Result<()> {
        self.swap_aliases(swaps).await
    }

    async fn refresh(&self, name: &str) -> Result<()> {
        let path = IndicesRefreshParts::Index(&[name]).url();
        let call = self.writing("index.refresh", Method::Post, path);
        self.nodes.perform(&call).await
    }

    async fn count(&self, name: &str) -> Result<u64> {
        let path = CountParts::Index(&[name]).url();
        let call = self.reading("index.count", Method::Get, path);
        let CountAnswer { count } = self.nodes.ask_for(&call).await?;
        Ok(count)
    }

    async fn apply(
        &self,
        name: &str,
        operations: &[CheckedOperation<'_>],
        limit: Duration,
    ) -> Result<Vec<Outcome>> {
        let alias = request::write_alias(name);
        bulk::apply(&self.nodes, &alias, operations, limit).await
    }

    async fn get(&self, alias: &str, ids: &[&str]) -> Result<Vec<Option<Box<RawValue>>>> {
        let path = MgetParts::Index(alias).url();
        let call = self.reading("index.get", Method::Post, path);
        let call = call.body(&json!({ "ids": ids }));
        let answer: GetAnswer = self.nodes.ask_for(&call).await?;
        answer.into_documents(ids.len())
    }

    async fn search(&self, alias: &str, query: &Query) -> Result<Page> {
        let path = SearchParts::Index(&[alias]).url();
        let call = self.reading("index.search", Method::Post, path);
        // no `filter_path` here and in `get`: it makes the servers write documents anew
        let call = call
            .body(&request::search_body(query))
            .query("allow_partial_search_results", "false");
        let answer: SearchAnswer = self.nodes.ask_for(&call).await?;
        Ok(answer.into_page())
    }

    async fn values(
        &self,
        alias: &str,
        field: &str,
        query: &Query,
        limit: u64,
    ) -> Result<Vec<String>> {
        let path = SearchParts::Index(&[alias]).url();
        let call = self.reading("index.values", Method::Post, path);
        let call = call
            .body(&request::values_body(field, query, limit))
            .query("filter_path", "aggregations.values.buckets.key")
            .query("allow_partial_search_results", "false");
        let answer: ValuesAnswer = self.nodes.ask_for(&call).await?;
        answer.into_values(field)
    }

    async fn analyze(&self, text: &str) -> Result<Vec<String>> {
        self.analyze_text(text).await
    }
}
