//! Makes the index of every kind anew beside the live one, then swaps them.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use jiff::Timestamp;
use serde::Deserialize;
use sixplay_core::{Error, Result, config, progress::Progress, source::Kind};
use tokio_util::sync::CancellationToken;

use super::{indexer::Indexer, write::write};
use crate::{Operation, Outcome, Swap};

/// How a rebuild reads, writes and cleans up.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RebuildConfig {
    /// Roots rendered from one snapshot, 1 to 1,000; default 200.
    #[serde(deserialize_with = "config::within::<1, 1000, _, _>")]
    pub chunk: u64,
    /// Chunks under way at once, 1 to 8; default 2.
    #[serde(deserialize_with = "config::within::<1, 8, _, _>")]
    pub concurrency: usize,
    /// The share of roots that may be refused by the index before the rebuild fails, in percent;
    /// default 0.5, at least 100 roots.
    pub tolerate_percent: f64,
    /// An index without an alias is removed by the next rebuild when it is older than this; default
    /// `1h`.
    #[serde(with = "config::duration")]
    pub retain: Duration,
    /// How long one chunk is tried again while the index is busy or away; default `60s`.
    #[serde(with = "config::duration")]
    pub patience: Duration,
}

impl Default for RebuildConfig {
    fn default() -> Self {
        let (retain, patience) = (Duration::from_secs(3600), Duration::from_secs(60));
        Self {
            chunk: 200,
            concurrency: 2,
            tolerate_percent: 0.5,
            retain,
            patience,
        }
    }
}

/// What a rebuild did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RebuildReport {
    /// Documents written.
    pub indexed: u64,
    /// Roots that are not publishable.
    pub absent: u64,
    /// Roots that the index or the rendering refused, with the reason.
    pub rejected: Vec<(String, String)>,
    /// The new indices, by kind.
    pub indices: BTreeMap<String, String>,
}

/// A full rebuild of all kinds of a source.
pub struct Rebuild {
    indexer: Indexer,
    config: RebuildConfig,
}

impl Rebuild {
    /// A rebuild of the indexer's source into its index, under the same aliases.
    pub fn new(indexer: Indexer, config: RebuildConfig) -> Self {
        Self { indexer, config }
    }

    /// Builds new indices, checks them, swaps the aliases, and removes what earlier rebuilds left.
    ///
    /// Readers see the old documents until the swap and the new ones from then on; when anything
    /// fails the old indices go on serving and the new ones are removed. The replaced indices stay
    /// until a later rebuild finds them older than `retain`. A change committed while a rebuild
    /// runs reaches the old index at once, and the new one only if its chunk was read after the
    /// commit. The first rebuild of a database drops the changes that loaded it, as it reads what
    /// they wrote: edits need not wait behind them.
    ///
    /// # Errors
    /// `Conflict` when another rebuild swapped meanwhile, `Unexpected` when too many roots are
    /// refused or the counts do not agree, `Unavailable` or `Timeout` when database or index stay
    /// away longer than `patience` or `token` is cancelled.
    pub async fn run(
        &self,
        progress: &Progress,
        token: &CancellationToken,
    ) -> Result<RebuildReport> {
        self.sweep().await?;
        let dropped = self
            .indexer
            .store()
            .discard_changes(self.indexer.source().name())
            .await?;
        tracing::debug!(dropped, "changes that the first rebuild reads anyway");
        let started = Timestamp::now();
        let mut report = RebuildReport::default();
        let built = tokio::select! {
            built = self.build(started, progress, &mut report) => built,
            () = token.cancelled() => Err(Error::unavailable("rebuild.run", "stopped before the swap")),
        };
        let swapped = match built {
            Ok(live) => self.swap(&live, &report.indices).await,
            Err(error) => Err(error),
        };
        progress.finish();
        if let Err(error) = swapped {
            self.abandon(&report.indices).await;
            return Err(error);
        }
        Ok(report)
    }

