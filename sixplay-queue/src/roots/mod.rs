//! Changed roots over a queue: the two ends of the line between a detector and an indexer.

mod dead;
mod feed;
mod subscription;
mod undertaker;
mod work;

use std::time::Duration;

use async_trait::async_trait;
use sixplay_core::{Error, Result, Root, Sink};

use crate::{Message, Queue};
use dead::{DeadLetter, publish_dead};
pub use feed::RootsFeed;
use work::make_missing;

/// Changed roots over a queue: a [`Sink`] at one end, a [`Feed`](sixplay_core::Feed) at the other;
/// cheap to clone.
///
/// A root travels as `{"kind": …, "id": …}` in JSON, one message each. Delivering returns when the
/// queue has confirmed all of them. The queues are made when they are missing.
///
/// ```
/// use std::time::Duration;
/// use sixplay_core::{Feed, Root, Sink, Verdict};
/// use sixplay_queue::{Queue, Roots};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let queue = Queue::connect(&format!("sqlite:{}/queue.db", folder.path().display())).await?;
/// let roots = Roots::new(queue.clone());
/// roots.deliver(&[Root::new("book", "7"), Root::new("author", "1")]).await?;
///
/// let mut feed = roots.feed(100, Duration::from_millis(20));
/// let taken = feed.take(10).await?;
/// assert_eq!(taken[0].root, Root::new("book", "7"));
/// let too_large = Verdict::Dead("the document is too large".to_owned());
/// feed.settle(vec![(taken[0].token, Verdict::Done), (taken[1].token, too_large)]).await?;
/// feed.close().await?;
/// assert_eq!(queue.depth(Roots::QUEUE).await?, 0);
/// assert_eq!(queue.depth(Roots::DEAD_QUEUE).await?, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Roots {
    queue: Queue,
}

impl Roots {
    /// The queue of changed roots; the handle's prefix comes before it.
    pub const QUEUE: &str = "roots";

    /// The queue of what can never be brought up to date, its body as it came: roots that are
    /// settled as [`Verdict::Dead`](sixplay_core::Verdict::Dead), and bodies that are no root. A
    /// feed's first take makes it. The handle's prefix comes before it.
    pub const DEAD_QUEUE: &str = "roots.dead";

    /// The roots in `queue`; nothing is sent yet.
    pub fn new(queue: Queue) -> Self {
        Self { queue }
    }

    /// The end that takes roots; it subscribes with its first take.
    ///
    /// It holds at most `prefetch` roots (1 to 2048, others are moved into these bounds) that are
    /// not settled. A take waits for more roots for at most `linger` after the first one.
    pub fn feed(&self, prefetch: u16, linger: Duration) -> RootsFeed {
        RootsFeed::new(self.queue.clone(), prefetch, linger)
    }
}

/// A root that [`Root::require_carried`] refuses is accepted and goes straight to
/// [`Roots::DEAD_QUEUE`], logged as an error with the reason.
#[async_trait]
impl Sink for Roots {
    async fn deliver(&self, roots: &[Root]) -> Result<()> {
        let (mut carried, mut dead) = (Vec::with_capacity(roots.len()), Vec::new());
        for root in roots {
            let letter = encode_root(root)?;
            match root.require_carried() {
                Ok(()) => carried.push(letter),
                Err(error) => dead.push(DeadLetter {
                    letter,
                    reason: error.to_string(),
                }),
            }
        }
        let publish = || self.queue.publish(Self::QUEUE, &carried);
        make_missing(&self.queue, Self::QUEUE, publish).await?;
        publish_dead(&self.queue, &dead).await
    }
}

/// The message that carries a root.
fn encode_root(root: &Root) -> Result<Message> {
    let failed = |error| Error::unexpected("roots.encode", "this is no JSON").with_source(error);
    let body = serde_json::to_vec(root).map_err(failed)?;
    Ok(Message::new(body))
}
