//! The RabbitMQ backend: durable quorum queues, confirmed publishes, own supervision of
//! connections.
//!
//! Publishing and consuming have a connection each, because a broker short of memory or disk blocks
//! whole connections that publish; what is asked about queues goes over the consuming one. lapin's
//! recovery stays off: `link` connects again when a call
//! needs it.

mod failure;
mod link;
mod publisher;
mod subscription;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use lapin::{
    Channel,
    options::{QueueDeclareOptions, QueueDeleteOptions},
    types::{AMQPValue, FieldTable},
    uri::{AMQPScheme, AMQPUri},
};
use sixplay_core::{Error, ErrorKind, Result};

use crate::{
    Message,
    backend::{QueueBackend, Subscription},
};
use failure::broker_answer;
use link::BrokerLink;
use publisher::Publisher;
use subscription::AmqpSubscription;

/// Seconds between heartbeats, unless the URL says otherwise; a silent peer is given up after two.
const HEARTBEAT: u16 = 10;

/// After so many deliveries the broker drops a message. 4.0 has a default of 20; given explicitly,
/// and high enough never to be reached, it is the same for all versions.
const DELIVERY_LIMIT: i32 = 1_000_000;

/// RabbitMQ 3 writes a new quorum queue's name to disk only when its register was left alone for
/// half a second (ra #443); killed before, it comes back with an empty queue that answers nothing.
const REGISTERED: Duration = Duration::from_millis(1500);

/// Connects for publishing; the other connection is made by the first call that needs it.
pub(super) async fn connect(url: &str, deadline: Duration) -> Result<Arc<dyn QueueBackend>> {
    let uri = parse_url(url)?;
    let publisher = Publisher::new(BrokerLink::new(uri.clone(), "publish"), deadline);
    publisher.link().connection().await?;
    Ok(Arc::new(AmqpBackend {
        publisher,
        consuming: BrokerLink::new(uri, "consume"),
        deadline,
    }))
}

/// Reads the URL; what is wrong with it is told without it.
fn parse_url(url: &str) -> Result<AMQPUri> {
    // the parser's own message may hold the URL
    let parsed = url.parse::<AMQPUri>().ok();
    let plain = parsed.filter(|uri| uri.scheme == AMQPScheme::AMQP);
    let expected = "expected amqp://user:password@host:port/vhost";
    let mut uri = plain.ok_or_else(|| Error::config("queue.connect", expected))?;
    uri.query.heartbeat.get_or_insert(HEARTBEAT);
    Ok(uri)
}

/// Queues of one broker.
struct AmqpBackend {
    publisher: Publisher,
    consuming: BrokerLink,
    /// How long one answer may take that no call of the handle bounds.
    deadline: Duration,
}

#[async_trait]
impl QueueBackend for AmqpBackend {
    async fn declare_queue(&self, queue: &str) -> Result<()> {
        let is_new = self.is_missing(queue).await;
        let (options, arguments) = (QueueDeclareOptions::durable(), queue_arguments());
        let channel = self.open_channel().await?;
        let declare = channel.queue_declare(queue.into(), options, arguments);
        broker_answer("queue.declare", declare).await?;
        if is_new {
            tokio::time::sleep(REGISTERED).await;
        }
        Ok(())
    }

    async fn remove_queue(&self, queue: &str) -> Result<()> {
        let channel = self.open_channel().await?;
        let delete = channel.queue_delete(queue.into(), QueueDeleteOptions::default());
        broker_answer("queue.remove", delete).await.map(drop)
    }

    async fn count_waiting(&self, queue: &str) -> Result<u64> {
        let channel = self.open_channel().await?;
        let options = QueueDeclareOptions::default().passive();
        let look = channel.queue_declare(queue.into(), options, FieldTable::default());
        let found = broker_answer("queue.depth", look).await?;
        Ok(found.message_count().into())
    }

    async fn publish_messages(&self, queue: &str, messages: &[Message]) -> Result<()> {
        self.publisher.publish_all(queue, messages).await
    }

    async fn subscribe(
        self: Arc<Self>,
        queue: &str,
        prefetch: u16,
    ) -> Result<Box<dyn Subscription>> {
        let subscription = AmqpSubscription::open(self, queue, prefetch).await?;
        Ok(Box::new(subscription))
    }
}

impl AmqpBackend {
    /// Whether the broker says so; any other answer is found out by the next question.
    async fn is_missing(&self, queue: &str) -> bool {
        let found = self.count_waiting(queue).await;
        found.is_err_and(|error| error.kind() == ErrorKind::NotFound)
    }

    /// A channel for one question: the broker closes it when it refuses. On the connection that
    /// never publishes, and so is never blocked.
    async fn open_channel(&self) -> Result<Channel> {
        let connection = self.consuming.connection().await?;
        broker_answer("queue.channel", connection.create_channel()).await
    }
}

/// What makes a queue replicated and its messages durable.
fn queue_arguments() -> FieldTable {
    let mut arguments = FieldTable::default();
    let quorum = AMQPValue::LongString("quorum".into());
    arguments.insert("x-queue-type".into(), quorum);
    let limit = AMQPValue::LongInt(DELIVERY_LIMIT);
    arguments.insert("x-delivery-limit".into(), limit);
    arguments
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn no_error_shows_the_password() {
        for url in [
            "amqp:secret",
            "amqp://u:secret@127.0.0.1:1/%2f",
            "amqp://u:secret@127.0.0.1:1/?heartbeat=x",
            "amqps://u:secret@h",
        ] {
            let error = crate::Queue::connect(url).await.err().unwrap();
            assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
        }
    }
}
