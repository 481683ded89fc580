//! Queries by many keys at once.

use std::collections::HashMap;

use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, Value};
use sixplay_core::{Error, Result, Row, Snapshot};

use super::group::{Grouped, group_rows, index_rows, int_values, text_values};
use crate::{columns::object_of, schema::TableSchema};

/// How many keys one query names; SQLite takes 32,766 in all.
const KEYS_AT_ONCE: usize = 1000;

/// The name under which the rows of a list have their owner's key.
pub(super) const OWNER: &str = "owner";

/// The distinct keys of a column, for an `IN`.
pub(super) struct Keys(Vec<Value>);

impl Keys {
    /// These integers.
    pub(super) fn ints(keys: impl IntoIterator<Item = i64>) -> Self {
        Self::distinct(keys.into_iter().collect())
    }

    /// These texts.
    pub(super) fn texts(keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::distinct(keys.into_iter().map(Into::into).collect())
    }

    /// The integers in a column of `rows`.
    pub(super) fn ints_in(rows: &[Row], column: &str) -> Result<Self> {
        Ok(Self::ints(int_values(rows, column)?))
    }

    /// The texts in a column of `rows`.
    pub(super) fn texts_in(rows: &[Row], column: &str) -> Result<Self> {
        Ok(Self::texts(text_values(rows, column)?))
    }

    fn distinct<T: Ord + Into<Value>>(mut keys: Vec<T>) -> Self {
        keys.sort_unstable();
        keys.dedup();
        Self(keys.into_iter().map(Into::into).collect())
    }
}

/// The rows of `query` whose `column` of `table` is one of `keys`.
pub(super) async fn fetch_matching(
    snapshot: &mut Snapshot,
    query: &SelectStatement,
    table: &TableSchema,
    column: &'static str,
    keys: &Keys,
) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for chunk in keys.0.chunks(KEYS_AT_ONCE) {
        let mut query = query.clone();
        query.and_where(Expr::col((table.name, column)).is_in(chunk.iter().cloned()));
        rows.append(&mut snapshot.fetch(&query).await?);
    }
    Ok(table.name_rows(rows))
}

/// The rows of `table` whose `column` is one of `keys`, ordered by the primary key.
pub(super) async fn fetch_rows(
    snapshot: &mut Snapshot,
    table: &TableSchema,
    column: &'static str,
    keys: &Keys,
) -> Result<Vec<Row>> {
    let mut query = Query::select();
    query.columns(qualified_columns(table)).from(table.name);
    order_by_key(&mut query, table);
    fetch_matching(snapshot, &query, table, column, keys).await
}

/// The rows listed by `list` for owners, in the lists' order; they come with their owner's key as
/// [`OWNER`].
pub(super) async fn fetch_listed(
    snapshot: &mut Snapshot,
    list: &TableSchema,
    owners: &Keys,
) -> Result<Vec<Row>> {
    let (reference, listed) = listed_by(list)?;
    let owner = list.key_name();
    let refers = Expr::col((list.name, reference)).equals((listed.name, listed.key_name()));
    let mut query = Query::select();
    query.expr_as(Expr::col((list.name, owner)), OWNER);
    query.columns(qualified_columns(listed));
    query.from(list.name).inner_join(listed.name, refers);
    order_by_key(&mut query, list);
    let rows = fetch_matching(snapshot, &query, list, owner, owners).await?;
    Ok(listed.name_rows(rows))
}

/// The wire objects listed by `list`, by owner.
pub(super) async fn load_listed_objects(
    snapshot: &mut Snapshot,
    list: &TableSchema,
    owners: &Keys,
) -> Result<Grouped<String>> {
    let (_, listed) = listed_by(list)?;
    let rows = fetch_listed(snapshot, list, owners).await?;
    group_rows(&rows, OWNER, |row| object_of(listed, row))
}

/// The column of a list, after its owner, that refers to what is listed, and the table of that.
fn listed_by(list: &TableSchema) -> Result<(&'static str, &'static TableSchema)> {
    let mut after_owner = list.columns.iter().skip(1);
    let listed = after_owner.find_map(|column| Some((column.name, column.parent?)));
    let defect = || Error::unexpected("catalogue.load", "the table is no list");
    listed.ok_or_else(|| defect().with("table", list.name))
}

/// The wire objects of `table` that belong to one owner each, by owner.
pub(super) async fn load_owned_objects(
    snapshot: &mut Snapshot,
    table: &TableSchema,
    owner: &'static str,
    owners: &Keys,
) -> Result<Grouped<String>> {
    let rows = fetch_rows(snapshot, table, owner, owners).await?;
    group_rows(&rows, owner, |row| object_of(table, row))
}

/// The wire objects of `table` by their own key.
pub(super) async fn load_objects(
    snapshot: &mut Snapshot,
    table: &TableSchema,
    keys: &Keys,
) -> Result<HashMap<String, String>> {
    let rows = fetch_rows(snapshot, table, table.key_name(), keys).await?;
    index_rows(&rows, table.key_name(), |row| object_of(table, row))
}

/// The columns of `table` with its name.
pub(super) fn qualified_columns(
    table: &TableSchema,
) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
    let name = table.name;
    table.column_names().map(move |column| (name, column))
}

fn order_by_key(query: &mut SelectStatement, table: &TableSchema) {
    for key in table.key() {
        query.order_by((table.name, key.name), Order::Asc);
    }
}
