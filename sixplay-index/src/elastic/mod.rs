//! Elasticsearch 8 and 9, OpenSearch 3.
//!
//! Every index gets an alias of its own, `{name}.write`, and is written through it with
//! `require_alias`: so a write to an index that was removed fails, where a plain write would make a
//! new index without a mapping.

mod answer;
mod bulk;
mod nodes;
mod request;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ::elasticsearch::{
    CountParts, MgetParts, SearchParts,
    http::Method,
    indices::{
        IndicesAnalyzeParts, IndicesCreateParts, IndicesDeleteParts, IndicesGetAliasParts,
        IndicesGetParts, IndicesRefreshParts, IndicesUpdateAliasesParts,
    },
};
use async_trait::async_trait;
use serde_json::{json, value::RawValue};
use sixplay_core::{Error, Result, mapping::Mapping};

use crate::{Backend, Filter, IndexConfig, IndexInfo, Operation, Outcome, Page, Query, Swap};
use nodes::{Answer, Call, Nodes};

pub(crate) async fn connect(config: &IndexConfig) -> Result<Arc<dyn Backend>> {
    let nodes = Nodes::new(config.url.expose())?;
    Ok(Arc::new(Elastic {
        nodes,
        reads: config.deadline,
        writes: config.bulk_deadline,
        replicas: config.replicas,
    }))
}

struct Elastic {
    nodes: Nodes,
    reads: Duration,
    writes: Duration,
    replicas: u32,
}

impl Elastic {
    fn read(&self, operation: &'static str, method: Method, path: impl Into<String>) -> Call {
        Call::new(operation, method, path, self.reads)
    }

    fn write(&self, operation: &'static str, method: Method, path: impl Into<String>) -> Call {
        Call::new(operation, method, path, self.writes)
    }

    /// The indices behind the alias.
    async fn behind(&self, alias: &str) -> Result<Vec<String>> {
        let call = self.read(
            "index.resolve",
            Method::Get,
            IndicesGetAliasParts::Name(&[alias]).url(),
        );
        let answer = self.nodes.send(&call).await?;
        if answer.status == 404 {
            return Ok(Vec::new());
        }
        Ok(answer
            .accepted(&call)?
            .parse::<BTreeMap<String, &RawValue>>(&call)?
            .into_keys()
            .collect())
    }

    /// The first swap whose alias is not exactly on the index that `expected` names, and what is
    /// behind it.
    async fn astray<'a>(
        &self,
        swaps: &'a [Swap],
        expected: impl Fn(&'a Swap) -> Option<&'a str>,
    ) -> Result<Option<(&'a Swap, Vec<String>)>> {
        for swap in swaps {
            let behind = self.behind(&swap.alias).await?;
            if !behind.iter().map(String::as_str).eq(expected(swap)) {
                return Ok(Some((swap, behind)));
            }
        }
        Ok(None)
    }

    /// What a failed swap, or one that met another, leaves behind is looked up: an answer may be
    /// lost, and two may add an alias at once.
    async fn settle(&self, call: &Call, answer: Answer, swaps: &[Swap]) -> Result<()> {
        let Some((swap, behind)) = self.astray(swaps, |swap| Some(&swap.to)).await? else {
            return Ok(());
        };
        if answer.status == 200 && behind.contains(&swap.to) {
            let undo = request::unswap(swaps);
            self.nodes
                .send(
                    &self
                        .write(
                            "index.swap",
                            Method::Post,
                            IndicesUpdateAliasesParts::None.url(),
                        )
                        .body(&undo),
                )
                .await?;
        } else if self
            .astray(swaps, |swap| swap.from.as_deref())
            .await?
            .is_none()
        {
            answer.accepted(call)?;
        }
        Err(elsewhere(swap, &behind))
    }
}

fn elsewhere(swap: &Swap, behind: &[String]) -> Error {
    let error =
        Error::conflict("index.swap", "the alias points elsewhere").with("index", &swap.alias);
    let found = if behind.is_empty() {
        "nothing".to_owned()
    } else {
        behind.join(",")
    };
    error
        .with("expected", swap.from.as_deref().unwrap_or("nothing"))
        .with("found", found)
}

#[async_trait]
impl Backend for Elastic {
    async fn create(
        &self,
        name: &str,
        mapping: &Mapping,
        meta: &BTreeMap<String, String>,
    ) -> Result<()> {
        let call = self.write(
            "index.create",
            Method::Put,
            IndicesCreateParts::Index(name).url(),
        );
        let call = call
            .body(&request::create(name, mapping, meta, self.replicas))
            .once();
        self.nodes.send(&call).await?.accepted(&call).map(drop)
    }

