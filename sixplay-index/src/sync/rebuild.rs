//! Makes the index of every kind anew beside the live one, then swaps them.

use std::{collections::BTreeMap, fmt, sync::Arc};

use futures_util::{StreamExt, stream::FuturesUnordered};
use jiff::Timestamp;
use sixplay_core::{
    CancellationToken, Error, Kind, Progress, Result, Root, RootCursor, RootPage, Source, Store,
};

use super::{
    RebuildConfig,
    chunk::{ChunkReport, ChunkWriter},
};
use crate::{Index, IndexInfo, Swap};

/// The name of the source that an index was made for, in its meta data.
const META_SOURCE: &str = "source";
/// The kind of its documents.
const META_KIND: &str = "kind";
/// When it was made, in Unix microseconds.
const META_CREATED: &str = "created_us";

/// What a rebuild did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RebuildReport {
    /// Documents written.
    pub indexed: u64,
    /// Roots that are not publishable.
    pub absent: u64,
    /// Roots that the index or the rendering refused, and rows without an id that can be read,
    /// whose id is empty here; each with the reason.
    pub rejected: Vec<(Root, String)>,
    /// The new indices, by kind.
    pub indices: BTreeMap<String, String>,
}

/// A full rebuild of all kinds of a source, which [`Store::install`](sixplay_core::Store::install)
/// has installed.
///
/// ```
/// # use sixplay_core::conformance::{scratch_file, tiny::{self, Book}};
/// use sixplay_core::CancellationToken;
/// use sixplay_index::{Index, Query, Rebuild, RebuildConfig};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (scratch, folder) = (scratch_file().await?, tempfile::tempdir()?);
/// # let store = scratch.store().clone();
/// # let source: std::sync::Arc<dyn sixplay_core::Source> = tiny::install(&store).await?;
/// # let mut transaction = store.write().await?;
/// # tiny::put_author(&mut transaction, 1, "Jules").await?;
/// # tiny::put_books(&mut transaction, &[Book::new("b1", 1, "Le Château des Carpathes")]).await?;
/// # transaction.commit().await?;
/// # let index = Index::connect(&format!("sqlite:{}/index.db", folder.path().display())).await?;
/// // one author with one book in the store
/// let rebuild = Rebuild::new(store, source, index.clone(), RebuildConfig::default());
/// let report = rebuild.run(&(), &CancellationToken::new()).await?;
/// assert_eq!((report.indexed, report.absent, report.rejected.len()), (2, 0, 0));
///
/// let query = Query::new(1).text("title", "chateaux");
/// assert_eq!(index.search(&index.alias("book"), &query).await?.total, 1);
/// # Ok(())
/// # }
/// ```
pub struct Rebuild {
    pub(super) store: Store,
    pub(super) source: Arc<dyn Source>,
    pub(super) index: Index,
    pub(super) config: RebuildConfig,
}

impl fmt::Debug for Rebuild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rebuild")
            .field("source", &self.source.name())
            .field("index", &self.index)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// The index that is live behind the alias of each kind.
type LiveIndices = BTreeMap<String, Option<String>>;

impl Rebuild {
    /// A rebuild of `source`, whose tables are in `store`, into `index`, under the aliases that an
    /// [`Indexer`](crate::Indexer) writes to.
    pub fn new(store: Store, source: Arc<dyn Source>, index: Index, config: RebuildConfig) -> Self {
        Self {
            store,
            source,
            index,
            config,
        }
    }

