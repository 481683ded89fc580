//! The handle on a message store: declare queues, publish, consume.

use std::{sync::Arc, time::Duration};

use sixplay_core::{Error, Result, retry};

use crate::{Consumer, Message, QueueConfig, amqp, backend::QueueBackend, embedded};

/// The longest name of a queue, with its prefix, in bytes.
const MAX_NAME: usize = 200;

/// A handle on RabbitMQ or an embedded queue; cheap to clone, all clones share connections.
///
/// Every name is a queue's, without the handle's prefix. A handle outlives the broker's restarts: a
/// call that finds its connection lost makes a new one, and waits a moment before it does so if the
/// last attempt failed. All calls may be made at the same time; up to 32 publish at once over one
/// handle on RabbitMQ, further ones wait for their turn.
///
/// An error names the queue that it is about, with its prefix.
///
/// ```
/// use sixplay_core::ErrorKind;
/// use sixplay_queue::{Message, Queue};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let file = folder.path().join("queue.db");
/// let queue = Queue::connect(&format!("sqlite:{}", file.display())).await?;
/// let letters = [Message::new("Dear Ada"), Message::new("Dear Grace")];
/// let error = queue.publish("letters", &letters).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotFound);
///
/// queue.declare("letters").await?;
/// queue.publish("letters", &letters).await?;
/// assert_eq!(queue.depth("letters").await?, 2);
/// queue.remove("letters").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Queue {
    backend: Arc<dyn QueueBackend>,
    prefix: Arc<str>,
    /// How long one answer of the backend may take.
    deadline: Duration,
}

impl Queue {
    /// Connects to `sqlite:PATH` (the file is created) or `amqp://user:password@host:port/vhost`
    /// with the defaults of [`QueueConfig`].
    ///
    /// # Errors
    /// As [`Queue::open`].
    pub async fn connect(url: &str) -> Result<Self> {
        Self::open(&QueueConfig::new(url)).await
    }

    /// Connects as a configuration says; its prefix is then put before every name.
    ///
    /// # Errors
    /// `Config` for another scheme or a bad URL, `Unsupported` when the build lacks the backend,
    /// `Forbidden` for a wrong password, `Unavailable` or `Timeout` (5 s) when the broker does not
    /// answer. No error shows the URL.
    pub async fn open(config: &QueueConfig) -> Result<Self> {
        let deadline = config.deadline;
        Ok(Self {
            backend: connect_backend(config.url.expose(), deadline).await?,
            prefix: config.prefix.as_str().into(),
            deadline,
        })
    }

    /// Creates a durable queue, or makes sure that it exists; its messages stay as they are.
    ///
    /// Creating one takes RabbitMQ a second and a half: until then it could forget the queue in a
    /// crash. Declaring one that exists is cheap.
    ///
    /// # Errors
    /// `Conflict` when it exists with other properties. `Invalid` for a name that is empty, over
    /// 200 bytes with its prefix, begins with `amq.` or has control characters. `Unavailable`,
    /// `Timeout`.
    pub async fn declare(&self, name: &str) -> Result<()> {
        let queue = self.full_name(name)?;
        let answer = self.backend.declare_queue(&queue);
        self.await_answer("queue.declare", &queue, answer).await
    }

    /// Removes a queue with all its messages; nothing happens if there is none. Its consumers meet
    /// `NotFound` until somebody declares it again.
    ///
    /// # Errors
    /// `Invalid`, `Unavailable`, `Timeout`.
    pub async fn remove(&self, name: &str) -> Result<()> {
        let queue = self.full_name(name)?;
        let answer = self.backend.remove_queue(&queue);
        self.await_answer("queue.remove", &queue, answer).await
    }

    /// How many messages wait to be delivered; those held unsettled by a consumer are not counted.
    ///
    /// # Errors
    /// `NotFound` without such a queue. `Invalid`, `Unavailable`, `Timeout`.
    pub async fn depth(&self, name: &str) -> Result<u64> {
        let queue = self.full_name(name)?;
        let answer = self.backend.count_waiting(&queue);
        self.await_answer("queue.depth", &queue, answer).await
    }

