//! An index in one SQLite file, shared by any number of processes.
//!
//! Each index has its own tables, named by its number `n`: `…_d{n}` holds ids, versions and bodies
//! (a delete leaves the version); for each scope `k`, the documents (0) or the objects of a nested
//! field, `…_s{n}_{k}` holds one narrow row an object with the least and greatest value of each
//! field, and `…_t{n}_{k}` its values as terms. A commit is seen by every reader at once.

mod analysis;
mod select;
mod shape;
mod stem;
mod tables;
mod write;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use serde_json::value::RawValue;
use sixplay_core::{
    Error, Result,
    mapping::Mapping,
    store::{Row, Store, Transaction},
};

use crate::{
    Backend, Filter, IndexConfig, IndexInfo, Operation, Outcome, Page, Query, Swap, backend::within,
};
use shape::Shape;

pub(crate) async fn connect(config: &IndexConfig) -> Result<Arc<dyn Backend>> {
    let store = Store::connect(config.url.expose()).await?;
    tables::install(&store).await?;
    let shapes = Mutex::new(HashMap::new());
    Ok(Arc::new(Embedded {
        store,
        shapes,
        reads: config.deadline,
        writes: config.bulk_deadline,
    }))
}

struct Embedded {
    store: Store,
    /// By number; an index's shape never changes and numbers are not used again.
    shapes: Mutex<HashMap<i64, Arc<Shape>>>,
    reads: Duration,
    writes: Duration,
}

impl Embedded {
    /// The index that has the name or that the alias of the name points to.
    async fn find(&self, tx: &mut Transaction, name: &str) -> Result<Arc<Shape>> {
        let row = tables::find(tx, name)
            .await?
            .ok_or_else(|| missing("index.find"))?;
        self.shape(tx, row).await
    }

    async fn shape(&self, tx: &mut Transaction, number: i64) -> Result<Arc<Shape>> {
        let known = self
            .shapes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&number)
            .cloned();
        if let Some(shape) = known {
            return Ok(shape);
        }
        let shape = Arc::new(tables::shape(tx, number).await?);
        self.shapes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(number, shape.clone());
        Ok(shape)
    }
}

#[async_trait]
impl Backend for Embedded {
    async fn create(
        &self,
        name: &str,
        mapping: &Mapping,
        meta: &BTreeMap<String, String>,
    ) -> Result<()> {
        within(self.writes, "index.create", async {
            let mut tx = self.store.begin().await?;
            tables::create(&mut tx, name, &Shape::new(&mapping.fields), meta).await?;
            tx.commit().await
        })
        .await
    }

    async fn remove(&self, name: &str) -> Result<()> {
        within(self.writes, "index.remove", async {
            let mut tx = self.store.begin().await?;
            let number = tables::exact(&mut tx, name).await?;
            if number.is_none() && tables::target(&mut tx, name).await?.is_some() {
                return Err(Error::invalid(
                    "index.remove",
                    "this is an alias, not an index",
                ));
            }
            let number = number.ok_or_else(|| missing("index.remove"))?;
            let shape = self.shape(&mut tx, number).await?;
            tables::remove(&mut tx, name, &shape).await?;
            tx.commit().await
        })
        .await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<IndexInfo>> {
        within(self.reads, "index.list", async {
            tables::list(&mut self.store.snapshot().await?, prefix).await
        })
        .await
    }

    async fn resolve(&self, alias: &str) -> Result<Option<String>> {
        within(self.reads, "index.resolve", async {
            tables::target(&mut self.store.snapshot().await?, alias).await
        })
        .await
    }

    async fn swap(&self, swaps: &[Swap]) -> Result<()> {
        within(self.writes, "index.swap", async {
            let mut tx = self.store.begin().await?;
            for Swap { alias, from, to } in swaps {
                tables::swap(&mut tx, alias, from.as_deref(), to)
                    .await
                    .map_err(|error| error.with("index", alias))?;
            }
            tx.commit().await
        })
        .await
    }

    async fn refresh(&self, name: &str) -> Result<()> {
        within(self.reads, "index.refresh", async {
            self.find(&mut self.store.snapshot().await?, name)
                .await
                .map(drop)
        })
        .await
    }

    async fn count(&self, name: &str) -> Result<u64> {
        within(self.reads, "index.count", async {
            let mut tx = self.store.snapshot().await?;
            let shape = self.find(&mut tx, name).await?;
            tables::count(&mut tx, &shape).await
        })
        .await
    }

    async fn apply(&self, name: &str, operations: &[Operation]) -> Result<Vec<Outcome>> {
        within(self.writes, "index.apply", async {
            let mut tx = self.store.begin().await?;
            let number = tables::exact(&mut tx, name)
                .await?
                .ok_or_else(|| missing("index.apply"))?;
            let shape = self.shape(&mut tx, number).await?;
            let outcomes = write::apply(&mut tx, &shape, operations).await?;
            tx.commit().await?;
            Ok(outcomes)
        })
        .await
    }

    async fn get(&self, alias: &str, ids: &[&str]) -> Result<Vec<Option<Box<RawValue>>>> {
        within(self.reads, "index.get", async {
            let mut tx = self.store.snapshot().await?;
            let shape = self.find(&mut tx, alias).await?;
            select::get(&mut tx, &shape, ids).await
        })
        .await
    }

    async fn search(&self, alias: &str, query: &Query) -> Result<Page> {
        within(self.reads, "index.search", async {
            let mut tx = self.store.snapshot().await?;
            let shape = self.find(&mut tx, alias).await?;
            select::search(&mut tx, &shape, query).await
        })
        .await
    }

    async fn values(
        &self,
        alias: &str,
        field: &str,
        filters: &[Filter],
        limit: u64,
    ) -> Result<Vec<String>> {
        within(self.reads, "index.values", async {
            let mut tx = self.store.snapshot().await?;
            let shape = self.find(&mut tx, alias).await?;
            select::values(&mut tx, &shape, field, filters, limit).await
        })
        .await
    }

    async fn analyze(&self, text: &str) -> Result<Vec<String>> {
        Ok(analysis::analyze(text))
    }
}

fn missing(operation: &'static str) -> Error {
    Error::not_found(operation, "there is no such index")
}

fn corrupt(error: serde_json::Error) -> Error {
    Error::corrupt("index.read", "the index holds something else than JSON").with_source(error)
}

fn raw(row: &Row, column: &str) -> Result<Option<Box<RawValue>>> {
    row.opt_text(column)?
        .map(RawValue::from_string)
        .transpose()
        .map_err(corrupt)
}

fn json(value: &impl serde::Serialize) -> Result<sea_query::Value> {
    Ok(serde_json::to_string(value).map_err(corrupt)?.into())
}
