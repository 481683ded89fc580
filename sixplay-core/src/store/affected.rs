//! From changes to roots: the paths of the dependency graph, followed from the logged keys page by
//! page.

use std::collections::{BTreeMap, BTreeSet};

use sea_query::{Alias, Expr, ExprTrait, JoinType, Order, Query, SelectStatement, Value};
use serde_json::Value as Json;

use super::{Store, Transaction, changes::Change, changes::LIST};
use crate::{
    Error, Result,
    source::{Column, Hop, Kind, Source},
};

/// A key's value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Int(i64),
    Text(String),
}

impl Key {
    fn read(column: Column, json: &Json) -> Option<Self> {
        match (column, json) {
            (Column::Int(_), Json::Number(number)) => number.as_i64().map(Self::Int),
            (Column::Text(_), Json::String(text)) => Some(Self::Text(text.clone())),
            _ => None,
        }
    }

    /// An id as it travels, read back as the column's type.
    fn parse(column: Column, id: &str) -> Option<Self> {
        match column {
            Column::Int(_) => id.parse().ok().map(Self::Int),
            Column::Text(_) => Some(Self::Text(id.to_owned())),
        }
    }

    fn id(&self) -> String {
        match self {
            Self::Int(value) => value.to_string(),
            Self::Text(value) => value.clone(),
        }
    }
}

impl From<Key> for Value {
    fn from(key: Key) -> Self {
        match key {
            Key::Int(value) => value.into(),
            Key::Text(value) => value.into(),
        }
    }
}

/// A path of the graph with the values from which it is to be followed.
pub(crate) struct Path {
    /// The kind of the roots it leads to.
    pub(crate) kind: Kind,
    hops: Vec<Hop>,
    keys: BTreeSet<Key>,
}

impl Path {
    /// The paths that `changes` begin, direct ones first; equal paths are one.
    pub(crate) fn of(source: &dyn Source, changes: &[Change]) -> Vec<Self> {
        let mut paths = BTreeMap::new();
        for change in changes {
            let Some(table) = source
                .tables()
                .iter()
                .find(|table| table.name == change.table)
            else {
                tracing::warn!(
                    table = change.table,
                    "a logged change is of a table that the graph does not know"
                );
                continue;
            };
            for reach in &table.reaches {
                let Some(kind) = source.kinds().iter().find(|kind| kind.name == reach.kind) else {
                    continue;
                };
                let hops: Vec<_> = reach
                    .hops
                    .iter()
                    .map(|hop| (hop.table, hop.from, hop.to))
                    .collect();
                let path = paths
                    .entry((hops.len(), kind.name, hops))
                    .or_insert_with(|| Self {
                        kind: kind.clone(),
                        hops: reach.hops.clone(),
                        keys: BTreeSet::new(),
                    });
                let values = change
                    .keys
                    .iter()
                    .filter_map(|keys| keys.get(reach.key.name()));
                path.keys
                    .extend(values.filter_map(|json| Key::read(reach.key, json)));
            }
        }
        paths
            .into_values()
            .filter(|path| !path.keys.is_empty())
            .collect()
    }

    /// The first page of the path.
    pub(crate) fn start(&self) -> Cursor {
        Cursor {
            chunk: 0,
            after: None,
        }
    }

    /// The ids on the page at `cursor`, at most `limit`, and where the next page begins.
    pub(crate) async fn page(
        &self,
        store: &Store,
        cursor: Cursor,
        limit: usize,
    ) -> Result<(Vec<String>, Option<Cursor>)> {
        let size = if self.hops.is_empty() { limit } else { LIST };
        let keys: Vec<_> = self
            .keys
            .iter()
            .skip(cursor.chunk * size)
            .take(size)
            .cloned()
            .collect();
        let next_chunk = Cursor {
            chunk: cursor.chunk + 1,
            after: None,
        };
        let next_chunk = (next_chunk.chunk * size < self.keys.len()).then_some(next_chunk);
        if self.hops.is_empty() {
            return Ok((keys.iter().map(Key::id).collect(), next_chunk));
        }
        let rows = store
            .reader()
            .await?
            .fetch(&self.query(keys, cursor.after, limit))
            .await?;
        let ids = rows
            .iter()
            .map(|row| row.key("id"))
            .collect::<Result<Vec<_>>>()?;
        let after = ids
            .last()
            .filter(|_| ids.len() == limit)
            .and_then(|id| Key::parse(self.kind.key, id));
        let next = match after {
            None => next_chunk,
            after => Some(Cursor {
                chunk: cursor.chunk,
                after,
            }),
        };
        Ok((ids, next))
    }

    fn query(&self, keys: Vec<Key>, after: Option<Key>, limit: usize) -> SelectStatement {
        let mut query = Query::select();
        let mut end = (Alias::new("h0"), "");
        for (position, hop) in self.hops.iter().enumerate() {
            let alias = Alias::new(format!("h{position}"));
            if position == 0 {
                query.from_as(hop.table, alias.clone());
                query.and_where(
                    Expr::col((alias.clone(), hop.from))
                        .is_in(keys.iter().cloned().map(Value::from)),
                );
            } else {
                query.join_as(
                    JoinType::InnerJoin,
                    hop.table,
                    alias.clone(),
                    Expr::col((alias.clone(), hop.from)).equals(end),
                );
            }
            end = (alias, hop.to);
        }
        match after {
            Some(after) => query.and_where(Expr::col(end.clone()).gt(Value::from(after))),
            None => query.and_where(Expr::col(end.clone()).is_not_null()),
        };
        query
            .distinct()
            .expr_as(Expr::col(end.clone()), "id")
            .order_by(end, Order::Asc)
            .limit(limit as u64)
            .take()
    }
}

/// A place within a path.
pub(crate) struct Cursor {
    chunk: usize,
    after: Option<Key>,
}

impl Store {
    /// Up to `limit` ids of `kind` after `after`, in key order: pages of all roots, for a rebuild.
    ///
    /// # Errors
    /// `Invalid` when `after` is no id of the kind; `Unavailable`, `Timeout`.
    pub async fn roots(&self, kind: &Kind, after: Option<&str>, limit: u64) -> Result<Vec<String>> {
        self.reader().await?.roots(kind, after, limit).await
    }
}

impl Transaction {
    /// As [`Store::roots`], within the transaction's snapshot.
    ///
    /// # Errors
    /// As [`Store::roots`].
    pub async fn roots(
        &mut self,
        kind: &Kind,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<String>> {
        let key = kind.key.name();
        let mut query = Query::select();
        query
            .expr_as(Expr::col(key), "id")
            .from(kind.table)
            .order_by(key, Order::Asc)
            .limit(limit);
        if let Some(after) = after {
            let error = || {
                Error::invalid("store.roots", "not an id of the kind")
                    .with("kind", kind.name)
                    .with("id", after)
            };
            query.and_where(
                Expr::col(key).gt(Value::from(Key::parse(kind.key, after).ok_or_else(error)?)),
            );
        }
        self.fetch(&query)
            .await?
            .iter()
            .map(|row| row.key("id"))
            .collect()
    }
}
