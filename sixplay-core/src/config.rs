//! Configuration from one YAML file and `SIXPLAY_*` variables; what is wrong is refused naming file
//! or variable, key and value.

use std::{collections::BTreeMap, fmt, path::Path};

use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use serde_json::{Map, Value};

use crate::{Error, Result};

const PREFIX: &str = "SIXPLAY_";
/// Variables of others: the test servers' URLs, the log filter.
const IGNORED: [&str; 2] = ["SIXPLAY_TEST_", "SIXPLAY_LOG"];

/// Reads the configuration `T` from `file`, if any, overridden by variables, usually
/// `std::env::vars()`.
///
/// `SIXPLAY_QUEUE__PREFETCH=20` sets the key `queue.prefetch`: two underscores go one level down,
/// names are lower-cased. The value is read as YAML, so that `20` is a number and `[a, b]` a list;
/// write `"20"`, with the quotes, for a string of digits. `SIXPLAY_LOG` and names beginning with
/// `SIXPLAY_TEST_` are ignored. `T` should refuse unknown keys (`deny_unknown_fields`).
///
/// # Errors
/// `Config` for a file that cannot be read or is no YAML mapping, an unknown or missing key, and a
/// bad value; it names the file or the variable, the key's path, and the value unless it may be
/// secret.
pub fn load<T: DeserializeOwned>(
    file: Option<&Path>,
    env: impl IntoIterator<Item = (String, String)>,
) -> Result<T> {
    let mut root = file.map_or(Ok(Map::new()), read)?;
    let mut variables = BTreeMap::new();
    for (name, text) in env {
        let Some(key) = name
            .strip_prefix(PREFIX)
            .filter(|_| !IGNORED.iter().any(|ignored| name.starts_with(ignored)))
        else {
            continue;
        };
        let path: Vec<_> = key.to_lowercase().split("__").map(str::to_owned).collect();
        set(&mut root, &path, scalar(&text)).map_err(|error| error.with("variable", &name))?;
        variables.insert(path.join("."), name);
    }
    let root = Value::Object(root);
    serde_path_to_error::deserialize(&root)
        .map_err(|error| refused(&root, file, &variables, &error))
}

fn read(file: &Path) -> Result<Map<String, Value>> {
    let named = |error: Error| error.with("file", file.display());
    let text = std::fs::read_to_string(file)
        .map_err(|error| named(wrong("cannot read the file")).with_source(error))?;
    // the error's own text would show the lines around it, with whatever secret they hold
    let parsed = serde_saphyr::from_str::<Value>(&text).map_err(|error| {
        let place = error
            .location()
            .map(|place| format!("line {} column {}", place.line(), place.column()));
        named(wrong("the file is no valid YAML"))
            .with("at", place.unwrap_or_default())
            .with("reason", error.without_snippet())
    })?;
    match parsed {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        _ => Err(named(wrong("the file holds no mapping"))),
    }
}

fn scalar(text: &str) -> Value {
    match serde_saphyr::from_str(text) {
        Ok(Value::Object(_)) | Err(_) => Value::String(text.to_owned()),
        Ok(value) => value,
    }
}

fn set(map: &mut Map<String, Value>, path: &[String], value: Value) -> Result<()> {
    match path {
        [] => Ok(()),
        [key] => {
            map.insert(key.clone(), value);
            Ok(())
        }
        [key, rest @ ..] => match map.entry(key).or_insert_with(|| Value::Object(Map::new())) {
            Value::Object(section) => set(section, rest, value),
            slot @ Value::Null => {
                *slot = Value::Object(Map::new());
                set(map, path, value)
            }
            _ => Err(wrong("the variable goes below a key that is no section").with("key", key)),
        },
    }
}

fn refused(
    root: &Value,
    file: Option<&Path>,
    variables: &BTreeMap<String, String>,
    error: &serde_path_to_error::Error<serde_json::Error>,
) -> Error {
    let key = error.path().to_string();
    let mut message = error.inner().to_string();
    let value = error
        .path()
        .iter()
        .try_fold(root, |value, segment| match segment {
            serde_path_to_error::Segment::Map { key } => value.get(key),
            serde_path_to_error::Segment::Seq { index } => value.get(index),
            _ => Some(value),
        });
    // what an unknown key would hold nobody knows; of texts, it may be a secret
    let unknown = message.starts_with("unknown field");
    let shown = value
        .filter(|value| !(message.contains(WITHHELD) || unknown && value.is_string()))
        .and_then(shown);
    if let (Some(Value::String(text)), None) = (value, &shown)
        // too short to be a secret, and a part of too many words
        && text.len() > 3
    {
        message = message.replace(text, "***");
    }
    let below = |path: &str| {
        key == path
            || key
                .strip_prefix(path)
                .is_some_and(|rest| rest.starts_with(['.', '[']))
    };
    let error = match (variables.iter().find(|(path, _)| below(path)), file) {
        (Some((_, variable)), _) => wrong(message).with("variable", variable),
        (None, Some(file)) => wrong(message).with("file", file.display()),
        (None, None) => wrong(message),
    };
    let error = error.with("key", key);
    shown
        .into_iter()
        .fold(error, |error, shown| error.with("value", shown))
}

/// A value fit for a log: numbers, flags and short strings that look like no URL with a password.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.contains('@') || text.len() > 100 => None,
        Value::Array(_) | Value::Object(_) => None,
        value => Some(value.to_string()),
    }
}

fn wrong(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::config("config.load", message)
}

const WITHHELD: &str = "(its value is not shown)";

/// A string that never prints: a password, or a URL that may hold one.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The string itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(text)),
            _ => Err(D::Error::custom(format!("expected a string {WITHHELD}"))),
        }
    }
}

/// Reads a whole number from `MIN` to `MAX`: `#[serde(deserialize_with = "config::within::<1, 8, _,
/// _>")]`.
///
/// # Errors
/// The format's own, naming the bounds.
pub fn within<'de, const MIN: u64, const MAX: u64, T: TryFrom<u64>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let number = u64::deserialize(deserializer)?;
    let bounded = (MIN..=MAX)
        .contains(&number)
        .then(|| T::try_from(number).ok())
        .flatten();
    bounded.ok_or_else(|| D::Error::custom(format!("expected a whole number from {MIN} to {MAX}")))
}

/// Durations as `250ms`, `20s`, `5m` or `1h`: `#[serde(with = "sixplay_core::config::duration")]`.
pub mod duration {
    use std::{fmt, time::Duration};

    use serde::{
        Deserializer, Serializer,
        de::{Error, Unexpected, Visitor},
    };

    /// Reads a duration.
    ///
    /// # Errors
    /// The format's own, for anything but a whole number with one of the four units.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Duration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as 250ms, 20s, 5m or 1h")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
                parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_str(Text)
    }

    /// Writes a duration, to the millisecond.
    ///
    /// # Errors
    /// The format's own.
    pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}ms", duration.as_millis()))
    }

    fn parse(text: &str) -> Option<Duration> {
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
        let number: u64 = number.parse().ok()?;
        match unit {
            "ms" => Some(Duration::from_millis(number)),
            "s" => Some(Duration::from_secs(number)),
            "m" => number.checked_mul(60).map(Duration::from_secs),
            "h" => number.checked_mul(3600).map(Duration::from_secs),
            _ => None,
        }
    }
}
