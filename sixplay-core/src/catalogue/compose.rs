//! One wire object from a stored body: its base, what the platform adds, and what the request asks for.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{Error, ErrorKind, Result};

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    base: Members<'a>,
    #[serde(borrow, default)]
    with: Members<'a>,
    #[serde(borrow, default)]
    platforms: Members<'a>,
}

#[derive(Deserialize)]
struct Platform<'a> {
    #[serde(borrow, default)]
    base: Members<'a>,
    #[serde(borrow, default)]
    with: Members<'a>,
}

/// The wire object that `platform` gets of a stored `body` when it asks for the parts named in `with`.
///
/// The members of `base`, of the platform's base and of each asked part in turn; a later one replaces an earlier one of
/// the same key. Unknown platforms and parts add nothing. Values are copied byte by byte.
///
/// # Errors
/// `Corrupt` when `body` has not the shape that rendering gives.
pub fn compose(body: &RawValue, platform: &str, with: &[&str]) -> Result<Vec<u8>> {
    let body: Body<'_> = parse(body)?;
    let own: Option<Platform<'_>> = body.platforms.get(platform).map(parse).transpose()?;
    let mut merged = body.base;
    if let Some(own) = &own {
        merged.merge(&own.base);
    }
    for name in with {
        for part in [body.with.get(name), own.as_ref().and_then(|own| own.with.get(name))].into_iter().flatten() {
            merged.merge(&parse(part)?);
        }
    }
    merged.write()
}

fn parse<'a, T: Deserialize<'a>>(json: &'a RawValue) -> Result<T> {
    serde_json::from_str(json.get()).map_err(corrupt)
}

fn corrupt(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Corrupt, "catalogue.compose", "the stored body has another shape").with_source(error)
}

/// The members of an object, in order, values unread.
#[derive(Default)]
struct Members<'a>(Vec<(Key<'a>, &'a RawValue)>);

#[derive(Deserialize, Clone, PartialEq)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Members<'a> {
    fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(name, _)| name.0 == key).map(|(_, value)| *value)
    }

    fn merge(&mut self, later: &Members<'a>) {
        for (key, value) in &later.0 {
            match self.0.iter_mut().find(|(name, _)| name == key) {
                Some(member) => member.1 = value,
                None => self.0.push((key.clone(), value)),
            }
        }
    }

    fn write(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(2 + self.0.iter().map(|(key, value)| key.0.len() + value.get().len() + 4).sum::<usize>());
        bytes.push(b'{');
        for (place, (key, value)) in self.0.iter().enumerate() {
            if place > 0 {
                bytes.push(b',');
            }
            serde_json::to_writer(&mut bytes, &key.0).map_err(corrupt)?;
            bytes.push(b':');
            bytes.extend_from_slice(value.get().as_bytes());
        }
        bytes.push(b'}');
        Ok(bytes)
    }
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

    const BODY: &str = r#"{"base":{"id":1,"program":{"id":7}},"with":{"tags":{"tags":[]},"program_images":{"program":{"id":7,"images":[]}}},
        "platforms":{"web":{"base":{"count":2},"with":{"clips":{"clips":[9]}}}}}"#;

    fn composed(platform: &str, with: &[&str]) -> String {
        let body = RawValue::from_string(BODY.to_owned()).unwrap_or_default();
        String::from_utf8(compose(&body, platform, with).unwrap_or_default()).unwrap_or_default()
    }

    #[test]
    fn base_platform_and_asked_parts_come_together_and_unknown_ones_add_nothing() {
        assert_eq!(composed("web", &["clips", "other"]), r#"{"id":1,"program":{"id":7},"count":2,"clips":[9]}"#);
        assert_eq!(composed("tv", &["tags"]), r#"{"id":1,"program":{"id":7},"tags":[]}"#);
    }

    #[test]
    fn a_part_replaces_the_base_member_of_its_name() {
        assert_eq!(composed("tv", &["program_images"]), r#"{"id":1,"program":{"id":7,"images":[]}}"#);
    }

    #[test]
    fn another_shape_is_corrupt() {
        let body = RawValue::from_string(String::from("[1]")).unwrap_or_default();
        assert_eq!(compose(&body, "web", &[]).map_err(|error| error.kind()), Err(ErrorKind::Corrupt));
    }
}
