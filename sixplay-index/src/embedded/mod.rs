//! An index in one SQLite file, shared by any number of processes.
//!
//! Each index has its own tables, named by its number `n`: `…_d{n}` holds ids, versions and bodies
//! (a delete leaves the version); for each scope `k`, the documents (0) or the objects of a nested
//! field, `…_s{n}_{k}` holds one narrow row an object with the least and greatest value of each
//! field, and `…_t{n}_{k}` its values as terms. A commit is seen by every reader at once.
//!
//! Most fields have one value, which the narrow row answers for; terms are looked at for lists and
//! for French text. A search begins with the rarest of the terms that a document must have, if it
//! is rare at all, and tests everything else on the rows of those documents. Text is analysed here
//! as the servers analyse it, word for word.

mod analysis;
mod condition;
mod extract;
mod matching;
mod select;
mod shape;
mod sql;
mod stem;
mod tables;
mod write;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use serde::Serialize;
use serde_json::value::RawValue;
use sixplay_core::{
    Error, Mapping, Result, Row, Snapshot, Store, retry::deadline, sea_query::Value as SqlValue,
};

use crate::{
    IndexConfig, IndexInfo, Outcome, Page, Query, Swap, backend::Backend, stored::CheckedOperation,
};
use shape::IndexShape;
use write::IndexWriter;

/// Opens the file, and makes it when it is missing.
pub(crate) async fn connect(config: &IndexConfig) -> Result<Arc<dyn Backend>> {
    let store = Store::connect(config.url.expose()).await?;
    tables::install_registry(&store).await?;
    let shapes = Mutex::new(HashMap::new());
    Ok(Arc::new(Embedded { store, shapes }))
}

struct Embedded {
    store: Store,
    /// By number; an index's shape never changes and numbers are not used again.
    shapes: Mutex<HashMap<i64, Arc<IndexShape>>>,
}

impl Embedded {
    /// Opens the index that has the name or that the alias of the name points to.
    async fn open_index(&self, name: &str) -> Result<IndexReader> {
        let mut snapshot = self.store.read().await?;
        let found = tables::find_number(&mut snapshot, name).await?;
        let number = found.ok_or_else(|| no_index("index.find"))?;
        let shape = self.shape_of(&mut snapshot, number).await?;
        Ok(IndexReader { snapshot, shape })
    }

    /// The shape of the index with that number, read once a process.
    async fn shape_of(&self, snapshot: &mut Snapshot, number: i64) -> Result<Arc<IndexShape>> {
        let known = self.known_shapes().get(&number).cloned();
        if let Some(shape) = known {
            return Ok(shape);
        }
        let shape = Arc::new(tables::read_shape(snapshot, number).await?);
        self.known_shapes().insert(number, shape.clone());
        Ok(shape)
    }

    fn known_shapes(&self) -> MutexGuard<'_, HashMap<i64, Arc<IndexShape>>> {
        self.shapes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Readers see all of the operations or none of them.
    async fn apply_in_one_transaction(
        &self,
        name: &str,
        operations: &[CheckedOperation<'_>],
    ) -> Result<Vec<Outcome>> {
        let mut transaction = self.store.write().await?;
        let found = tables::number_of_index(&mut transaction, name).await?;
        let number = found.ok_or_else(|| no_index("index.apply"))?;
        let shape = self.shape_of(&mut transaction, number).await?;
        let writer = IndexWriter::new(&mut transaction, &shape);
        let outcomes = writer.apply(operations).await?;
        transaction.commit().await?;
        Ok(outcomes)
    }
}

/// One index as of one instant.
struct IndexReader {
    snapshot: Snapshot,
    shape: Arc<IndexShape>,
}

impl IndexReader {
    /// Reads from the index's tables.
    async fn fetch(&mut self, sql: &str, values: Vec<SqlValue>) -> Result<Vec<Row>> {
        self.snapshot.fetch_sql(sql, values).await
    }

