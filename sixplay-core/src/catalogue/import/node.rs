//! A JSON object being read: every key is taken once, what nobody takes is kept as it is, and every
//! error names the place.

use sea_query::Value as Cell;
use serde_json::{Map, Value};

use crate::{
    Error, Result,
    catalogue::{
        bulk::Cells,
        schema::{Column, Kind, Table, Wire},
        wire::instant,
    },
};

/// The longest text a column takes in every database.
const TEXT: usize = 65_000;

pub(super) struct Node {
    object: Map<String, Value>,
    path: String,
}

impl Node {
    pub fn new(value: Value, path: String) -> Result<Self> {
        match value {
            Value::Object(object) => Ok(Self { object, path }),
            other => Err(bad(&path, &other, "an object is expected")),
        }
    }

    pub fn has(&self, key: &str) -> bool {
        self.object.contains_key(key)
    }

    pub fn at(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// The cells of the columns that the wire shows and this object has.
    ///
    /// A null where the column is shown only when filled stays for `rest`, so that it comes back.
    pub fn cells(&mut self, table: &Table) -> Result<Cells> {
        let mut cells = Cells::new();
        for column in table
            .columns
            .iter()
            .filter(|column| column.wire != Wire::Hidden)
        {
            let optional = matches!(column.wire, Wire::Filled | Wire::Detail);
            let value = match self.object.get(column.name) {
                Some(Value::Null) if optional => Some(Value::Null),
                Some(_) => self.object.remove(column.name),
                None => None,
            };
            match value {
                Some(value) => {
                    cells.push((column.name, cell(column, value, &self.at(column.name))?))
                }
                None if column.required && column.default.is_none() => {
                    return Err(bad(
                        &self.at(column.name),
                        &Value::Null,
                        "the key is missing",
                    ));
                }
                None => {}
            }
        }
        Ok(cells)
    }

    /// An object below, `None` when it is missing or null.
    pub fn child(&mut self, key: &str) -> Result<Option<Self>> {
        match self.object.remove(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => Self::new(value, self.at(key)).map(Some),
        }
    }

    /// A list below, `None` when it is missing.
    pub fn children(&mut self, key: &str) -> Result<Option<Vec<Self>>> {
        let path = self.at(key);
        match self.object.remove(key) {
            None => Ok(None),
            Some(Value::Array(items)) => {
                let node = |(place, item)| Self::new(item, format!("{path}[{place}]"));
                items
                    .into_iter()
                    .enumerate()
                    .map(node)
                    .collect::<Result<_>>()
                    .map(Some)
            }
            Some(other) => Err(bad(&path, &other, "a list is expected")),
        }
    }

    pub fn take(&mut self, key: &str) -> Option<Value> {
        self.object.remove(key)
    }

    /// The date below, `None` when it is missing or null.
    pub fn date(&mut self, key: &str) -> Result<Option<i64>> {
        match self.object.remove(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => date(&value, &self.at(key)).map(Some),
        }
    }

    /// The code below, which must be there.
    pub fn code(&mut self, key: &str) -> Result<Cell> {
        let value = self.object.remove(key).unwrap_or_default();
        text(value, &self.at(key), |text| text.chars().count() <= 64)
    }

    /// Everything that nobody took, as JSON text.
    pub fn rest(self) -> Result<Cell> {
        if self.object.is_empty() {
            return Ok(Cell::String(None));
        }
        let path = self.path;
        json(Value::Object(self.object), &path)
    }
}

/// The cell of a JSON value; checks type, length and characters, so that every database takes it.
fn cell(column: &Column, value: Value, path: &str) -> Result<Cell> {
    if value.is_null() {
        let refused = column.required;
        return if refused {
            Err(bad(path, &value, "a value is expected"))
        } else {
            Ok(column.null())
        };
    }
    match column.kind {
        Kind::Int => value
            .as_i64()
            .map(Cell::from)
            .ok_or_else(|| bad(path, &value, "an integer is expected")),
        Kind::Bool => value
            .as_bool()
            .map(|flag| Cell::from(i64::from(flag)))
            .ok_or_else(|| bad(path, &value, "true or false is expected")),
        Kind::Real => value
            .as_f64()
            .map(Cell::from)
            .ok_or_else(|| bad(path, &value, "a number is expected")),
        Kind::Code(limit) => text(value, path, |text| text.chars().count() <= limit as usize),
        Kind::Text => text(value, path, |text| text.len() <= TEXT),
        Kind::Instant => date(&value, path).map(Cell::from),
        Kind::Json => json(value, path),
    }
}

fn text(value: Value, path: &str, fits: impl Fn(&str) -> bool) -> Result<Cell> {
    match value {
        Value::String(text) if text.contains('\0') => Err(bad(
            path,
            &Value::String(text),
            "the text holds a NUL character",
        )),
        Value::String(text) if fits(&text) => Ok(text.into()),
        Value::String(text) => Err(bad(path, &Value::String(text), "the text is too long")),
        other => Err(bad(path, &other, "a text is expected")),
    }
}

pub(super) fn json(value: Value, path: &str) -> Result<Cell> {
    let text = value.to_string();
    if text.len() > TEXT {
        Err(bad(path, &value, "the value is too long"))
    } else {
        Ok(text.into())
    }
}

fn date(value: &Value, path: &str) -> Result<i64> {
    value
        .as_str()
        .and_then(instant)
        .ok_or_else(|| bad(path, value, "a date YYYY-MM-DD HH:MM:SS is expected"))
}

/// A refused value; the record's file is added by whoever knows it.
pub(super) fn bad(path: &str, value: &Value, message: &'static str) -> Error {
    let mut shown = value.to_string();
    if shown.chars().count() > 200 {
        shown = shown.chars().take(200).chain(['…']).collect();
    }
    Error::invalid("catalogue.import", message)
        .with("path", path)
        .with("value", shown)
}
