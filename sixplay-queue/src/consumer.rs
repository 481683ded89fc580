//! A consumer: receives deliveries in batches and settles them in batches.

use std::{fmt, time::Duration};

use sixplay_core::Result;
use tokio::time::{Instant, timeout_at};

use crate::{
    Delivery,
    backend::{Subscription, Verdict},
    message,
};

/// One consumer of one queue. Dropping it returns its unsettled deliveries to the queue at once.
pub struct Consumer {
    subscription: Box<dyn Subscription>,
    prefetch: usize,
    /// What a dropped call of `receive` had already got.
    ready: Vec<Delivery>,
}

impl Consumer {
    pub(crate) fn new(subscription: Box<dyn Subscription>, prefetch: u16) -> Self {
        Self {
            subscription,
            prefetch: prefetch.into(),
            ready: Vec::new(),
        }
    }

    /// Waits without limit for a delivery, then collects more for at most `linger` or until there
    /// are `max`.
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
        let max = max.clamp(1, self.prefetch.min(BATCH));
        if self.ready.is_empty() {
            self.ready = self.subscription.next(max).await?;
        }
        let end = Instant::now() + linger;
        while self.ready.len() < max {
            match timeout_at(end, self.subscription.next(max - self.ready.len())).await {
                Ok(Ok(more)) => self.ready.extend(more),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "lost the queue while collecting deliveries");
                    break;
                }
                Err(_) => break,
            }
        }
        let rest = self.ready.split_off(max.min(self.ready.len()));
        Ok(std::mem::replace(&mut self.ready, rest))
    }

    /// Ends the consumer: what it got and did not settle is back in the queue when this returns.
    /// Dropping it does the same a moment later, but not when the runtime ends first; then the
    /// messages come back with the connection's end or, embedded, after half a minute.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`: the messages come back as from a consumer that was killed.
    pub async fn close(self) -> Result<()> {
        drop(self.ready);
        self.subscription.close().await
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
        message::settle(
            deliveries
                .into_iter()
                .map(|delivery| delivery.receipt)
                .collect(),
            Verdict::Ack,
        )
    }

    /// Gives many deliveries back, as [`Delivery::requeue`] does for one.
    ///
    /// # Errors
    /// As [`Consumer::ack_all`].
    pub fn requeue_all(
        &self,
        deliveries: Vec<Delivery>,
    ) -> impl Future<Output = Result<()>> + Send + use<> {
        message::settle(
            deliveries
                .into_iter()
                .map(|delivery| delivery.receipt)
                .collect(),
            Verdict::Requeue,
        )
    }
}

/// The most deliveries that one call returns.
const BATCH: usize = 256;

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("prefetch", &self.prefetch)
            .field("ready", &self.ready.len())
            .finish_non_exhaustive()
    }
}