    /// Deletes keep their row among the documents, but none among the objects.
    async fn count_documents(&mut self) -> Result<u64> {
        let table = self.shape.objects_table(0);
        let sql = format!("SELECT count(*) AS total FROM {table}");
        counted(&self.fetch(&sql, Vec::new()).await?, "total")
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
        let shape = IndexShape::from_fields(&mapping.fields);
        let mut transaction = self.store.write().await?;
        tables::create_index(&mut transaction, name, shape, meta).await?;
        transaction.commit().await
    }

    async fn remove(&self, name: &str) -> Result<()> {
        let mut transaction = self.store.write().await?;
        let Some(number) = tables::number_of_index(&mut transaction, name).await? else {
            return Err(match tables::index_behind(&mut transaction, name).await? {
                Some(_) => Error::invalid("index.remove", "this is an alias, not an index"),
                None => no_index("index.remove"),
            });
        };
        let shape = self.shape_of(&mut transaction, number).await?;
        tables::remove_index(&mut transaction, name, &shape).await?;
        transaction.commit().await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<IndexInfo>> {
        tables::list_indices(&mut self.store.read().await?, prefix).await
    }

    async fn resolve(&self, alias: &str) -> Result<Option<String>> {
        tables::index_behind(&mut self.store.read().await?, alias).await
    }

    async fn swap(&self, swaps: &[Swap]) -> Result<()> {
        let mut transaction = self.store.write().await?;
        for swap in swaps {
            let moved = tables::move_alias(&mut transaction, swap).await;
            moved.map_err(|error| error.with("index", &swap.alias))?;
        }
        transaction.commit().await
    }

    async fn refresh(&self, name: &str) -> Result<()> {
        self.open_index(name).await.map(drop)
    }

    async fn count(&self, name: &str) -> Result<u64> {
        self.open_index(name).await?.count_documents().await
    }

    async fn apply(
        &self,
        name: &str,
        operations: &[CheckedOperation<'_>],
        limit: Duration,
    ) -> Result<Vec<Outcome>> {
        let work = self.apply_in_one_transaction(name, operations);
        deadline("index.apply", limit, work).await
    }

    async fn get(&self, alias: &str, ids: &[&str]) -> Result<Vec<Option<Box<RawValue>>>> {
        self.open_index(alias).await?.get_documents(ids).await
    }

    async fn search(&self, alias: &str, query: &Query) -> Result<Page> {
        self.open_index(alias).await?.search_page(query).await
    }

    async fn values(
        &self,
        alias: &str,
        field: &str,
        query: &Query,
        limit: u64,
    ) -> Result<Vec<String>> {
        let mut reader = self.open_index(alias).await?;
        reader.list_values(field, query, limit).await
    }

    async fn analyze(&self, text: &str) -> Result<Vec<String>> {
        Ok(analysis::analyze_french(text))
    }
}

/// Nobody has the name, neither index nor alias.
fn no_index(operation: &'static str) -> Error {
    Error::not_found(operation, "there is no such index")
}

/// Somebody else wrote to the tables.
fn no_json(error: serde_json::Error) -> Error {
    Error::corrupt("index.read", "the index holds something else than JSON").with_source(error)
}

/// The JSON in a column, unread.
fn raw_json(row: &Row, column: &str) -> Result<Option<Box<RawValue>>> {
    let text = row.opt_text(column)?;
    text.map(RawValue::from_string).transpose().map_err(no_json)
}

/// A value as JSON, bound to a statement: lists of any length in one parameter.
fn json_value(value: &impl Serialize) -> Result<SqlValue> {
    Ok(serde_json::to_string(value).map_err(no_json)?.into())
}

/// The number in the only row of a count.
fn counted(rows: &[Row], column: &str) -> Result<u64> {
    let count = rows.first().map_or(Ok(0), |row| row.int(column));
    count.map(i64::unsigned_abs)
}
