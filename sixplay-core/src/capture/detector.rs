//! The detector: turns logged changes and due windows into references of the roots they affect, and
//! hands them to a sink.

use std::{
    collections::HashSet,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::{
    changes::ChangeClaim,
    feed::Sink,
    paths::AffectedPath,
    source::{Root, Source},
    windows::DueClaim,
};
use crate::{
    Error, Result, config,
    retry::{Backoff, deadline},
    store::Store,
};

/// How many roots a round remembers in order not to deliver them twice.
const REMEMBERED: usize = 100_000;

/// The `detector` section of a configuration file. A program sets the fields of the default; the
/// bounds are checked at load, and a 0 that a program sets counts as 1.
///
/// ```
/// let mut config = sixplay_core::DetectorConfig::default();
/// config.batch = 500;
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct DetectorConfig {
    /// The most changes, and the most due windows, that one round handles; a root is delivered once
    /// a round. 1 to 65535, default 2000.
    #[serde(deserialize_with = "config::within::<1, 65535, _, _>")]
    pub batch: u16,
    /// The most roots in one delivery. 1 to 65535, default 1000.
    #[serde(deserialize_with = "config::within::<1, 65535, _, _>")]
    pub page: u16,
    /// The pause between two looks at the log, unless a round was full. Up to 1 h, default 20ms.
    #[serde(deserialize_with = "config::duration::within::<0, 3_600_000, _>")]
    pub idle: Duration,
    /// How long a crashed detector's changes stay reserved for it; half of it is the sink's
    /// deadline. 1 s to 1 h, default 30s.
    #[serde(deserialize_with = "config::duration::within::<1_000, 3_600_000, _>")]
    pub lease: Duration,
}

impl Default for DetectorConfig {
    fn default() -> Self {
        Self {
            batch: 2000,
            page: 1000,
            idle: Duration::from_millis(20),
            lease: Duration::from_secs(30),
        }
    }
}

/// Watches the change log and the windows of one source. Any number of detectors may run at once.
///
/// Every change and every due window is delivered at least once; what a delivery carries is only
/// which roots to read again.
///
/// ```
/// # use sixplay_core::conformance::{Collector, scratch_file, tiny};
/// use sixplay_core::{Detector, DetectorConfig};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// # let scratch = scratch_file().await?;
/// # let store = scratch.store().clone();
/// # let source = tiny::install(&store).await?;
/// # let sink = Collector::default();
/// let detector = Detector::new(store.clone(), source, DetectorConfig::default());
/// let mut transaction = store.write().await?;
/// transaction.batch("INSERT INTO tiny_author (id, name) VALUES (7, 'Ada')").await?;
/// transaction.commit().await?;
///
/// assert_eq!(detector.step(&sink).await?, 1, "one change");
/// assert!(sink.roots().contains("author:7"));
/// assert_eq!(detector.step(&sink).await?, 0, "delivered and forgotten");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Detector {
    store: Store,
    source: Arc<dyn Source>,
    config: DetectorConfig,
}

