//! Bodies of `PATCH`: what is wrong is named by a JSON pointer.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};
use sixplay_core::{Error, Result};

/// The typed patch in `body`.
///
/// # Errors
/// `Invalid` with `pointer` and `problem` for JSON that is malformed, an unknown member, a wrong
/// type.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    require_object(body)?;
    let mut json = serde_json::Deserializer::from_slice(body);
    let patch = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let problem = error.inner().to_string();
        refuse_body(pointer_to(error.path(), &problem), &problem)
    })?;
    let end = json.end();
    end.map_err(|error| refuse_body(String::new(), &error.to_string()))?;
    Ok(patch)
}

/// Refuses an array, which serde would take for the members in their order.
fn require_object(body: &[u8]) -> Result<()> {
    match body.trim_ascii_start().first() {
        Some(b'{') => Ok(()),
        _ => Err(refuse_body(String::new(), "expected a JSON object")),
    }
}

/// The error of a change, with the pointer to the field that it names.
pub(crate) fn point_at_field(error: Error) -> Error {
    let field = error.context().find(|(key, _)| *key == "field");
    match field.map(|(_, field)| format!("/{field}")) {
        Some(pointer) => error.with("pointer", pointer),
        None => error,
    }
}

fn refuse_body(pointer: String, problem: &str) -> Error {
    Error::invalid("api.patch", "the body is not a valid patch")
        .with("pointer", pointer)
        .with("problem", problem)
}

fn pointer_to(path: &Path, problem: &str) -> String {
    let mut segments: Vec<String> = path.iter().filter_map(name_segment).collect();
    if let Some(unknown) = unknown_member(problem)
        && segments.last().is_none_or(|last| last != unknown)
    {
        segments.push(unknown.to_owned());
    }
    let escaped = segments.iter().map(|segment| escape_segment(segment));
    escaped.collect()
}

fn name_segment(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        _ => None,
    }
}

/// A member that the type does not have is named by the message alone.
fn unknown_member(problem: &str) -> Option<&str> {
    problem.strip_prefix("unknown field `")?.split('`').next()
}

fn escape_segment(segment: &str) -> String {
    format!("/{}", segment.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use sixplay_core::ErrorKind;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Patch {
        title: Option<String>,
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        for (body, pointer) in [
            (r#"{"titel":"x"}"#, "/titel"),
            (r#"{"title":1}"#, "/title"),
            (r#"{"a/b~":1}"#, "/a~1b~0"),
            (r#"["x"]"#, ""),
            ("{", ""),
            ("{} x", ""),
        ] {
            let error = read::<Patch>(body.as_bytes()).unwrap_err();
            let found = error
                .context()
                .find(|(key, _)| *key == "pointer")
                .map(|(_, value)| value.to_owned());
            assert_eq!(
                (error.kind(), found.as_deref()),
                (ErrorKind::Invalid, Some(pointer)),
                "{body}"
            );
        }
        let patch = read::<Patch>(br#"{"title":"x"}"#).unwrap();
        assert_eq!(patch.title.as_deref(), Some("x"));
    }
}
