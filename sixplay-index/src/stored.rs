//! What a backend is given to write: operations within all limits, their documents read once and
//! joined by the two fields of their visible time.
//!
//! A document is read as far as its own members: their names, and where their values begin and end.
//! The values are written as they came, numbers and escapes included, so that readers get the bytes
//! that the writer chose.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
    ser::SerializeMap,
};
use serde_json::value::RawValue;
use sixplay_core::Visible;

use crate::{MAX_ID_BYTES, MAX_OPERATION_BYTES, Operation, Outcome, VISIBLE_FROM, VISIBLE_UNTIL};

/// What a bulk request's line about an operation takes at most, without the id.
const ACTION_BYTES: usize = 96;

/// What the two fields take at most.
const VISIBLE_BYTES: usize = 80;

/// An operation that is worth sending to a backend.
#[derive(Debug)]
pub(crate) struct CheckedOperation<'a> {
    pub id: &'a str,
    pub version: i64,
    /// `None` deletes.
    pub document: Option<StoredDocument<'a>>,
}

impl<'a> CheckedOperation<'a> {
    /// The operation, or the outcome of one that no backend needs to see.
    pub(crate) fn check(operation: &'a Operation) -> Result<Self, Outcome> {
        let mut checked = Self {
            id: operation.id(),
            version: operation.version(),
            document: None,
        };
        checked
            .require_id_and_version()
            .map_err(Outcome::rejected)?;
        if let Operation::Put {
            visible, document, ..
        } = operation
        {
            let document = StoredDocument::read_members(document, *visible);
            checked.document = Some(document.map_err(Outcome::rejected)?);
        }
        match checked.most_bytes() {
            ..=MAX_OPERATION_BYTES => Ok(checked),
            _ => Err(Outcome::TooLarge),
        }
    }

    /// What servers refuse with a whole request, or take for something else.
    fn require_id_and_version(&self) -> Result<(), &'static str> {
        if self.id.is_empty() || self.id.len() > MAX_ID_BYTES {
            return Err("an id takes 1 to 512 bytes");
        }
        if self.version < 0 {
            return Err("a version is not negative");
        }
        Ok(())
    }

    /// What the operation takes in a bulk request, at most.
    pub(crate) fn most_bytes(&self) -> usize {
        let document = self.document.as_ref().map_or(0, |document| document.bytes);
        // every byte of an id may need an escape
        ACTION_BYTES + self.id.len() * 6 + document
    }
}

/// A document as it is stored: it is written as an object with the fields of its visible time, then
/// the document's own members, whose values keep their bytes.
#[derive(Debug)]
pub(crate) struct StoredDocument<'a> {
    /// The document's own members, in their order, without the fields of a visible time.
    pub members: Vec<(Cow<'a, str>, &'a RawValue)>,
    visible: Visible,
    bytes: usize,
}

impl<'a> StoredDocument<'a> {
    /// Reads the members of `document`, or says why it has none.
    pub(crate) fn read_members(document: &'a RawValue, visible: Visible) -> Result<Self, String> {
        if !document.get().trim_start().starts_with('{') {
            return Err("a document is a JSON object".to_owned());
        }
        let Members(mut members) =
            serde_json::from_str(document.get()).map_err(|error| error.to_string())?;
        members.retain(|(name, _)| ![VISIBLE_FROM, VISIBLE_UNTIL].contains(&name.as_ref()));
        Ok(Self {
            members,
            visible,
            bytes: document.get().len() + VISIBLE_BYTES,
        })
    }

    /// The fields of the visible time; without an end there is one.
    pub(crate) fn visible_fields(&self) -> impl Iterator<Item = (&'static str, i64)> {
        let from = (VISIBLE_FROM, self.visible.from_us());
        let until = self.visible.until_us().map(|until| (VISIBLE_UNTIL, until));
        std::iter::once(from).chain(until)
    }
}

impl Serialize for StoredDocument<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        for (name, value) in self.visible_fields() {
            object.serialize_entry(name, &value)?;
        }
        for (name, value) in &self.members {
            object.serialize_entry(name, value)?;
        }
        object.end()
    }
}

/// The members of a JSON object in their order, the values unread.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// Borrows a name that is written without escapes.
#[derive(Deserialize)]
struct MemberName<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some((MemberName(name), value)) = object.next_entry()? {
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(document: &str, visible: Visible) -> Result<String, String> {
        let document: &RawValue = serde_json::from_str(document).expect("valid JSON");
        let stored = StoredDocument::read_members(document, visible)?;
        Ok(serde_json::to_string(&stored).expect("written"))
    }

    #[test]
    fn the_visible_time_joins_any_object_and_values_keep_their_bytes() {
        let from = Visible::from_micros(5, None);
        let cases = [
            ("{}", r#"{"visible_from":5}"#),
            (r#" { "a" : 1.50e1 } "#, r#"{"visible_from":5,"a":1.50e1}"#),
            (
                r#"{"z":{"é":"\u00e9\/", "big": 1234567890123456789},"a":[ 1 ]}"#,
                r#"{"visible_from":5,"z":{"é":"\u00e9\/", "big": 1234567890123456789},"a":[ 1 ]}"#,
            ),
            (r#"{"\u00e9\"":1}"#, r#"{"visible_from":5,"é\"":1}"#),
        ];
        for (document, expected) in cases {
            assert_eq!(stored(document, from).as_deref(), Ok(expected));
        }
        let window = Visible::from_micros(-7, Some(9));
        let expected = r#"{"visible_from":-7,"visible_until":9,"a":1}"#;
        assert_eq!(stored(r#"{"a":1}"#, window).as_deref(), Ok(expected));
    }

    #[test]
    fn the_type_wins_over_fields_of_the_document() {
        let own = r#"{"visible_until":1,"a":2,"visible_from":3}"#;
        let expected = r#"{"visible_from":0,"a":2}"#;
        assert_eq!(stored(own, Visible::ALWAYS).as_deref(), Ok(expected));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for document in ["[1]", "7", "null", r#""{}""#] {
            assert!(stored(document, Visible::ALWAYS).is_err(), "{document}");
        }
    }
}