    async fn remove(&self, name: &str) -> Result<()> {
        let call = self.write(
            "index.remove",
            Method::Delete,
            IndicesDeleteParts::Index(&[name]).url(),
        );
        self.nodes.send(&call).await?.accepted(&call).map(drop)
    }

    async fn list(&self, prefix: &str) -> Result<Vec<IndexInfo>> {
        let call = self.read(
            "index.list",
            Method::Get,
            IndicesGetParts::Index(&[&format!("{prefix}*")]).url(),
        );
        let call = call.query(
            "filter_path",
            "*.aliases,*.mappings._meta,*.settings.index.uuid",
        );
        let answer = self.nodes.send(&call).await?.accepted(&call)?;
        let found = answer.parse::<BTreeMap<String, answer::Described>>(&call)?;
        // the pattern matches aliases, too
        Ok(found
            .into_iter()
            .filter(|(name, _)| name.starts_with(prefix))
            .map(|(name, described)| described.info(name))
            .collect())
    }

    async fn resolve(&self, alias: &str) -> Result<Option<String>> {
        let mut behind = self.behind(alias).await?;
        if behind.len() > 1 {
            return Err(
                Error::conflict("index.resolve", "several indices are behind the alias")
                    .with("found", behind.join(",")),
            );
        }
        Ok(behind.pop())
    }

    async fn swap(&self, swaps: &[Swap]) -> Result<()> {
        if let Some((swap, behind)) = self.astray(swaps, |swap| swap.from.as_deref()).await? {
            return Err(elsewhere(swap, &behind));
        }
        let call = self
            .write(
                "index.swap",
                Method::Post,
                IndicesUpdateAliasesParts::None.url(),
            )
            .body(&request::swap(swaps));
        let answer = self.nodes.send(&call).await?;
        self.settle(&call, answer, swaps).await
    }

    async fn refresh(&self, name: &str) -> Result<()> {
        let call = self.write(
            "index.refresh",
            Method::Post,
            IndicesRefreshParts::Index(&[name]).url(),
        );
        self.nodes.send(&call).await?.accepted(&call).map(drop)
    }

    async fn count(&self, name: &str) -> Result<u64> {
        let call = self.read("index.count", Method::Get, CountParts::Index(&[name]).url());
        Ok(self
            .nodes
            .send(&call)
            .await?
            .accepted(&call)?
            .parse::<answer::Count>(&call)?
            .count)
    }

    async fn apply(&self, name: &str, operations: &[Operation]) -> Result<Vec<Outcome>> {
        bulk::apply(
            &self.nodes,
            self.writes,
            &request::write_alias(name),
            operations,
        )
        .await
    }

    async fn get(&self, alias: &str, ids: &[&str]) -> Result<Vec<Option<Box<RawValue>>>> {
        let call = self
            .read("index.get", Method::Post, MgetParts::Index(alias).url())
            .body(&json!({ "ids": ids }));
        self.nodes
            .send(&call)
            .await?
            .accepted(&call)?
            .parse::<answer::Documents>(&call)?
            .in_order(ids.len())
    }

    async fn search(&self, alias: &str, query: &Query) -> Result<Page> {
        let call = self
            .read(
                "index.search",
                Method::Post,
                SearchParts::Index(&[alias]).url(),
            )
            .body(&request::search(query));
        // no `filter_path` here and in `get`: it makes the servers write documents anew
        let call = call.query("allow_partial_search_results", "false");
        Ok(self
            .nodes
            .send(&call)
            .await?
            .accepted(&call)?
            .parse::<answer::Found>(&call)?
            .page())
    }

    async fn values(
        &self,
        alias: &str,
        field: &str,
        filters: &[Filter],
        limit: u64,
    ) -> Result<Vec<String>> {
        let call = self.read(
            "index.values",
            Method::Post,
            SearchParts::Index(&[alias]).url(),
        );
        let call = call.body(&request::values(field, filters, limit));
        let call = call
            .query("filter_path", "aggregations.values.buckets.key")
            .query("allow_partial_search_results", "false");
        self.nodes
            .send(&call)
            .await?
            .accepted(&call)?
            .parse::<answer::Aggregated>(&call)?
            .values(field)
    }

    async fn analyze(&self, text: &str) -> Result<Vec<String>> {
        let call = self
            .read(
                "index.analyze",
                Method::Post,
                IndicesAnalyzeParts::None.url(),
            )
            .body(&request::analyze(text));
        let answer = self.nodes.send(&call).await?.accepted(&call)?;
        Ok(answer
            .parse::<answer::Analyzed>(&call)?
            .tokens
            .into_iter()
            .map(|token| token.token)
            .collect())
    }
}
