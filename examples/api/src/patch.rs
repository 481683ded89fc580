//! Bodies of `PATCH`: all that is wrong is named by a JSON pointer.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor},
};
use serde_json::{Map, Value};
use sixplay_core::Result;

use crate::faults::{PatchFaults, refuse_body};

/// What the patch in `body` changes, as `check` has it; `T` takes every member alone.
///
/// # Errors
/// `Invalid` with `pointer` and `problem` for JSON that is malformed; else for every unknown
/// member, wrong type and member that comes twice, and for all that `check` finds in the others.
pub(crate) fn read<T: DeserializeOwned, C>(
    body: &[u8],
    check: impl FnOnce(T, &mut PatchFaults) -> C,
) -> Result<C> {
    let mut faults = PatchFaults::default();
    let members = keep_valid::<T>(read_members(body)?, &mut faults);
    let patch = serde_json::from_value(Value::Object(members));
    let patch = patch.map_err(|error| refuse_body(describe(&error)))?;
    let changes = check(patch, &mut faults);
    faults.refuse_any()?;
    Ok(changes)
}

/// The members of a JSON object, in order, each as often as it comes.
struct Members(Vec<(String, Value)>);

fn read_members(body: &[u8]) -> Result<Members> {
    serde_json::from_slice(body).map_err(|error| match error.is_data() {
        true => refuse_body("expected a JSON object"),
        false => refuse_body(format!(
            "no valid JSON at line {} column {}",
            error.line(),
            error.column()
        )),
    })
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

/// The members that `T` takes, once each.
fn keep_valid<T: DeserializeOwned>(
    members: Members,
    faults: &mut PatchFaults,
) -> Map<String, Value> {
    let (mut kept, mut seen) = (Map::new(), BTreeSet::new());
    for (name, value) in members.0 {
        let alone = Map::from_iter([(name.clone(), value.clone())]);
        if !seen.insert(name.clone()) {
            faults.add(&name, "comes twice");
        } else if let Err(error) = serde_json::from_value::<T>(Value::Object(alone)) {
            faults.add(&name, describe(&error));
        } else {
            kept.insert(name, value);
        }
    }
    kept
}

/// What was expected, without what was given: that is known to who gave it, and of any length.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let expected = text.rsplit_once(", expected ");
    let expected = expected.map_or("another value", |(_, expected)| expected);
    match text.starts_with("unknown field") {
        true => format!("there is no such member, expected {expected}"),
        false => format!("expected {expected}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sixplay_core::ErrorKind;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Patch {
        title: Option<String>,
        count: Option<u8>,
    }

    fn read_patch(body: &[u8]) -> Result<Patch> {
        read(body, |patch: Patch, faults| {
            if patch.title.as_deref() == Some("") {
                faults.add("title", "must not be empty");
            }
            patch
        })
    }

    #[test]
    fn all_that_is_wrong_is_pointed_at_at_once() {
        for (body, pointers) in [
            (r#"{"titel":"x"}"#, &["/titel"][..]),
            (r#"{"title":1}"#, &["/title"]),
            (r#"{"a/b~":1}"#, &["/a~1b~0"]),
            (r#"{"":1}"#, &["/"]),
            (
                r#"{"count":"x","titel":1,"title":""}"#,
                &["/count", "/titel", "/title"],
            ),
            (r#"{"title":"a","count":1,"title":"b"}"#, &["/title"]),
            (r#"{"title":1,"title":"b"}"#, &["/title", "/title"]),
            (r#"{"count":300}"#, &["/count"]),
            (r#"["x"]"#, &[""]),
            ("null", &[""]),
            ("{", &[""]),
            ("{} x", &[""]),
            ("", &[""]),
            ("\u{feff}{}", &[""]),
        ] {
            let error = read_patch(body.as_bytes()).unwrap_err();
            let found = error.context().filter(|(key, _)| *key == "pointer");
            let found: Vec<&str> = found.map(|(_, value)| value).collect();
            assert_eq!(
                (error.kind(), &found[..]),
                (ErrorKind::Invalid, pointers),
                "{body}"
            );
        }
        let patch = read_patch(br#"{"title":"x","count":3}"#).unwrap();
        assert_eq!((patch.title.as_deref(), patch.count), (Some("x"), Some(3)));
    }

    #[test]
    fn what_is_told_is_bounded() {
        let long = format!(r#"{{"count":"{}"}}"#, "x".repeat(100_000));
        let many: String = (0..1000)
            .map(|number| format!(r#""m{number}":0,"#))
            .collect();
        let many = format!("{{{}}}", many.trim_end_matches(','));
        for body in [long, many] {
            let error = read_patch(body.as_bytes()).unwrap_err();
            assert!(
                error.to_string().len() < 4000,
                "{}",
                error.to_string().len()
            );
        }
    }
}
