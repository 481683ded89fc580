//! A message on loan, and how the loan is settled.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use sixplay_core::{Error, Result};
use tokio::sync::OwnedSemaphorePermit;

use crate::Message;

/// A message on loan: [`ack`](Delivery::ack) or [`requeue`](Delivery::requeue) settles it.
///
/// One that is dropped unsettled returns to its queue: soon, or at the latest when its consumer is
/// dropped or its process has ended. Until then it takes a place in its consumer's prefetch.
///
/// ```
/// # use std::time::Duration;
/// # use sixplay_queue::{Message, Queue};
/// #
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let queue = Queue::connect(&format!("sqlite:{}/queue.db", folder.path().display())).await?;
/// # queue.declare("letters").await?;
/// # queue.publish("letters", &[Message::new("Dear Ada")]).await?;
/// # let mut consumer = queue.consume("letters", 1).await?;
/// let first = consumer.receive(1, Duration::ZERO).await?.remove(0);
/// assert!(!first.redelivered);
/// first.requeue().await?;
///
/// let second = consumer.receive(1, Duration::ZERO).await?.remove(0);
/// assert!(second.redelivered);
/// assert_eq!(second.message.body, "Dear Ada");
/// second.ack().await?;
/// assert_eq!(queue.depth("letters").await?, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// What was published.
    pub message: Message,
    /// Whether the message has been delivered before, to anybody; it may then have been handled
    /// already, or merely held by a consumer that stopped: it counts no attempts.
    pub redelivered: bool,
    pub(crate) receipt: Receipt,
}

impl Delivery {
    /// Tells the queue that the message is handled; it never comes again.
    ///
    /// # Errors
    /// `Conflict` when the delivery was taken back before (its consumer was dropped, its connection
    /// lost or its lease over): the message is, or will be, delivered again. `Unavailable`,
    /// `Timeout`: perhaps so.
    pub async fn ack(self) -> Result<()> {
        settle_receipts(vec![self.receipt], Settlement::Ack).await
    }

    /// Gives the message back, to be delivered again with `redelivered` set; to whom and when is
    /// open.
    ///
    /// # Errors
    /// As [`Delivery::ack`].
    pub async fn requeue(self) -> Result<()> {
        settle_receipts(vec![self.receipt], Settlement::Requeue).await
    }
}

/// The unsettled half of a delivery.
pub(crate) struct Receipt {
    /// Who is told what becomes of the message.
    pub(crate) origin: Arc<dyn Origin>,
    pub(crate) tag: DeliveryTag,
    /// The place that the delivery takes in its consumer's prefetch, where the backend counts them.
    pub(crate) _slot: Option<OwnedSemaphorePermit>,
    /// Nobody has told the origin yet what becomes of the message.
    pub(crate) unsettled: bool,
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if self.unsettled {
            self.origin.abandon_delivery(self.tag);
        }
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tag.fmt(f)
    }
}

/// Where deliveries came from and must be settled.
#[async_trait]
pub(crate) trait Origin: Send + Sync {
    /// Settles what is still held and returns how many that were.
    async fn settle_deliveries(
        &self,
        tags: &[DeliveryTag],
        settlement: Settlement,
    ) -> Result<usize>;
    /// Gives back one that was dropped unsettled, later and without a word about the outcome.
    fn abandon_delivery(&self, tag: DeliveryTag);
}

/// Names one delivery of one origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DeliveryTag {
    /// Counted by the origin.
    pub(crate) number: i64,
    /// Which of the message's deliveries, for those backends that reuse the number.
    pub(crate) attempt: i64,
}

/// What becomes of a delivered message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settlement {
    /// It is handled, and gone for good.
    Ack,
    /// It is delivered again.
    Requeue,
}

/// Settles many deliveries in one way; those taken back before are an error only at the end.
pub(crate) async fn settle_all(deliveries: Vec<Delivery>, settlement: Settlement) -> Result<()> {
    let receipts = deliveries.into_iter().map(|delivery| delivery.receipt);
    settle_receipts(receipts.collect(), settlement).await
}

/// Settles what is still held, and tells of the rest in one error.
async fn settle_receipts(mut receipts: Vec<Receipt>, settlement: Settlement) -> Result<()> {
    let mut settled = 0;
    let same_origin = |left: &Receipt, right: &Receipt| Arc::ptr_eq(&left.origin, &right.origin);
    for group in receipts.chunk_by_mut(same_origin) {
        settled += settle_group(group, settlement).await?;
    }
    require_none_lost(receipts.len() - settled)
}

/// Tells how many deliveries had been taken back before they were settled.
fn require_none_lost(lost: usize) -> Result<()> {
    if lost == 0 {
        return Ok(());
    }
    let error = Error::conflict("queue.settle", "taken back before: delivered again");
    Err(error.with("deliveries", lost))
}

/// Settles deliveries of one origin and returns how many it still held.
async fn settle_group(group: &mut [Receipt], settlement: Settlement) -> Result<usize> {
    let tags: Vec<_> = group.iter().map(|receipt| receipt.tag).collect();
    let settled = group[0].origin.settle_deliveries(&tags, settlement).await?;
    group
        .iter_mut()
        .for_each(|receipt| receipt.unsettled = false);
    Ok(settled)
}
