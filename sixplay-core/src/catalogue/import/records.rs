//! Loads exported rows, line by line.

use std::{
    collections::BTreeMap,
    io::{BufRead, Read},
};

use sea_query::Value as Cell;
use serde::Deserialize;
use serde_json::Value;

use super::{Input, node::bad};
use crate::{
    Error, ErrorKind, Result,
    catalogue::{
        bulk::{Batch, Cells},
        schema::{Column, Kind},
        tables::TABLES,
    },
    store::Transaction,
};

/// How an exported file begins.
pub(super) const START: &[u8] = b"{\"table\":";
/// The most bytes of a line.
const LINE: u64 = 1 << 20;
/// Rows are written whenever so many wait.
const WAITING: usize = 10_000;

#[derive(Deserialize)]
struct Line {
    table: String,
    row: BTreeMap<String, Value>,
}

pub(super) async fn load(tx: &mut Transaction, mut input: Input) -> Result<u64> {
    let mut batch = Batch::default();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = input
            .content
            .by_ref()
            .take(LINE + 1)
            .read_until(b'\n', &mut line);
        let size = read.map_err(|error| {
            failure(
                ErrorKind::Invalid,
                "the file cannot be read",
                &input.name,
                number,
            )
            .with_source(error)
        })?;
        if size as u64 > LINE {
            return Err(failure(
                ErrorKind::TooLarge,
                "the line is too long",
                &input.name,
                number,
            ));
        }
        if size == 0 {
            batch
                .flush(tx)
                .await
                .map_err(|error| error.with("file", &input.name))?;
            return Ok(number - 1);
        }
        add(&mut batch, &line, number).map_err(|error| error.with("file", &input.name))?;
        if batch.len() >= WAITING {
            batch
                .flush(tx)
                .await
                .map_err(|error| error.with("file", &input.name))?;
        }
    }
    Ok(0)
}

fn failure(kind: ErrorKind, message: &'static str, file: &str, line: u64) -> Error {
    Error::new(kind, "catalogue.import", message)
        .with("file", file)
        .with("line", line)
}

fn add(batch: &mut Batch, line: &[u8], number: u64) -> Result<()> {
    let path = format!("line {number}");
    let line: Line = serde_json::from_slice(line).map_err(|error| {
        Error::invalid("catalogue.import", "the line is no exported row")
            .with("path", &path)
            .with_source(error)
    })?;
    let Some(table) = TABLES.iter().find(|table| table.name == line.table) else {
        return Err(bad(&path, &Value::String(line.table), "no such table"));
    };
    if let Some((key, value)) = line.row.iter().find(|(key, _)| table.column(key).is_none()) {
        return Err(bad(
            &format!("{path}: row.{key}"),
            value,
            "the table has no such column",
        ));
    }
    let cell = |column: &Column| {
        let value = line.row.get(column.name).unwrap_or(&Value::Null);
        Ok((
            column.name,
            cell(column, value, &format!("{path}: row.{}", column.name))?,
        ))
    };
    batch.put(
        table,
        table.columns.iter().map(cell).collect::<Result<Cells>>()?,
    );
    Ok(())
}

fn cell(column: &Column, value: &Value, path: &str) -> Result<Cell> {
    let cell = match (column.kind, value) {
        (_, Value::Null) if !column.required => Some(column.null()),
        (Kind::Int | Kind::Bool | Kind::Instant, value) => value.as_i64().map(Cell::from),
        (Kind::Real, value) => value.as_f64().map(Cell::from),
        (Kind::Code(limit), Value::String(text)) if text.chars().count() > limit as usize => None,
        (Kind::Code(_) | Kind::Text | Kind::Json, Value::String(text)) if !text.contains('\0') => {
            Some(text.clone().into())
        }
        _ => None,
    };
    cell.ok_or_else(|| bad(path, value, "the column takes no such value"))
}
