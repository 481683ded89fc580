//! One chunk of a rebuild: rendered from one reading, written to the new index, and tried again as
//! long as only time is missing.

use std::time::{Duration, Instant};

use sixplay_core::{Error, Kind, Result, Source, Store, retry::Backoff};

use super::{run::TOO_LARGE, write_batch::BatchWriter};
use crate::{Index, Outcome};

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
            let error = match self.try_chunk(kind, name, ids.clone(), &mut report).await {
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
    ///
    /// Whose fault a root's failure is need not be known: how many are refused is limited.
    async fn try_chunk(
        &self,
        kind: &Kind,
        name: &str,
        ids: Vec<String>,
        report: &mut ChunkReport,
    ) -> Result<Vec<String>> {
        let writer = BatchWriter {
            store: self.store,
            source: self.source,
            index: self.index,
            kind: kind.name,
            target: name,
            deletes: false,
        };
        let written = writer.write(ids).await?;
        report.absent += written.absent;
        let outcomes = written.outcomes_with(Outcome::rejected);
        let again = outcomes.into_iter();
        let again = again.filter_map(|(id, outcome)| report.count_outcome(id, outcome));
        Ok(again.collect())
    }
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
