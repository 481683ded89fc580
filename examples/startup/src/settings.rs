//! The configuration file: one format for all programs; a program reads the whole file and uses its
//! sections.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;
use sixplay_core::{DetectorConfig, Result, StoreConfig, config};
use sixplay_http::HttpConfig;
use sixplay_index::{IndexConfig, IndexerConfig, RebuildConfig};
use sixplay_queue::QueueConfig;

/// All sections of the file, with their defaults; `docs/configuration.md` lists the keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// The folder of the embedded store, queue and index; default `./var`.
    pub data: PathBuf,
    /// How long running work may take to end after SIGTERM; up to 1 h, default `10s`.
    #[serde(deserialize_with = "config::duration::within::<0, 3_600_000, _>")]
    pub drain: Duration,
    /// The database.
    pub store: StoreConfig,
    /// The queue between detector and indexer.
    pub queue: QueueConfig,
    /// The document index.
    pub index: IndexConfig,
    /// The servers.
    pub http: HttpConfig,
    /// The detector.
    pub detector: DetectorConfig,
    /// The indexer.
    pub indexer: IndexerConfig,
    /// The rebuild.
    pub rebuild: RebuildConfig,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("./var"),
            drain: Duration::from_secs(10),
            store: StoreConfig::default(),
            queue: QueueConfig::default(),
            index: IndexConfig::default(),
            http: HttpConfig::default(),
            detector: DetectorConfig::default(),
            indexer: IndexerConfig::default(),
            rebuild: RebuildConfig::default(),
        }
    }
}

impl Settings {
    /// Reads `file` (or nothing) and the environment's `SIXPLAY_*`.
    ///
    /// # Errors
    /// `Config` naming file, key path and value.
    pub fn load(file: Option<&Path>) -> Result<Self> {
        config::load(file, std::env::vars_os())
    }
}
