//! Applies changed roots to the live index of their kind.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use sixplay_core::{Result, Root, Source, Store};

use super::write_batch::BatchWriter;
use crate::{Index, Outcome};

/// Renders roots as the database has them now and writes them to the live indices, each behind
/// [`Index::alias`] of its kind; cheap to clone.
///
/// Roots are references, not contents: what is written is what the database holds when the root's
/// turn comes, however long ago it changed. A root that is no longer publishable is deleted.
///
/// It is fed by [`Indexer::run`] from a queue, or is itself the [`Sink`](sixplay_core::Sink) of a
/// detector:
///
/// ```
/// # use sixplay_core::conformance::{scratch_file, tiny};
/// use sixplay_core::{CancellationToken, Detector, DetectorConfig};
/// use sixplay_index::{Index, Indexer, Rebuild, RebuildConfig};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (scratch, folder) = (scratch_file().await?, tempfile::tempdir()?);
/// # let store = scratch.store().clone();
/// # let source: std::sync::Arc<dyn sixplay_core::Source> = tiny::install(&store).await?;
/// # let index = Index::connect(&format!("sqlite:{}/index.db", folder.path().display())).await?;
/// let (config, token) = (RebuildConfig::default(), CancellationToken::new());
/// let rebuild = Rebuild::new(store.clone(), source.clone(), index.clone(), config);
/// rebuild.run(&(), &token).await?;
///
/// let indexer = Indexer::new(store.clone(), source.clone(), index.clone());
/// let detector = Detector::new(store.clone(), source, DetectorConfig::default());
/// let mut transaction = store.write().await?;
/// transaction.batch("INSERT INTO tiny_author (id, name) VALUES (7, 'Ada')").await?;
/// transaction.commit().await?;
/// detector.step(&indexer).await?;
///
/// let found = index.get(&index.alias("author"), &["7"]).await?;
/// assert!(found[0].as_ref().is_some_and(|document| document.get().contains("Ada")));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Indexer {
    store: Store,
    source: Arc<dyn Source>,
    index: Index,
}

impl fmt::Debug for Indexer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Indexer")
            .field("source", &self.source.name())
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

impl Indexer {
    /// An indexer of `source`, whose tables are in `store`, into the aliases of `index`.
    pub fn new(store: Store, source: Arc<dyn Source>, index: Index) -> Self {
        Self {
            store,
            source,
            index,
        }
    }

    /// Brings `roots` up to date and answers an outcome for each, in their order; a root named
    /// twice is written once.
    ///
    /// `Done` and `Superseded` are settled; `Retry` must come again (no index is live yet, or it is
    /// busy); `TooLarge` and `Rejected` fail again until the row or the code changes. Any number of
    /// indexers, duplicates and orders end in the same index.
    ///
    /// One bad root stops none of its neighbours: a root that [`Root::require_carried`] refuses is
    /// `Rejected` alone; a batch that fails for good is halved down to the root at fault, also when
    /// the source panics. Where the failure may be none of the root's (the database or the index
    /// refuses the whole request), the root is `Rejected` once a neighbour of its kind gets
    /// through, and `Retry` until then.
    ///
    /// # Errors
    /// `Unavailable` and `Timeout` when database or index fail as a whole: nothing is known of any
    /// root, all must come again.
    pub async fn apply(&self, roots: &[Root]) -> Result<Vec<Outcome>> {
        let mut outcomes = BTreeMap::new();
        for (kind, ids) in ids_by_kind(roots) {
            outcomes.insert(kind, self.apply_kind(kind, ids).await?);
        }
        let outcome = |root: &Root| {
            let of_kind = outcomes.get(root.kind.as_str())?;
            of_kind.get(&root.id).cloned()
        };
        let outcome = |root| outcome(root).unwrap_or_else(Outcome::unanswered);
        Ok(roots.iter().map(outcome).collect())
    }

    /// Brings roots of one kind up to date; a failure of the kind alone is no other kind's.
    async fn apply_kind(&self, kind: &str, ids: Vec<String>) -> Result<BTreeMap<String, Outcome>> {
        match self.write_kind(kind, ids.clone()).await {
            // of these an index that a rebuild replaced and removed meanwhile is no failure: the
            // roots come again to its successor
            Err(error) if !error.is_transient() => {
                Ok(same_for_all(ids, &Outcome::retry(error.to_string())))
            }
            result => result,
        }
    }

    async fn write_kind(&self, kind: &str, ids: Vec<String>) -> Result<BTreeMap<String, Outcome>> {
        let live = match self.live_index(kind).await? {
            Ok(live) => live,
            Err(outcome) => return Ok(same_for_all(ids, &outcome)),
        };
        let writer = BatchWriter {
            store: &self.store,
            source: self.source.as_ref(),
            index: &self.index,
            kind,
            target: &live,
            deletes: true,
        };
        let written = writer.write(ids).await?;
        let doubted: fn(String) -> Outcome = match written.passed {
            true => Outcome::rejected,
            false => Outcome::retry,
        };
        Ok(written.outcomes_with(doubted))
    }

    /// The index to write to, or the outcome of all roots of the kind.
    async fn live_index(&self, kind: &str) -> Result<Result<String, Outcome>> {
        if !self.source.kinds().iter().any(|known| known.name == kind) {
            let source = self.source.name();
            let kind: String = kind.chars().take(SHOWN_KIND).collect();
            let reason = format!("the source {source} has no kind {kind}");
            return Ok(Err(Outcome::rejected(reason)));
        }
        let alias = self.index.alias(kind);
        let live = self.index.resolve(&alias).await?;
        let none = || Outcome::retry(format!("no index is live behind {alias}"));
        Ok(live.ok_or_else(none))
    }
}

/// How much of an unknown kind a reason shows, in characters: it may be anything.
const SHOWN_KIND: usize = 64;

/// Each id once.
fn ids_by_kind(roots: &[Root]) -> BTreeMap<&str, Vec<String>> {
    let mut kinds: BTreeMap<&str, BTreeSet<&String>> = BTreeMap::new();
    for root in roots {
        kinds.entry(&root.kind).or_default().insert(&root.id);
    }
    let owned = |ids: BTreeSet<&String>| ids.into_iter().cloned().collect();
    let kinds = kinds.into_iter();
    kinds.map(|(kind, ids)| (kind, owned(ids))).collect()
}

fn same_for_all(ids: Vec<String>, outcome: &Outcome) -> BTreeMap<String, Outcome> {
    ids.into_iter().map(|id| (id, outcome.clone())).collect()
}