    /// Builds new indices, checks them, swaps the aliases, and removes what earlier rebuilds left;
    /// `progress` counts roots.
    ///
    /// The new indices are called as their alias with the time and the process behind. Each is
    /// filled by a few chunks at once, and a chunk that fails for now is tried again.
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
        progress: &dyn Progress,
        token: &CancellationToken,
    ) -> Result<RebuildReport> {
        self.remove_old_indices().await?;
        let dropped = self.store.discard_changes(self.source.name()).await?;
        tracing::debug!(dropped, "changes that the first rebuild reads anyway");
        let mut report = RebuildReport::default();
        match self.build_and_swap(progress, token, &mut report).await {
            Ok(()) => Ok(report),
            Err(error) => {
                self.abandon_indices(&report.indices).await;
                Err(error)
            }
        }
    }

    /// What must happen between the new indices' creation and their going live.
    async fn build_and_swap(
        &self,
        progress: &dyn Progress,
        token: &CancellationToken,
        report: &mut RebuildReport,
    ) -> Result<()> {
        let build = self.build_indices(progress, report);
        let built = token.run_until_cancelled(build).await;
        let stopped = || Error::unavailable("rebuild.run", "stopped before the swap");
        let live = built.ok_or_else(stopped)??;
        self.swap_aliases(&live, &report.indices).await
    }

    /// Fills a new index for each kind and returns what was live at the start.
    async fn build_indices(
        &self,
        progress: &dyn Progress,
        report: &mut RebuildReport,
    ) -> Result<LiveIndices> {
        let started = Timestamp::now();
        let (mut live, mut total) = (LiveIndices::new(), 0);
        for kind in self.source.kinds() {
            let index = self.index.resolve(&self.index.alias(kind.name)).await?;
            live.insert(kind.name.to_owned(), index);
            total += self.count_roots(kind).await?;
        }
        progress.total(total);
        for kind in self.source.kinds() {
            let name = self.create_index(kind, started).await?;
            report.indices.insert(kind.name.to_owned(), name.clone());
            let before = (report.indexed, report.rejected.len());
            self.fill_index(kind, &name, progress, report).await?;
            report.require_documents(kind, before)?;
            self.index.refresh(&name).await?;
        }
        self.verify_counts(report).await?;
        Ok(live)
    }

    /// Makes an empty index for the kind and returns its name.
    async fn create_index(&self, kind: &Kind, started: Timestamp) -> Result<String> {
        let name = format!("{}-{}", self.index.alias(kind.name), stamp_of(started));
        let meta = self.meta_of(kind, started);
        self.index.create(&name, &kind.mapping, &meta).await?;
        Ok(name)
    }

    /// How many roots there are now, for whoever shows the progress.
    async fn count_roots(&self, kind: &Kind) -> Result<u64> {
        let sql = format!("SELECT COUNT(*) AS roots FROM {}", kind.table);
        let rows = self.store.read().await?.fetch_sql(&sql, Vec::new()).await?;
        let roots = rows.first().map_or(Ok(0), |row| row.int("roots"))?;
        Ok(roots.unsigned_abs())
    }

    /// Writes all roots of the kind, some chunks at once.
    async fn fill_index(
        &self,
        kind: &Kind,
        name: &str,
        progress: &dyn Progress,
        report: &mut RebuildReport,
    ) -> Result<()> {
        let writer = ChunkWriter {
            store: &self.store,
            source: self.source.as_ref(),
            index: &self.index,
            patience: self.config.patience,
        };
        let mut next = Some(RootCursor::default());
        let mut chunks = FuturesUnordered::new();
        loop {
            while chunks.len() < self.config.concurrency.max(1)
                && let Some(cursor) = next.take()
            {
                let size = usize::try_from(self.config.chunk).unwrap_or(usize::MAX);
                let page = self.store.root_page(kind, cursor, size).await?;
                progress.add(page.unreadable.len() as u64);
                report.add_unreadable(kind, &page);
                next = page.next;
                chunks.push(writer.write_chunk(kind, name, page.ids));
            }
            let Some(chunk) = chunks.next().await.transpose()? else {
                return Ok(());
            };
            progress.add(chunk.roots);
            report.add_chunk(kind, chunk);
            report.require_tolerable(&self.config)?;
        }
    }

    /// The new indices must hold what was written.
    async fn verify_counts(&self, report: &RebuildReport) -> Result<()> {
        let mut held = 0;
        for name in report.indices.values() {
            held += self.index.count(name).await?;
        }
        if held == report.indexed {
            return Ok(());
        }
        let message = "the new indices do not hold what was written";
        let error = Error::unexpected("rebuild.verify", message);
        Err(error.with("written", report.indexed).with("held", held))
    }

    /// All aliases in one step: readers see the kinds of one rebuild, or none of it.
    async fn swap_aliases(
        &self,
        live: &LiveIndices,
        indices: &BTreeMap<String, String>,
    ) -> Result<()> {
        let swap = |(kind, to): (&String, &String)| Swap {
            alias: self.index.alias(kind),
            from: live.get(kind).cloned().flatten(),
            to: to.clone(),
        };
        let swaps: Vec<Swap> = indices.iter().map(swap).collect();
        self.index.swap_all(&swaps).await?;
        swaps.iter().for_each(log_swap);
        Ok(())
    }

    /// Removes the new indices, unless an alias is known or feared to be on one of them.
    async fn abandon_indices(&self, indices: &BTreeMap<String, String>) {
        for (kind, name) in indices {
            let live = self.index.resolve(&self.index.alias(kind)).await;
            if !matches!(live, Ok(live) if live.as_ref() != Some(name)) {
                continue;
            }
            if let Err(error) = self.index.remove(name).await {
                tracing::warn!(%error, index = name, "left for the next rebuild to remove");
            }
        }
    }

    /// Removes indices of this source that no alias names and that are older than `retain`.
    async fn remove_old_indices(&self) -> Result<()> {
        let retain = i64::try_from(self.config.retain.as_micros()).unwrap_or(i64::MAX);
        let oldest = Timestamp::now().as_microsecond().saturating_sub(retain);
        for kind in self.source.kinds() {
            let prefix = format!("{}-", self.index.alias(kind.name));
            let known = self.index.list(&prefix).await?.into_iter();
            for IndexInfo { name, .. } in known.filter(|info| self.is_left_over(info, oldest)) {
                self.index.remove(&name).await?;
                tracing::info!(index = name, "old index removed");
            }
        }
        Ok(())
    }

    /// Whether an earlier rebuild of this source made the index and nobody reads it any more.
    fn is_left_over(&self, info: &IndexInfo, oldest: i64) -> bool {
        let source = info.meta.get(META_SOURCE);
        let created = info.meta.get(META_CREATED);
        let created = created.and_then(|created| created.parse::<i64>().ok());
        info.aliases.is_empty()
            && source.is_some_and(|source| source == self.source.name())
            && created.is_some_and(|created| created < oldest)
    }

    /// Whose index it is; a later rebuild removes it by that.
    fn meta_of(&self, kind: &Kind, created: Timestamp) -> BTreeMap<String, String> {
        let pairs = [
            (META_SOURCE, self.source.name().to_owned()),
            (META_KIND, kind.name.to_owned()),
            (META_CREATED, created.as_microsecond().to_string()),
        ];
        let owned = |(key, value): (&str, String)| (key.to_owned(), value);
        pairs.map(owned).into()
    }
}

