//! Durable messages between processes, over RabbitMQ or over an embedded queue in one SQLite file.
//!
//! One handle, [`Queue`], serves both; the URL chooses. The promise is *at least once*: a publish
//! that returned `Ok` is on disk, and a delivery comes back until somebody acknowledges it. Whoever
//! consumes must bear a repetition.
//!
//! | URL | feature | backend |
//! |---|---|---|
//! | `sqlite:PATH` | `embedded` (default) | a file that processes of one machine share; no server |
//! | `amqp://user:password@host:port/vhost` | `amqp` | RabbitMQ 3.10 or newer, quorum queues |
//!
//! Two more features: `roots` adds `Roots`, the line between a detector of changes and an indexer;
//! `test-util` adds `conformance`, the suite that every backend runs.
//!
//! # Which backend
//!
//! Both pass the same suite; they differ in this:
//!
//! | | embedded | RabbitMQ |
//! |---|---|---|
//! | who shares a queue | processes of one machine | whoever reaches the broker |
//! | a call of `publish` stores | all messages or none | perhaps some, when it fails |
//! | messages of a killed consumer come back | after 30 s | when its connection ends |
//! | a message of another process is seen | within 50 ms | at once |
//!
//! # Limits
//!
//! | what | at most |
//! |---|---|
//! | a body | 1 MiB ([`MAX_BODY`]) |
//! | a message's id | 255 bytes |
//! | a queue's name, with its prefix | 200 bytes; no control characters, no `amq.` in front |
//! | deliveries of one [`Consumer::receive`] | 256, and no more than the prefetch |
//!
//! # The life of a message
//!
//! ```
//! use std::time::Duration;
//! use sixplay_queue::{Message, Queue};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> sixplay_core::Result<()> {
//! # let folder = tempfile::tempdir().unwrap();
//! # let url = format!("sqlite:{}", folder.path().join("queue.db").display());
//! let queue = Queue::connect(&url).await?;
//! queue.declare("letters").await?;
//!
//! // Ok means: every message is on disk
//! let letters = [Message::new("Dear Ada"), Message::new("Dear Grace").with_id("g2")];
//! queue.publish("letters", &letters).await?;
//! assert_eq!(queue.depth("letters").await?, 2);
//!
//! // at most 10 unsettled deliveries at a time
//! let mut consumer = queue.consume("letters", 10).await?;
//! let mut deliveries = consumer.receive(10, Duration::from_millis(20)).await?;
//! assert_eq!(deliveries[0].message.body, "Dear Ada");
//!
//! // handled: gone for good
//! deliveries.remove(0).ack().await?;
//! // not now: comes again, marked as redelivered; one that is merely dropped comes again too
//! deliveries.remove(0).requeue().await?;
//!
//! let again = consumer.receive(10, Duration::ZERO).await?;
//! assert!(again[0].redelivered);
//! assert_eq!(again[0].message.id.as_deref(), Some("g2"));
//! consumer.ack_all(again).await?;
//! assert_eq!(queue.depth("letters").await?, 0);
//! # Ok(())
//! # }
//! ```
//!
//! # Stopping, and putting aside
//!
//! Stop at a token, then close the consumer: [`Consumer::close`] gives back what it holds before
//! the runtime ends; without it the next consumer of an embedded queue waits 30 s.
//!
//! ```
//! # use std::time::Duration;
//! # use sixplay_core::{CancellationToken, Result};
//! # use sixplay_queue::Queue;
//! async fn work(queue: &Queue, token: CancellationToken) -> Result<()> {
//!     let mut consumer = queue.consume("letters", 100).await?;
//!     let linger = Duration::from_millis(20);
//!     while let Some(batch) = token.run_until_cancelled(consumer.receive(50, linger)).await {
//!         for delivery in batch? {
//!             if delivery.message.body.is_empty() {
//!                 // aside first, then off: a repetition is possible, a loss is not
//!                 let message = delivery.message.clone();
//!                 queue.publish("letters.odd", &[message]).await?;
//!             }
//!             delivery.ack().await?;
//!         }
//!     }
//!     consumer.close().await
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! # let folder = tempfile::tempdir().unwrap();
//! # let queue = Queue::connect(&format!("sqlite:{}/queue.db", folder.path().display())).await?;
//! # queue.declare("letters").await?;
//! # queue.declare("letters.odd").await?;
//! # queue.publish("letters", &[sixplay_queue::Message::new("")]).await?;
//! # let token = CancellationToken::new();
//! # let stop = async {
//! #     while queue.depth("letters.odd").await? == 0 { tokio::task::yield_now().await; }
//! #     token.cancel();
//! #     Ok(())
//! # };
//! # tokio::try_join!(work(&queue, token.clone()), stop)?;
//! # assert_eq!(queue.depth("letters").await?, 0);
//! # Ok(())
//! # }
//! ```
//!
//! An embedded consumer holds its deliveries on a lease of 30 s, which a task renews: do not block
//! the runtime for that long.
//!
//! # When the broker goes away
//!
//! No call waits for ever except [`Consumer::receive`] on an empty queue: every answer has the
//! deadline of [`QueueConfig`]. A lost connection makes the calls under way fail with a transient
//! error; the next call connects again by itself. The outcome of a failed publish is unknown:
//! publish again, with the same id.
//!
//! # What the queue does not do yet
//!
//! It retries nothing after a delay and counts no attempts: a delivery that is given back comes
//! again at once. It has no tools for dead letters, no exchanges, and speaks no TLS to RabbitMQ
//! (`amqps` is refused).
//!
//! # Types of other crates
//!
//! Bodies are [`bytes::Bytes`], of the crate re-exported here; errors, secrets and roots are
//! `sixplay_core`'s. All futures run on Tokio.

mod backend;
mod config;
mod consumer;
mod delivery;
mod message;
mod queue;
#[cfg(doctest)]
mod readme;

#[cfg(feature = "test-util")]
pub mod conformance;
#[cfg(any(feature = "amqp", feature = "embedded"))]
mod mutex;
#[cfg(feature = "roots")]
mod roots;

#[cfg(feature = "amqp")]
mod amqp;
#[cfg(not(feature = "amqp"))]
#[path = "absent.rs"]
mod amqp;
#[cfg(feature = "embedded")]
mod embedded;
#[cfg(not(feature = "embedded"))]
#[path = "absent.rs"]
mod embedded;

pub use bytes;

pub use config::QueueConfig;
pub use consumer::Consumer;
pub use delivery::Delivery;
pub use message::{MAX_BODY, Message};
pub use queue::Queue;
#[cfg(feature = "roots")]
pub use roots::{Roots, RootsFeed};
