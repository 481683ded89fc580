//! How a document is taken apart into the values of its fields, read as Elasticsearch reads them.

use std::collections::BTreeMap;

use serde_json::{Value as Json, value::RawValue};

use super::{
    analysis::analyze_french,
    shape::{FieldScope, IndexShape, Slot, SlotKind},
};
use crate::{Value, stored::StoredDocument};

const MAX_OBJECTS: usize = 10_000;
const MAX_KEYWORD_BYTES: usize = 32_766;

/// One document or nested object: the values of its fields, by their numbers, sorted.
#[derive(Debug, Default)]
pub(super) struct ObjectValues {
    pub scope: usize,
    pub values: BTreeMap<usize, Vec<Value>>,
}

impl ObjectValues {
    /// A field without values has no entry.
    fn set_values(&mut self, field: usize, values: Vec<Value>) {
        if !values.is_empty() {
            self.values.insert(field, values);
        }
    }
}

impl IndexShape {
    /// The document, then its nested objects, or why the mapping refuses it.
    pub(super) fn take_apart(
        &self,
        document: &StoredDocument<'_>,
    ) -> Result<Vec<ObjectValues>, String> {
        let mut root = ObjectValues::default();
        for (name, value) in document.visible_fields() {
            let (field, _) = self.root().require_slot(None, name)?;
            root.set_values(field, vec![Value::Long(value)]);
        }
        let mut objects = vec![root];
        for (name, raw) in last_members(document) {
            self.take_member(name, raw, &mut objects)?;
        }
        match objects.len() - 1 {
            ..=MAX_OBJECTS => Ok(objects),
            nested => Err(format!("{nested} nested objects are too many")),
        }
    }

    /// Adds a member's values to the document, which is the first of `objects`, or its objects
    /// behind.
    fn take_member(
        &self,
        name: &str,
        raw: &RawValue,
        objects: &mut Vec<ObjectValues>,
    ) -> Result<(), String> {
        let (field, slot) = self.root().require_slot(None, name)?;
        match slot.kind {
            SlotKind::Stored => {}
            SlotKind::Nested(scope) => {
                self.collect_objects(scope, name, parse_json(raw)?, objects)?;
            }
            kind => objects[0].set_values(field, sorted_values(kind, name, parse_json(raw)?)?),
        }
        Ok(())
    }

    /// Adds the objects of a nested field, which may be one object or lists of them.
    fn collect_objects(
        &self,
        scope: usize,
        path: &str,
        json: Json,
        objects: &mut Vec<ObjectValues>,
    ) -> Result<(), String> {
        match json {
            Json::Null => Ok(()),
            Json::Array(items) => {
                let mut items = items.into_iter();
                items.try_for_each(|item| self.collect_objects(scope, path, item, objects))
            }
            Json::Object(fields) => {
                let values = self.scopes[scope].values_of(path, fields)?;
                objects.push(ObjectValues { scope, values });
                Ok(())
            }
            _ => Err(format!("the nested field {path} takes objects")),
        }
    }
}

impl FieldScope {
    /// The field's slot; the mapping is strict.
    fn require_slot(&self, path: Option<&str>, name: &str) -> Result<(usize, &Slot), String> {
        let missing = || match path {
            Some(path) => format!("the mapping has no field {path}.{name}"),
            None => format!("the mapping has no field {name}"),
        };
        self.slot_of(name).ok_or_else(missing)
    }

    /// The values of an object in this nested scope.
    fn values_of(
        &self,
        path: &str,
        fields: serde_json::Map<String, Json>,
    ) -> Result<BTreeMap<usize, Vec<Value>>, String> {
        let mut object = ObjectValues::default();
        for (name, json) in fields {
            let (field, slot) = self.require_slot(Some(path), &name)?;
            object.set_values(field, sorted_values(slot.kind, &name, json)?);
        }
        Ok(object.values)
    }
}

/// The members by name; of one that comes twice the last counts.
fn last_members<'a>(document: &'a StoredDocument<'_>) -> BTreeMap<&'a str, &'a RawValue> {
    let members = document.members.iter();
    members.map(|(name, raw)| (&**name, *raw)).collect()
}

fn parse_json(raw: &RawValue) -> Result<Json, String> {
    serde_json::from_str(raw.get()).map_err(|error| error.to_string())
}

/// The searchable values of a field, distinct and sorted.
fn sorted_values(kind: SlotKind, name: &str, json: Json) -> Result<Vec<Value>, String> {
    let mut values = Vec::new();
    collect_values(kind, name, json, &mut values)?;
    values.sort();
    values.dedup();
    Ok(values)
}

/// Adds the values of a field, which may be one value or lists of them.
fn collect_values(
    kind: SlotKind,
    name: &str,
    json: Json,
    values: &mut Vec<Value>,
) -> Result<(), String> {
    match json {
        Json::Null => Ok(()),
        Json::Array(items) => {
            let mut items = items.into_iter();
            items.try_for_each(|item| collect_values(kind, name, item, values))
        }
        Json::Object(_) if kind.is_searchable() => {
            Err(format!("the field {name} takes no objects"))
        }
        json => {
            values.extend(scalar_values(kind, name, json)?);
            Ok(())
        }
    }
}

/// What one value that is no array counts as.
fn scalar_values(kind: SlotKind, name: &str, json: Json) -> Result<Vec<Value>, String> {
    Ok(match kind {
        SlotKind::Keyword => vec![Value::Text(require_keyword(name, text_of(json))?)],
        SlotKind::Long => read_long(name, &json)?
            .map(Value::Long)
            .into_iter()
            .collect(),
        SlotKind::French => {
            let words = analyze_french(&text_of(json));
            words.into_iter().map(Value::Text).collect()
        }
        SlotKind::Stored | SlotKind::Nested(_) => Vec::new(),
    })
}

/// Numbers and booleans as they are written.
fn text_of(json: Json) -> String {
    match json {
        Json::String(text) => text,
        json => json.to_string(),
    }
}

/// Servers refuse longer ones.
fn require_keyword(name: &str, text: String) -> Result<String, String> {
    if text.len() <= MAX_KEYWORD_BYTES {
        return Ok(text);
    }
    let limit = MAX_KEYWORD_BYTES;
    Err(format!("the keyword {name} is longer than {limit} bytes"))
}

/// An integer in any spelling, without its fraction; empty text is no value.
fn read_long(name: &str, json: &Json) -> Result<Option<i64>, String> {
    let long = match json {
        Json::String(text) if text.is_empty() => return Ok(None),
        Json::String(text) => text.parse().ok().or_else(|| truncate(text.parse().ok()?)),
        Json::Number(number) => number.as_i64().or_else(|| truncate(number.as_f64()?)),
        _ => None,
    };
    match long {
        Some(long) => Ok(Some(long)),
        None => Err(format!(
            "the field {name} takes 64-bit integers, not {json}"
        )),
    }
}

/// Without the fraction, if the rest is a 64-bit integer.
fn truncate(real: f64) -> Option<i64> {
    (real.abs() < 9.2e18).then_some(real as i64)
}
