//! Reads JSON objects member by member, so that the names of their keys are constants.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};

/// A string that is copied only when it has escapes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

/// A value made of an object's members; what is missing stays as it is by default.
pub(crate) trait FromMembers<'de>: Default {
    /// Takes the value of `key` from `members`, or passes over it.
    fn take_member<A: MapAccess<'de>>(
        &mut self,
        key: Cow<'de, str>,
        members: &mut A,
    ) -> Result<(), A::Error>;
}

/// Reads an object.
pub(crate) fn read_object<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromMembers<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(ObjectVisitor(PhantomData))
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: FromMembers<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<T, A::Error> {
        let mut value = T::default();
        while let Some(Text(key)) = members.next_key()? {
            value.take_member(key, &mut members)?;
        }
        Ok(value)
    }
}

/// The value of a member that must be there.
pub(crate) fn require<T, E: Error>(value: Option<T>, field: &'static str) -> Result<T, E> {
    value.ok_or_else(|| E::missing_field(field))
}
