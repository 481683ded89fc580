//! From changes to roots: the paths of the dependency graph, followed from the logged keys page by
//! page.

use std::collections::{BTreeMap, BTreeSet};

use sea_query::{Alias, Expr, ExprTrait, JoinType, Order, Query, SelectStatement, Value};
use serde_json::Value as Json;

use super::{
    changes::LoggedChange,
    source::{Hop, KeyColumn, Kind, Source},
    tables::LIST,
};
use crate::{
    Error, Result,
    store::{Row, Snapshot, Store},
};

/// A key's value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum KeyValue {
    Int(i64),
    Text(String),
}

impl KeyValue {
    fn read(column: KeyColumn, json: &Json) -> Option<Self> {
        match (column, json) {
            (KeyColumn::Int(_), Json::Number(number)) => number.as_i64().map(Self::Int),
            (KeyColumn::Text(_), Json::String(text)) => Some(Self::Text(text.clone())),
            _ => None,
        }
    }

    /// An id as it travels, read back as the column's type.
    fn parse(column: KeyColumn, id: &str) -> Option<Self> {
        match column {
            KeyColumn::Int(_) => id.parse().ok().map(Self::Int),
            KeyColumn::Text(_) => Some(Self::Text(id.to_owned())),
        }
    }

    fn to_id(&self) -> String {
        match self {
            Self::Int(value) => value.to_string(),
            Self::Text(value) => value.clone(),
        }
    }
}

impl From<KeyValue> for Value {
    fn from(key: KeyValue) -> Self {
        match key {
            KeyValue::Int(value) => value.into(),
            KeyValue::Text(value) => value.into(),
        }
    }
}

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
        let values = logged.filter_map(|json| KeyValue::read(key, json));
        self.keys.extend(values);
    }

    /// The first page of the path.
    pub(super) fn start(&self) -> PathCursor {
        PathCursor {
            chunk: 0,
            after: None,
        }
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
        let PathCursor { chunk, after } = cursor;
        let query = self.query(keys.cloned().collect(), after, limit);
        let ids = read_ids(&store.read_once().await?.fetch(&query).await?)?;
        let last = ids.last().filter(|_| ids.len() == limit);
        let after = last.and_then(|id| KeyValue::parse(self.id_column, id));
        let next = match after {
            None => next_chunk,
            after => Some(PathCursor { chunk, after }),
        };
        Ok((ids, next))
    }

    fn query(&self, keys: Vec<KeyValue>, after: Option<KeyValue>, limit: usize) -> SelectStatement {
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
        query.and_where(match after {
            Some(after) => id.clone().gt(Value::from(after)),
            None => id.clone().is_not_null(),
        });
        query
            .distinct()
            .expr_as(id, "id")
            .order_by(end, Order::Asc)
            .limit(limit as u64)
            .take()
    }
}

/// A place within a path.
pub(super) struct PathCursor {
    chunk: usize,
    after: Option<KeyValue>,
}

impl PathCursor {
    fn next_chunk(&self, chunks: usize) -> Option<Self> {
        let chunk = self.chunk + 1;
        let after = None;
        (chunk < chunks).then_some(Self { chunk, after })
    }
}

fn read_ids(rows: &[Row]) -> Result<Vec<String>> {
    rows.iter().map(|row| row.key("id")).collect()
}

impl Store {
    /// Up to `limit` ids of `kind` after `after`, in key order: pages of all roots, for a rebuild.
    ///
    /// # Errors
    /// `Invalid` when `after` is no id of the kind; `Unavailable`, `Timeout`.
    pub async fn roots(&self, kind: &Kind, after: Option<&str>, limit: u64) -> Result<Vec<String>> {
        self.read_once().await?.roots(kind, after, limit).await
    }
}

impl Snapshot {
    /// As [`Store::roots`], within the snapshot.
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
            let wrong = || Error::invalid("store.roots", "not an id of the kind");
            let after = KeyValue::parse(kind.key, after)
                .ok_or_else(|| wrong().with("kind", kind.name).with("id", after))?;
            query.and_where(Expr::col(key).gt(Value::from(after)));
        }
        read_ids(&self.fetch(&query).await?)
    }
}
