//! The detector: turns logged changes and due windows into references of the roots they affect, and
//! hands them to a sink.

use std::{
    collections::HashSet,
    num::NonZeroU16,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use serde::{Deserialize, Deserializer};
use tokio_util::sync::CancellationToken;

use crate::{
    Error, Result,
    backoff::backoff,
    config,
    source::{Root, Source},
    store::{Claim, DueClaim, Path, Store},
};

/// How many roots a round remembers in order not to deliver them twice.
const REMEMBERED: usize = 100_000;

/// Where the detector hands over roots: a queue, or the indexer itself.
#[async_trait]
pub trait Sink: Send + Sync {
    /// Takes over `roots`; `Ok` means that they are durably accepted, and what led to them is then
    /// forgotten.
    ///
    /// # Errors
    /// Any; the same roots come again. A call that takes longer than half the lease counts as
    /// failed.
    async fn deliver(&self, roots: &[Root]) -> Result<()>;
}

/// The detector's settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DetectorConfig {
    /// The most changes, and the most due windows, that one round handles; a root is delivered once
    /// a round. Default 2000.
    pub batch: NonZeroU16,
    /// The most roots in one delivery. Default 1000.
    pub page: NonZeroU16,
    /// The pause between two looks at the log, unless a round was full. Default 20ms.
    #[serde(with = "config::duration")]
    pub idle: Duration,
    /// How long a crashed detector's changes stay reserved for it; half of it is the sink's
    /// deadline. At least 1s; default 30s.
    #[serde(deserialize_with = "lease")]
    pub lease: Duration,
}

impl Default for DetectorConfig {
    fn default() -> Self {
        let count = |value| NonZeroU16::new(value).unwrap_or(NonZeroU16::MIN);
        Self {
            batch: count(2000),
            page: count(1000),
            idle: Duration::from_millis(20),
            lease: Duration::from_secs(30),
        }
    }
}

fn lease<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let lease = config::duration::deserialize(deserializer)?;
    if lease < Duration::from_secs(1) {
        return Err(serde::de::Error::custom("expected a lease of at least 1s"));
    }
    Ok(lease)
}

/// Watches the change log and the windows of one source. Any number of detectors may run at once.
///
/// Every change and every due window is delivered at least once; what a delivery carries is only
/// which roots to read again.
pub struct Detector {
    store: Store,
    source: Arc<dyn Source>,
    config: DetectorConfig,
}

impl Detector {
    /// A detector of `source`, whose tables [`Store::install`] must have prepared.
    pub fn new(store: Store, source: Arc<dyn Source>, config: DetectorConfig) -> Self {
        Self {
            store,
            source,
            config,
        }
    }

