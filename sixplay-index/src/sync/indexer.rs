//! Applies changed roots to the live index of their kind.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use sixplay_core::{
    ErrorKind, Result,
    source::{Root, Source},
    store::Store,
};

use super::write::write;
use crate::{Index, Operation, Outcome};

/// Renders roots as the database has them now and writes them to the live indices; cheap to clone.
#[derive(Clone)]
pub struct Indexer {
    store: Store,
    source: Arc<dyn Source>,
    index: Index,
    prefix: String,
}

impl Indexer {
    /// An indexer of `source` into the aliases `{prefix}-{kind}` of `index`.
    pub fn new(
        store: Store,
        source: Arc<dyn Source>,
        index: Index,
        prefix: impl Into<String>,
    ) -> Self {
        Self {
            store,
            source,
            index,
            prefix: prefix.into(),
        }
    }

    /// Brings `roots` up to date and answers an outcome for each, in their order; a root named
    /// twice is written once.
    ///
    /// `Done` and `Superseded` are settled; `Retry` must come again (no index is live yet, or it is
    /// busy); `TooLarge` and `Rejected` fail again until the row or the code changes. Any number of
    /// indexers, duplicates and orders end in the same index.
    ///
    /// # Errors
    /// `Unavailable` and `Timeout` when database or index fail as a whole: nothing is known of any
    /// root, all must come again.
    pub async fn apply(&self, roots: &[Root]) -> Result<Vec<Outcome>> {
        let mut kinds: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for root in roots {
            kinds.entry(&root.kind).or_default().insert(&root.id);
        }
        let mut outcomes = BTreeMap::new();
        for (kind, ids) in kinds {
            let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
            outcomes.insert(kind, self.apply_kind(kind, ids).await?);
        }
        Ok(roots.iter().map(|root| outcome(&outcomes, root)).collect())
    }

    async fn apply_kind(&self, kind: &str, ids: Vec<String>) -> Result<BTreeMap<String, Outcome>> {
        if !self.source.kinds().iter().any(|known| known.name == kind) {
            let reason = format!("the source {} has no kind {kind}", self.source.name());
            return Ok(every(ids, &Outcome::Rejected { reason }));
        }
        let Some(live) = self.index.resolve(&self.alias(kind)).await? else {
            return Ok(every(
                ids,
                &Outcome::Retry {
                    reason: format!("no index is live behind {}", self.alias(kind)),
                },
            ));
        };
        let written = write(&self.store, self.source.as_ref(), kind, &ids).await?;
        let order: Vec<String> = written
            .operations
            .iter()
            .map(|operation| operation.id().to_owned())
            .collect();
        let mut outcomes = written.unrendered;
        outcomes.extend(
            order
                .into_iter()
                .zip(self.put(&live, written.operations).await?),
        );
        Ok(outcomes)
    }

    /// An index that a rebuild replaced and removed meanwhile is no failure: the roots come again
    /// to its successor.
    async fn put(&self, live: &str, operations: Vec<Operation>) -> Result<Vec<Outcome>> {
        let count = operations.len();
        match self.index.apply(live, operations).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(vec![
                Outcome::Retry {
                    reason: error.to_string()
                };
                count
            ]),
            result => result,
        }
    }

    pub(super) fn alias(&self, kind: &str) -> String {
        format!("{}-{kind}", self.prefix)
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    pub(super) fn source(&self) -> &dyn Source {
        self.source.as_ref()
    }

    pub(super) fn index(&self) -> &Index {
        &self.index
    }
}

fn every(ids: Vec<String>, outcome: &Outcome) -> BTreeMap<String, Outcome> {
    ids.into_iter().map(|id| (id, outcome.clone())).collect()
}

fn outcome(outcomes: &BTreeMap<&str, BTreeMap<String, Outcome>>, root: &Root) -> Outcome {
    let found = outcomes
        .get(root.kind.as_str())
        .and_then(|ids| ids.get(&root.id));
    found.cloned().unwrap_or_else(|| Outcome::Retry {
        reason: "the index answered nothing for it".to_owned(),
    })
}
