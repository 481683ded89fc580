//! The configuration file: one format for all programs; a program reads the whole file and uses its
//! sections.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;
use sixplay_core::{
    Result,
    config::{self, Secret},
    detector::DetectorConfig,
};
use sixplay_http::{HttpConfig, middleware::MiddlewareConfig};
use sixplay_index::{IndexConfig, sync::RebuildConfig};
use sixplay_queue::QueueConfig;

/// All keys; `docs/configuration.md` lists them with their defaults.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The folder of the embedded store, queue and index; default `./var`.
    pub data: PathBuf,
    /// How long running work may take to end after SIGTERM; default `10s`.
    #[serde(with = "config::duration")]
    pub drain: Duration,
    /// The database.
    pub store: StoreSettings,
    /// The queue between detector and indexer.
    pub queue: QueueConfig,
    /// The document index.
    pub index: IndexConfig,
    /// The servers.
    pub http: HttpConfig,
    /// The middleware.
    pub middleware: MiddlewareConfig,
    /// The detector.
    pub detector: DetectorConfig,
    /// The indexer.
    pub indexer: IndexerSettings,
    /// The rebuild.
    pub rebuild: RebuildConfig,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("./var"),
            drain: Duration::from_secs(10),
            store: StoreSettings::default(),
            queue: QueueConfig::default(),
            index: IndexConfig::default(),
            http: HttpConfig::default(),
            middleware: MiddlewareConfig::default(),
            detector: DetectorConfig::default(),
            indexer: IndexerSettings::default(),
            rebuild: RebuildConfig::default(),
        }
    }
}

/// Where the tables are.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// `sqlite:PATH`, `mysql://…` or `postgres://…`; default: `store.sqlite` in the data folder.
    pub url: Secret,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            url: Secret::new(""),
        }
    }
}

/// How the indexer takes changes from the queue.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IndexerSettings {
    /// Most changes rendered from one snapshot, 1 to 256; default 200.
    #[serde(deserialize_with = "config::within::<1, 256, _, _>")]
    pub batch: u16,
    /// How long a batch waits for more after its first change; default `20ms`.
    #[serde(with = "config::duration")]
    pub linger: Duration,
}

impl Default for IndexerSettings {
    fn default() -> Self {
        Self {
            batch: 200,
            linger: Duration::from_millis(20),
        }
    }
}

impl Settings {
    /// Reads `file` (or nothing) and the environment's `SIXPLAY_*`.
    ///
    /// # Errors
    /// `Config` naming file, key path and value.
    pub fn load(file: Option<&Path>) -> Result<Self> {
        config::load(file, std::env::vars())
    }

    /// Puts what has no URL of its own into the data folder.
    pub(crate) fn embed(&mut self) {
        let urls = [
            ("store", &mut self.store.url),
            ("queue", &mut self.queue.url),
            ("index", &mut self.index.url),
        ];
        for (name, url) in urls {
            if url.expose().is_empty() {
                *url = Secret::new(format!(
                    "sqlite:{}",
                    self.data.join(name).with_extension("sqlite").display()
                ));
            }
        }
    }
}
