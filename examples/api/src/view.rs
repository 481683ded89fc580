//! The store at one instant.

use std::collections::HashMap;

use sea_query::{Expr, ExprTrait, Query, QueryStatementWriter, Value};
use sixplay_catalogue::{PublicationState, TableSchema, publication_states};
use sixplay_core::{Result, Row, Snapshot, Store, jiff::Timestamp};

/// One reading of the store: all that is read through it is of one snapshot, and published or not
/// as of one time. It takes no ticket: nothing that it shows is written to an index.
#[derive(Debug)]
pub(crate) struct StoreView {
    snapshot: Snapshot,
    now: Timestamp,
}

/// A program or a video, and what viewers see of it.
#[derive(Clone, Debug)]
pub(crate) struct ListedItem {
    pub(crate) id: String,
    pub(crate) state: PublicationState,
}

impl StoreView {
    pub(crate) async fn open(store: &Store) -> Result<Self> {
        let now = Timestamp::now();
        let snapshot = store.read().await?;
        Ok(Self { snapshot, now })
    }

    pub(crate) async fn fetch(&mut self, query: &impl QueryStatementWriter) -> Result<Vec<Row>> {
        self.snapshot.fetch(query).await
    }

    /// The rows of `table` with these values in its column `id`, by that as text.
    pub(crate) async fn fetch_by_id(
        &mut self,
        table: &TableSchema,
        ids: Vec<Value>,
    ) -> Result<HashMap<String, Row>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let query = Query::select()
            .columns(table.column_names())
            .from(table.name)
            .and_where(Expr::col("id").is_in(pad_to_power_of_two(ids)))
            .take();
        let rows = self.fetch(&query).await?.into_iter();
        rows.map(|row| Ok((row.key("id")?, row))).collect()
    }

    /// The documents of `kind` with these ids, in their order, and what viewers see of them now.
    pub(crate) async fn list_states(
        &mut self,
        kind: &str,
        ids: Vec<String>,
    ) -> Result<Vec<ListedItem>> {
        let states = publication_states(&mut self.snapshot, kind, &ids, self.now).await?;
        let items = ids.into_iter().zip(states);
        Ok(items.map(|(id, state)| ListedItem { id, state }).collect())
    }
}

/// The values, the last repeated, so that pages of all lengths share a few prepared statements.
pub(crate) fn pad_to_power_of_two(mut values: Vec<Value>) -> Vec<Value> {
    if let Some(last) = values.last().cloned() {
        values.resize(values.len().next_power_of_two(), last);
    }
    values
}