impl fmt::Debug for Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detector")
            .field("source", &self.source.name())
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Detector {
    /// A detector of `source`, whose tables [`Store::install`] must have prepared.
    pub fn new(store: Store, source: Arc<dyn Source>, mut config: DetectorConfig) -> Self {
        config.batch = config.batch.max(1);
        config.page = config.page.max(1);
        Self {
            store,
            source,
            config,
        }
    }

    /// Runs until `token` is cancelled: failures of any kind, also a store that was never
    /// installed, are logged through `tracing` and tried again after a growing pause of at most a
    /// second.
    ///
    /// # Errors
    /// None so far.
    pub async fn run(&self, sink: &dyn Sink, token: CancellationToken) -> Result<()> {
        let mut backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(1));
        while !token.is_cancelled() {
            let pause = match self.round(sink, &token).await {
                Ok(handled) => {
                    backoff.reset();
                    self.pause_after(handled)
                }
                Err(error) => {
                    let pause = backoff.next_pause();
                    self.log_failure(&error, backoff.failures());
                    pause
                }
            };
            token.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
        Ok(())
    }

    /// None after a full round: more is likely to wait.
    fn pause_after(&self, handled: [usize; 2]) -> Duration {
        match handled.contains(&usize::from(self.config.batch)) {
            true => Duration::ZERO,
            false => self.config.idle,
        }
    }

    fn log_failure(&self, error: &Error, failures: u32) {
        let source = self.source.name();
        if error.is_transient() {
            tracing::warn!(%error, failures, source, "the detector tries again");
        } else {
            tracing::error!(%error, failures, source, "the detector tries again");
        }
    }

    /// One round: delivers what one batch of changes and one of due windows affects; returns how
    /// many of both were handled.
    ///
    /// # Errors
    /// The sink's or the database's; what was not delivered comes again in a later round.
    pub async fn step(&self, sink: &dyn Sink) -> Result<usize> {
        let handled = self.round(sink, &CancellationToken::new()).await?;
        Ok(handled.iter().sum())
    }

    async fn round(&self, sink: &dyn Sink, token: &CancellationToken) -> Result<[usize; 2]> {
        // a failure of the one must not starve the other
        let changes = self.handle_changes(sink, token).await;
        let dues = self.handle_dues(sink, token).await;
        Ok([changes?, dues?])
    }

    async fn handle_changes(&self, sink: &dyn Sink, token: &CancellationToken) -> Result<usize> {
        let (source, lease) = (self.source.as_ref(), self.config.lease);
        let claimed = self
            .store
            .claim_changes(source, self.config.batch.into(), lease);
        let Some(claim) = claimed.await? else {
            return Ok(0);
        };
        let done = match self.deliver_changes(&claim, sink, token).await {
            Ok(true) => {
                let finished = self.store.finish_changes(&claim).await;
                finished.map(|()| claim.changes.len())
            }
            Ok(false) => Ok(0),
            Err(error) => Err(error),
        };
        if !matches!(done, Ok(1..)) {
            log_kept_lease(self.store.renew_changes(&claim, Duration::ZERO).await);
        }
        done
    }

    /// Delivers what the claimed changes affect, page by page; false when it was told to stop
    /// before the end.
    async fn deliver_changes(
        &self,
        claim: &ChangeClaim,
        sink: &dyn Sink,
        token: &CancellationToken,
    ) -> Result<bool> {
        let mut pages = RootPages::new(self, sink);
        let mut renewed = Instant::now();
        for path in AffectedPath::of(self.source.as_ref(), &claim.changes) {
            let mut cursor = Some(path.start());
            while let Some(here) = cursor {
                if token.is_cancelled() {
                    return Ok(false);
                }
                let (ids, next) = path.page(&self.store, here, pages.size).await?;
                if renewed.elapsed() > self.config.lease / 4 {
                    self.store.renew_changes(claim, self.config.lease).await?;
                    renewed = Instant::now();
                }
                let roots = ids.into_iter().map(|id| Root::new(path.kind, id));
                pages.push(roots).await?;
                cursor = next;
            }
        }
        pages.flush().await?;
        Ok(true)
    }

    async fn handle_dues(&self, sink: &dyn Sink, token: &CancellationToken) -> Result<usize> {
        if token.is_cancelled() {
            return Ok(0);
        }
        let (source, lease) = (self.source.name(), self.config.lease);
        let claimed = self
            .store
            .claim_dues(source, self.config.batch.into(), lease);
        let Some(claim) = claimed.await? else {
            return Ok(0);
        };
        let done = match self.deliver_dues(&claim, sink).await {
            Ok(()) => self.store.finish_dues(&claim).await.map(|()| claim.len()),
            Err(error) => Err(error),
        };
        if done.is_err() {
            log_kept_lease(self.store.release_dues(&claim).await);
        }
        done
    }

    async fn deliver_dues(&self, claim: &DueClaim, sink: &dyn Sink) -> Result<()> {
        let mut pages = RootPages::new(self, sink);
        pages.push(claim.roots()).await?;
        pages.flush().await
    }
}

/// Giving back a claim only saves waiting for the end of its lease.
fn log_kept_lease(outcome: Result<()>) {
    if let Err(error) = outcome {
        tracing::debug!(%error, "a claim is given back when its lease ends");
    }
}

/// Collects roots into pages and hands each root to the sink once.
struct RootPages<'a> {
    sink: &'a dyn Sink,
    size: usize,
    limit: Duration,
    page: Vec<Root>,
    seen: HashSet<Root>,
}

impl<'a> RootPages<'a> {
    fn new(detector: &Detector, sink: &'a dyn Sink) -> Self {
        Self {
            sink,
            size: detector.config.page.into(),
            limit: detector.config.lease / 2,
            page: Vec::new(),
            seen: HashSet::new(),
        }
    }

    async fn push(&mut self, roots: impl IntoIterator<Item = Root>) -> Result<()> {
        for root in roots {
            if self.seen.contains(&root) {
                continue;
            }
            if self.seen.len() < REMEMBERED {
                self.seen.insert(root.clone());
            }
            self.page.push(root);
            if self.page.len() == self.size {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<()> {
        if self.page.is_empty() {
            return Ok(());
        }
        tracing::debug!(roots = self.page.len(), "delivering");
        let delivery = self.sink.deliver(&self.page);
        deadline("detector.deliver", self.limit, delivery).await?;
        self.page.clear();
        Ok(())
    }
}
