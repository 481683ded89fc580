//! Which queue to use, and how long to wait for it.

use std::time::Duration;

use serde::Deserialize;
use sixplay_core::config::{self, Secret};

/// The `queue` section of a configuration file.
///
/// ```yaml
/// queue:
///   url: amqp://user:password@rabbit:5672/%2f   # or sqlite:data/queue.db
///   prefix: press-                              # before every queue's name; default: none
///   deadline: 10s
/// ```
///
/// An unknown key and a deadline out of bounds are refused:
///
/// ```
/// use std::time::Duration;
/// use sixplay_queue::QueueConfig;
///
/// let text = r#"{"url": "sqlite:data/queue.db", "prefix": "press-", "deadline": "5s"}"#;
/// let config: QueueConfig = serde_json::from_str(text).unwrap();
/// assert_eq!(config.deadline, Duration::from_secs(5));
/// assert_eq!(QueueConfig::new("sqlite:data/queue.db").deadline, Duration::from_secs(10));
///
/// let error = serde_json::from_str::<QueueConfig>(&text.replace("5s", "5h")).unwrap_err();
/// assert!(error.to_string().starts_with("expected a duration from 2s to 10m"));
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct QueueConfig {
    /// `sqlite:PATH` or `amqp://user:password@host:port/vhost`. Must be set. The file at PATH is
    /// created, with `-wal` and `-shm` files beside it; its folder must exist.
    pub url: Secret,
    /// What is put before every queue's name, so that several installations can share a broker;
    /// default: nothing. It counts towards the longest name, 200 bytes.
    pub prefix: String,
    /// How long one answer of the backend may take; 2 seconds to 10 minutes, default `10s`.
    /// Connecting ends after 5 s in any case.
    #[serde(deserialize_with = "config::duration::within::<2_000, 600_000, _>")]
    pub deadline: Duration,
}

impl QueueConfig {
    /// The defaults for the queue at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: Secret::new(url),
            prefix: String::new(),
            deadline: Duration::from_secs(10),
        }
    }
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self::new("")
    }
}
