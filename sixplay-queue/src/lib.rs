//! Durable messages between processes, over RabbitMQ or over an embedded queue in one SQLite file.
//!
//! One handle, [`Queue`], serves both; the URL chooses. The promise is *at least once*: a publish
//! that returned `Ok` is on disk, and a delivery comes back until somebody acknowledges it. Whoever
//! consumes must bear a repetition.
//!
//! | URL | feature | backend |
//! |---|---|---|
//! | `sqlite:PATH` | `embedded` (default) | a file that several processes of one machine may share; no server |
//! | `amqp://user:password@host:port/vhost` | `amqp` | RabbitMQ 3.10 or newer, quorum queues |
//!
//! Feature `test-util` adds `conformance`, the suite that both backends run.
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
//! queue.declare("roots").await?;
//!
//! // Ok means: every message is on disk
//! queue.publish("roots", &[Message::new("video 1"), Message::new("video 2").with_id("v2")]).await?;
//! assert_eq!(queue.depth("roots").await?, 2);
//!
//! // at most 10 unsettled deliveries at a time
//! let mut consumer = queue.consume("roots", 10).await?;
//! let mut deliveries = consumer.receive(10, Duration::from_millis(20)).await?;
//! assert_eq!(deliveries[0].message.body, "video 1");
//!
//! // handled: gone for good
//! deliveries.remove(0).ack().await?;
//! // not now: comes again, marked as redelivered; a delivery that is merely dropped comes again too
//! deliveries.remove(0).requeue().await?;
//!
//! let again = consumer.receive(10, Duration::ZERO).await?;
//! assert!(again[0].redelivered);
//! assert_eq!(again[0].message.id.as_deref(), Some("v2"));
//! consumer.ack_all(again).await?;
//! assert_eq!(queue.depth("roots").await?, 0);
//! # Ok(())
//! # }
//! ```
//!
//! # When the broker goes away
//!
//! No call waits for ever except [`Consumer::receive`] on an empty queue. A lost connection makes
//! the calls under way fail with a transient error; the next call connects again by itself. The
//! outcome of a failed publish is unknown: publish again, with the same id.

mod backend;
mod config;
mod consumer;
mod message;
mod queue;

#[cfg(feature = "test-util")]
pub mod conformance;

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

pub use config::QueueConfig;
pub use consumer::Consumer;
pub use message::{Delivery, MAX_BODY, Message};
pub use queue::Queue;
