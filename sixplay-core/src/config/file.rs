//! The configuration file and the variables that override it.

use std::{borrow::Cow, collections::BTreeMap, ffi::OsString, path::Path};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

use super::{WITHHELD, variables::own_variables};
use crate::{Error, Result};

/// Reads the configuration `T` from `file`, if any, overridden by variables, usually
/// `std::env::vars_os()`.
///
/// `SIXPLAY_QUEUE__PREFIX=a-` sets the key `queue.prefix`: two underscores go one level down,
/// names are lower-cased. The value is read as YAML, so that `20` is a number and `[a, b]` a list;
/// write `"20"`, with the quotes, for a string of digits. `T` should refuse unknown keys
/// (`deny_unknown_fields`).
///
/// Other names than `SIXPLAY_…`, UTF-8 or not, are not looked at; nor are `SIXPLAY_LOG` and names
/// beginning with `SIXPLAY_TEST_`. Kubernetes and Docker set variables for each service of the
/// surroundings, also for one called `sixplay` or `sixplay-…`: what has both the name and the value
/// of such a variable (`SIXPLAY_PORT=tcp://10.96.0.7:80`, `SIXPLAY_API_SERVICE_HOST=10.96.0.7`)
/// sets no key, and one warning names all of them.
///
/// ```
/// use sixplay_core::{DetectorConfig, config};
///
/// # let file = std::env::temp_dir().join(format!("sixplay-load-{}.yml", std::process::id()));
/// std::fs::write(&file, "batch: 500\nidle: 50ms\n").unwrap();
/// let variables = [("SIXPLAY_BATCH".into(), "20".into())];
/// let settings: DetectorConfig = config::load(Some(&file), variables)?;
/// assert_eq!((settings.batch, settings.idle.as_millis()), (20, 50));
///
/// let wrong = [("SIXPLAY_BATCH".into(), "0".into())];
/// let error = config::load::<DetectorConfig>(Some(&file), wrong).unwrap_err().to_string();
/// assert!(error.contains("variable=SIXPLAY_BATCH, key=batch, value=0"), "{error}");
/// # std::fs::remove_file(&file).unwrap();
/// # Ok::<(), sixplay_core::Error>(())
/// ```
///
/// # Errors
/// `Config` for a file that cannot be read or is no YAML mapping, a variable of ours that is not
/// UTF-8, an unknown or missing key, and a bad value; it names the file or the variable, the key's
/// path, and the value unless it may be secret.
pub fn load<T: DeserializeOwned>(
    file: Option<&Path>,
    env: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<T> {
    let mut root = file.map_or(Ok(Map::new()), read_file)?;
    let mut variables = BTreeMap::new();
    for variable in own_variables(env)? {
        let path = variable.path();
        set_key(&mut root, &path, parse_scalar(&variable.text))
            .map_err(|error| error.with("variable", &variable.name))?;
        variables.insert(path.join("."), variable.name);
    }
    let root = Value::Object(root);
    serde_path_to_error::deserialize(&root)
        .map_err(|error| refusal_of(&root, file, &variables, &error))
}

fn read_file(file: &Path) -> Result<Map<String, Value>> {
    let named = |error: Error| error.with("file", file.display());
    let text = std::fs::read_to_string(file)
        .map_err(|error| named(config_error("cannot read the file")).with_source(error))?;
    // the error's own text would show the lines around it, with whatever secret they hold
    let parsed = serde_saphyr::from_str::<Value>(&text).map_err(|error| {
        let place = error
            .location()
            .map(|place| format!("line {} column {}", place.line(), place.column()));
        named(config_error("the file is no valid YAML"))
            .with("at", place.unwrap_or_default())
            .with("reason", error.without_snippet())
    })?;
    match parsed {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        _ => Err(named(config_error("the file holds no mapping"))),
    }
}

fn parse_scalar(text: &str) -> Value {
    match serde_saphyr::from_str(text) {
        Ok(Value::Object(_)) | Err(_) => Value::String(text.to_owned()),
        Ok(value) => value,
    }
}

fn set_key(map: &mut Map<String, Value>, path: &[String], value: Value) -> Result<()> {
    match path {
        [] => Ok(()),
        [key] => {
            map.insert(key.clone(), value);
            Ok(())
        }
        [key, rest @ ..] => match map.entry(key).or_insert_with(|| Value::Object(Map::new())) {
            Value::Object(section) => set_key(section, rest, value),
            slot @ Value::Null => {
                *slot = Value::Object(Map::new());
                set_key(map, path, value)
            }
            _ => Err(
                config_error("the variable goes below a key that is no section").with("key", key),
            ),
        },
    }
}

/// The error of a value that the configuration's type refuses.
fn refusal_of(
    root: &Value,
    file: Option<&Path>,
    variables: &BTreeMap<String, String>,
    error: &serde_path_to_error::Error<serde_json::Error>,
) -> Error {
    let key = key_of(error);
    let value = value_at(root, error.path());
    let (message, shown) = reveal(error.inner().to_string(), value);
    let named = variables
        .iter()
        .find(|(path, _)| is_at_or_below(&key, path));
    let error = match (named, file) {
        (Some((_, variable)), _) => config_error(message).with("variable", variable),
        (None, Some(file)) => config_error(message).with("file", file.display()),
        (None, None) => config_error(message),
    };
    let error = match key.as_str() {
        "" => error,
        key => error.with("key", key),
    };
    shown
        .into_iter()
        .fold(error, |error, shown| error.with("value", shown))
}

/// The dotted path of the key that is refused, or that is missing.
fn key_of(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let message = error.inner().to_string();
    let missing = message.strip_prefix("missing field `");
    let missing = missing.and_then(|rest| Some(rest.split_once('`')?.0));
    let path = match error.path().iter().next() {
        // the root is written as a dot
        None => String::new(),
        Some(_) => error.path().to_string(),
    };
    let parts = [path.as_str(), missing.unwrap_or_default()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(".")
}

fn value_at<'a>(root: &'a Value, path: &serde_path_to_error::Path) -> Option<&'a Value> {
    path.iter().try_fold(root, |value, segment| match segment {
        Segment::Map { key } => value.get(key),
        Segment::Seq { index } => value.get(index),
        _ => Some(value),
    })
}

fn is_at_or_below(key: &str, path: &str) -> bool {
    key.strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// What may be told of a refused value: the message, and the value unless it may be a secret.
fn reveal(message: String, value: Option<&Value>) -> (String, Option<String>) {
    // what an unknown key would hold nobody knows; of texts, it may be a secret
    let unknown = message.starts_with("unknown field");
    let shown = value
        .filter(|value| !(message.contains(WITHHELD) || unknown && value.is_string()))
        .and_then(shown_value);
    match (value, &shown) {
        // shorter ones are no secret, and a part of too many words
        (Some(Value::String(text)), None) if text.len() > 3 => {
            (message.replace(text, "***"), shown)
        }
        _ => (message, shown),
    }
}

/// A value fit for a log: numbers, flags and short strings that look like no URL with a password.
fn shown_value(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.contains('@') || text.len() > 100 => None,
        Value::Array(_) | Value::Object(_) => None,
        value => Some(value.to_string()),
    }
}

fn config_error(message: impl Into<Cow<'static, str>>) -> Error {
    Error::config("config.load", message)
}
