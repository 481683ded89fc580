//! One chunk of a rebuild: rendered from one reading, written to the new index, and tried again as
//! long as only time is missing.

use std::time::{Duration, Instant};

use sixplay_core::{Error, Kind, Result, Source, Store, retry::Backoff};

use super::{render_batch::render_batch, run::TOO_LARGE};
use crate::{Index, Operation, Outcome};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What became of a chunk's roots.
#[derive(Default)]
pub(super) struct ChunkReport {
    pub roots: u64,
    pub indexed: u64,
    pub absent: u64,
    /// Ids with the reason.
    pub rejected: Vec<(String, String)>,
}

/// Writes the chunks of one rebuild.
pub(super) struct ChunkWriter<'a> {
    pub store: &'a Store,
    pub source: &'a dyn Source,
    pub index: &'a Index,
    /// How long one chunk is tried again.
    pub patience: Duration,
}

impl ChunkWriter<'_> {
    /// Writes one chunk to the index `name`.
    ///
    /// # Errors
    /// The last one, when it lasts longer than the patience.
    pub(super) async fn write_chunk(
        &self,
        kind: &Kind,
        name: &str,
        mut ids: Vec<String>,
    ) -> Result<ChunkReport> {
        let deadline = Instant::now() + self.patience;
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut report = ChunkReport {
            roots: ids.len() as u64,
            ..ChunkReport::default()
        };
        loop {
            let error = match self.try_chunk(kind, name, &ids, &mut report).await {
                Ok(again) if again.is_empty() => return Ok(report),
                Ok(again) => {
                    ids = again;
                    Error::unavailable("rebuild.chunk", "the index stays busy")
                }
                Err(error) if error.is_transient() => error,
                Err(error) => return Err(error),
            };
            if Instant::now() >= deadline {
                return Err(error.with("index", name));
            }
            tracing::warn!(%error, index = name, "chunk is tried again");
            backoff.pause().await;
        }
    }

    /// One try; returns the ids that must come again.
    async fn try_chunk(
        &self,
        kind: &Kind,
        name: &str,
        ids: &[String],
        report: &mut ChunkReport,
    ) -> Result<Vec<String>> {
        let batch = render_batch(self.store, self.source, kind.name, ids).await?;
        let puts: Vec<Operation> = batch.operations.into_iter().filter(is_put).collect();
        let written: Vec<String> = puts.iter().map(|put| put.id().to_owned()).collect();
        let outcomes = self.index.apply(name, puts).await?;
        report.absent += batch.absent;
        let outcomes = written.into_iter().zip(outcomes).chain(batch.refused);
        let again = outcomes.filter_map(|(id, outcome)| report.count_outcome(id, outcome));
        Ok(again.collect())
    }
}

/// Deleting in a new index what was never there keeps nothing; a later write carries a later
/// ticket.
fn is_put(operation: &Operation) -> bool {
    matches!(operation, Operation::Put { .. })
}

impl ChunkReport {
    /// Counts what is settled; gives back an id that must come again.
    fn count_outcome(&mut self, id: String, outcome: Outcome) -> Option<String> {
        match outcome {
            Outcome::Done | Outcome::Superseded => self.indexed += 1,
            Outcome::Retry { .. } => return Some(id),
            Outcome::TooLarge => self.rejected.push((id, TOO_LARGE.to_owned())),
            Outcome::Rejected { reason } => self.rejected.push((id, reason)),
        }
        None
    }
}
