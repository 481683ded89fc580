//! How the indexer and the rebuild read, write and clean up.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};
use sixplay_core::config;

/// The `indexer` section of a configuration file. A program sets the fields of the default; the
/// bounds are checked at load, and a `batch` of 0 counts as 1.
///
/// ```yaml
/// indexer:
///   batch: 200
///   linger: 20ms
/// ```
///
/// ```
/// use sixplay_index::IndexerConfig;
///
/// let config: IndexerConfig = serde_json::from_str(r#"{"batch": 50}"#)?;
/// assert_eq!((config.batch, config.linger.as_millis()), (50, 20));
/// assert!(serde_json::from_str::<IndexerConfig>(r#"{"batch": 257}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct IndexerConfig {
    /// The most roots that are taken from the feed and indexed at once, 1 to 256; default 200.
    #[serde(deserialize_with = "config::within::<1, 256, _, _>")]
    pub batch: u16,
    /// How long a batch waits for more after its first root; for whoever opens the feed. Up to
    /// 1 minute, default `20ms`.
    #[serde(deserialize_with = "config::duration::within::<0, 60_000, _>")]
    pub linger: Duration,
}

impl Default for IndexerConfig {
    fn default() -> Self {
        Self {
            batch: 200,
            linger: Duration::from_millis(20),
        }
    }
}

/// The `rebuild` section of a configuration file. A program sets the fields of the default; the
/// bounds are checked at load, and a 0 of `chunk` or `concurrency` counts as 1.
///
/// ```yaml
/// rebuild:
///   chunk: 200
///   concurrency: 2
///   tolerate_percent: 0.5
///   tolerate_roots: 100
///   retain: 1h
///   patience: 60s
/// ```
///
/// ```
/// use sixplay_index::RebuildConfig;
///
/// let config: RebuildConfig = serde_json::from_str(r#"{"tolerate_percent": 2}"#)?;
/// assert_eq!((config.chunk, config.tolerate_percent), (200, 2.0));
/// let error = serde_json::from_str::<RebuildConfig>(r#"{"tolerate_percent": 101}"#).unwrap_err();
/// assert!(error.to_string().starts_with("expected a percentage from 0 to 100"));
///
/// let mut strict = RebuildConfig::default();
/// (strict.tolerate_percent, strict.tolerate_roots) = (0.0, 0);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RebuildConfig {
    /// Roots rendered from one reading, 1 to 1,000; default 200.
    #[serde(deserialize_with = "config::within::<1, 1000, _, _>")]
    pub chunk: u64,
    /// Chunks under way at once, 1 to 8; default 2.
    #[serde(deserialize_with = "config::within::<1, 8, _, _>")]
    pub concurrency: usize,
    /// The share of roots that may be refused by the rendering or the index before the rebuild
    /// fails, in percent; default 0.5.
    #[serde(deserialize_with = "percentage")]
    pub tolerate_percent: f64,
    /// So many refused roots are tolerated however small their number makes the share; up to
    /// 1,000,000, default 100. With 0 here and in `tolerate_percent`, none is. A kind of which
    /// every root is refused fails the rebuild in any case.
    #[serde(deserialize_with = "config::within::<0, 1_000_000, _, _>")]
    pub tolerate_roots: u64,
    /// An index without an alias is removed by the next rebuild when it is older than this; up to
    /// 1,000 hours, default `1h`.
    #[serde(deserialize_with = "config::duration::within::<0, 3_600_000_000, _>")]
    pub retain: Duration,
    /// How long one chunk is tried again while the index is busy or away; up to 24 hours, default
    /// `60s`.
    #[serde(deserialize_with = "config::duration::within::<0, 86_400_000, _>")]
    pub patience: Duration,
}

impl Default for RebuildConfig {
    fn default() -> Self {
        Self {
            chunk: 200,
            concurrency: 2,
            tolerate_percent: 0.5,
            tolerate_roots: 100,
            retain: Duration::from_secs(3600),
            patience: Duration::from_secs(60),
        }
    }
}

/// Reads a share that is not negative and at most the whole.
fn percentage<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let percent = f64::deserialize(deserializer)?;
    match percent {
        0.0..=100.0 => Ok(percent),
        _ => Err(D::Error::custom("expected a percentage from 0 to 100")),
    }
}
