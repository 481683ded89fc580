//! The `queue` section of a configuration file.

use serde::Deserialize;
use sixplay_core::config::Secret;

/// Which queue to use, and how.
///
/// ```yaml
/// queue:
///   url: amqp://user:password@rabbit:5672/%2f   # or sqlite:data/queue.db
///   prefix: sixplay-                            # before every queue's name; default: none
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct QueueConfig {
    /// `sqlite:PATH` or `amqp://user:password@host:port/vhost`. Must be set.
    pub url: Secret,
    /// What is put before every queue's name, so that several installations can share a broker;
    /// default: nothing.
    pub prefix: String,
}

impl QueueConfig {
    /// The defaults for `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: Secret::new(url),
            prefix: String::new(),
        }
    }
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self::new("")
    }
}
