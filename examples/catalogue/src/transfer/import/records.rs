//! Loads exported rows, line by line.
//!
//! Rows are written whenever enough of them wait; a bad line ends the import, and the caller drops
//! the transaction with all that was written before it.

use std::{
    collections::BTreeMap,
    io::{BufRead, Read},
};

use sea_query::Value as SqlValue;
use serde::Deserialize;
use serde_json::Value;
use sixplay_core::{Error, Result, Transaction};

use super::{Input, input::BYTE_ORDER_MARK, object::invalid_value};
use crate::{
    schema::{ColumnKind, ColumnSchema, TableSchema, tables::TABLES},
    transfer::batch::{Batch, Cells},
};

/// The most bytes of a line.
const LINE: u64 = 1 << 20;
/// Rows are written whenever so many wait.
const WAITING: usize = 10_000;

#[derive(Deserialize)]
struct RecordLine {
    table: String,
    row: BTreeMap<String, Value>,
}

/// Loads the rows of a file and returns how many there were.
pub(super) async fn load_records(transaction: &mut Transaction, mut input: Input) -> Result<u64> {
    let mut batch = Batch::default();
    let mut line = Vec::new();
    let (mut number, mut rows) = (0, 0);
    let in_file = |error: Error| error.with("file", &input.name);
    while read_line(&mut input.content, &mut line, number + 1).map_err(in_file)? {
        number += 1;
        let text = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line);
        if text.trim_ascii().is_empty() {
            continue;
        }
        rows += 1;
        add_record(&mut batch, text, number).map_err(in_file)?;
        if batch.len() >= WAITING {
            batch.flush(transaction).await.map_err(in_file)?;
        }
    }
    batch.flush(transaction).await.map_err(in_file)?;
    Ok(rows)
}

/// Reads the next line; `false` at the end.
fn read_line(content: &mut dyn BufRead, line: &mut Vec<u8>, number: u64) -> Result<bool> {
    line.clear();
    let read = content.take(LINE + 1).read_until(b'\n', line);
    let size = read.map_err(|error| {
        Error::invalid("catalogue.import", "the file cannot be read")
            .with("line", number)
            .with_source(error)
    })?;
    if size as u64 > LINE {
        let error = Error::too_large("catalogue.import", "the line is too long");
        return Err(error.with("line", number));
    }
    Ok(size > 0)
}

fn add_record(batch: &mut Batch, line: &[u8], number: u64) -> Result<()> {
    let path = format!("line {number}");
    let RecordLine { table, row } = serde_json::from_slice(line).map_err(|error| {
        Error::invalid("catalogue.import", "the line is no exported row")
            .with("path", &path)
            .with_source(error)
    })?;
    let Some(known) = TABLES.iter().find(|known| known.name == table) else {
        return Err(invalid_value(&path, &Value::from(table), "no such table"));
    };
    batch.put(known, cells_of(known, &row, &path)?);
    Ok(())
}

/// The cells of all columns; those that the row has not are null.
fn cells_of(table: &TableSchema, row: &BTreeMap<String, Value>, path: &str) -> Result<Cells> {
    let refuse = |key: &str, value: &Value, message| {
        Err(invalid_value(&format!("{path}: row.{key}"), value, message))
    };
    if let Some((key, value)) = row.iter().find(|(key, _)| table.column(key).is_none()) {
        return refuse(key, value, "the table has no such column");
    }
    let mut cells = Cells::new();
    for column in table.columns {
        let value = row.get(column.name).unwrap_or(&Value::Null);
        match cell_of(column, value) {
            Some(cell) => cells.push((column.name, cell)),
            None => return refuse(column.name, value, "the column takes no such value"),
        }
    }
    Ok(cells)
}

/// The cell of an exported value; `None` when the column takes no such value.
fn cell_of(column: &ColumnSchema, value: &Value) -> Option<SqlValue> {
    let text = value.as_str().filter(|text| !text.contains('\0'));
    if value.is_null() {
        return (!column.required).then(|| column.null());
    }
    match column.kind {
        ColumnKind::Int | ColumnKind::Bool | ColumnKind::Instant => {
            value.as_i64().map(SqlValue::from)
        }
        ColumnKind::Real => value.as_f64().map(SqlValue::from),
        ColumnKind::Code(limit) => text
            .filter(|text| text.chars().count() <= limit as usize)
            .map(SqlValue::from),
        ColumnKind::Text | ColumnKind::Json => text.map(SqlValue::from),
    }
}
