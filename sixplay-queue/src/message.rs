//! Messages, and the deliveries that carry them to a consumer.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use sixplay_core::{Error, Result};
use tokio::sync::OwnedSemaphorePermit;

use crate::backend::{Origin, Tag, Verdict};

/// The largest body a message may have, in bytes.
pub const MAX_BODY: usize = 1 << 20;

/// The longest id a message may have, in bytes: AMQP's limit.
const MAX_ID: usize = 255;

/// What is published and delivered: bytes, and an id if the consumer is to recognise repetitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The content, at most [`MAX_BODY`] bytes.
    pub body: Bytes,
    /// The publisher's name for the message, at most 255 bytes; kept as it is and never
    /// interpreted.
    pub id: Option<String>,
}

impl Message {
    /// A message without an id.
    pub fn new(body: impl Into<Bytes>) -> Self {
        Self {
            body: body.into(),
            id: None,
        }
    }

    /// Gives the message an id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |what, size, limit| {
            let error = Error::too_large("queue.publish", "the message is over a limit");
            Err(error
                .with("part", what)
                .with("bytes", size)
                .with("limit", limit))
        };
        match self.id.as_ref().map_or(0, String::len) {
            _ if self.body.len() > MAX_BODY => refuse("body", self.body.len(), MAX_BODY),
            size if size > MAX_ID => refuse("id", size, MAX_ID),
            _ => Ok(()),
        }
    }
}

/// A message on loan: [`ack`](Delivery::ack) or [`requeue`](Delivery::requeue) settles it.
///
/// One that is dropped unsettled returns to its queue: soon, or at the latest when its consumer is
/// dropped or its process has ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// What was published.
    pub message: Message,
    /// Whether the message has been delivered before, to anybody; it may then have been handled
    /// already.
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
        settle(vec![self.receipt], Verdict::Ack).await
    }

    /// Gives the message back, to be delivered again with `redelivered` set; to whom and when is
    /// open.
    ///
    /// # Errors
    /// As [`Delivery::ack`].
    pub async fn requeue(self) -> Result<()> {
        settle(vec![self.receipt], Verdict::Requeue).await
    }
}

/// The unsettled half of a delivery.
pub(crate) struct Receipt {
    origin: Arc<dyn Origin>,
    tag: Tag,
    open: bool,
    _slot: Option<OwnedSemaphorePermit>,
}

impl Receipt {
    #[allow(dead_code)]
    pub(crate) fn new(
        origin: Arc<dyn Origin>,
        tag: Tag,
        slot: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            origin,
            tag,
            open: true,
            _slot: slot,
        }
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if self.open {
            self.origin.abandon(self.tag);
        }
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tag.fmt(f)
    }
}

/// Settles all that can be; those taken back before are an error only at the end.
pub(crate) async fn settle(mut receipts: Vec<Receipt>, verdict: Verdict) -> Result<()> {
    let mut kept = 0;
    for group in receipts.chunk_by_mut(|left, right| Arc::ptr_eq(&left.origin, &right.origin)) {
        let tags: Vec<_> = group.iter().map(|receipt| receipt.tag).collect();
        kept += group[0].origin.settle(&tags, verdict).await?;
        group.iter_mut().for_each(|receipt| receipt.open = false);
    }
    match receipts.len() - kept {
        0 => Ok(()),
        lost => Err(
            Error::conflict("queue.settle", "taken back before: delivered again")
                .with("deliveries", lost),
        ),
    }
}
