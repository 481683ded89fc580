//! Writes every row as a line of JSON that [`import`](super::import()) reads back.

use std::io::Write;

use sea_query::{Condition, Expr, ExprTrait, Order, Query, SelectStatement, Value as Cell};

use super::{
    schema::{Kind, Table},
    tables::TABLES,
    wire::{Object, quoted},
};
use crate::{
    Error, Result,
    progress::Progress,
    store::{Row, Store},
};

/// Rows read at a time.
const PAGE: u64 = 500;

/// Writes the whole catalogue, visible or not, to `out`, and returns how many rows there were.
///
/// A line is `{"table": …, "row": {…}}`, the columns that are not null by name; tables come in an
/// order in which they can be read back. All rows are of one instant. Memory stays that of a page.
///
/// # Errors
/// `Unavailable`, `Timeout`, `Corrupt`; `Unexpected` when `out` refuses.
pub async fn export(
    store: &Store,
    out: &mut (dyn Write + Send),
    progress: &Progress,
) -> Result<u64> {
    let mut snapshot = store.snapshot().await?;
    let mut written = 0;
    for table in TABLES {
        let mut after: Vec<Cell> = Vec::new();
        loop {
            let rows = snapshot.fetch(&page(table, &after)).await?;
            for row in &rows {
                writeln!(out, "{}", line(table, row)?).map_err(refused)?;
            }
            written += rows.len() as u64;
            progress.add(rows.len() as u64);
            match rows.last() {
                Some(last) if rows.len() as u64 == PAGE => after = position(table, last)?,
                _ => break,
            }
        }
    }
    out.flush().map_err(refused)?;
    Ok(written)
}

fn refused(error: std::io::Error) -> Error {
    Error::unexpected("catalogue.export", "the output cannot be written").with_source(error)
}

fn page(table: &Table, after: &[Cell]) -> SelectStatement {
    let mut query = Query::select();
    query
        .columns(table.columns.iter().map(|column| column.name))
        .from(table.name)
        .limit(PAGE);
    for key in table.key() {
        query.order_by(key.name, Order::Asc);
    }
    // spelled out: MySQL uses no index for (a, b) > (x, y)
    let mut later = Condition::any();
    for (place, (key, value)) in table.key().iter().zip(after).enumerate() {
        let mut here = Condition::all();
        for (key, value) in table.key().iter().zip(after).take(place) {
            here = here.add(Expr::col(key.name).eq(value.clone()));
        }
        later = later.add(here.add(Expr::col(key.name).gt(value.clone())));
    }
    if !after.is_empty() {
        query.cond_where(later);
    }
    query
}

fn position(table: &Table, row: &Row) -> Result<Vec<Cell>> {
    let cell = |kind: Kind, name: &str| match kind {
        Kind::Code(_) | Kind::Text | Kind::Json => row.text(name).map(Cell::from),
        _ => row.int(name).map(Cell::from),
    };
    table
        .key()
        .iter()
        .map(|key| cell(key.kind, key.name))
        .collect()
}

fn line(table: &Table, row: &Row) -> Result<String> {
    let mut cells = Object::new();
    for column in table.columns {
        let json = match column.kind {
            Kind::Int | Kind::Bool | Kind::Instant => {
                row.opt_int(column.name)?.map(|value| value.to_string())
            }
            Kind::Real => row
                .opt_real(column.name)?
                .and_then(serde_json::Number::from_f64)
                .map(|number| number.to_string()),
            Kind::Code(_) | Kind::Text | Kind::Json => {
                row.opt_text(column.name)?.map(|text| quoted(&text))
            }
        };
        cells = cells.maybe(column.name, json.as_deref());
    }
    Ok(Object::new()
        .text("table", table.name)
        .raw("row", &cells.end())
        .end())
}