    /// Fills a new index for each kind and returns what was live at the start.
    async fn build(
        &self,
        started: Timestamp,
        progress: &Progress,
        report: &mut RebuildReport,
    ) -> Result<BTreeMap<String, Option<String>>> {
        let (mut live, mut total) = (BTreeMap::new(), 0);
        for kind in self.indexer.source().kinds() {
            live.insert(
                kind.name.to_owned(),
                self.indexer
                    .index()
                    .resolve(&self.indexer.alias(kind.name))
                    .await?,
            );
            total += self.count(kind).await?;
        }
        progress.set_total(total);
        for kind in self.indexer.source().kinds() {
            let name = format!("{}-{}", self.indexer.alias(kind.name), stamp(started));
            self.indexer
                .index()
                .create(&name, &kind.mapping, &self.meta(kind, started))
                .await?;
            report.indices.insert(kind.name.to_owned(), name.clone());
            self.fill(kind, &name, progress, report).await?;
            self.indexer.index().refresh(&name).await?;
        }
        self.verify(report).await?;
        Ok(live)
    }

    async fn count(&self, kind: &Kind) -> Result<u64> {
        let counted = format!("SELECT COUNT(*) AS roots FROM {}", kind.table);
        let rows = self
            .indexer
            .store()
            .session()
            .await?
            .fetch_sql(&counted, Vec::new())
            .await?;
        Ok(rows
            .first()
            .map_or(Ok(0), |row| row.int("roots"))?
            .unsigned_abs())
    }

    async fn fill(
        &self,
        kind: &Kind,
        name: &str,
        progress: &Progress,
        report: &mut RebuildReport,
    ) -> Result<()> {
        let (mut after, mut read) = (None, false);
        let mut chunks = FuturesUnordered::new();
        loop {
            while !read && chunks.len() < self.config.concurrency.clamp(1, 8) {
                let ids = self
                    .indexer
                    .store()
                    .roots(kind, after.as_deref(), self.config.chunk.clamp(1, 1000))
                    .await?;
                after = ids.last().cloned();
                read = ids.is_empty();
                if !read {
                    chunks.push(self.chunk(kind, name, ids));
                }
            }
            let Some(chunk) = chunks.next().await.transpose()? else {
                return Ok(());
            };
            progress.add(chunk.roots);
            report.indexed += chunk.indexed;
            report.absent += chunk.absent;
            report.rejected.extend(chunk.rejected);
            self.tolerate(report)?;
        }
    }

