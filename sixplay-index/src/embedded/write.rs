//! Applies operations within one transaction.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;
use sixplay_core::{Result, store::Transaction};

use super::{
    json,
    shape::{Object, SPAN, Shape},
};
use crate::{Operation, Outcome, Value};

pub(super) async fn apply(
    tx: &mut Transaction,
    shape: &Shape,
    operations: &[Operation],
) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::with_capacity(operations.len());
    let mut written: BTreeMap<i64, Vec<Object>> = BTreeMap::new();
    for operation in operations {
        let objects = match operation
            .document()
            .map_or(Ok(Vec::new()), |document| shape.take_apart(document))
        {
            Ok(objects) => objects,
            Err(reason) => {
                outcomes.push(Outcome::Rejected { reason });
                continue;
            }
        };
        let number = store(tx, shape, operation).await?;
        outcomes.push(if number.is_some() {
            Outcome::Done
        } else {
            Outcome::Superseded
        });
        written.extend(number.map(|number| (number, objects)));
    }
    if !written.is_empty() {
        for scope in 0..shape.scopes.len() {
            replace(tx, shape, scope, &written).await?;
        }
    }
    Ok(outcomes)
}

/// Stores version and body unless the known version is newer; answers the document's number if it
/// did.
async fn store(tx: &mut Transaction, shape: &Shape, operation: &Operation) -> Result<Option<i64>> {
    let table = shape.documents();
    let sql = format!(
        "INSERT INTO {table}(id, version, body) VALUES (?, ?, ?)
         ON CONFLICT(id) DO UPDATE SET version = excluded.version, body = excluded.body WHERE excluded.version >= {table}.version
         RETURNING num"
    );
    let body = operation
        .document()
        .map(|document| document.get().to_owned());
    let rows = tx
        .fetch_sql(
            &sql,
            vec![
                operation.id().into(),
                operation.version().into(),
                body.into(),
            ],
        )
        .await?;
    rows.first().map(|row| row.int("num")).transpose()
}

/// Replaces the rows of the documents in one scope.
async fn replace(
    tx: &mut Transaction,
    shape: &Shape,
    scope: usize,
    written: &BTreeMap<i64, Vec<Object>>,
) -> Result<()> {
    let (objects, terms, span) = (shape.objects(scope), shape.terms(scope), span(scope));
    let old = format!(
        "SELECT s.num FROM json_each(?) j JOIN {objects} s ON s.num >= j.value * {span} AND s.num < (j.value + 1) * {span}"
    );
    let numbers = json(&written.keys().collect::<Vec<_>>())?;
    tx.execute_sql(
        &format!("DELETE FROM {terms} WHERE num IN ({old})"),
        vec![numbers.clone()],
    )
    .await?;
    tx.execute_sql(
        &format!("DELETE FROM {objects} WHERE num IN ({old})"),
        vec![numbers],
    )
    .await?;
    let columns: Vec<usize> = shape.scopes[scope].columns().collect();
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for (number, object) in numbered(scope, written) {
        rows.push(row(number, object, &columns));
        for (field, of) in &object.values {
            values.extend(
                terms_of(scope, of)
                    .iter()
                    .map(|value| (*field, value, number)),
            );
        }
    }
    let names: String = columns
        .iter()
        .map(|field| format!(", a{field}, b{field}"))
        .collect();
    insert(
        tx,
        &format!("{objects}(num{names})"),
        1 + columns.len() * 2,
        &rows,
    )
    .await?;
    insert(tx, &format!("{terms}(field, term, num)"), 3, &values).await
}

/// The row numbers of a document's objects are `number * span` and those after.
pub(super) fn span(scope: usize) -> i64 {
    if scope == 0 { 1 } else { SPAN }
}

fn numbered(
    scope: usize,
    written: &BTreeMap<i64, Vec<Object>>,
) -> impl Iterator<Item = (i64, &Object)> {
    written.iter().flat_map(move |(number, objects)| {
        let objects = objects.iter().filter(move |object| object.scope == scope);
        (*number * span(scope)..).zip(objects)
    })
}

/// Documents are found by all their values; of a nested object the row itself has the least and the
/// greatest.
fn terms_of(scope: usize, values: &[Value]) -> &[Value] {
    match values {
        [_, between @ .., _] if scope > 0 => between,
        _ if scope > 0 => &[],
        values => values,
    }
}

/// The number, then the least and the greatest value of each field.
fn row(number: i64, object: &Object, columns: &[usize]) -> Vec<Json> {
    let value = |value: Option<&Value>| serde_json::to_value(value).unwrap_or_default();
    let bounds = columns.iter().flat_map(|field| {
        let values = object
            .values
            .get(field)
            .map(Vec::as_slice)
            .unwrap_or_default();
        [value(values.first()), value(values.last())]
    });
    std::iter::once(number.into()).chain(bounds).collect()
}

/// One statement, always the same, for any number of rows.
async fn insert<R: Serialize>(
    tx: &mut Transaction,
    into: &str,
    width: usize,
    rows: &[R],
) -> Result<()> {
    let columns: Vec<String> = (0..width)
        .map(|column| format!("json_extract(value, '$[{column}]')"))
        .collect();
    let sql = format!(
        "INSERT INTO {into} SELECT {} FROM json_each(?)",
        columns.join(", ")
    );
    tx.execute_sql(&sql, vec![json(&rows)?]).await.map(drop)
}
