//! What a backend provides; the handles above it are the same for all, and name the queue in every
//! error.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use sixplay_core::Result;

use crate::{Delivery, Message};

/// Queues by full name; names, sizes and ids are checked before they come here.
///
/// All calls but [`publish_messages`](QueueBackend::publish_messages) end at the handle's deadline
/// by being dropped; that one counts its answers itself.
#[async_trait]
pub(crate) trait QueueBackend: Send + Sync {
    /// Creates the queue unless it exists.
    async fn declare_queue(&self, queue: &str) -> Result<()>;
    /// Removes the queue if it exists.
    async fn remove_queue(&self, queue: &str) -> Result<()>;
    /// Counts the messages that wait.
    async fn count_waiting(&self, queue: &str) -> Result<u64>;
    /// Stores the messages durably, in their order.
    async fn publish_messages(&self, queue: &str, messages: &[Message]) -> Result<()>;
    /// Begins to deliver, at most `prefetch` unsettled messages at a time.
    async fn subscribe(
        self: Arc<Self>,
        queue: &str,
        prefetch: u16,
    ) -> Result<Box<dyn Subscription>>;
}

impl fmt::Debug for dyn QueueBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QueueBackend")
    }
}

/// One consumer's stream of deliveries; what it holds unsettled returns to the queue when it is
/// dropped.
#[async_trait]
pub(crate) trait Subscription: Send {
    /// Waits for at least one delivery and adds up to `max` that are ready. A dropped call loses
    /// none.
    async fn next_deliveries(&mut self, max: usize) -> Result<Vec<Delivery>>;
    /// Returns to the queue what it holds, and waits for that.
    async fn give_back(self: Box<Self>) -> Result<()>;
}

impl fmt::Debug for dyn Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscription")
    }
}
