//! Keys of rows: how they are read from an answer, and paged by in their order.

use sea_query::Value;
use serde_json::Value as Json;

use super::source::KeyColumn;
use crate::{Error, Result, store::Row};

/// A key's value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KeyValue {
    Int(i64),
    Text(String),
}

impl KeyValue {
    /// A logged key, `None` when it is null, or what no column of the type can be compared with.
    pub(super) fn from_json(column: KeyColumn, json: &Json) -> Option<Self> {
        match (column, json) {
            (KeyColumn::Int(_), Json::Number(number)) => number.as_i64().map(Self::Int),
            // one database takes no NUL within a text
            (KeyColumn::Text(_), Json::String(text)) if !text.contains('\0') => {
                Some(Self::Text(text.clone()))
            }
            _ => None,
        }
    }

    /// An id as it travels, read back as the column's type.
    pub(super) fn parse(column: KeyColumn, id: &str) -> Option<Self> {
        match column {
            KeyColumn::Int(_) => id.parse().ok().map(Self::Int),
            KeyColumn::Text(_) => Some(Self::Text(id.to_owned())),
        }
    }

    /// The key in an answer's column `id`.
    fn read(column: KeyColumn, row: &Row) -> Result<Self> {
        match column {
            KeyColumn::Int(_) => row.int("id").map(Self::Int),
            KeyColumn::Text(_) => row.text("id").map(Self::Text),
        }
    }

    pub(super) fn to_id(&self) -> String {
        match self {
            Self::Int(value) => value.to_string(),
            Self::Text(value) => value.clone(),
        }
    }
}

impl From<KeyValue> for Value {
    fn from(key: KeyValue) -> Self {
        match key {
            KeyValue::Int(value) => value.into(),
            KeyValue::Text(value) => value.into(),
        }
    }
}

/// Where a page begins among rows in the order of their keys; the default is the first.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyCursor {
    /// The last key that could be read.
    pub(super) after: Option<KeyValue>,
    /// How many rows behind it were seen, none of which has a key to take its place.
    unreadable: usize,
}

/// Some keys, in their order.
pub(super) struct KeyPage {
    pub(super) ids: Vec<String>,
    /// Why rows have no key that can be read; each is told on one page alone.
    pub(super) unreadable: Vec<Error>,
    /// Where the next page begins; `None` after the last.
    pub(super) next: Option<KeyCursor>,
}

impl KeyCursor {
    /// How many rows to ask for in order to get `size` new ones.
    ///
    /// Rows without a readable key that were seen before come first again: were they skipped by
    /// their number, the removal of one of them would hide another row.
    pub(super) fn limit(&self, size: usize) -> usize {
        size + self.unreadable
    }

    /// The page that `rows` are, the answer to a query for as many as [`KeyCursor::limit`] said.
    pub(super) fn page_of(mut self, column: KeyColumn, rows: &[Row], size: usize) -> KeyPage {
        let more = rows.len() >= self.limit(size);
        let told = std::mem::take(&mut self.unreadable);
        let (mut ids, mut unreadable) = (Vec::new(), Vec::new());
        for row in rows {
            match KeyValue::read(column, row) {
                Ok(key) => {
                    ids.push(key.to_id());
                    (self.after, self.unreadable) = (Some(key), 0);
                }
                Err(error) => {
                    self.unreadable += 1;
                    unreadable.push(error);
                }
            }
        }
        unreadable.drain(..told.min(unreadable.len()));
        KeyPage {
            ids,
            unreadable,
            next: more.then_some(self),
        }
    }
}