    /// Writes one chunk, again and again as long as only time is missing.
    async fn chunk(&self, kind: &Kind, name: &str, ids: Vec<String>) -> Result<Chunk> {
        let (deadline, mut pause) = (
            Instant::now() + self.config.patience,
            Duration::from_millis(50),
        );
        let mut chunk = Chunk {
            roots: ids.len() as u64,
            ..Chunk::default()
        };
        let mut left = ids;
        loop {
            let error = match self.attempt(kind, name, &left, &mut chunk).await {
                Ok(again) if again.is_empty() => return Ok(chunk),
                Ok(again) => {
                    left = again;
                    Error::unavailable("rebuild.chunk", "the index stays busy")
                }
                Err(error) if error.is_transient() => error,
                Err(error) => return Err(error),
            };
            if Instant::now() >= deadline {
                return Err(error.with("index", name));
            }
            tracing::warn!(%error, index = name, "chunk is tried again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    /// One try; returns the ids that must come again.
    async fn attempt(
        &self,
        kind: &Kind,
        name: &str,
        ids: &[String],
        chunk: &mut Chunk,
    ) -> Result<Vec<String>> {
        let written = write(self.indexer.store(), self.indexer.source(), kind.name, ids).await?;
        // deleting in a new index what was never there keeps nothing; a later write carries a later
        // ticket
        let puts: Vec<Operation> = written
            .operations
            .into_iter()
            .filter(|operation| matches!(operation, Operation::Put { .. }))
            .collect();
        let order: Vec<String> = puts
            .iter()
            .map(|operation| operation.id().to_owned())
            .collect();
        let outcomes = self.indexer.index().apply(name, puts).await?;
        chunk.absent += written.absent;
        let mut again = Vec::new();
        for (id, outcome) in order.into_iter().zip(outcomes).chain(written.unrendered) {
            match outcome {
                Outcome::Done | Outcome::Superseded => chunk.indexed += 1,
                Outcome::Retry { .. } => again.push(id),
                Outcome::TooLarge => chunk
                    .rejected
                    .push((id, "the document is over the index's limit".to_owned())),
                Outcome::Rejected { reason } => chunk.rejected.push((id, reason)),
            }
        }
        Ok(again)
    }

    fn tolerate(&self, report: &RebuildReport) -> Result<()> {
        let seen = (report.indexed + report.absent) as f64;
        let most = (seen * self.config.tolerate_percent / 100.0).max(100.0);
        match report.rejected.last() {
            Some((id, reason)) if report.rejected.len() as f64 > most => {
                let error = Error::unexpected("rebuild.run", "too many roots are refused");
                Err(error
                    .with("refused", report.rejected.len())
                    .with("last", id)
                    .with("reason", reason))
            }
            _ => Ok(()),
        }
    }

    /// The new indices must hold what the loader says it wrote.
    async fn verify(&self, report: &RebuildReport) -> Result<()> {
        let mut held = 0;
        for name in report.indices.values() {
            held += self.indexer.index().count(name).await?;
        }
        if held == report.indexed {
            return Ok(());
        }
        let error = Error::unexpected(
            "rebuild.verify",
            "the new indices do not hold what was written",
        );
        Err(error.with("written", report.indexed).with("held", held))
    }

    /// All aliases in one step: readers see the kinds of one rebuild, or none of it.
    async fn swap(
        &self,
        live: &BTreeMap<String, Option<String>>,
        indices: &BTreeMap<String, String>,
    ) -> Result<()> {
        let swap = |(kind, to): (&String, &String)| Swap {
            alias: self.indexer.alias(kind),
            from: live.get(kind).cloned().flatten(),
            to: to.clone(),
        };
        let swaps: Vec<Swap> = indices.iter().map(swap).collect();
        self.indexer.index().swap_all(&swaps).await?;
        for Swap { alias, from, to } in &swaps {
            tracing::info!(alias, from, to, "index swapped");
        }
        Ok(())
    }

    async fn abandon(&self, indices: &BTreeMap<String, String>) {
        for (kind, name) in indices {
            let live = self
                .indexer
                .index()
                .resolve(&self.indexer.alias(kind))
                .await;
            if !matches!(live, Ok(live) if live.as_ref() != Some(name)) {
                continue;
            }
            if let Err(error) = self.indexer.index().remove(name).await {
                tracing::warn!(%error, index = name, "left for the next rebuild to remove");
            }
        }
    }

    /// Removes indices of this source that no alias names and that are older than `retain`.
    async fn sweep(&self) -> Result<()> {
        let oldest = Timestamp::now().as_microsecond()
            - i64::try_from(self.config.retain.as_micros()).unwrap_or(i64::MAX);
        for kind in self.indexer.source().kinds() {
            let prefix = format!("{}-", self.indexer.alias(kind.name));
            for info in self.indexer.index().list(&prefix).await? {
                let ours = info
                    .meta
                    .get("source")
                    .is_some_and(|source| source == self.indexer.source().name());
                let created = info
                    .meta
                    .get("created_us")
                    .and_then(|created| created.parse::<i64>().ok());
                if ours
                    && info.aliases.is_empty()
                    && created.is_some_and(|created| created < oldest)
                {
                    self.indexer.index().remove(&info.name).await?;
                    tracing::info!(index = info.name, "old index removed");
                }
            }
        }
        Ok(())
    }

    fn meta(&self, kind: &Kind, started: Timestamp) -> BTreeMap<String, String> {
        let pairs = [
            ("source", self.indexer.source().name().to_owned()),
            ("kind", kind.name.to_owned()),
            ("created_us", started.as_microsecond().to_string()),
        ];
        pairs
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect()
    }
}

#[derive(Default)]
struct Chunk {
    roots: u64,
    indexed: u64,
    absent: u64,
    rejected: Vec<(String, String)>,
}

/// Unique among rebuilds: the start to the microsecond, and the process.
fn stamp(started: Timestamp) -> String {
    format!(
        "{}-{:x}",
        started.strftime("%Y%m%dt%H%M%S%6f"),
        std::process::id()
    )
}
