//! Objects as lists of members: merged, joined and written without reading their values.

use std::{borrow::Cow, collections::HashMap};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess},
};
use serde_json::value::RawValue;
use sixplay_core::{Error, Result};

use crate::object::{FromMembers, read_object};

/// Reads a part of a body.
pub(super) fn parse<'a, T: Deserialize<'a>>(json: &'a RawValue) -> Result<T> {
    serde_json::from_str(json.get()).map_err(misshapen)
}

fn misshapen(error: serde_json::Error) -> Error {
    Error::corrupt("catalogue.compose", "the stored body has another shape").with_source(error)
}

/// Which objects of arrays are shown, by the key of the array; of an array without an entry, all.
pub(super) type ShownObjects = HashMap<String, Vec<bool>>;

/// The members of an object, in order, values unread.
#[derive(Debug, Default)]
pub(super) struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// The value of a member, unread.
    pub(super) fn get(&self, key: &str) -> Option<&'a RawValue> {
        let member = self.0.iter().find(|(name, _)| name == key);
        member.map(|(_, value)| *value)
    }

    /// Adds the members of `later`; they replace those of the same key.
    pub(super) fn merge(&mut self, later: &Members<'a>) {
        for (key, value) in &later.0 {
            match self.0.iter_mut().find(|(name, _)| name == key) {
                Some(member) => member.1 = value,
                None => self.0.push((key.clone(), value)),
            }
        }
    }

    /// The object as bytes, the arrays of `each` joined to those of the same key, without the
    /// objects that are not `shown`.
    pub(super) fn write(&self, each: &Members<'_>, shown: &ShownObjects) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(2 + self.written_length());
        bytes.push(b'{');
        for (place, (key, value)) in self.0.iter().enumerate() {
            if place > 0 {
                bytes.push(b',');
            }
            serde_json::to_writer(&mut bytes, key).map_err(misshapen)?;
            bytes.push(b':');
            match (each.get(key), shown.get(&**key)) {
                (None, None) => bytes.extend_from_slice(value.get().as_bytes()),
                (more, shown) => write_objects(value, more, shown, &mut bytes)?,
            }
        }
        bytes.push(b'}');
        Ok(bytes)
    }

    /// About how many bytes the members take: each with quotes, colon and comma.
    fn written_length(&self) -> usize {
        let length = |(key, value): &(Cow<'_, str>, &RawValue)| key.len() + value.get().len() + 4;
        self.0.iter().map(length).sum()
    }
}

impl<'de> FromMembers<'de> for Members<'de> {
    fn take_member<A: MapAccess<'de>>(
        &mut self,
        key: Cow<'de, str>,
        members: &mut A,
    ) -> Result<(), A::Error> {
        self.0.push((key, members.next_value()?));
        Ok(())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_object::<Members<'de>, D>(deserializer)
    }
}

/// Writes the array `objects`, each with the members of its counterpart in `more` at its end, and
/// only those whose counterpart in `shown` is true.
fn write_objects(
    objects: &RawValue,
    more: Option<&RawValue>,
    shown: Option<&Vec<bool>>,
    bytes: &mut Vec<u8>,
) -> Result<()> {
    let objects: Vec<&RawValue> = parse(objects)?;
    let more: Option<Vec<&RawValue>> = more.map(parse).transpose()?;
    let is_shown = |place: usize| shown.is_none_or(|shown| shown.get(place) == Some(&true));
    let mut separator = "[";
    for (place, object) in objects
        .into_iter()
        .enumerate()
        .filter(|(place, _)| is_shown(*place))
    {
        let more = more.as_ref().and_then(|more| more.get(place));
        bytes.extend_from_slice(separator.as_bytes());
        write_object(object, more.copied(), bytes)?;
        separator = ",";
    }
    bytes.extend_from_slice(if separator == "[" { b"[]" } else { b"]" });
    Ok(())
}

/// Writes an object with the members of `more` at its end.
fn write_object(object: &RawValue, more: Option<&RawValue>, bytes: &mut Vec<u8>) -> Result<()> {
    let Some(more) = more else {
        bytes.extend_from_slice(object.get().as_bytes());
        return Ok(());
    };
    let [inner, more] = [text_of_members(object)?, text_of_members(more)?];
    let either_is_empty = inner.is_empty() || more.is_empty();
    let comma = if either_is_empty { "" } else { "," };
    for piece in ["{", inner, comma, more, "}"] {
        bytes.extend_from_slice(piece.as_bytes());
    }
    Ok(())
}

/// The members of an object as text, without braces.
fn text_of_members(object: &RawValue) -> Result<&str> {
    let inner = object.get().strip_prefix('{');
    let inner = inner.and_then(|rest| rest.strip_suffix('}'));
    let expected = || misshapen(serde_json::Error::custom("expected an object"));
    inner.map(str::trim).ok_or_else(expected)
}
