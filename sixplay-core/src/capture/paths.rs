//! From changes to roots: the paths of the dependency graph, followed from the logged keys page by
//! page.

use std::collections::{BTreeMap, BTreeSet};

use sea_query::{Alias, Expr, ExprTrait, JoinType, Order, Query, SelectStatement, Value};

use super::{
    changes::LoggedChange,
    keys::{KeyCursor, KeyPage, KeyValue},
    source::{Hop, KeyColumn, Kind, Source},
    tables::LIST,
};
use crate::{Result, store::Store};

/// A path of the graph with the values from which it is to be followed.
pub(super) struct AffectedPath<'a> {
    /// The kind of the roots it leads to.
    pub(super) kind: &'static str,
    id_column: KeyColumn,
    hops: &'a [Hop],
    keys: BTreeSet<KeyValue>,
}

impl<'a> AffectedPath<'a> {
    /// The paths that `changes` begin, direct ones first; equal paths are one.
    pub(super) fn of(source: &'a dyn Source, changes: &[LoggedChange]) -> Vec<Self> {
        let mut paths = BTreeMap::new();
        for change in changes {
            let mut tables = source.tables().iter();
            let Some(table) = tables.find(|table| table.name == change.table) else {
                let table = &change.table;
                tracing::warn!(
                    table,
                    "a logged change is of a table that the graph does not know"
                );
                continue;
            };
            for reach in &table.reaches {
                let Some(kind) = source.kinds().iter().find(|kind| kind.name == reach.kind) else {
                    continue;
                };
                let path = paths
                    .entry((reach.hops.len(), kind.name, &reach.hops[..]))
                    .or_insert_with(|| Self::new(kind, &reach.hops));
                path.add_keys(reach.key, change);
            }
        }
        let begun = paths.into_values().filter(|path| !path.keys.is_empty());
        begun.collect()
    }

    fn new(kind: &Kind, hops: &'a [Hop]) -> Self {
        Self {
            kind: kind.name,
            id_column: kind.key,
            hops,
            keys: BTreeSet::new(),
        }
    }

    fn add_keys(&mut self, key: KeyColumn, change: &LoggedChange) {
        let logged = change.keys.iter().filter_map(|keys| keys.get(key.name()));
        let values = logged.filter_map(|json| KeyValue::from_json(key, json));
        self.keys.extend(values);
    }

    /// The first page of the path.
    pub(super) fn start(&self) -> PathCursor {
        PathCursor::default()
    }

    /// The ids on the page at `cursor`, at most `limit`, and where the next page begins.
    pub(super) async fn page(
        &self,
        store: &Store,
        cursor: PathCursor,
        limit: usize,
    ) -> Result<(Vec<String>, Option<PathCursor>)> {
        let size = if self.hops.is_empty() { limit } else { LIST };
        let keys = self.keys.iter().skip(cursor.chunk * size).take(size);
        let next_chunk = cursor.next_chunk(self.keys.len().div_ceil(size));
        if self.hops.is_empty() {
            return Ok((keys.map(KeyValue::to_id).collect(), next_chunk));
        }
        let PathCursor { chunk, within } = cursor;
        let query = self.query(keys.cloned().collect(), &within, limit);
        let rows = store.read_once().await?.fetch(&query).await?;
        let page = within.page_of(self.id_column, &rows, limit);
        self.log_unreadable(&page);
        let next = match page.next {
            None => next_chunk,
            Some(within) => Some(PathCursor { chunk, within }),
        };
        Ok((page.ids, next))
    }

    /// A root without a readable id has no document, and stops no other.
    fn log_unreadable(&self, page: &KeyPage) {
        let end = self.hops.last();
        let (table, column) = end.map_or(("", ""), |hop| (hop.table, hop.to));
        for error in &page.unreadable {
            let kind = self.kind;
            tracing::error!(kind, table, column, %error, "a changed root has no readable id");
        }
    }

    fn query(&self, keys: Vec<KeyValue>, within: &KeyCursor, size: usize) -> SelectStatement {
        let mut query = Query::select();
        let mut end = (Alias::new("h0"), "");
        for (position, hop) in self.hops.iter().enumerate() {
            let alias = Alias::new(format!("h{position}"));
            let from = Expr::col((alias.clone(), hop.from));
            if position == 0 {
                let keys = keys.iter().cloned().map(Value::from);
                query
                    .from_as(hop.table, alias.clone())
                    .and_where(from.is_in(keys));
            } else {
                let on = from.equals(end);
                query.join_as(JoinType::InnerJoin, hop.table, alias.clone(), on);
            }
            end = (alias, hop.to);
        }
        let id = Expr::col(end.clone());
        query.and_where(match within.after.clone() {
            Some(after) => id.clone().gt(Value::from(after)),
            None => id.clone().is_not_null(),
        });
        query
            .distinct()
            .expr_as(id, "id")
            .order_by(end, Order::Asc)
            .limit(within.limit(size) as u64)
            .take()
    }
}

/// A place within a path.
#[derive(Default)]
pub(super) struct PathCursor {
    chunk: usize,
    within: KeyCursor,
}

impl PathCursor {
    fn next_chunk(&self, chunks: usize) -> Option<Self> {
        let chunk = self.chunk + 1;
        let within = KeyCursor::default();
        (chunk < chunks).then_some(Self { chunk, within })
    }
}
