//! What one consumer holds: extends its leases, gives back what is dropped, and all of it in the
//! end.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use sixplay_core::Result;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use super::{
    rows::{LeaseChange, WriteRequest},
    writer::QueueWriter,
};
use crate::{
    delivery::{DeliveryTag, Origin, Settlement},
    mutex::lock_poisoned_too,
};

/// The leases of one consumer.
pub(super) struct HeldLeases {
    owner: i64,
    writer: QueueWriter,
    tags: Mutex<HashSet<DeliveryTag>>,
    /// Holds at most as many as the prefetch allows.
    abandoned: UnboundedSender<DeliveryTag>,
}

impl HeldLeases {
    /// Starts the task that looks after the leases of the consumer `owner` until `stop`.
    pub(super) fn start(
        writer: QueueWriter,
        owner: i64,
        lease: Duration,
        stop: CancellationToken,
    ) -> Arc<Self> {
        let (abandoned, returns) = unbounded_channel();
        let held = Arc::new(Self {
            owner,
            writer,
            tags: Mutex::default(),
            abandoned,
        });
        tokio::spawn(Arc::clone(&held).keep_until(stop, lease, returns));
        held
    }

    /// The consumer's name among all that share the file.
    pub(super) fn owner(&self) -> i64 {
        self.owner
    }

    /// From now on the lease of `tag` is extended.
    pub(super) fn add_lease(&self, tag: DeliveryTag) {
        self.lock_tags().insert(tag);
    }

    /// Makes all the consumer's messages ready again, also those of a claim under way: the writer
    /// keeps the order.
    pub(super) async fn release_all(&self) -> Result<()> {
        let release = WriteRequest::Release { owner: self.owner };
        self.writer.run(release).await.map(drop)
    }

    /// The deliveries whose leases are to be extended.
    fn lock_tags(&self) -> MutexGuard<'_, HashSet<DeliveryTag>> {
        lock_poisoned_too(&self.tags)
    }

    /// Returns how many of the leases were still the consumer's.
    async fn change_leases(&self, tags: Vec<DeliveryTag>, change: LeaseChange) -> Result<usize> {
        let request = WriteRequest::Change {
            owner: self.owner,
            tags,
            change,
        };
        Ok(self.writer.run(request).await?.changed)
    }

    /// Extends all leases by one statement each, in one commit.
    async fn extend_all(&self, lease: Duration) -> Result<usize> {
        let tags: Vec<_> = self.lock_tags().iter().copied().collect();
        if tags.is_empty() {
            return Ok(0);
        }
        self.change_leases(tags, LeaseChange::Extend(lease)).await
    }

    /// Looks after the leases until `stop`, and then gives everything back.
    async fn keep_until(
        self: Arc<Self>,
        stop: CancellationToken,
        lease: Duration,
        returns: UnboundedReceiver<DeliveryTag>,
    ) {
        stop.run_until_cancelled(self.keep_leases(lease, returns))
            .await;
        if let Err(error) = self.release_all().await {
            tracing::warn!(%error, "a consumer's messages come back only when their leases end");
        }
    }

    /// Extends the leases three times in their length, and ends those that are abandoned.
    async fn keep_leases(&self, lease: Duration, mut returns: UnboundedReceiver<DeliveryTag>) {
        let mut beat = tokio::time::interval(lease / 3);
        loop {
            let kept = tokio::select! {
                Some(tag) = returns.recv() => self.change_leases(vec![tag], LeaseChange::End).await,
                _ = beat.tick() => self.extend_all(lease).await,
            };
            if let Err(error) = kept {
                tracing::warn!(%error, "cannot look after the leases of a consumer");
            }
        }
    }
}

#[async_trait]
impl Origin for HeldLeases {
    async fn settle_deliveries(
        &self,
        tags: &[DeliveryTag],
        settlement: Settlement,
    ) -> Result<usize> {
        let change = match settlement {
            Settlement::Ack => LeaseChange::Delete,
            Settlement::Requeue => LeaseChange::End,
        };
        let settled = self.change_leases(tags.to_vec(), change).await?;
        self.lock_tags().retain(|tag| !tags.contains(tag));
        Ok(settled)
    }

    fn abandon_delivery(&self, tag: DeliveryTag) {
        self.lock_tags().remove(&tag);
        // after the consumer's end nobody listens: it has returned everything
        let _ = self.abandoned.send(tag);
    }
}
