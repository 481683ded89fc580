//! One subscription of a feed: decodes what it receives, and settles it by what became of the
//! roots.

use std::{collections::HashMap, time::Duration};

use sixplay_core::{Result, Root, Taken, Token, Verdict};

use super::{Roots, dead::DeadLetter, undertaker::Undertaker, work::make_missing};
use crate::{Consumer, Delivery, Message, Queue};

/// A consumer of roots, and what it has received and not settled.
pub(super) struct RootsSubscription {
    consumer: Consumer,
    held: HashMap<Token, Delivery>,
    /// Held, and not yet taken.
    decoded: Vec<Taken>,
    undertaker: Undertaker,
}

impl RootsSubscription {
    /// Begins to consume the live queue.
    pub(super) async fn open(queue: Queue, prefetch: u16) -> Result<Self> {
        let consume = || queue.consume(Roots::QUEUE, prefetch);
        Ok(Self {
            consumer: make_missing(&queue, Roots::QUEUE, consume).await?,
            held: HashMap::new(),
            decoded: Vec::new(),
            undertaker: Undertaker::start(queue),
        })
    }

    /// Whether there are roots to take.
    pub(super) fn has_roots(&self) -> bool {
        !self.decoded.is_empty()
    }

    /// The roots that came first, at least one and up to `max`; they stay held.
    pub(super) fn take_roots(&mut self, max: usize) -> Vec<Taken> {
        let count = max.max(1).min(self.decoded.len());
        self.decoded.drain(..count).collect()
    }

    /// Waits for deliveries, and has those put aside that are no root. A dropped call keeps what it
    /// got.
    pub(super) async fn receive(
        &mut self,
        max: usize,
        linger: Duration,
        next_token: &mut u64,
    ) -> Result<()> {
        let received = tokio::select! {
            received = self.consumer.receive(max, linger) => received?,
            error = self.undertaker.failure() => return Err(error),
        };
        for delivery in received {
            match decode_root(&delivery.message) {
                Ok(root) => self.hold_root(Token(*next_token), root, delivery),
                Err(reason) => self.undertaker.bury(DeadLetter {
                    letter: delivery,
                    reason,
                }),
            }
            *next_token += 1;
        }
        Ok(())
    }

    /// Keeps a root until it is settled.
    fn hold_root(&mut self, token: Token, root: Root, delivery: Delivery) {
        self.held.insert(token, delivery);
        self.decoded.push(Taken { token, root });
    }

    /// Settles held roots; the dead ones are in the dead queue before they leave the live one, soon
    /// after this returns.
    pub(super) async fn settle(&mut self, verdicts: Vec<(Token, Verdict)>) -> Result<()> {
        let settled = self.release_roots(verdicts);
        let dead = settled.dead.into_iter();
        dead.for_each(|letter| self.undertaker.bury(letter));
        self.consumer.ack_all(settled.done).await?;
        self.consumer.requeue_all(settled.again).await
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
        self.undertaker.close().await;
        self.consumer.close().await
    }
}

/// How long a reason is at most, in characters.
const REASON: usize = 500;

/// The root in a body, or why it holds none.
fn decode_root(message: &Message) -> Result<Root, String> {
    let reason = |error| format!("not a root reference: {error}");
    // it may show what is there instead
    let short = |error| reason(error).chars().take(REASON).collect();
    serde_json::from_slice(&message.body).map_err(short)
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
            Verdict::Dead(reason) => self.dead.push(DeadLetter {
                letter: delivery,
                reason,
            }),
        }
    }
}
