//! The JSON of the wire, written as text: objects, the columns of a row, local dates.

use std::{collections::BTreeMap, sync::LazyLock};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::schema::{Column, Kind, Table, Wire};
use crate::{Result, store::Row};

const DATE: &str = "%Y-%m-%d %H:%M:%S";

static PARIS: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC));

/// The local time of Paris at `micros`, as the wire shows it; `None` outside the calendar's range.
pub(super) fn date(micros: i64) -> Option<String> {
    let instant = Timestamp::from_microsecond(micros).ok()?;
    Some(
        instant
            .to_zoned_datetime(PARIS.clone())
            .strftime(DATE)
            .to_string(),
    )
}

/// The instant of a wire date; of the two readings on the last Sunday of October, the earlier.
pub(super) fn instant(date: &str) -> Option<i64> {
    let local = DateTime::strptime(DATE, date).ok()?;
    Some(
        local
            .to_zoned_datetime(PARIS.clone())
            .ok()?
            .timestamp()
            .as_microsecond(),
    )
}

/// A JSON object under construction; keys are trusted, values are JSON.
#[derive(Clone, Debug)]
pub(super) struct Object(String);

impl Object {
    pub fn new() -> Self {
        Self(String::from("{"))
    }

    /// An object that begins with rendered members.
    pub fn of(members: &str) -> Self {
        Self(format!("{{{members}"))
    }

    pub fn raw(mut self, key: &str, json: &str) -> Self {
        self.comma();
        self.0.push_str(&quoted(key));
        self.0.push(':');
        self.0.push_str(json);
        self
    }

    pub fn text(self, key: &str, text: &str) -> Self {
        self.raw(key, &quoted(text))
    }

    pub fn int(self, key: &str, value: i64) -> Self {
        self.raw(key, &value.to_string())
    }

    pub fn maybe(self, key: &str, json: Option<&str>) -> Self {
        match json {
            Some(json) => self.raw(key, json),
            None => self,
        }
    }

    pub fn or_null(self, key: &str, json: Option<&str>) -> Self {
        self.raw(key, json.unwrap_or("null"))
    }

    pub fn list<T: AsRef<str>>(self, key: &str, items: impl IntoIterator<Item = T>) -> Self {
        self.raw(key, &array(items))
    }

    pub fn texts<T: AsRef<str>>(self, key: &str, items: impl IntoIterator<Item = T>) -> Self {
        self.list(key, items.into_iter().map(|item| quoted(item.as_ref())))
    }

    pub fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }

    /// The members alone, without braces.
    pub fn inner(mut self) -> String {
        self.0.split_off(1)
    }

    fn comma(&mut self) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
    }
}

/// A JSON array of rendered items.
pub(super) fn array<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let mut text = String::from("[");
    for item in items {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(item.as_ref());
    }
    text.push(']');
    text
}

/// A JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_else(|_| String::from("\"\""))
}

/// The JSON in `column`; what a hand-written update broke is left out with a warning, the rest of
/// the document is still good.
pub(super) fn json(table: &Table, column: &str, row: &Row) -> Result<Option<String>> {
    let valid = |text: &String| read::<&RawValue>(table, column, row, text).is_some();
    Ok(row.opt_text(column)?.filter(valid))
}

fn read<'a, T: Deserialize<'a>>(
    table: &Table,
    column: &str,
    row: &Row,
    text: &'a str,
) -> Option<T> {
    let key = || {
        table
            .key()
            .iter()
            .map(|key| row.key(key.name).unwrap_or_default())
            .collect::<Vec<_>>()
            .join("/")
    };
    let warn = |error: &serde_json::Error| tracing::warn!(table = table.name, key = key(), column, %error, "left out of its document");
    serde_json::from_str(text).inspect_err(warn).ok()
}

/// The members of the wire object that `row` of `table` shows outside a detail, with its `extra`
/// ones.
pub(super) fn members(table: &Table, row: &Row) -> Result<String> {
    let shown = |column: &&Column| matches!(column.wire, Wire::Always | Wire::Filled);
    write(
        table,
        shown,
        row,
        table.column("extra").map(|column| column.name),
    )
}

