//! Configuration from one YAML file and `SIXPLAY_*` variables; what is wrong is refused naming file
//! or variable, key and value.
//!
//! A configuration is a struct that derives `Deserialize`; its bounds are checked while it is read.
//!
//! ```
//! use std::time::Duration;
//! use serde::Deserialize;
//! use sixplay_core::config::{self, Secret};
//!
//! #[derive(Debug, Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Settings {
//!     url: Secret,
//!     #[serde(deserialize_with = "config::within::<1, 8, _, _>")]
//!     workers: u16,
//!     #[serde(with = "config::duration")]
//!     pause: Duration,
//! }
//!
//! let text = r#"{"url": "db://user:password@host", "workers": 3, "pause": "250ms"}"#;
//! let settings: Settings = serde_json::from_str(text)?;
//! assert_eq!(settings.pause, Duration::from_millis(250));
//! assert!(!format!("{settings:?}").contains("password"));
//!
//! let error = serde_json::from_str::<Settings>(&text.replace('3', "9")).unwrap_err();
//! assert!(error.to_string().starts_with("expected a whole number from 1 to 8"));
//! # Ok::<(), serde_json::Error>(())
//! ```

pub mod duration;
#[cfg(feature = "config-file")]
mod file;
#[cfg(feature = "config-file")]
mod services;
#[cfg(feature = "config-file")]
mod variables;

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny},
};

#[cfg(feature = "config-file")]
pub use file::load;

use crate::Result;

const WITHHELD: &str = "(its value is not shown)";

/// A string that never prints: a password, or a URL that may hold one.
///
/// ```
/// use sixplay_core::config::Secret;
///
/// let secret = Secret::new("hunter2");
/// assert_eq!(format!("{secret} {secret:?}"), "*** ***");
/// assert_eq!(secret.expose(), "hunter2");
/// ```
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
        /// Taken whole first, so that no message of the format shows the value.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Text(String),
            Other(IgnoredAny),
        }

        match Given::deserialize(deserializer)? {
            Given::Text(text) => Ok(Self(text)),
            Given::Other(_) => Err(D::Error::custom(format!("expected a string {WITHHELD}"))),
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
