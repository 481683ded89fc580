//! Durations as `250ms`, `20s`, `5m` or `1h`: `#[serde(with = "sixplay_core::config::duration")]`.

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

/// Reads a duration from `MIN` to `MAX` milliseconds:
/// `#[serde(deserialize_with = "config::duration::within::<1_000, 60_000, _>")]`.
///
/// # Errors
/// The format's own, naming the bounds.
pub fn within<'de, const MIN: u64, const MAX: u64, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    let duration = deserialize(deserializer)?;
    if (u128::from(MIN)..=u128::from(MAX)).contains(&duration.as_millis()) {
        return Ok(duration);
    }
    let (least, most) = (in_largest_unit(MIN), in_largest_unit(MAX));
    let message = format!("expected a duration from {least} to {most}");
    Err(D::Error::custom(message))
}

/// The milliseconds as a person writes them.
fn in_largest_unit(millis: u64) -> String {
    let units = [(3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let whole = |(size, _): &(u64, &str)| millis > 0 && millis.is_multiple_of(*size);
    let (size, unit) = units.into_iter().find(whole).unwrap_or((1, "ms"));
    format!("{}{unit}", millis / size)
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