    /// Publishes messages in their order; `Ok` means that every one is durably stored.
    ///
    /// The embedded queue stores all or none; RabbitMQ may have stored some when the call fails. A
    /// call that is dropped half-way has an unknown outcome. Many messages in one call are much
    /// cheaper than as many calls: they share the wait for the disk.
    ///
    /// # Errors
    /// `TooLarge`, before anything is sent, for a body over [`MAX_BODY`](crate::MAX_BODY) or an id
    /// over 255 bytes. `NotFound` without such a queue. `Unavailable`, `Timeout` (the deadline for
    /// each 500 messages or 4 MiB): the outcome is unknown. `Invalid` for the name.
    pub async fn publish(&self, name: &str, messages: &[Message]) -> Result<()> {
        messages.iter().try_for_each(Message::check_limits)?;
        self.publish_as_received(name, messages).await
    }

    /// Publishes messages whose size is what another publisher thought right.
    pub(crate) async fn publish_as_received(&self, name: &str, messages: &[Message]) -> Result<()> {
        let queue = self.full_name(name)?;
        if messages.is_empty() {
            return Ok(());
        }
        let published = self.backend.publish_messages(&queue, messages).await;
        name_queue(&queue, published)
    }

    /// Begins to consume; the consumer holds at most `prefetch` unsettled deliveries.
    ///
    /// # Errors
    /// `NotFound` without such a queue, `Invalid` for a prefetch of 0 or a bad name. `Unavailable`,
    /// `Timeout`.
    pub async fn consume(&self, name: &str, prefetch: u16) -> Result<Consumer> {
        let queue = self.full_name(name)?;
        name_queue(&queue, require_prefetch(prefetch))?;
        let answer = Arc::clone(&self.backend).subscribe(&queue, prefetch);
        let subscription = self.await_answer("queue.consume", &queue, answer).await?;
        Ok(Consumer::new(queue, subscription, prefetch))
    }

    /// Gives the backend's answer its deadline, and an error the queue's name.
    async fn await_answer<T>(
        &self,
        operation: &'static str,
        queue: &str,
        answer: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        name_queue(
            queue,
            retry::deadline(operation, self.deadline, answer).await,
        )
    }

    /// The name with its prefix, checked.
    fn full_name(&self, name: &str) -> Result<String> {
        let full = format!("{}{name}", self.prefix);
        if !name.is_empty() && is_queue_name(&full) {
            return Ok(full);
        }
        let error = Error::invalid("queue.name", "this is no name for a queue");
        Err(error.with("queue", format!("{full:?}")))
    }
}

/// The backend that the URL's scheme chooses.
async fn connect_backend(url: &str, deadline: Duration) -> Result<Arc<dyn QueueBackend>> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => embedded::connect(url, deadline).await,
        Some("amqp") => amqp::connect(url, deadline).await,
        _ => {
            let expected = "expected sqlite:PATH or amqp://…";
            Err(Error::config("queue.connect", expected))
        }
    }
}

/// What every backend takes as a name; the broker keeps those that begin with `amq.` to itself.
fn is_queue_name(name: &str) -> bool {
    name.len() <= MAX_NAME && !name.starts_with("amq.") && !name.contains(char::is_control)
}

/// Refuses a consumer that would wait for ever.
fn require_prefetch(prefetch: u16) -> Result<()> {
    if prefetch > 0 {
        return Ok(());
    }
    let message = "a prefetch of 0 delivers nothing";
    Err(Error::invalid("queue.consume", message))
}

/// Adds to an error the queue that it is about.
fn name_queue<T>(queue: &str, result: Result<T>) -> Result<T> {
    result.map_err(|error| error.with("queue", queue))
}
