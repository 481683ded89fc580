//! The end that takes roots: subscribes when it must, and forgets the subscription that failed.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use sixplay_core::{Feed, Result, Taken, Token, Verdict};

use super::{
    Roots,
    subscription::RootsSubscription,
    work::{FeedTask, finish_task, start_task},
};
use crate::Queue;

/// The most unsettled roots that a feed holds, whatever prefetch it is asked for.
const MAX_PREFETCH: u16 = 2048;

/// Takes roots from the queue; [`Roots::feed`](crate::Roots::feed) makes it.
///
/// A body that is no root never appears: it is moved to the queue of dead roots while its
/// neighbours are taken. So is a root that is settled as dead, a moment after it was; each is in
/// that queue before it leaves the live one. Both are logged as errors through `tracing`, with the
/// body's first 1,000 bytes, its length and the reason; the message itself carries no reason. While
/// the queue takes no messages, as RabbitMQ does when it is short of memory or disk, what is dead
/// waits, held, and everything else goes on.
///
/// Takes may be dropped at any time, and get on all the same: what a take began, to subscribe or to
/// put aside, goes on in a task until the feed is closed or dropped. Closing waits until what is
/// dead is put aside, but for a queue that takes nothing; then it is given back.
///
/// After an error of [`take`](Feed::take) or [`settle`](Feed::settle) all that was taken and not
/// settled comes again, under new tokens, and the next take subscribes anew. So does a take after
/// [`close`](Feed::close). Dropping the feed gives back what it holds a moment later.
pub struct RootsFeed {
    queue: Queue,
    prefetch: u16,
    linger: Duration,
    subscription: Option<RootsSubscription>,
    /// The subscription under way.
    opening: Option<FeedTask<RootsSubscription>>,
    /// Both queues have been made; only what is missing is made later.
    declared: bool,
    /// Counted over all subscriptions, so that no number means two roots.
    next_token: u64,
}

impl RootsFeed {
    /// A feed that has not subscribed yet.
    pub(super) fn new(queue: Queue, prefetch: u16, linger: Duration) -> Self {
        Self {
            queue,
            prefetch: prefetch.clamp(1, MAX_PREFETCH),
            linger,
            subscription: None,
            opening: None,
            declared: false,
            next_token: 0,
        }
    }

    /// Subscribes if need be, and receives until there is a root. A dropped call leaves what it got
    /// in the subscription.
    async fn take_subscribed(&mut self, max: usize) -> Result<Vec<Taken>> {
        let subscription = match &mut self.subscription {
            Some(subscription) => subscription,
            none => {
                let (queue, prefetch) = (self.queue.clone(), self.prefetch);
                let open = || start_task(open_first(queue, prefetch, self.declared));
                let opened = finish_task(self.opening.get_or_insert_with(open)).await;
                self.opening = None;
                self.declared |= opened.is_ok();
                none.insert(opened?)
            }
        };
        while !subscription.has_roots() {
            let next_token = &mut self.next_token;
            subscription.receive(max, self.linger, next_token).await?;
        }
        Ok(subscription.take_roots(max))
    }

    /// Drops the subscription, and with it all that is held, when `result` is a failure.
    fn end_on_failure<T>(&mut self, result: Result<T>) -> Result<T> {
        if result.is_err() {
            self.subscription = None;
        }
        result
    }
}

/// Subscribes, after both queues were made unless they are `declared`.
async fn open_first(queue: Queue, prefetch: u16, declared: bool) -> Result<RootsSubscription> {
    if !declared {
        queue.declare(Roots::QUEUE).await?;
        queue.declare(Roots::DEAD_QUEUE).await?;
    }
    RootsSubscription::open(queue, prefetch).await
}

#[async_trait]
impl Feed for RootsFeed {
    async fn take(&mut self, max: usize) -> Result<Vec<Taken>> {
        let taken = self.take_subscribed(max).await;
        self.end_on_failure(taken)
    }

    async fn settle(&mut self, verdicts: Vec<(Token, Verdict)>) -> Result<()> {
        let Some(subscription) = &mut self.subscription else {
            return Ok(());
        };
        let settled = subscription.settle(verdicts).await;
        self.end_on_failure(settled)
    }

    async fn close(&mut self) -> Result<()> {
        self.opening = None;
        match self.subscription.take() {
            Some(subscription) => subscription.close().await,
            None => Ok(()),
        }
    }
}

impl fmt::Debug for RootsFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RootsFeed")
            .field("queue", &self.queue)
            .field("prefetch", &self.prefetch)
            .field("subscribed", &self.subscription.is_some())
            .finish_non_exhaustive()
    }
}
