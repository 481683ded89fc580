//! Writes every row as a line of JSON that [`import`](super::import()) reads back.

use std::io::Write;

use sea_query::{Condition, Expr, ExprTrait, Order, Query, SelectStatement, Value as SqlValue};
use sixplay_core::{Error, Progress, Result, Row, Store};

use crate::{
    json::{JsonObject, json_number, json_string},
    schema::{ColumnKind, ColumnSchema, TableSchema, tables::TABLES},
};

/// Rows read at a time.
const PAGE: u64 = 500;

/// What an export wrote, and what it could not.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Exported {
    /// How many rows are written.
    pub rows: u64,
    /// Of each row that is not written, why: table, key and column.
    pub unreadable: Vec<Error>,
}

/// Writes the whole catalogue, visible or not, to `out`; a row that cannot be read is left out and
/// named in the answer.
///
/// A line is `{"table": …, "row": {…}}`, the columns that are not null by name; tables come in an
/// order in which they can be read back. All rows are of one instant, and memory stays that of a
/// page of 500. `progress` counts rows; how many there will be is not known before.
///
/// # Errors
/// `Unavailable`, `Timeout`; `Unexpected` when `out` refuses. What is written until then stays
/// written.
pub async fn export(
    store: &Store,
    out: &mut (dyn Write + Send),
    progress: &dyn Progress,
) -> Result<Exported> {
    let mut snapshot = store.read().await?;
    let mut exported = Exported::default();
    for table in TABLES {
        let mut next = Some(PageStart::default());
        while let Some(start) = next {
            let rows = snapshot.fetch(&select_page(table, &start)).await?;
            let rows = table.name_rows(rows);
            for row in &rows {
                exported.add_row(out, row_line(table, row))?;
            }
            progress.add(rows.len() as u64);
            next = start.after(table, &rows);
        }
    }
    out.flush().map_err(unwritable)?;
    Ok(exported)
}

impl Exported {
    fn add_row(&mut self, out: &mut (dyn Write + Send), line: Result<String>) -> Result<()> {
        match line {
            Ok(line) => {
                writeln!(out, "{line}").map_err(unwritable)?;
                self.rows += 1;
            }
            Err(error) => self.unreadable.push(error),
        }
        Ok(())
    }
}

/// Where a page begins within a table.
#[derive(Default)]
struct PageStart {
    /// The last key that could be read; empty before the first.
    key: Vec<SqlValue>,
    /// How many rows after it were seen.
    skipped: u64,
}

impl PageStart {
    /// Where the page after `rows` begins, `None` when they are the last.
    fn after(mut self, table: &TableSchema, rows: &[Row]) -> Option<Self> {
        for row in rows {
            match key_values(table, row) {
                Ok(key) => (self.key, self.skipped) = (key, 0),
                Err(_) => self.skipped += 1,
            }
        }
        (rows.len() as u64 == PAGE).then_some(self)
    }
}

fn unwritable(error: std::io::Error) -> Error {
    Error::unexpected("catalogue.export", "the output cannot be written").with_source(error)
}

/// The rows from `start` on, in key order.
fn select_page(table: &TableSchema, start: &PageStart) -> SelectStatement {
    let mut query = Query::select();
    query
        .columns(table.column_names())
        .from(table.name)
        .limit(PAGE)
        .offset(start.skipped);
    for key in table.key() {
        query.order_by(key.name, Order::Asc);
    }
    if !start.key.is_empty() {
        query.cond_where(is_after(table, &start.key));
    }
    query
}

/// `(a, b) > (x, y)` spelled out: MySQL uses no index for the short form.
fn is_after(table: &TableSchema, last_key: &[SqlValue]) -> Condition {
    let mut after = Condition::any();
    for (place, (key, value)) in table.key().iter().zip(last_key).enumerate() {
        let mut here = Condition::all();
        for (key, value) in table.key().iter().zip(last_key).take(place) {
            here = here.add(Expr::col(key.name).eq(value.clone()));
        }
        after = after.add(here.add(Expr::col(key.name).gt(value.clone())));
    }
    after
}

fn key_values(table: &TableSchema, row: &Row) -> Result<Vec<SqlValue>> {
    let value = |column: &ColumnSchema| match column.kind {
        ColumnKind::Code(_) | ColumnKind::Text | ColumnKind::Json => {
            row.text(column.name).map(SqlValue::from)
        }
        _ => row.int(column.name).map(SqlValue::from),
    };
    table.key().iter().map(value).collect()
}

fn row_line(table: &TableSchema, row: &Row) -> Result<String> {
    let mut cells = JsonObject::new();
    for column in table.columns {
        cells = cells.raw_if_some(column.name, cell_json(column, row)?.as_deref());
    }
    let line = JsonObject::new().text("table", table.name);
    Ok(line.raw("row", &cells.end()).end())
}

/// The cell as it comes back by [`import`](super::import()): JSON columns as texts.
fn cell_json(column: &ColumnSchema, row: &Row) -> Result<Option<String>> {
    Ok(match column.kind {
        ColumnKind::Int | ColumnKind::Bool | ColumnKind::Instant => {
            row.opt_int(column.name)?.map(|value| value.to_string())
        }
        ColumnKind::Real => row.opt_real(column.name)?.and_then(json_number),
        ColumnKind::Code(_) | ColumnKind::Text | ColumnKind::Json => {
            row.opt_text(column.name)?.map(|text| json_string(&text))
        }
    })
}
