//! The handle on a message store: declare queues, publish, consume.

use std::{fmt, sync::Arc};

use sixplay_core::{Error, Result};

use crate::{Consumer, Message, QueueConfig, amqp, backend::Backend, embedded};

/// The longest name of a queue, with its prefix, in bytes.
const MAX_NAME: usize = 200;

/// A handle on RabbitMQ or an embedded queue; cheap to clone, all clones share connections.
#[derive(Clone)]
pub struct Queue {
    backend: Arc<dyn Backend>,
    prefix: Arc<str>,
}

impl Queue {
    /// Connects to `sqlite:PATH` (the file is created) or `amqp://user:password@host:port/vhost`.
    ///
    /// # Errors
    /// `Config` for another scheme or a bad URL, `Unsupported` when the build lacks the backend,
    /// `Forbidden` for a wrong password, `Unavailable` or `Timeout` (5 s) when the broker does not
    /// answer. No error shows the URL.
    pub async fn connect(url: &str) -> Result<Self> {
        let backend = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => embedded::connect(url).await?,
            Some("amqp") => amqp::connect(url).await?,
            _ => {
                return Err(Error::config(
                    "queue.connect",
                    "expected sqlite:PATH or amqp://…",
                ));
            }
        };
        Ok(Self {
            backend,
            prefix: "".into(),
        })
    }

    /// Connects as a configuration says; every name is then prefixed.
    ///
    /// # Errors
    /// As [`Queue::connect`].
    pub async fn open(config: &QueueConfig) -> Result<Self> {
        Ok(Self {
            prefix: config.prefix.as_str().into(),
            ..Self::connect(config.url.expose()).await?
        })
    }

    /// Creates a durable queue, or makes sure that it exists.
    ///
    /// # Errors
    /// `Conflict`, naming the queue, when it exists with other properties. `Invalid` for a name
    /// that is empty, over 200 bytes with its prefix, begins with `amq.` or has control characters.
    /// `Unavailable`, `Timeout`.
    pub async fn declare(&self, name: &str) -> Result<()> {
        self.backend.declare(&self.full(name)?).await
    }

    /// Removes a queue with all its messages; nothing happens if there is none.
    ///
    /// # Errors
    /// `Invalid`, `Unavailable`, `Timeout`.
    pub async fn remove(&self, name: &str) -> Result<()> {
        self.backend.remove(&self.full(name)?).await
    }

    /// How many messages wait to be delivered; those held unsettled by a consumer are not counted.
    ///
    /// # Errors
    /// `NotFound` without such a queue. `Invalid`, `Unavailable`, `Timeout`.
    pub async fn depth(&self, name: &str) -> Result<u64> {
        self.backend.depth(&self.full(name)?).await
    }

    /// Publishes messages in their order; `Ok` means that every one is durably stored.
    ///
    /// The embedded queue stores all or none; RabbitMQ may have stored some when the call fails. A
    /// call that is dropped half-way has an unknown outcome.
    ///
    /// # Errors
    /// `TooLarge`, before anything is sent, for a body over [`MAX_BODY`](crate::MAX_BODY) or an id
    /// over 255 bytes. `NotFound` without such a queue. `Unavailable`, `Timeout` (10 s for each 500
    /// messages or 4 MiB): the outcome is unknown. `Invalid` for the name.
    pub async fn publish(&self, name: &str, messages: &[Message]) -> Result<()> {
        let queue = self.full(name)?;
        messages.iter().try_for_each(Message::check)?;
        if messages.is_empty() {
            return Ok(());
        }
        self.backend.publish(&queue, messages).await
    }

    /// Begins to consume; the consumer holds at most `prefetch` unsettled deliveries.
    ///
    /// # Errors
    /// `NotFound` without such a queue, `Invalid` for a prefetch of 0 or a bad name. `Unavailable`,
    /// `Timeout`.
    pub async fn consume(&self, name: &str, prefetch: u16) -> Result<Consumer> {
        if prefetch == 0 {
            return Err(
                Error::invalid("queue.consume", "a prefetch of 0 delivers nothing")
                    .with("queue", name),
            );
        }
        let subscription = Arc::clone(&self.backend)
            .subscribe(&self.full(name)?, prefetch)
            .await?;
        Ok(Consumer::new(subscription, prefetch))
    }

    fn full(&self, name: &str) -> Result<String> {
        let full = format!("{}{name}", self.prefix);
        if name.is_empty()
            || full.len() > MAX_NAME
            || full.starts_with("amq.")
            || full.contains(char::is_control)
        {
            return Err(Error::invalid("queue.name", "this is no name for a queue")
                .with("queue", format!("{full:?}")));
        }
        Ok(full)
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