/// The members that only a program's detail shows, with those of `detail`.
pub(super) fn detail(table: &Table, row: &Row) -> Result<String> {
    write(
        table,
        |column| column.wire == Wire::Detail,
        row,
        Some("detail"),
    )
}

/// A wire object made of nothing but a row.
pub(super) fn object(table: &Table, row: &Row) -> Result<String> {
    Ok(Object::of(&members(table, row)?).end())
}

fn write(
    table: &Table,
    shown: impl Fn(&&Column) -> bool,
    row: &Row,
    rest: Option<&str>,
) -> Result<String> {
    let mut object = Object::new();
    let mut written = Vec::new();
    for column in table.columns.iter().filter(shown) {
        let json = value(table, column, row)?;
        if json.is_some() || column.wire == Wire::Always {
            object = object.or_null(column.name, json.as_deref());
            written.push(column.name);
        }
    }
    if let Some(column) = rest
        && let Some(text) = row.opt_text(column)?
    {
        // a key that became a column's since must not come twice
        let rest: BTreeMap<String, &RawValue> = read(table, column, row, &text).unwrap_or_default();
        for (key, json) in rest
            .iter()
            .filter(|(key, _)| !written.contains(&key.as_str()))
        {
            object = object.raw(key, json.get());
        }
    }
    Ok(object.inner())
}

fn value(table: &Table, column: &Column, row: &Row) -> Result<Option<String>> {
    Ok(match column.kind {
        Kind::Int => row.opt_int(column.name)?.map(|value| value.to_string()),
        Kind::Bool => row
            .opt_int(column.name)?
            .map(|value| (value != 0).to_string()),
        Kind::Real => row.opt_real(column.name)?.and_then(number),
        Kind::Code(_) | Kind::Text => row.opt_text(column.name)?.map(|text| quoted(&text)),
        Kind::Instant => row
            .opt_int(column.name)?
            .and_then(date)
            .map(|text| quoted(&text)),
        Kind::Json => json(table, column.name, row)?,
    })
}

fn number(value: f64) -> Option<String> {
    serde_json::Number::from_f64(value).map(|number| number.to_string())
}

/// Lower case without accents: what titles are sorted by.
pub(super) fn folded(title: &str) -> String {
    let mut folded = String::with_capacity(title.len());
    for letter in title.chars().flat_map(char::to_lowercase) {
        match letter {
            'à' | 'â' | 'ä' | 'á' | 'ã' => folded.push('a'),
            'ç' => folded.push('c'),
            'é' | 'è' | 'ê' | 'ë' => folded.push('e'),
            'î' | 'ï' | 'í' => folded.push('i'),
            'ô' | 'ö' | 'ó' | 'õ' => folded.push('o'),
            'ù' | 'û' | 'ü' | 'ú' => folded.push('u'),
            'ÿ' => folded.push('y'),
            'ñ' => folded.push('n'),
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            '\'' | '’' | '-' => folded.push(' '),
            other => folded.push(other),
        }
    }
    folded.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_local_time_of_paris_in_winter_and_summer() {
        assert_eq!(instant("2018-09-19 13:50:00"), Some(1_537_357_800_000_000));
        assert_eq!(
            date(1_537_357_800_000_000).as_deref(),
            Some("2018-09-19 13:50:00")
        );
        assert_eq!(
            date(1_545_220_200_000_000).as_deref(),
            Some("2018-12-19 12:50:00")
        );
        assert_eq!(instant("19/09/2018"), None);
        assert_eq!(date(i64::MAX), None);
    }

    #[test]
    fn the_hour_that_comes_twice_is_read_as_the_first_and_shown_alike() {
        let first = instant("2018-10-28 02:30:00").unwrap_or_default();
        assert_eq!(first, 1_540_686_600_000_000);
        assert_eq!(date(first), date(first + 3_600_000_000));
    }

    #[test]
    fn titles_sort_without_case_and_accents() {
        assert_eq!(folded("Œuvre d’été À L'Île"), "oeuvre d ete a l ile");
    }
}
