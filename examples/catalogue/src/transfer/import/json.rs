//! JSON whose numerals keep their text: `179.36000000000001` and `1660.0` are the numbers `179.36`
//! and `1660`, but other bytes.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, de::Error as _};
use serde_json::value::RawValue;

use crate::json::json_string;

/// How deep arrays and objects may be nested.
const DEPTH: usize = 128;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum JsonValue {
    Null,
    Bool(bool),
    /// The numeral as it was written; a finite number.
    Number(String),
    Text(String),
    List(Vec<JsonValue>),
    /// In the order of the text; of a key that comes twice, the last value.
    Object(Vec<(String, JsonValue)>),
}

impl JsonValue {
    /// Reads a text that holds one value and nothing else.
    pub(super) fn parse(text: &[u8]) -> serde_json::Result<Self> {
        Self::read(serde_json::from_slice(text)?, DEPTH)
    }

    /// Reads a value that may hold so many levels, its own included.
    fn read(raw: &RawValue, depth: usize) -> serde_json::Result<Self> {
        let text = raw.get();
        let Some(depth) = depth.checked_sub(1) else {
            return Err(serde_json::Error::custom("nested too deeply"));
        };
        Ok(match text.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't' | b'f') => Self::Bool(from_text(text)?),
            Some(b'"') => Self::Text(from_text(text)?),
            Some(b'[') => {
                let items: Vec<&RawValue> = from_text(text)?;
                let values = items.into_iter().map(|item| Self::read(item, depth));
                Self::List(values.collect::<Result<_, _>>()?)
            }
            Some(b'{') => {
                let members: BTreeMap<String, &RawValue> = from_text(text)?;
                let mut members: Vec<_> = members.into_iter().collect();
                members.sort_by_key(|(_, value)| value.get().as_ptr());
                let values = members
                    .into_iter()
                    .map(|(key, value)| Ok((key, Self::read(value, depth)?)));
                Self::Object(values.collect::<serde_json::Result<_>>()?)
            }
            _ => Self::Number(finite(text)?),
        })
    }

    /// The member `key`; `None` when there is none or this is no object.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(members) = self else {
            return None;
        };
        let mut members = members.iter();
        let found = members.find(|(name, _)| name == key);
        found.map(|(_, value)| value)
    }

    /// The members of an object, none of `[]`, PHP's empty one; gives back what is neither.
    pub(super) fn into_members(self) -> Result<BTreeMap<String, Self>, Self> {
        match self {
            Self::Object(members) => Ok(members.into_iter().collect()),
            Self::List(items) if items.is_empty() => Ok(BTreeMap::new()),
            other => Err(other),
        }
    }

    /// The items of a list, or of one that PHP writes as an object, because some were taken out:
    /// `{"1": …, "3": …}`; gives back what is neither.
    pub(super) fn into_items(self) -> Result<Vec<Self>, Self> {
        match self {
            Self::List(items) => Ok(items),
            Self::Object(members) if has_places(&members) => {
                Ok(members.into_iter().map(|(_, item)| item).collect())
            }
            other => Err(other),
        }
    }

    /// Whether it says nothing where an object may stand: null, `{}`, or PHP's `[]`.
    pub(super) fn is_void(&self) -> bool {
        match self {
            Self::Null => true,
            Self::List(items) => items.is_empty(),
            Self::Object(members) => members.is_empty(),
            _ => false,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        *self == Self::Null
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Number(numeral) => numeral.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn as_real(&self) -> Option<f64> {
        match self {
            Self::Number(numeral) => numeral.parse().ok(),
            _ => None,
        }
    }
}

/// Whether the keys are places in a list.
fn has_places(members: &[(String, JsonValue)]) -> bool {
    let is_place = |key: &String| key.parse::<u64>().is_ok();
    !members.is_empty() && members.iter().all(|(key, _)| is_place(key))
}

fn from_text<'a, T: Deserialize<'a>>(text: &'a str) -> serde_json::Result<T> {
    serde_json::from_str(text)
}

fn finite(numeral: &str) -> serde_json::Result<String> {
    if numeral.parse().is_ok_and(f64::is_finite) {
        Ok(numeral.to_owned())
    } else {
        Err(serde_json::Error::custom("number out of range"))
    }
}

/// As JSON, without blanks, keys in order, numerals as they were written.
impl fmt::Display for JsonValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Number(numeral) => f.write_str(numeral),
            Self::Text(text) => f.write_str(&json_string(text)),
            Self::List(items) => {
                f.write_str("[")?;
                for (place, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if place == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                let sorted: BTreeMap<_, _> =
                    members.iter().map(|(key, value)| (key, value)).collect();
                for (place, (key, value)) in sorted.into_iter().enumerate() {
                    let comma = if place == 0 { "" } else { "," };
                    write!(f, "{comma}{}:{value}", json_string(key))?;
                }
                f.write_str("}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str) -> Result<String, String> {
        let value = JsonValue::parse(text.as_bytes()).map_err(|error| error.to_string())?;
        Ok(value.to_string())
    }

    #[test]
    fn values_come_back_with_their_numerals_as_they_were_written() {
        let text = r#" {"b": [0, 0.0, -0, 1660, 179.36000000000001, 1e3, 123456789012345678901],
            "a": {"x": "d\u00e9j\u00e0 \/ \"", "y": [], "z": {}}, "c": [null, true, false]} "#;
        assert_eq!(
            rewritten(text).as_deref(),
            Ok(concat!(
                r#"{"a":{"x":"déjà / \"","y":[],"z":{}},"#,
                r#""b":[0,0.0,-0,1660,179.36000000000001,1e3,123456789012345678901],"#,
                r#""c":[null,true,false]}"#
            ))
        );
        assert_eq!(rewritten(r#"{"a":1,"a":2}"#).as_deref(), Ok(r#"{"a":2}"#));
    }

    #[test]
    fn lists_with_gaps_and_empty_objects_of_php_are_lists_and_objects() {
        let parse = |text: &str| JsonValue::parse(text.as_bytes()).expect(text);
        let items = |text: &str| {
            let items = parse(text).into_items().ok()?;
            Some(items.iter().map(JsonValue::to_string).collect::<String>())
        };
        for (text, expected) in [
            ("[2,1]", Some("21")),
            (r#"{"10":1,"2":2,"3":3}"#, Some("123")),
            ("[]", Some("")),
            ("{}", None),
            (r#"{"1":1,"a":2}"#, None),
            (r#"{"":1}"#, None),
            ("null", None),
        ] {
            assert_eq!(items(text).as_deref(), expected, "{text}");
        }
        for (text, expected) in [("[]", Some(0)), (r#"{"1":1}"#, Some(1)), ("[1]", None)] {
            let members = parse(text).into_members().ok();
            assert_eq!(members.map(|members| members.len()), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_or_goes_too_far_is_refused() {
        let deep = "[".repeat(DEPTH + 1) + &"]".repeat(DEPTH + 1);
        for text in ["", "{", "01", "1 2", "[1,]", r#""\ud800""#, "1e999", &deep] {
            assert!(rewritten(text).is_err(), "{text}");
        }
        let deepest = "[".repeat(DEPTH) + &"]".repeat(DEPTH);
        assert_eq!(rewritten(&deepest), Ok(deepest));
    }
}
