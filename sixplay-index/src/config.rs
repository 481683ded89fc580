//! Where the index is, and how long to wait for it.

use std::time::Duration;

use serde::Deserialize;
use sixplay_core::config::{self, Secret};

/// The `index` section of a configuration file.
///
/// ```yaml
/// index:
///   url: https://user:password@search-1:9200,https://user:password@search-2:9200
///   prefix: sixplay
///   deadline: 2s
///   bulk_deadline: 30s
///   replicas: 1
/// ```
///
/// ```
/// use std::time::Duration;
/// use sixplay_index::IndexConfig;
///
/// let text = r#"{"url": "sqlite:var/index.db", "prefix": "library", "deadline": "500ms"}"#;
/// let config: IndexConfig = serde_json::from_str(text)?;
/// assert_eq!(config.deadline, Duration::from_millis(500));
/// assert_eq!(config.bulk_deadline, IndexConfig::new("sqlite:var/index.db").bulk_deadline);
///
/// let error = serde_json::from_str::<IndexConfig>(r#"{"deadline": "2h"}"#).unwrap_err();
/// assert!(error.to_string().starts_with("expected a duration from 10ms to 10m"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct IndexConfig {
    /// `sqlite:PATH`, or `http(s)://[user:password@]host[:port][/path]`, several nodes of one
    /// cluster separated by commas. Must be set.
    pub url: Secret,
    /// What [`Index::alias`](crate::Index::alias) begins with, by the rule for names of
    /// [`Index`](crate::Index); default `sixplay`.
    pub prefix: String,
    /// How long a read may take; 10 ms to 10 minutes, default `2s`.
    #[serde(deserialize_with = "config::duration::within::<10, 600_000, _>")]
    pub deadline: Duration,
    /// How long an administrative call may take, and a bulk write: on a server each of its
    /// requests, in a file the whole call; 10 ms to 10 minutes, default `30s`.
    #[serde(deserialize_with = "config::duration::within::<10, 600_000, _>")]
    pub bulk_deadline: Duration,
    /// Copies of each shard of a new index, 0 to 100; default 0. The embedded index keeps none.
    #[serde(deserialize_with = "config::within::<0, 100, _, _>")]
    pub replicas: u32,
}

impl IndexConfig {
    /// The defaults for the index at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: Secret::new(url),
            prefix: "sixplay".to_owned(),
            deadline: Duration::from_secs(2),
            bulk_deadline: Duration::from_secs(30),
            replicas: 0,
        }
    }
}

impl Default for IndexConfig {
    fn default() -> Self {
        Self::new("")
    }
}
