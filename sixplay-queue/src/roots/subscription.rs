//! One subscription of a feed: decodes what it receives, and settles it by what became of the
//! roots.

use std::{collections::HashMap, time::Duration};

use sixplay_core::{Error, Result, Root, Taken, Token, Verdict};
use tokio_util::task::AbortOnDropHandle;

use super::{
    Roots,
    dead::{DeadLetter, publish_dead},
};
use crate::{
    Consumer, Delivery, Message, Queue,
    delivery::{Settlement, settle_all},
};

/// Work of a feed that goes on when the call that began it is dropped, and ends with the feed.
pub(super) type FeedTask<T> = AbortOnDropHandle<Result<T>>;

/// Begins work that takes as long as it takes, however short the calls are that wait for it.
pub(super) fn start_task<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> FeedTask<T> {
    AbortOnDropHandle::new(tokio::spawn(work))
}

/// Waits for the work; the caller forgets it then.
pub(super) async fn finish_task<T>(task: &mut FeedTask<T>) -> Result<T> {
    let failed = |error| Error::unavailable("roots.take", "a task has ended").with_source(error);
    task.await.map_err(failed)?
}

/// A consumer of roots, and what it has received and not settled.
pub(super) struct RootsSubscription {
    queue: Queue,
    consumer: Consumer,
    held: HashMap<Token, Delivery>,
    /// Held, and not yet taken.
    decoded: Vec<Taken>,
    /// Puts aside what was received and is no root.
    burying: Option<FeedTask<()>>,
}

impl RootsSubscription {
    /// Makes both queues, and begins to consume the live one.
    pub(super) async fn open(queue: Queue, prefetch: u16) -> Result<Self> {
        queue.declare(Roots::QUEUE).await?;
        queue.declare(Roots::DEAD_QUEUE).await?;
        Ok(Self {
            consumer: queue.consume(Roots::QUEUE, prefetch).await?,
            queue,
            held: HashMap::new(),
            decoded: Vec::new(),
            burying: None,
        })
    }

    /// Whether there are roots to take, and nothing is left to put aside.
    pub(super) fn has_roots(&self) -> bool {
        !self.decoded.is_empty() && self.burying.is_none()
    }

    /// The roots that came first, at least one and up to `max`; they stay held.
    pub(super) fn take_roots(&mut self, max: usize) -> Vec<Taken> {
        let count = max.max(1).min(self.decoded.len());
        self.decoded.drain(..count).collect()
    }

    /// Waits for deliveries, unless there are some, and puts aside those that are no root. A
    /// dropped call keeps what it got.
    pub(super) async fn receive(
        &mut self,
        max: usize,
        linger: Duration,
        next_token: &mut u64,
    ) -> Result<()> {
        if self.burying.is_none() {
            let received = self.consumer.receive(max, linger).await?;
            let unreadable = self.decode_all(received, next_token);
            self.begin_burying(unreadable);
        }
        self.finish_burying().await
    }

    /// Puts bodies aside in a task, so that a call that is dropped does not make it begin again.
    fn begin_burying(&mut self, letters: Vec<DeadLetter<Delivery>>) {
        if !letters.is_empty() {
            let bury = bury_letters(self.queue.clone(), letters);
            self.burying = Some(start_task(bury));
        }
    }

    /// Waits until nothing is left to put aside.
    async fn finish_burying(&mut self) -> Result<()> {
        let Some(burying) = &mut self.burying else {
            return Ok(());
        };
        let buried = finish_task(burying).await;
        self.burying = None;
        buried
    }

    /// Holds the roots among what was received, and returns the bodies that are none.
    fn decode_all(
        &mut self,
        deliveries: Vec<Delivery>,
        next_token: &mut u64,
    ) -> Vec<DeadLetter<Delivery>> {
        let mut unreadable = Vec::new();
        for delivery in deliveries {
            match decode_root(&delivery.message) {
                Ok(root) => self.hold_root(Token(*next_token), root, delivery),
                Err(reason) => unreadable.push(dead_letter(delivery, reason)),
            }
            *next_token += 1;
        }
        unreadable
    }

    /// Keeps a root until it is settled.
    fn hold_root(&mut self, token: Token, root: Root, delivery: Delivery) {
        self.held.insert(token, delivery);
        self.decoded.push(Taken { token, root });
    }

    /// Settles held roots; the dead ones are in the dead queue before they leave the live one, and
    /// keep no other from being settled.
    pub(super) async fn settle(&mut self, verdicts: Vec<(Token, Verdict)>) -> Result<()> {
        let settled = self.release_roots(verdicts);
        self.consumer.ack_all(settled.done).await?;
        self.consumer.requeue_all(settled.again).await?;
        publish_dead(&self.queue, &settled.dead).await?;
        let buried = settled.dead.into_iter().map(|dead| dead.letter);
        self.consumer.ack_all(buried.collect()).await
    }

    /// Sorts roots by what becomes of them; a token that holds none is passed over.
    fn release_roots(&mut self, verdicts: Vec<(Token, Verdict)>) -> SettledRoots {
        let mut settled = SettledRoots::default();
        for (token, verdict) in verdicts {
            if let Some(delivery) = self.held.remove(&token) {
                settled.add(delivery, verdict);
            }
        }
        settled
    }

    /// Gives back what is held, and waits for that.
    pub(super) async fn close(self) -> Result<()> {
        self.consumer.close().await
    }
}

/// The root in a body, or why it holds none.
fn decode_root(message: &Message) -> Result<Root, String> {
    serde_json::from_slice(&message.body).map_err(|error| format!("not a root reference: {error}"))
}

fn dead_letter(letter: Delivery, reason: String) -> DeadLetter<Delivery> {
    DeadLetter { letter, reason }
}

/// Moves to the dead queue what is no root; it is there before it leaves the live one.
async fn bury_letters(queue: Queue, letters: Vec<DeadLetter<Delivery>>) -> Result<()> {
    publish_dead(&queue, &letters).await?;
    let buried = letters.into_iter().map(|dead| dead.letter);
    settle_all(buried.collect(), Settlement::Ack).await
}

/// Deliveries that are no longer held, by what becomes of them.
#[derive(Default)]
struct SettledRoots {
    done: Vec<Delivery>,
    again: Vec<Delivery>,
    dead: Vec<DeadLetter<Delivery>>,
}

impl SettledRoots {
    fn add(&mut self, delivery: Delivery, verdict: Verdict) {
        match verdict {
            Verdict::Done => self.done.push(delivery),
            Verdict::Again => self.again.push(delivery),
            Verdict::Dead(reason) => self.dead.push(dead_letter(delivery, reason)),
        }
    }
}
