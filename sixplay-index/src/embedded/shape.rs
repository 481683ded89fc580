//! How a mapping is laid out in tables, and how a document is taken apart into their rows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, value::RawValue};
use sixplay_core::mapping::{Field, FieldKind};

use super::analysis::analyze;
use crate::Value;

/// The objects of a document take this many row numbers of each nested scope.
pub(super) const SPAN: i64 = 1 << 14;
const MAX_OBJECTS: usize = 10_000;
const MAX_KEYWORD_BYTES: usize = 32_766;

/// The scopes of an index: first the documents themselves, then the objects of each nested field.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Shape {
    #[serde(default)]
    pub number: i64,
    pub scopes: Vec<Scope>,
}

/// The fields of documents or of nested objects; a field's position is its number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Scope {
    pub fields: Vec<Slot>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Slot {
    pub name: String,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Keyword,
    Long,
    French,
    Stored,
    Nested(usize),
}

/// One document or nested object: the values of its fields.
#[derive(Debug, Default)]
pub(super) struct Object {
    pub scope: usize,
    pub values: BTreeMap<usize, Vec<Value>>,
}

impl Shape {
    pub fn new(fields: &[Field]) -> Self {
        let mut scopes = vec![Scope { fields: Vec::new() }];
        for field in fields {
            let kind = kind(&field.kind, &mut scopes);
            scopes[0].fields.push(Slot {
                name: field.name.to_owned(),
                kind,
            });
        }
        Self { number: 0, scopes }
    }

    /// The document and its nested objects, or why the mapping refuses it.
    pub fn take_apart(&self, document: &RawValue) -> Result<Vec<Object>, String> {
        let fields: BTreeMap<&str, &RawValue> =
            serde_json::from_str(document.get()).map_err(|error| error.to_string())?;
        let (mut root, mut objects) = (Object::default(), Vec::new());
        for (name, raw) in fields {
            let (number, slot) = self.scopes[0]
                .slot(name)
                .ok_or_else(|| format!("the mapping has no field {name}"))?;
            if slot.kind == Kind::Stored {
                continue;
            }
            let json = serde_json::from_str(raw.get()).map_err(|error| error.to_string())?;
            match slot.kind {
                Kind::Nested(scope) => self.nested(scope, name, json, &mut objects)?,
                kind => root.fill(number, values(kind, name, json)?),
            }
        }
        if objects.len() > MAX_OBJECTS {
            return Err(format!("{} nested objects are too many", objects.len()));
        }
        objects.insert(0, root);
        Ok(objects)
    }

    fn nested(
        &self,
        scope: usize,
        path: &str,
        json: Json,
        objects: &mut Vec<Object>,
    ) -> Result<(), String> {
        match json {
            Json::Null => Ok(()),
            Json::Array(items) => items
                .into_iter()
                .try_for_each(|item| self.nested(scope, path, item, objects)),
            Json::Object(fields) => {
                let mut object = Object {
                    scope,
                    values: BTreeMap::new(),
                };
                for (name, json) in fields {
                    let slot = self.scopes[scope].slot(&name);
                    let (number, slot) =
                        slot.ok_or_else(|| format!("the mapping has no field {path}.{name}"))?;
                    object.fill(number, values(slot.kind, &name, json)?);
                }
                objects.push(object);
                Ok(())
            }
            _ => Err(format!("the nested field {path} takes objects")),
        }
    }
}

impl Scope {
    /// The field's number and layout.
    pub fn slot(&self, name: &str) -> Option<(usize, &Slot)> {
        self.fields
            .iter()
            .enumerate()
            .find(|(_, slot)| slot.name == name)
    }

    /// The numbers of the fields that have columns.
    pub fn columns(&self) -> impl Iterator<Item = usize> {
        let searchable = |kind| matches!(kind, Kind::Keyword | Kind::Long | Kind::French);
        self.fields
            .iter()
            .enumerate()
            .filter(move |(_, slot)| searchable(slot.kind))
            .map(|(number, _)| number)
    }
}

impl Object {
    fn fill(&mut self, number: usize, values: Vec<Value>) {
        if !values.is_empty() {
            self.values.insert(number, values);
        }
    }
}

fn kind(kind: &FieldKind, scopes: &mut Vec<Scope>) -> Kind {
    match kind {
        FieldKind::Keyword => Kind::Keyword,
        FieldKind::Long => Kind::Long,
        FieldKind::French => Kind::French,
        FieldKind::Nested(fields) => {
            let slots = fields.iter().map(|field| Slot {
                name: field.name.to_owned(),
                kind: self::kind(&field.kind, scopes),
            });
            let scope = Scope {
                fields: slots.collect(),
            };
            scopes.push(scope);
            Kind::Nested(scopes.len() - 1)
        }
        _ => Kind::Stored,
    }
}

/// The searchable values of a field, distinct and sorted, read as Elasticsearch reads them.
fn values(kind: Kind, name: &str, json: Json) -> Result<Vec<Value>, String> {
    let mut values = Vec::new();
    collect(kind, name, json, &mut values)?;
    values.sort();
    values.dedup();
    Ok(values)
}

fn collect(kind: Kind, name: &str, json: Json, values: &mut Vec<Value>) -> Result<(), String> {
    match (kind, json) {
        (Kind::Stored | Kind::Nested(_), _) | (_, Json::Null) => {}
        (_, Json::Array(items)) => {
            return items
                .into_iter()
                .try_for_each(|item| collect(kind, name, item, values));
        }
        (_, Json::Object(_)) => return Err(format!("the field {name} takes no objects")),
        (Kind::Long, json) => values.extend(long(name, &json)?.map(Value::Long)),
        (kind, json) => {
            let text = if let Json::String(text) = json {
                text
            } else {
                json.to_string()
            };
            match kind {
                Kind::French => values.extend(analyze(&text).into_iter().map(Value::Text)),
                _ if text.len() > MAX_KEYWORD_BYTES => {
                    return Err(format!(
                        "the keyword {name} is longer than {MAX_KEYWORD_BYTES} bytes"
                    ));
                }
                _ => values.push(Value::Text(text)),
            }
        }
    }
    Ok(())
}

fn long(name: &str, json: &Json) -> Result<Option<i64>, String> {
    let real = |real: f64| (real.abs() < 9.2e18).then_some(real as i64);
    let long = match json {
        Json::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(real)),
        Json::String(text) if text.is_empty() => return Ok(None),
        Json::String(text) => text
            .parse()
            .ok()
            .or_else(|| text.parse().ok().and_then(real)),
        _ => None,
    };
    long.map(Some)
        .ok_or_else(|| format!("the field {name} takes 64-bit integers, not {json}"))
}
