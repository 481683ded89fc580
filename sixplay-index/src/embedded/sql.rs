//! A statement that finds documents, in the making.

use std::sync::Arc;

use sixplay_core::{Error, sea_query::Value as SqlValue};

use super::shape::IndexShape;
use crate::Value;

/// A statement in the making: `r` is the document's row, `o` a nested object's.
pub(super) struct MatchingSql {
    pub shape: Arc<IndexShape>,
    pub text: String,
    pub values: Vec<SqlValue>,
}

impl MatchingSql {
    /// Every document.
    pub(super) fn every_document(shape: Arc<IndexShape>) -> Self {
        Self {
            text: format!("FROM {} r WHERE 1", shape.objects_table(0)),
            values: Vec::new(),
            shape,
        }
    }

    /// The placeholder of a value that is bound from now on.
    pub(super) fn bind_value(&mut self, value: &Value) -> String {
        self.values.push(sql_value(value));
        format!("?{}", self.values.len())
    }
}

/// A value as it is bound.
pub(super) fn sql_value(value: &Value) -> SqlValue {
    match value {
        Value::Text(text) => text.as_str().into(),
        Value::Long(long) => (*long).into(),
    }
}

/// A query that does not fit the mapping.
pub(super) fn invalid_search(message: &'static str, field: &str) -> Error {
    Error::invalid("index.search", message).with("field", field)
}
