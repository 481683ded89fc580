//! Where the tables are, and how long to wait for them.

use std::time::Duration;

use serde::Deserialize;

use crate::config::{self, Secret};

/// The `store` section of a configuration file.
///
/// ```yaml
/// store:
///   url: mysql://user:password@127.0.0.1:3306/name   # or postgres://…, or sqlite:data/store.db
///   deadline: 10s
/// ```
///
/// In code, set the fields of the defaults:
///
/// ```
/// let mut config = sixplay_core::StoreConfig::new("sqlite:data/store.db");
/// config.deadline = std::time::Duration::from_secs(3);
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct StoreConfig {
    /// `sqlite:PATH`, `mysql://…` or `postgres://…`. Must be set before [`Store::open`].
    ///
    /// With the parameter `statement-cache-capacity=0`, a URL of PostgreSQL may lead to a pooler
    /// that lends a connection for one transaction only (PgBouncer's `pool_mode = transaction`):
    /// no statement is prepared by name, and none runs outside of a transaction.
    ///
    /// [`Store::open`]: crate::Store::open
    pub url: Secret,
    /// How long one statement, or the wait for a connection, may take; 100 ms to 10 minutes,
    /// default `10s`.
    #[serde(deserialize_with = "config::duration::within::<100, 600_000, _>")]
    pub deadline: Duration,
}

impl StoreConfig {
    /// The defaults for the database at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: Secret::new(url),
            deadline: Duration::from_secs(10),
        }
    }
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self::new("")
    }
}