impl RebuildReport {
    fn add_chunk(&mut self, kind: &Kind, chunk: ChunkReport) {
        self.indexed += chunk.indexed;
        self.absent += chunk.absent;
        for (id, reason) in chunk.rejected {
            self.refuse(Root::new(kind.name, id), reason);
        }
    }

    fn add_unreadable(&mut self, kind: &Kind, page: &RootPage) {
        for error in &page.unreadable {
            self.refuse(Root::new(kind.name, ""), error.to_string());
        }
    }

    fn refuse(&mut self, root: Root, reason: String) {
        let (kind, id) = (&root.kind, root.shown_id());
        tracing::warn!(kind, id, reason, "the root is refused");
        self.rejected.push((root, reason));
    }

    /// Fails when more roots are refused than are tolerated of those seen.
    fn require_tolerable(&self, config: &RebuildConfig) -> Result<()> {
        let seen = (self.indexed + self.absent) as f64;
        let share = seen * config.tolerate_percent / 100.0;
        let most = share.max(config.tolerate_roots as f64);
        let refused = self.rejected.len();
        match self.rejected.last() {
            Some((root, reason)) if refused as f64 > most => {
                let error = Error::unexpected("rebuild.run", "too many roots are refused");
                let error = error.with("refused", refused).with("kind", &root.kind);
                Err(error.with("last", root.shown_id()).with("reason", reason))
            }
            _ => Ok(()),
        }
    }

    /// Fails when the kind got no document since `before` though it has some that are refused.
    fn require_documents(&self, kind: &Kind, before: (u64, usize)) -> Result<()> {
        let (indexed, rejected) = before;
        match self.rejected.get(rejected) {
            Some((root, reason)) if self.indexed == indexed => {
                let message = "every document of the kind is refused";
                let error = Error::unexpected("rebuild.run", message).with("kind", kind.name);
                Err(error.with("first", root.shown_id()).with("reason", reason))
            }
            _ => Ok(()),
        }
    }
}

fn log_swap(Swap { alias, from, to }: &Swap) {
    tracing::info!(alias, from, to, "index swapped");
}

/// Unique among rebuilds: the start to the microsecond, and the process.
fn stamp_of(started: Timestamp) -> String {
    let time = started.strftime("%Y%m%dt%H%M%S%6f");
    format!("{time}-{:x}", std::process::id())
}
