//! The indexer's two ways to be fed: from a feed, batch by batch, and as a detector's sink.

use std::time::Duration;

use async_trait::async_trait;
use sixplay_core::{
    CancellationToken, Error, Feed, Result, Root, Sink, Taken, Token, Verdict, retry::Backoff,
};

use super::{Indexer, IndexerConfig};
use crate::Outcome;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl Indexer {
    /// Applies roots from `feed`, `config.batch` at a time, until `token` is cancelled; each is
    /// settled when its own outcome is known. Then the batch in hand has `grace` to end, and what
    /// else was taken goes back.
    ///
    /// While feed, database or index are away, or while some roots must come again, the next batch
    /// waits for a pause that grows to a second. Roots that can never be indexed are put aside by
    /// the feed, with the reason.
    ///
    /// Several processes may run at once on feeds of one queue. The future may be dropped at any
    /// time, too: what was taken then comes again as from a process that was killed.
    ///
    /// # Errors
    /// Those of closing the feed at the end; none that time can heal before.
    pub async fn run(
        &self,
        feed: &mut dyn Feed,
        config: &IndexerConfig,
        grace: Duration,
        token: CancellationToken,
    ) -> Result<()> {
        let late = async {
            token.cancelled().await;
            tokio::time::sleep(grace).await;
        };
        tokio::select! {
            biased;
            () = self.index_batches(feed, config.batch.max(1).into(), &token) => {}
            () = late => tracing::warn!("the batch in hand does not end in time: it goes back"),
        }
        feed.close().await
    }

    /// Until `token` is cancelled, which ends the wait for roots but no batch.
    async fn index_batches(&self, feed: &mut dyn Feed, batch: usize, token: &CancellationToken) {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        while let Some(taken) = token.run_until_cancelled(feed.take(batch)).await {
            if self.index_batch(feed, taken).await {
                backoff.reset();
            } else {
                token.run_until_cancelled(backoff.pause()).await;
            }
        }
    }

    /// Indexes and settles one batch; whether nothing of it has to come again.
    async fn index_batch(&self, feed: &mut dyn Feed, taken: Result<Vec<Taken>>) -> bool {
        let settled = match taken {
            Ok(taken) => self.index_taken(feed, taken).await,
            Err(error) => Err(error),
        };
        settled.unwrap_or_else(|error| {
            log_waiting(&error);
            false
        })
    }

    /// Settles each root by its own outcome; whether none has to come again.
    async fn index_taken(&self, feed: &mut dyn Feed, taken: Vec<Taken>) -> Result<bool> {
        let pairs = taken.into_iter().map(|taken| (taken.token, taken.root));
        let (tokens, roots): (Vec<Token>, Vec<Root>) = pairs.unzip();
        let verdicts = self.verdicts_on(&roots).await;
        let all_settled = !verdicts.contains(&Verdict::Again);
        let settled = tokens.into_iter().zip(verdicts).collect();
        feed.settle(settled).await?;
        Ok(all_settled)
    }

    /// Indexes the roots; when that fails as a whole all of them come again.
    async fn verdicts_on(&self, roots: &[Root]) -> Vec<Verdict> {
        match self.apply(roots).await {
            Ok(outcomes) => roots.iter().zip(outcomes).map(verdict_on).collect(),
            Err(error) => {
                log_waiting(&error);
                vec![Verdict::Again; roots.len()]
            }
        }
    }
}

fn log_waiting(error: &Error) {
    tracing::warn!(%error, "indexing waits");
}

/// What the feed is told of a root.
fn verdict_on((root, outcome): (&Root, Outcome)) -> Verdict {
    match outcome {
        Outcome::Done | Outcome::Superseded => Verdict::Done,
        Outcome::Retry { reason } => {
            tracing::warn!(
                kind = root.kind,
                id = root.shown_id(),
                reason,
                "comes again"
            );
            Verdict::Again
        }
        Outcome::TooLarge => Verdict::Dead(TOO_LARGE.to_owned()),
        Outcome::Rejected { reason } => Verdict::Dead(reason),
    }
}

pub(super) const TOO_LARGE: &str = "the document is over the index's limit";

/// An indexer that a detector feeds without a queue between them.
///
/// A root that can never be indexed is logged as an error and counts as accepted.
#[async_trait]
impl Sink for Indexer {
    /// # Errors
    /// `Unavailable` when some roots must come again, and those of [`Indexer::apply`].
    async fn deliver(&self, roots: &[Root]) -> Result<()> {
        let outcomes = self.apply(roots).await?;
        let verdicts = roots.iter().zip(outcomes).map(verdict_on);
        let again = roots.iter().zip(verdicts).filter(must_come_again).count();
        if again == 0 {
            return Ok(());
        }
        let error = Error::unavailable("indexer.deliver", "roots have to come again");
        Err(error.with("again", again).with("of", roots.len()))
    }
}

/// Whether a detector has to deliver the root again; one that is dead is told of here and nowhere
/// else.
fn must_come_again((root, verdict): &(&Root, Verdict)) -> bool {
    if let Verdict::Dead(reason) = verdict {
        let (kind, id) = (&root.kind, root.shown_id());
        tracing::error!(kind, id, reason, "the root is not indexed");
    }
    *verdict == Verdict::Again
}
