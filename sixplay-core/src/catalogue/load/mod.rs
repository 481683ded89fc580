//! Reads the rows behind a chunk of documents: one query a table, never one a document.

mod program;
mod service;
mod video;

use std::collections::HashMap;

use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, Value};

pub(super) use program::programs;
pub(super) use service::{folders, services};
pub(super) use video::{expired, videos};

use super::{
    rows::Rating,
    schema::Table,
    tables::{AGE_RATINGS, IMAGES},
    wire::object,
};
use crate::{
    Result,
    store::{Row, Transaction},
};

/// How many keys one query names; SQLite takes 32,766 in all.
const KEYS: usize = 1000;

/// Rows by the text of their owner's key.
type Grouped<T> = HashMap<String, Vec<T>>;

/// The distinct keys of a column, for an `IN`.
struct Keys(Vec<Value>);

impl Keys {
    fn ints(keys: impl IntoIterator<Item = i64>) -> Self {
        Self::distinct(keys.into_iter().collect())
    }

    fn texts(keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::distinct(keys.into_iter().map(Into::into).collect())
    }

    fn distinct<T: Ord + Into<Value>>(mut keys: Vec<T>) -> Self {
        keys.sort_unstable();
        keys.dedup();
        Self(keys.into_iter().map(Into::into).collect())
    }
}

/// The rows of `query` whose `column` of `table` is one of `keys`.
async fn matching(
    tx: &mut Transaction,
    query: &SelectStatement,
    table: &Table,
    column: &'static str,
    keys: &Keys,
) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for chunk in keys.0.chunks(KEYS) {
        let mut query = query.clone();
        query.and_where(Expr::col((table.name, column)).is_in(chunk.iter().cloned()));
        rows.append(&mut tx.fetch(&query).await?);
    }
    Ok(rows)
}

/// The rows of `table` whose `column` is one of `keys`, ordered by the primary key.
async fn select(
    tx: &mut Transaction,
    table: &Table,
    column: &'static str,
    keys: &Keys,
) -> Result<Vec<Row>> {
    let mut query = Query::select();
    query
        .columns(table.columns.iter().map(|column| (table.name, column.name)))
        .from(table.name);
    for key in table.key() {
        query.order_by((table.name, key.name), Order::Asc);
    }
    matching(tx, &query, table, column, keys).await
}

/// The rows of `table` in the lists that `link` keeps; the owner's key comes as `owner`, the list's
/// order is kept.
async fn listed(
    tx: &mut Transaction,
    link: &Table,
    owner: &'static str,
    to: &'static str,
    table: &Table,
    keys: &Keys,
) -> Result<Vec<Row>> {
    let mut query = Query::select();
    query
        .expr_as(Expr::col((link.name, owner)), "owner")
        .from(link.name);
    query.columns(table.columns.iter().map(|column| (table.name, column.name)));
    if let Some(key) = table.key().first() {
        query.inner_join(
            table.name,
            Expr::col((link.name, to)).equals((table.name, key.name)),
        );
    }
    for key in link.key() {
        query.order_by((link.name, key.name), Order::Asc);
    }
    matching(tx, &query, link, owner, keys).await
}

/// Rows as `read` makes them, grouped by the key in `owner`.
fn grouped<T>(rows: &[Row], owner: &str, read: impl Fn(&Row) -> Result<T>) -> Result<Grouped<T>> {
    let mut groups: Grouped<T> = HashMap::new();
    for row in rows {
        groups.entry(row.key(owner)?).or_default().push(read(row)?);
    }
    Ok(groups)
}

/// Rows as `read` makes them, by their own key.
fn by_key<T>(
    rows: &[Row],
    key: &str,
    read: impl Fn(&Row) -> Result<T>,
) -> Result<HashMap<String, T>> {
    rows.iter()
        .map(|row| Ok((row.key(key)?, read(row)?)))
        .collect()
}

/// Takes an owner's rows, none when there are none.
fn taken<T>(groups: &mut Grouped<T>, owner: &str) -> Vec<T> {
    groups.remove(owner).unwrap_or_default()
}

/// The wire objects of `table` listed by `link`, per owner.
async fn objects(
    tx: &mut Transaction,
    link: &Table,
    to: &'static str,
    table: &Table,
    keys: &Keys,
) -> Result<Grouped<String>> {
    let Some(owner) = link.key().first().map(|key| key.name) else {
        return Ok(HashMap::new());
    };
    grouped(
        &listed(tx, link, owner, to, table, keys).await?,
        "owner",
        |row| object(table, row),
    )
}

async fn images(tx: &mut Transaction, link: &Table, keys: &Keys) -> Result<Grouped<String>> {
    objects(tx, link, "image_id", &IMAGES, keys).await
}

/// The wire object of one age rating.
pub(super) async fn rating(tx: &mut Transaction, id: i64) -> Result<Option<String>> {
    Ok(ratings(tx, &Keys::ints([id]))
        .await?
        .into_values()
        .next()
        .map(|rating| rating.json))
}

async fn ratings(tx: &mut Transaction, keys: &Keys) -> Result<HashMap<String, Rating>> {
    let rows = select(tx, &AGE_RATINGS, "id", keys).await?;
    by_key(&rows, "id", |row| {
        let code = row.text("code")?;
        // a customer's codes may be words
        Ok(Rating {
            level: code.parse().unwrap_or(row.int("id")?),
            json: object(&AGE_RATINGS, row)?,
        })
    })
}

/// The value behind an optional reference.
fn referred<T: Clone>(found: &HashMap<String, T>, row: &Row, column: &str) -> Result<Option<T>> {
    match row.opt_int(column)? {
        Some(key) => Ok(found.get(&key.to_string()).cloned()),
        None => Ok(None),
    }
}

/// The references of a column, without those that are null.
fn ints(rows: &[Row], column: &str) -> Result<Vec<i64>> {
    rows.iter()
        .filter_map(|row| row.opt_int(column).transpose())
        .collect()
}

fn texts(rows: &[Row], column: &str) -> Result<Vec<String>> {
    rows.iter()
        .filter_map(|row| row.opt_text(column).transpose())
        .collect()
}