    /// Runs until `token` is cancelled: failures of any kind are logged and tried again after a
    /// growing pause of at most a second.
    ///
    /// # Errors
    /// None so far.
    pub async fn run(&self, sink: &dyn Sink, token: CancellationToken) -> Result<()> {
        let mut failures = 0;
        while !token.is_cancelled() {
            let pause = match self.round(sink, &token).await {
                Ok(handled) => {
                    failures = 0;
                    if handled
                        .iter()
                        .any(|count| *count == usize::from(self.config.batch.get()))
                    {
                        Duration::ZERO
                    } else {
                        self.config.idle
                    }
                }
                Err(error) => {
                    failures += 1;
                    match error.is_transient() {
                        true => {
                            tracing::warn!(%error, failures, source = self.source.name(), "the detector tries again")
                        }
                        false => {
                            tracing::error!(%error, failures, source = self.source.name(), "the detector tries again")
                        }
                    }
                    backoff(failures)
                }
            };
            token.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
        Ok(())
    }

    /// One round: delivers what one batch of changes and one of due windows affects; returns how
    /// many of both were handled.
    ///
    /// # Errors
    /// The sink's or the database's; what was not delivered comes again in a later round.
    pub async fn step(&self, sink: &dyn Sink) -> Result<usize> {
        Ok(self
            .round(sink, &CancellationToken::new())
            .await?
            .iter()
            .sum())
    }

    async fn round(&self, sink: &dyn Sink, token: &CancellationToken) -> Result<[usize; 2]> {
        // a failure of the one must not starve the other
        let changes = self.changes(sink, token).await;
        let dues = self.dues(sink, token).await;
        Ok([changes?, dues?])
    }

    async fn changes(&self, sink: &dyn Sink, token: &CancellationToken) -> Result<usize> {
        let limit = u64::from(self.config.batch.get());
        let Some(claim) = self
            .store
            .claim_changes(self.source.name(), limit, self.config.lease)
            .await?
        else {
            return Ok(0);
        };
        let done = match self.fan_out(&claim, sink, token).await {
            Ok(true) => self
                .store
                .finish_changes(&claim)
                .await
                .map(|()| claim.changes.len()),
            Ok(false) => Ok(0),
            Err(error) => Err(error),
        };
        if !matches!(done, Ok(1..)) {
            given_back(self.store.renew_changes(&claim, Duration::ZERO).await);
        }
        done
    }

    /// Delivers what the claimed changes affect, page by page; false when it was told to stop
    /// before the end.
    async fn fan_out(
        &self,
        claim: &Claim,
        sink: &dyn Sink,
        token: &CancellationToken,
    ) -> Result<bool> {
        let mut delivery = Delivery::new(self, sink);
        let mut renewed = Instant::now();
        for path in Path::of(self.source.as_ref(), &claim.changes) {
            let mut cursor = Some(path.start());
            while let Some(here) = cursor {
                if token.is_cancelled() {
                    return Ok(false);
                }
                let (ids, next) = path.page(&self.store, here, delivery.size).await?;
                if renewed.elapsed() > self.config.lease / 4 {
                    self.store.renew_changes(claim, self.config.lease).await?;
                    renewed = Instant::now();
                }
                delivery
                    .push(ids.into_iter().map(|id| Root::new(path.kind.name, id)))
                    .await?;
                cursor = next;
            }
        }
        delivery.flush().await?;
        Ok(true)
    }

    async fn dues(&self, sink: &dyn Sink, token: &CancellationToken) -> Result<usize> {
        if token.is_cancelled() {
            return Ok(0);
        }
        let limit = u64::from(self.config.batch.get());
        let Some(claim) = self
            .store
            .claim_dues(self.source.name(), limit, self.config.lease)
            .await?
        else {
            return Ok(0);
        };
        let done = match self.deliver_dues(&claim, sink).await {
            Ok(()) => self.store.finish_dues(&claim).await.map(|()| claim.len()),
            Err(error) => Err(error),
        };
        if done.is_err() {
            given_back(self.store.release_dues(&claim).await);
        }
        done
    }

    async fn deliver_dues(&self, claim: &DueClaim, sink: &dyn Sink) -> Result<()> {
        let mut delivery = Delivery::new(self, sink);
        delivery.push(claim.roots()).await?;
        delivery.flush().await
    }
}

/// Giving back a claim only saves waiting for the end of its lease.
fn given_back(outcome: Result<()>) {
    if let Err(error) = outcome {
        tracing::debug!(%error, "a claim is given back when its lease ends");
    }
}

/// Collects roots into pages and hands each root to the sink once.
struct Delivery<'a> {
    sink: &'a dyn Sink,
    size: usize,
    deadline: Duration,
    page: Vec<Root>,
    seen: HashSet<Root>,
}

impl<'a> Delivery<'a> {
    fn new(detector: &Detector, sink: &'a dyn Sink) -> Self {
        let size = usize::from(detector.config.page.get());
        Self {
            sink,
            size,
            deadline: detector.config.lease / 2,
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
        let slow = |_| Error::timeout("detector.deliver", "the sink did not accept roots in time");
        tokio::time::timeout(self.deadline, self.sink.deliver(&self.page))
            .await
            .map_err(slow)??;
        self.page.clear();
        Ok(())
    }
}
