//! What a backend provides; the handles above it are the same for all.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use async_trait::async_trait;
use sixplay_core::Result;

use crate::message::{Delivery, Message};

/// Queues by full name; names, sizes and ids are checked before they come here.
#[async_trait]
pub(crate) trait Backend: Send + Sync {
    async fn declare(&self, queue: &str) -> Result<()>;
    async fn remove(&self, queue: &str) -> Result<()>;
    async fn depth(&self, queue: &str) -> Result<u64>;
    async fn publish(&self, queue: &str, messages: &[Message]) -> Result<()>;
    async fn subscribe(
        self: Arc<Self>,
        queue: &str,
        prefetch: u16,
    ) -> Result<Box<dyn Subscription>>;
}

/// One consumer's stream of deliveries; what it holds unsettled returns to the queue when it is
/// dropped.
#[async_trait]
pub(crate) trait Subscription: Send {
    /// Waits for at least one delivery and adds up to `max` that are ready. A dropped call loses
    /// none.
    async fn next(&mut self, max: usize) -> Result<Vec<Delivery>>;
    /// Returns to the queue what it holds, and waits for that.
    async fn close(self: Box<Self>) -> Result<()>;
}

/// Where deliveries came from and must be settled.
#[async_trait]
pub(crate) trait Origin: Send + Sync {
    /// Settles what is still held and returns how many that were.
    async fn settle(&self, tags: &[Tag], verdict: Verdict) -> Result<usize>;
    /// Gives back one that was dropped unsettled, later and without a word about the outcome.
    fn abandon(&self, tag: Tag);
}

/// Names one delivery of one origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tag {
    pub number: i64,
    /// Which of the message's deliveries, for those backends that reuse the number.
    pub attempt: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Ack,
    Requeue,
}

/// A number that no other process draws: for names and for spreading retries, not for secrets.
// A build without backends needs neither this nor receipts
#[allow(dead_code)]
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}
