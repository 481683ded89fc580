//! The store at one instant.

use std::collections::HashMap;

use sea_query::{Expr, ExprTrait, Query, QueryStatementWriter, Value};
use sixplay_catalogue::{PublicationState, TableSchema, publication_states};
use sixplay_core::{ErrorKind, Result, Row, Snapshot, jiff::Timestamp};

use crate::scope::Scope;

/// One reading of the store by one client: all that is read through it is of one snapshot,
/// published or not as of one time, and in the client's scope. It takes no ticket: nothing that it
/// shows is written to an index.
#[derive(Debug)]
pub(crate) struct StoreView<'s> {
    snapshot: &'s mut Snapshot,
    now: Timestamp,
    scope: Scope,
    left_out: u64,
    next_change: Option<Timestamp>,
}

/// What is shown, and for how long it stays so.
#[derive(Debug)]
pub(crate) struct Shown<T> {
    pub(crate) value: T,
    /// The next instant at which it may change by itself.
    pub(crate) until: Option<Timestamp>,
}

/// A program or a video, and what viewers see of it.
#[derive(Clone, Debug)]
pub(crate) struct ListedItem {
    pub(crate) id: String,
    pub(crate) state: PublicationState,
}

impl<'s> StoreView<'s> {
    /// `snapshot` as of now, in `scope`.
    pub(crate) fn new(snapshot: &'s mut Snapshot, scope: Scope) -> Self {
        let now = Timestamp::now();
        Self {
            snapshot,
            now,
            scope,
            left_out: 0,
            next_change: None,
        }
    }

    /// How many items of a list were left out because they cannot be read.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// What was read of an item of a list; one that cannot be read is left out and logged.
    pub(crate) fn leave_out<T>(&mut self, read: Result<T>) -> Result<Option<T>> {
        match read {
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                tracing::error!(%error, "left out of a list");
                self.left_out += 1;
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// `value`, which was read here, until the first of the changes that were noted.
    pub(crate) fn show<T>(&self, value: T) -> Shown<T> {
        let until = self.next_change;
        Shown { value, until }
    }

    /// Notes that what is shown depends on the item, which is in it or is hidden.
    pub(crate) fn note(&mut self, item: &ListedItem) {
        let changes = [self.next_change, item.state.next_change_at];
        self.next_change = changes.into_iter().flatten().min();
    }

    /// Whether documents of `kind` are seen only while viewers see them.
    pub(crate) fn sees_published_only(&self, kind: &str) -> bool {
        self.scope.sees_published_only(kind)
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
        let rows = table.name_rows(self.fetch(&query).await?);
        rows.into_iter()
            .map(|row| Ok((row.key("id")?, row)))
            .collect()
    }

    /// The document of `kind` with this id, if it is in scope.
    pub(crate) async fn find_state(&mut self, kind: &str, id: &str) -> Result<Option<ListedItem>> {
        let scope = self.scope;
        let found = self.list_states(kind, vec![id.to_owned()]).await?.pop();
        if let Some(item) = &found {
            self.note(item);
        }
        Ok(found.filter(|item| scope.shows(kind, &item.state)))
    }

    /// As [`StoreView::list_states`], without the documents that cannot be read.
    pub(crate) async fn list_readable_states(
        &mut self,
        kind: &str,
        ids: Vec<String>,
    ) -> Result<Vec<ListedItem>> {
        let listed = self.list_states(kind, ids.clone()).await;
        let unreadable = matches!(&listed, Err(error) if error.kind() == ErrorKind::Corrupt);
        if !unreadable || ids.len() < 2 {
            return Ok(self.leave_out(listed)?.unwrap_or_default());
        }
        let mut readable = Vec::with_capacity(ids.len());
        for half in ids.chunks(ids.len().div_ceil(2)) {
            let half = Box::pin(self.list_readable_states(kind, half.to_vec()));
            readable.append(&mut half.await?);
        }
        Ok(readable)
    }

    /// The documents of `kind` with these ids, in their order, **in scope or not**, and what
    /// viewers see of them now.
    pub(crate) async fn list_states(
        &mut self,
        kind: &str,
        ids: Vec<String>,
    ) -> Result<Vec<ListedItem>> {
        let states = publication_states(self.snapshot, kind, &ids, self.now).await?;
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
