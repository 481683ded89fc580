//! Detector to queue, queue to indexer.

use std::time::Duration;

use async_trait::async_trait;
use sixplay_core::{Error, ErrorKind, Result, detector::Sink, source::Root};
use sixplay_index::{Outcome, sync::Indexer};
use sixplay_queue::{Consumer, Delivery, Message, Queue};
use tokio_util::sync::CancellationToken;

use crate::IndexerSettings;

/// The queue of changed roots; those that can never be indexed go to `roots.dead`.
pub(crate) const ROOTS: &str = "roots";
pub(crate) const DEAD: &str = "roots.dead";

/// Publishes changed roots, one message each, and returns when the queue has them; a queue that is
/// missing is made.
pub struct QueueSink(pub Queue);

#[async_trait]
impl Sink for QueueSink {
    async fn deliver(&self, roots: &[Root]) -> Result<()> {
        let messages = roots
            .iter()
            .map(|root| Ok(Message::new(encode(root)?)))
            .collect::<Result<Vec<_>>>()?;
        match self.0.publish(ROOTS, &messages).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.0.declare(ROOTS).await?;
                self.0.publish(ROOTS, &messages).await
            }
            result => result,
        }
    }
}

/// Applies roots from the queue to the index until `token` is cancelled; a delivery is settled only
/// when its own outcome is known. Then the batch in hand has `grace` to end, and what else was
/// received goes back.
///
/// # Errors
/// None that time can heal: while queue, database or index are away the loop tries again with a
/// growing pause.
pub async fn index_changes(
    queue: Queue,
    indexer: Indexer,
    settings: IndexerSettings,
    grace: Duration,
    token: CancellationToken,
) -> Result<()> {
    let mut pause = Pause::default();
    while !token.is_cancelled() {
        let late = async {
            token.cancelled().await;
            tokio::time::sleep(grace).await;
        };
        let result = tokio::select! {
            () = late => break,
            result = consume(&queue, &indexer, &settings, &mut pause, &token) => result,
        };
        if let Err(error) = result {
            tracing::warn!(%error, "indexing waits");
            pause.wait(&token).await;
        }
    }
    Ok(())
}

async fn consume(
    queue: &Queue,
    indexer: &Indexer,
    settings: &IndexerSettings,
    pause: &mut Pause,
    token: &CancellationToken,
) -> Result<()> {
    queue.declare(ROOTS).await?;
    queue.declare(DEAD).await?;
    let mut consumer = queue.consume(ROOTS, settings.batch.clamp(1, 2048)).await?;
    while let Some(received) = token
        .run_until_cancelled(consumer.receive(settings.batch.into(), settings.linger))
        .await
    {
        if batch(queue, indexer, &mut consumer, received?).await? {
            pause.wait(token).await;
        } else {
            pause.reset();
        }
    }
    consumer.close().await
}

/// Settles one batch; true when something has to come again.
async fn batch(
    queue: &Queue,
    indexer: &Indexer,
    consumer: &mut Consumer,
    deliveries: Vec<Delivery>,
) -> Result<bool> {
    let (mut roots, mut known, mut dead) = (Vec::new(), Vec::new(), Vec::new());
    for delivery in deliveries {
        match serde_json::from_slice::<Root>(&delivery.message.body) {
            Ok(root) => {
                roots.push(root);
                known.push(delivery);
            }
            Err(error) => dead.push((delivery, format!("not a root reference: {error}"))),
        }
    }
    let outcomes = indexer.apply(&roots).await?;
    let (mut done, mut again) = (Vec::new(), Vec::new());
    for ((delivery, outcome), root) in known.into_iter().zip(outcomes).zip(&roots) {
        match outcome {
            Outcome::Done | Outcome::Superseded => done.push(delivery),
            Outcome::Retry { reason } => {
                tracing::warn!(kind = root.kind, id = root.id, reason, "comes again");
                again.push(delivery);
            }
            Outcome::TooLarge => dead.push((
                delivery,
                "the document is over the index's limit".to_owned(),
            )),
            Outcome::Rejected { reason } => dead.push((delivery, reason)),
            _ => again.push(delivery),
        }
    }
    let retry = !again.is_empty();
    bury(queue, dead, &mut done).await?;
    consumer.ack_all(done).await?;
    consumer.requeue_all(again).await?;
    Ok(retry)
}

/// Moves what can never be indexed aside: it is in the dead queue before it leaves the live one.
async fn bury(
    queue: &Queue,
    dead: Vec<(Delivery, String)>,
    done: &mut Vec<Delivery>,
) -> Result<()> {
    for (delivery, reason) in dead {
        tracing::error!(body = %String::from_utf8_lossy(&delivery.message.body), reason, "moved to {DEAD}");
        queue
            .publish(DEAD, std::slice::from_ref(&delivery.message))
            .await?;
        done.push(delivery);
    }
    Ok(())
}

fn encode(root: &Root) -> Result<Vec<u8>> {
    serde_json::to_vec(root).map_err(|error| {
        Error::unexpected("queue.encode", "cannot encode a root").with_source(error)
    })
}

/// 50 ms, doubled up to 1 s while nothing succeeds.
#[derive(Default)]
struct Pause(u32);

impl Pause {
    async fn wait(&mut self, token: &CancellationToken) {
        let length = Duration::from_millis(50 << self.0.min(4)).min(Duration::from_secs(1));
        self.0 += 1;
        tokio::select! {
            () = token.cancelled() => {}
            () = tokio::time::sleep(length) => {}
        }
    }

    fn reset(&mut self) {
        self.0 = 0;
    }
}
