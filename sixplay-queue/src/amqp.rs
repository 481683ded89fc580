//! The RabbitMQ backend: durable quorum queues, confirmed publishes, own supervision of
//! connections.
//!
//! Publishing and consuming have a connection each, because a broker short of memory or disk blocks
//! whole connections that publish. lapin's recovery stays off: `link` connects again when a call
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
    backend::{Backend, Subscription},
    message::Message,
};
use failure::within;
use link::Link;
use publisher::Publisher;

/// Every answer of the broker comes within this time.
const ANSWER: Duration = Duration::from_secs(10);

/// Seconds between heartbeats, unless the URL says otherwise; a silent peer is given up after two.
const HEARTBEAT: u16 = 10;

/// After so many deliveries the broker drops a message. 4.0 has a default of 20; given explicitly,
/// and high enough never to be reached, it is the same for all versions.
const DELIVERY_LIMIT: i32 = 1_000_000;

/// RabbitMQ 3 writes a new quorum queue's name to disk only when its register was left alone for
/// half a second (ra #443); killed before, it comes back with an empty queue that answers nothing.
const REGISTERED: Duration = Duration::from_millis(1500);

pub(super) async fn connect(url: &str) -> Result<Arc<dyn Backend>> {
    let uri = parse(url)?;
    let publisher = Publisher::new(Link::new(uri.clone(), "publish"));
    publisher.link().connection().await?;
    Ok(Arc::new(Amqp {
        publisher,
        consuming: Link::new(uri, "consume"),
    }))
}

fn parse(url: &str) -> Result<AMQPUri> {
    // the parser's own message may hold the URL
    let parsed = url
        .parse::<AMQPUri>()
        .ok()
        .filter(|uri| uri.scheme == AMQPScheme::AMQP);
    let refused = || {
        Error::config(
            "queue.connect",
            "expected amqp://user:password@host:port/vhost",
        )
    };
    let mut uri = parsed.ok_or_else(refused)?;
    uri.query.heartbeat.get_or_insert(HEARTBEAT);
    Ok(uri)
}

struct Amqp {
    publisher: Publisher,
    consuming: Link,
}

#[async_trait]
impl Backend for Amqp {
    async fn declare(&self, queue: &str) -> Result<()> {
        let created = self
            .depth(queue)
            .await
            .is_err_and(|error| error.kind() == ErrorKind::NotFound);
        let mut arguments = FieldTable::default();
        arguments.insert(
            "x-queue-type".into(),
            AMQPValue::LongString("quorum".into()),
        );
        arguments.insert(
            "x-delivery-limit".into(),
            AMQPValue::LongInt(DELIVERY_LIMIT),
        );
        let channel = self.channel().await?;
        let declare =
            channel.queue_declare(queue.into(), QueueDeclareOptions::durable(), arguments);
        within("queue.declare", declare)
            .await
            .map_err(|error| error.with("queue", queue))?;
        if created {
            tokio::time::sleep(REGISTERED).await;
        }
        Ok(())
    }

    async fn remove(&self, queue: &str) -> Result<()> {
        let channel = self.channel().await?;
        let delete = channel.queue_delete(queue.into(), QueueDeleteOptions::default());
        within("queue.remove", delete)
            .await
            .map(drop)
            .map_err(|error| error.with("queue", queue))
    }

    async fn depth(&self, queue: &str) -> Result<u64> {
        let channel = self.channel().await?;
        let look = channel.queue_declare(
            queue.into(),
            QueueDeclareOptions::default().passive(),
            FieldTable::default(),
        );
        let found = within("queue.depth", look)
            .await
            .map_err(|error| error.with("queue", queue))?;
        Ok(found.message_count().into())
    }

    async fn publish(&self, queue: &str, messages: &[Message]) -> Result<()> {
        self.publisher.publish(queue, messages).await
    }

    async fn subscribe(
        self: Arc<Self>,
        queue: &str,
        prefetch: u16,
    ) -> Result<Box<dyn Subscription>> {
        Ok(Box::new(
            subscription::Subscriber::open(self, queue, prefetch).await?,
        ))
    }
}

impl Amqp {
    /// A channel for one question: the broker closes it when it refuses.
    async fn channel(&self) -> Result<Channel> {
        let connection = self.publisher.link().connection().await?;
        within("queue.channel", connection.create_channel()).await
    }
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
