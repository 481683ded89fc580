//! Brings a batch of roots to one index, and finds the root at fault when the batch fails for good.

use std::collections::BTreeMap;

use sixplay_core::{Error, ErrorKind, Result, Root, Source, Store};

use super::render_batch::{BatchFailure, render_batch};
use crate::{Index, Operation, Outcome};

/// Writes roots of one kind to one index.
pub(super) struct BatchWriter<'a> {
    pub store: &'a Store,
    pub source: &'a dyn Source,
    pub index: &'a Index,
    pub kind: &'a str,
    /// The name of the index.
    pub target: &'a str,
    /// Whether roots without a document are deleted; a new index never had them.
    pub deletes: bool,
}

/// What became of a batch.
#[derive(Default)]
pub(super) struct WrittenBatch {
    /// Of every root that was written or refused.
    pub outcomes: BTreeMap<String, Outcome>,
    /// How many roots have no document.
    pub absent: u64,
    /// Roots that failed alone for a reason that may be none of theirs.
    pub doubtful: BTreeMap<String, Error>,
    /// Whether some root got through, so that a neighbour's failure is its own.
    pub passed: bool,
}

impl BatchWriter<'_> {
    /// Renders and writes all of `ids`, each of them once.
    ///
    /// A batch that fails for good is halved until each root at fault is alone, every part with a
    /// reading of its own: PostgreSQL answers nothing more in one that met an error.
    ///
    /// # Errors
    /// Those that concern all roots: `Unavailable`, `Timeout`; `NotFound` without the index;
    /// `Config`, `Unsupported`.
    pub(super) async fn write(&self, ids: Vec<String>) -> Result<WrittenBatch> {
        let mut written = WrittenBatch::default();
        let mut carried = Vec::with_capacity(ids.len());
        for id in ids {
            let root = Root::new(self.kind, id);
            match root.require_carried() {
                Ok(()) => carried.push(root.id),
                Err(error) => written.refuse(root.id, &error),
            }
        }
        if !carried.is_empty() {
            self.write_halving(&carried, &mut written).await?;
        }
        Ok(written)
    }

    async fn write_halving(&self, ids: &[String], written: &mut WrittenBatch) -> Result<()> {
        let BatchFailure { error, of_root } = match self.write_once(ids, written).await {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        match ids {
            _ if concerns_all(&error) => return Err(error),
            [id] if of_root => written.refuse(id.clone(), &error),
            [id] => drop(written.doubtful.insert(id.clone(), error)),
            ids => {
                for half in ids.chunks(ids.len().div_ceil(2)) {
                    Box::pin(self.write_halving(half, written)).await?;
                }
            }
        }
        Ok(())
    }

    /// Renders and writes all ids together.
    async fn write_once(
        &self,
        ids: &[String],
        written: &mut WrittenBatch,
    ) -> Result<(), BatchFailure> {
        let batch = render_batch(self.store, self.source, self.kind, ids).await?;
        let operations = batch.operations.into_iter();
        let operations = operations.filter(|operation| self.deletes || is_put(operation));
        let operations: Vec<Operation> = operations.collect();
        let names: Vec<String> = operations.iter().map(id_of).collect();
        let answered = self.index.apply(self.target, operations).await?;
        written.outcomes.extend(names.into_iter().zip(answered));
        written.absent += batch.absent;
        written.passed = true;
        Ok(())
    }
}

impl WrittenBatch {
    fn refuse(&mut self, id: String, error: &Error) {
        self.outcomes
            .insert(id, Outcome::rejected(error.to_string()));
    }

    /// The outcomes, and of each doubtful root the one that `doubted` makes of its error.
    pub(super) fn outcomes_with(self, doubted: fn(String) -> Outcome) -> BTreeMap<String, Outcome> {
        let mut outcomes = self.outcomes;
        let doubtful = self.doubtful.into_iter();
        outcomes.extend(doubtful.map(|(id, error)| (id, doubted(error.to_string()))));
        outcomes
    }
}

/// Whether the error is never that of one root.
fn concerns_all(error: &Error) -> bool {
    use ErrorKind as Kind;
    let elsewhere = [Kind::NotFound, Kind::Config, Kind::Unsupported];
    error.is_transient() || elsewhere.contains(&error.kind())
}

/// Deleting in a new index what was never there keeps nothing; a later write carries a later
/// ticket.
fn is_put(operation: &Operation) -> bool {
    matches!(operation, Operation::Put { .. })
}

fn id_of(operation: &Operation) -> String {
    operation.id().to_owned()
}
