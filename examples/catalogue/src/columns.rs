//! From the columns of a row to the members of the wire object that the row becomes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use sixplay_core::{Result, Row};

use crate::{
    json::{JsonObject, json_number, json_string},
    paris::format_date,
    schema::{ColumnKind, ColumnSchema, TableSchema, WireExposure},
};

/// The column with what a program's detail shows beyond the columns.
const DETAIL: &str = "detail";
/// The column with what every wire object shows beyond the columns.
const EXTRA: &str = "extra";

impl TableSchema {
    /// These rows of the table, whose errors then name it and the row.
    pub fn name_rows(&self, rows: Vec<Row>) -> Vec<Row> {
        Row::all_of(rows, self.name, self.key().iter().map(|column| column.name))
    }
}

/// A wire object made of nothing but a row.
pub(crate) fn object_of(table: &TableSchema, row: &Row) -> Result<String> {
    Ok(JsonObject::of(&members_of(table, row)?).end())
}

/// The members of the wire object that `row` of `table` shows outside a detail, with its `extra`
/// ones.
pub(crate) fn members_of(table: &TableSchema, row: &Row) -> Result<String> {
    let shown =
        |column: &ColumnSchema| matches!(column.wire, WireExposure::Always | WireExposure::Filled);
    let beyond = table.column(EXTRA).map(|column| column.name);
    write_members(table, shown, row, beyond)
}

/// The members that only a program's detail shows, with those of the column `detail`.
pub(crate) fn detail_members_of(table: &TableSchema, row: &Row) -> Result<String> {
    let shown = |column: &ColumnSchema| column.wire == WireExposure::Detail;
    write_members(table, shown, row, Some(DETAIL))
}

/// The JSON in `column`; what a hand-written update broke is left out with a warning, the rest of
/// the document is still good.
pub(crate) fn checked_json(table: &TableSchema, column: &str, row: &Row) -> Result<Option<String>> {
    let text = row.opt_text(column)?;
    Ok(text.filter(|text| parse_cell::<&RawValue>(table, column, row, text).is_some()))
}

/// The members of the object in a column, unread.
type Beyond<'a> = BTreeMap<String, &'a RawValue>;

/// Writes the columns that are `shown`, then what the object in the column `beyond` holds besides.
fn write_members(
    table: &TableSchema,
    shown: impl Fn(&ColumnSchema) -> bool,
    row: &Row,
    beyond: Option<&str>,
) -> Result<String> {
    let text = beyond.map(|column| row.opt_text(column));
    let text = text.transpose()?.flatten();
    let beyond = beyond.zip(text.as_deref());
    let beyond = beyond.and_then(|(column, text)| parse_cell(table, column, row, text));
    let (object, beyond) = write_columns(table, shown, row, beyond.unwrap_or_default())?;
    let members = beyond.iter();
    let object = members.fold(object, |object, (key, json)| object.raw(key, json.get()));
    Ok(object.members())
}

/// Writes the columns that are `shown`, and gives back what is `beyond` them.
fn write_columns<'a>(
    table: &TableSchema,
    shown: impl Fn(&ColumnSchema) -> bool,
    row: &Row,
    mut beyond: Beyond<'a>,
) -> Result<(JsonObject, Beyond<'a>)> {
    let mut object = JsonObject::new();
    for column in table.columns.iter().filter(|column| shown(column)) {
        let json = cell_json(table, column, row)?;
        if json.is_some() || column.wire == WireExposure::Always {
            // a key that is a column's must not come twice
            let imported = beyond.remove(column.name).map(RawValue::get);
            let json = json.map(|json| by_imported_numeral(column, json, imported));
            object = object.raw_or_null(column.name, json);
        }
    }
    Ok((object, beyond))
}

/// A number of a real column as it was imported, when the column does not print it like that by
/// itself (`179.36000000000001`, `1660.0`).
fn by_imported_numeral(column: &ColumnSchema, printed: String, imported: Option<&str>) -> String {
    let value = |numeral: &str| numeral.parse::<f64>().ok();
    let is_same = |imported: &&str| value(imported).is_some() && value(imported) == value(&printed);
    match imported.filter(is_same) {
        Some(imported) if column.kind == ColumnKind::Real => imported.to_owned(),
        _ => printed,
    }
}

/// A cell as the wire shows it, `None` for null.
fn cell_json(table: &TableSchema, column: &ColumnSchema, row: &Row) -> Result<Option<String>> {
    let name = column.name;
    Ok(match column.kind {
        ColumnKind::Int => row.opt_int(name)?.map(|value| value.to_string()),
        ColumnKind::Bool => row.opt_int(name)?.map(|value| (value != 0).to_string()),
        ColumnKind::Real => row.opt_real(name)?.and_then(json_number),
        ColumnKind::Code(_) | ColumnKind::Text => {
            row.opt_text(name)?.map(|text| json_string(&text))
        }
        ColumnKind::Instant => {
            let date = row.opt_int(name)?.and_then(format_date);
            date.map(|date| json_string(&date))
        }
        ColumnKind::Json => checked_json(table, name, row)?,
    })
}

/// What the JSON in a cell says, with a warning when it says nothing of the kind.
fn parse_cell<'a, T: Deserialize<'a>>(
    table: &TableSchema,
    column: &str,
    row: &Row,
    text: &'a str,
) -> Option<T> {
    let warn = |error: &serde_json::Error| {
        let key = key_text(table, row);
        tracing::warn!(table = table.name, key, column, %error, "left out of its document");
    };
    serde_json::from_str(text).inspect_err(warn).ok()
}

/// The primary key of a row, to find it by.
fn key_text(table: &TableSchema, row: &Row) -> String {
    let values = table.key().iter();
    let values = values.map(|column| row.key(column.name).unwrap_or_default());
    values.collect::<Vec<_>>().join("/")
}
