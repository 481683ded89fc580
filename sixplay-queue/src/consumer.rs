//! A consumer: receives deliveries in batches and settles them in batches.

use std::time::Duration;

use sixplay_core::Result;
use tokio::time::{Instant, timeout_at};

use crate::{
    Delivery,
    backend::Subscription,
    delivery::{Settlement, settle_all},
};

/// The most deliveries that one call returns.
const MAX_BATCH: usize = 256;

/// One consumer of one queue. Dropping it returns its unsettled deliveries to the queue a moment
/// later, in a task of the runtime; [`Consumer::close`] waits for that.
///
/// It may live as long as its process: a subscription that is lost is renewed by the next call.
/// Several consumers of a queue, of one process or of many, get each message once between them; a
/// small prefetch shares the work more evenly, one of two or three batches keeps a consumer busy.
/// Deliveries may be settled in any order, by any task, one by one or together.
///
/// ```
/// use std::time::Duration;
/// # use sixplay_queue::{Message, Queue};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let queue = Queue::connect(&format!("sqlite:{}/queue.db", folder.path().display())).await?;
/// # queue.declare("letters").await?;
/// # queue.publish("letters", &[Message::new("Dear Ada"), Message::new("Dear Grace")]).await?;
/// let mut consumer = queue.consume("letters", 100).await?;
/// let batch = consumer.receive(50, Duration::from_millis(20)).await?;
/// assert_eq!(batch.len(), 2);
/// consumer.ack_all(batch).await?;
/// consumer.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Consumer {
    /// The full name, for errors.
    queue: String,
    subscription: Box<dyn Subscription>,
    /// No batch is larger.
    prefetch: usize,
    /// What a dropped call of `receive` had already got.
    ready: Vec<Delivery>,
}

impl Consumer {
    /// A consumer whose subscription delivers from now on.
    pub(crate) fn new(queue: String, subscription: Box<dyn Subscription>, prefetch: u16) -> Self {
        Self {
            queue,
            subscription,
            prefetch: prefetch.into(),
            ready: Vec::new(),
        }
    }

    /// Waits without limit for a delivery, then collects more for at most `linger` or until there
    /// are `max`, of which 0 counts as 1.
    ///
    /// Messages that were never delivered before come in the order of their publishing. The call
    /// may be dropped at any time; what it had got comes with the next one. With as many deliveries
    /// held unsettled as the prefetch allows it waits for one to be settled. At most 256 deliveries
    /// come at a time.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout` when the connection is lost: deliveries not yet settled come again,
    /// and the next call subscribes anew. `NotFound` when the queue was removed.
    pub async fn receive(&mut self, max: usize, linger: Duration) -> Result<Vec<Delivery>> {
        let max = max.clamp(1, self.prefetch.min(MAX_BATCH));
        self.await_first(max).await?;
        self.collect_until(Instant::now() + linger, max).await;
        Ok(self.take_ready(max))
    }

    /// Waits until something is ready.
    async fn await_first(&mut self, max: usize) -> Result<()> {
        if self.ready.is_empty() {
            let first = self.subscription.next_deliveries(max).await;
            self.ready = first.map_err(|error| error.with("queue", &self.queue))?;
        }
        Ok(())
    }

    /// Adds to what is ready until `end`, or until there are `max`; the next call meets an error
    /// again.
    async fn collect_until(&mut self, end: Instant, max: usize) {
        while self.ready.len() < max {
            let more = self.subscription.next_deliveries(max - self.ready.len());
            match timeout_at(end, more).await {
                Ok(Ok(more)) => self.ready.extend(more),
                Ok(Err(error)) => {
                    tracing::warn!(queue = self.queue, %error, "lost the queue while collecting");
                    break;
                }
                Err(_) => break,
            }
        }
    }

    /// Takes what came first, up to `max`; the rest stays for the next call.
    fn take_ready(&mut self, max: usize) -> Vec<Delivery> {
        let count = max.min(self.ready.len());
        self.ready.drain(..count).collect()
    }

    /// Ends the consumer: what it got and did not settle is back in the queue when this returns.
    /// Dropping it does the same a moment later, but not when the runtime ends first; then the
    /// messages come back with the connection's end or, embedded, after half a minute.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`: the messages come back as from a consumer that was killed.
    pub async fn close(self) -> Result<()> {
        drop(self.ready);
        self.subscription.give_back().await
    }

    /// Acknowledges many deliveries, as [`Delivery::ack`] does for one.
    ///
    /// # Errors
    /// As [`Delivery::ack`]; `Conflict` counts the deliveries that were taken back before, all
    /// others are settled.
    pub fn ack_all(
        &self,
        deliveries: Vec<Delivery>,
    ) -> impl Future<Output = Result<()>> + Send + use<> {
        settle_all(deliveries, Settlement::Ack)
    }

    /// Gives many deliveries back, as [`Delivery::requeue`] does for one.
    ///
    /// # Errors
    /// As [`Consumer::ack_all`].
    pub fn requeue_all(
        &self,
        deliveries: Vec<Delivery>,
    ) -> impl Future<Output = Result<()>> + Send + use<> {
        settle_all(deliveries, Settlement::Requeue)
    }
}
