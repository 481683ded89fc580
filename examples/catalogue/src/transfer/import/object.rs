//! A JSON object being read: every key is taken once, what nobody takes is kept as it is, and every
//! error names the place.

use std::{collections::BTreeMap, fmt};

use sea_query::Value as SqlValue;
use sixplay_core::{Error, Result};

use super::json::JsonValue;
use crate::{
    json::json_number,
    paris::{is_zero_date, parse_date},
    schema::{ColumnKind, ColumnSchema, TableSchema, WireExposure},
    transfer::batch::Cells,
};

/// The most bytes of text that a column takes in every database.
const TEXT: usize = 65_000;
/// The most characters of a code.
const CODE: usize = 64;

pub(super) struct ObjectReader {
    members: BTreeMap<String, JsonValue>,
    path: String,
}

impl ObjectReader {
    /// Reads the object at `path` of its file.
    pub(super) fn new(value: JsonValue, path: String) -> Result<Self> {
        match value.into_members() {
            Ok(members) => Ok(Self { members, path }),
            Err(other) => Err(invalid_value(&path, &other, "an object is expected")),
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.members.contains_key(key)
    }

    pub(super) fn has_null(&self, key: &str) -> bool {
        self.members.get(key).is_some_and(JsonValue::is_null)
    }

    /// Where the member `key` stands in the file.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Takes the cells of the columns that the wire shows and this object has.
    ///
    /// What the columns alone would not give back stays for [`Self::into_rest`] as well: a null
    /// where a column is shown only when it is not null, and a numeral in another form than that
    /// in which a real column prints.
    pub(super) fn take_cells(&mut self, table: &TableSchema) -> Result<Cells> {
        let mut cells = Cells::new();
        let shown = |column: &&ColumnSchema| column.wire != WireExposure::Hidden;
        for column in table.columns.iter().filter(shown) {
            let path = self.path_of(column.name);
            if let Some(value) = self.members.remove(column.name) {
                let value = null_for_zero_date(column, value);
                if !prints_alike(column, &value) {
                    self.members.insert(column.name.to_owned(), value.clone());
                }
                cells.push((column.name, cell_of(column, value, &path)?));
            } else if column.required && column.default.is_none() {
                let missing = "the key is missing";
                return Err(invalid_value(&path, &JsonValue::Null, missing));
            }
        }
        Ok(cells)
    }

    /// Takes an object below, `None` when it is missing, null or empty.
    pub(super) fn take_object(&mut self, key: &str) -> Result<Option<Self>> {
        match self.members.remove(key).filter(|value| !value.is_void()) {
            None => Ok(None),
            Some(value) => Self::new(value, self.path_of(key)).map(Some),
        }
    }

    /// Takes a list of objects below, `None` when it is missing; `{}` is an empty one.
    pub(super) fn take_objects(&mut self, key: &str) -> Result<Option<Vec<Self>>> {
        let path = self.path_of(key);
        let Some(value) = self.members.remove(key) else {
            return Ok(None);
        };
        let items = match value {
            JsonValue::Object(members) if members.is_empty() => Ok(Vec::new()),
            value => value.into_items(),
        };
        let items = items.map_err(|other| invalid_value(&path, &other, "a list is expected"))?;
        let object = |(place, item)| Self::new(item, format!("{path}[{place}]"));
        let objects = items.into_iter().enumerate().map(object);
        objects.collect::<Result<_>>().map(Some)
    }

    /// Takes any value below, `None` when it is missing.
    pub(super) fn take(&mut self, key: &str) -> Option<JsonValue> {
        self.members.remove(key)
    }

    /// Takes any value below as JSON text, `None` when it is missing.
    pub(super) fn take_json(&mut self, key: &str) -> Result<Option<SqlValue>> {
        let value = self.members.remove(key);
        let cell = value.map(|value| json_cell(&value, &self.path_of(key)));
        cell.transpose()
    }

    /// Takes the date below, `None` when it is missing, null or a zero date.
    pub(super) fn take_date(&mut self, key: &str) -> Result<Option<i64>> {
        let value = self
            .take_filled(key)
            .filter(|value| !holds_zero_date(value));
        let date = value.map(|value| date_of(&value, &self.path_of(key)));
        date.transpose()
    }

    /// Takes the code below, which must be there.
    pub(super) fn take_code(&mut self, key: &str) -> Result<SqlValue> {
        let value = self.members.remove(key).unwrap_or(JsonValue::Null);
        let fits = |text: &str| text.chars().count() <= CODE;
        text_cell(value, &self.path_of(key), fits)
    }

    /// Everything that nobody took, as JSON text.
    pub(super) fn into_rest(self) -> Result<SqlValue> {
        if self.members.is_empty() {
            return Ok(SqlValue::String(None));
        }
        json_cell(
            &JsonValue::Object(self.members.into_iter().collect()),
            &self.path,
        )
    }

    fn take_filled(&mut self, key: &str) -> Option<JsonValue> {
        self.members.remove(key).filter(|value| !value.is_null())
    }
}

/// Whether the column prints this value as it stands in the body.
fn prints_alike(column: &ColumnSchema, value: &JsonValue) -> bool {
    let optional = matches!(column.wire, WireExposure::Filled | WireExposure::Detail);
    match value {
        JsonValue::Null => !optional,
        JsonValue::Number(numeral) if column.kind == ColumnKind::Real => {
            value.as_real().and_then(json_number).as_ref() == Some(numeral)
        }
        _ => true,
    }
}

/// Where a date stands, none is null; the comparison names it.
fn null_for_zero_date(column: &ColumnSchema, value: JsonValue) -> JsonValue {
    if column.kind == ColumnKind::Instant && holds_zero_date(&value) {
        JsonValue::Null
    } else {
        value
    }
}

fn holds_zero_date(value: &JsonValue) -> bool {
    value.as_text().is_some_and(is_zero_date)
}

/// The cell of a JSON value; checks type, length and characters, so that every database takes it.
fn cell_of(column: &ColumnSchema, value: JsonValue, path: &str) -> Result<SqlValue> {
    if value.is_null() {
        return if column.required {
            Err(invalid_value(path, &value, "a value is expected"))
        } else {
            Ok(column.null())
        };
    }
    let cell = match column.kind {
        ColumnKind::Code(limit) => {
            let fits = |text: &str| text.chars().count() <= limit as usize;
            return text_cell(value, path, fits);
        }
        ColumnKind::Text => return text_cell(value, path, |text| text.len() <= TEXT),
        ColumnKind::Json => return json_cell(&value, path),
        ColumnKind::Instant => return date_of(&value, path).map(SqlValue::from),
        ColumnKind::Int => value.as_integer().map(SqlValue::from),
        ColumnKind::Bool => value.as_bool().map(|flag| SqlValue::from(i64::from(flag))),
        ColumnKind::Real => value.as_real().map(SqlValue::from),
    };
    cell.ok_or_else(|| {
        let expected = match column.kind {
            ColumnKind::Int => "an integer is expected",
            ColumnKind::Bool => "true or false is expected",
            _ => "a number is expected",
        };
        invalid_value(path, &value, expected)
    })
}

/// The cell of a text that fits.
fn text_cell(value: JsonValue, path: &str, fits: impl Fn(&str) -> bool) -> Result<SqlValue> {
    let refusal = match &value {
        JsonValue::Text(text) if text.contains('\0') => "the text holds a NUL character",
        JsonValue::Text(text) if fits(text) => return Ok(text.as_str().into()),
        JsonValue::Text(_) => "the text is too long",
        _ => "a text is expected",
    };
    Err(invalid_value(path, &value, refusal))
}

/// The cell of any value, as JSON text.
fn json_cell(value: &JsonValue, path: &str) -> Result<SqlValue> {
    let text = value.to_string();
    if text.len() > TEXT {
        Err(invalid_value(path, value, "the value is too long"))
    } else {
        Ok(text.into())
    }
}

/// The instant of a date, in Unix microseconds.
fn date_of(value: &JsonValue, path: &str) -> Result<i64> {
    let date = value.as_text().and_then(parse_date);
    date.ok_or_else(|| invalid_value(path, value, "a date YYYY-MM-DD HH:MM:SS is expected"))
}

/// A refused value, which is shown as JSON; the file is added by whoever knows it.
pub(super) fn invalid_value(path: &str, value: &impl fmt::Display, message: &'static str) -> Error {
    let mut shown = value.to_string();
    if shown.chars().count() > 200 {
        shown = shown.chars().take(200).chain(['…']).collect();
    }
    Error::invalid("catalogue.import", message)
        .with("path", path)
        .with("value", shown)
}
