//! Bodies of `PATCH`: what is wrong is named by a JSON pointer.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};
use sixplay_core::{Error, Result};

/// The typed patch in `body`.
///
/// # Errors
/// `Invalid` with `pointer` and `problem` for JSON that is malformed, an unknown member, a wrong
/// type.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    // serde would take an array for the members in their order
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(invalid(String::new(), "expected a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let patch = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let (path, error) = (
            pointer(error.path(), &error.inner().to_string()),
            error.into_inner(),
        );
        invalid(path, &error.to_string())
    })?;
    json.end()
        .map_err(|error| invalid(String::new(), &error.to_string()))?;
    Ok(patch)
}

/// An error of the store's edit with the pointer to the field that it names.
pub(super) fn pointed(error: Error) -> Error {
    let field = error
        .context()
        .find(|(key, _)| *key == "field")
        .map(|(_, field)| format!("/{field}"));
    field
        .into_iter()
        .fold(error, |error, pointer| error.with("pointer", pointer))
}

fn invalid(pointer: String, problem: &str) -> Error {
    Error::invalid("api.patch", "the body is not a valid patch")
        .with("pointer", pointer)
        .with("problem", problem)
}

fn pointer(path: &Path, problem: &str) -> String {
    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        _ => None,
    });
    // a member that the type does not have is named by the message alone
    let unknown = problem
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split('`').next());
    let mut segments: Vec<String> = segments.collect();
    if let Some(unknown) =
        unknown.filter(|unknown| segments.last().is_none_or(|last| last != unknown))
    {
        segments.push(unknown.to_owned());
    }
    segments
        .iter()
        .map(|segment| format!("/{}", segment.replace('~', "~0").replace('/', "~1")))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use sixplay_core::ErrorKind;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Patch {
        #[allow(dead_code)]
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
        assert!(read::<Patch>(br#"{"title":"x"}"#).is_ok());
    }
}
