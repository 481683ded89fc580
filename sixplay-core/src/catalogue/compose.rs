//! One wire object from a stored body: its base, what the platform adds, and what the request asks
//! for.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{Error, Result};

/// The `body` of a document: what every platform shows, what only some show, and what only some
/// requests ask for.
///
/// `{"next_change", "base", "with": {part}, "platforms": {platform: {"base", "with": {part},
/// "each": {part}}}}`, where a part is an object whose members join the wire object; those of
/// `each` are arrays, whose objects' members join the objects of the part's array in turn.
#[derive(Deserialize)]
pub struct StoredBody<'a> {
    next_change: Option<i64>,
    #[serde(borrow)]
    base: Members<'a>,
    #[serde(borrow, default)]
    with: Members<'a>,
    #[serde(borrow, default)]
    platforms: Members<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Platform<'a> {
    #[serde(borrow)]
    base: Members<'a>,
    #[serde(borrow)]
    with: Members<'a>,
    #[serde(borrow)]
    each: Members<'a>,
}

impl<'a> StoredBody<'a> {
    /// Reads a stored body.
    ///
    /// # Errors
    /// `Corrupt` when it has not the shape that rendering gives.
    pub fn read(body: &'a RawValue) -> Result<Self> {
        parse(body)
    }

    /// When, in Unix microseconds, time alone changes what the body says; from then on it is stale
    /// until it is rendered again.
    pub fn next_change(&self) -> Option<i64> {
        self.next_change
    }

    /// The wire object that `platform` gets when it asks for the parts named in `with`.
    ///
    /// The members of `base`, of the platform's base and of each asked part in turn; a later one
    /// replaces an earlier one of the same key. Unknown platforms and parts add nothing. Values are
    /// copied byte by byte.
    ///
    /// # Errors
    /// `Corrupt` when the body has not the shape that rendering gives.
    pub fn compose(&self, platform: &str, with: &[&str]) -> Result<Vec<u8>> {
        let own: Platform<'_> = self
            .platforms
            .get(platform)
            .map(parse)
            .transpose()?
            .unwrap_or_default();
        let (mut merged, mut each) = (Members::default(), Members::default());
        merged.merge(&self.base);
        merged.merge(&own.base);
        for name in with {
            for part in [self.with.get(name), own.with.get(name)]
                .into_iter()
                .flatten()
            {
                merged.merge(&parse(part)?);
            }
            if let Some(part) = own.each.get(name) {
                each.merge(&parse(part)?);
            }
        }
        merged.write(&each)
    }
}

fn parse<'a, T: Deserialize<'a>>(json: &'a RawValue) -> Result<T> {
    serde_json::from_str(json.get()).map_err(corrupt)
}

fn corrupt(error: serde_json::Error) -> Error {
    Error::corrupt("catalogue.compose", "the stored body has another shape").with_source(error)
}

/// The members of an object, in order, values unread.
#[derive(Default)]
struct Members<'a>(Vec<(Key<'a>, &'a RawValue)>);

#[derive(Deserialize, Clone, PartialEq)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Members<'a> {
    fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.0
            .iter()
            .find(|(name, _)| name.0 == key)
            .map(|(_, value)| *value)
    }

    fn merge(&mut self, later: &Members<'a>) {
        for (key, value) in &later.0 {
            match self.0.iter_mut().find(|(name, _)| name == key) {
                Some(member) => member.1 = value,
                None => self.0.push((key.clone(), value)),
            }
        }
    }

    /// The object as bytes, the arrays of `each` joined to those of the same key.
    fn write(&self, each: &Members<'_>) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(
            2 + self
                .0
                .iter()
                .map(|(key, value)| key.0.len() + value.get().len() + 4)
                .sum::<usize>(),
        );
        bytes.push(b'{');
        for (place, (key, value)) in self.0.iter().enumerate() {
            if place > 0 {
                bytes.push(b',');
            }
            serde_json::to_writer(&mut bytes, &key.0).map_err(corrupt)?;
            bytes.push(b':');
            match each.get(&key.0) {
                Some(more) => join(value, more, &mut bytes)?,
                None => bytes.extend_from_slice(value.get().as_bytes()),
            }
        }
        bytes.push(b'}');
        Ok(bytes)
    }
}

/// Writes the array `objects`, each with the members of its counterpart in `more` at its end.
fn join(objects: &RawValue, more: &RawValue, bytes: &mut Vec<u8>) -> Result<()> {
    let (objects, more): (Vec<&RawValue>, Vec<&RawValue>) = (parse(objects)?, parse(more)?);
    bytes.push(b'[');
    for (place, (object, more)) in objects.into_iter().zip(more).enumerate() {
        let [inner, more] = [members(object)?, members(more)?];
        let comma = if inner.is_empty() || more.is_empty() {
            ""
        } else {
            ","
        };
        for piece in [if place > 0 { ",{" } else { "{" }, inner, comma, more, "}"] {
            bytes.extend_from_slice(piece.as_bytes());
        }
    }
    bytes.push(b']');
    Ok(())
}

/// The members of an object, without braces.
fn members(object: &RawValue) -> Result<&str> {
    let inner = object
        .get()
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    inner
        .map(str::trim)
        .ok_or_else(|| corrupt(serde::de::Error::custom("expected an object")))
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    const BODY: &str = r#"{"base":{"id":1,"program":{"id":7}},
        "with":{"tags":{"tags":[]},"program_images":{"program":{"id":7,"images":[]}},"clips":{"clips":[{"id":8},{ }]}},
        "platforms":{"web":{"base":{"count":2},"with":{"end":{"end":3}},"each":{"clips":{"clips":[{"assets":[4]},{"assets":[]}]}}},
        "odd":{"each":{"clips":{"clips":[5,{}]}}}}}"#;

    fn compose(json: &str, platform: &str, with: &[&str]) -> Result<String> {
        let body = RawValue::from_string(json.to_owned()).unwrap_or_default();
        Ok(
            String::from_utf8(StoredBody::read(&body)?.compose(platform, with)?)
                .unwrap_or_default(),
        )
    }

    fn composed(platform: &str, with: &[&str]) -> String {
        compose(BODY, platform, with).unwrap_or_default()
    }

    #[test]
    fn base_platform_and_asked_parts_come_together_and_unknown_ones_add_nothing() {
        assert_eq!(
            composed("web", &["end", "other"]),
            r#"{"id":1,"program":{"id":7},"count":2,"end":3}"#
        );
        assert_eq!(
            composed("tv", &["tags"]),
            r#"{"id":1,"program":{"id":7},"tags":[]}"#
        );
    }

    #[test]
    fn a_part_replaces_the_base_member_of_its_name() {
        assert_eq!(
            composed("tv", &["program_images"]),
            r#"{"id":1,"program":{"id":7,"images":[]}}"#
        );
    }

    #[test]
    fn a_platforms_members_join_each_object_of_a_shared_array() {
        let expected = r#"{"id":1,"program":{"id":7},"count":2,"clips":[{"id":8,"assets":[4]},{"assets":[]}]}"#;
        assert_eq!(composed("web", &["clips"]), expected);
        assert_eq!(
            composed("tv", &["clips"]),
            r#"{"id":1,"program":{"id":7},"clips":[{"id":8},{ }]}"#
        );
    }

    #[test]
    fn another_shape_is_corrupt() {
        for (json, platform) in [("[1]", "web"), (r#"{"with":{}}"#, "web"), (BODY, "odd")] {
            assert_eq!(
                compose(json, platform, &["clips"]).map_err(|error| error.kind()),
                Err(ErrorKind::Corrupt),
                "{json}"
            );
        }
    }
}
