//! Puts aside what can never be settled, in a task of its own: a broker that takes no messages for
//! a while holds up nothing else.

use std::time::Duration;

use sixplay_core::{Error, Result, retry::Backoff};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use super::{
    dead::{DeadLetter, publish_dead},
    work::{FeedTask, finish_task, start_task},
};
use crate::{
    Delivery, Queue,
    delivery::{Settlement, settle_all},
};

/// The most that one call publishes.
const BATCH: usize = 100;

/// The pauses between attempts grow from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The task that puts aside; what it has not got to is given back when it is dropped.
pub(super) struct Undertaker {
    letters: UnboundedSender<DeadLetter<Delivery>>,
    closing: CancellationToken,
    task: FeedTask<()>,
}

impl Undertaker {
    /// Puts into the dead queue of `queue`'s roots.
    pub(super) fn start(queue: Queue) -> Self {
        let (letters, received) = unbounded_channel();
        let closing = CancellationToken::new();
        let task = start_task(bury_all(queue, received, closing.clone()));
        Self {
            letters,
            closing,
            task,
        }
    }

    /// Puts aside in a moment. As many may wait as the prefetch lets be held.
    pub(super) fn bury(&self, letter: DeadLetter<Delivery>) {
        // after a failure, of which the next take tells, the letter is given back
        let _ = self.letters.send(letter);
    }

    /// Why nothing is put aside any more; waits for that.
    pub(super) async fn failure(&mut self) -> Error {
        let ended = || Error::unavailable("roots.take", "a task has ended");
        finish_task(&mut self.task)
            .await
            .err()
            .unwrap_or_else(ended)
    }

    /// Waits until everything is put aside, but not for a broker that takes nothing now: then the
    /// rest is given back.
    pub(super) async fn close(self) {
        let Self {
            letters,
            closing,
            mut task,
        } = self;
        drop(letters);
        closing.cancel();
        if let Err(error) = finish_task(&mut task).await {
            tracing::warn!(%error, "dead roots are given back");
        }
    }
}

async fn bury_all(
    queue: Queue,
    mut letters: UnboundedReceiver<DeadLetter<Delivery>>,
    closing: CancellationToken,
) -> Result<()> {
    let mut batch = Vec::new();
    while letters.recv_many(&mut batch, BATCH).await > 0 {
        publish_in_the_end(&queue, &batch, &closing).await?;
        // it is in both queues now
        let buried = batch.drain(..).map(|dead| dead.letter);
        settle_all(buried.collect(), Settlement::Ack).await?;
    }
    Ok(())
}

/// Publishes again and again while the broker is away or takes nothing.
async fn publish_in_the_end(
    queue: &Queue,
    letters: &[DeadLetter<Delivery>],
    closing: &CancellationToken,
) -> Result<()> {
    let mut pauses = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    while let Err(error) = publish_dead(queue, letters).await {
        if !error.is_transient() || closing.is_cancelled() {
            return Err(error);
        }
        tracing::warn!(%error, count = letters.len(), "dead roots wait to be put aside");
        closing.run_until_cancelled(pauses.pause()).await;
    }
    Ok(())
}
