//! Confirmed publishing. A channel serves one call at a time, so its confirms and returned messages
//! are about that call: lapin mixes them up between calls that share a channel.

use std::sync::{Mutex, PoisonError};

use lapin::{
    BasicProperties, Channel, Confirmation, PublisherConfirm,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};
use sixplay_core::{Error, ErrorKind, Result};
use tokio::sync::Semaphore;

use super::{
    ANSWER,
    failure::{deadline, failure, within},
    link::Link,
};
use crate::message::Message;

/// Calls that publish at the same time; more wait.
const CHANNELS: usize = 32;

/// What may be under way in one call before its confirms are awaited.
const WINDOW: usize = 500;
const WINDOW_BYTES: usize = 4 << 20;

const PERSISTENT: u8 = 2;

pub(super) struct Publisher {
    link: Link,
    turns: Semaphore,
    idle: Mutex<Vec<Channel>>,
}

impl Publisher {
    pub fn new(link: Link) -> Self {
        Self {
            link,
            turns: Semaphore::new(CHANNELS),
            idle: Mutex::default(),
        }
    }

    pub fn link(&self) -> &Link {
        &self.link
    }

    pub async fn publish(&self, queue: &str, messages: &[Message]) -> Result<()> {
        let closed = |_| Error::unexpected("queue.publish", "the publisher is closed");
        let _turn = deadline("queue.publish", ANSWER, self.turns.acquire())
            .await?
            .map_err(closed)?;
        let channel = self.channel().await?;
        let mut rest = messages;
        while !rest.is_empty() {
            let (window, later) = rest.split_at(window(rest));
            // a channel that failed, or whose call was dropped, is closed by being dropped
            deadline("queue.publish", ANSWER, confirmed(&channel, queue, window)).await??;
            rest = later;
        }
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(channel);
        Ok(())
    }

    async fn channel(&self) -> Result<Channel> {
        let connection = self.link.connection().await?;
        if connection.status().blocked() {
            // what is written now would only pile up here
            return Err(Error::unavailable(
                "queue.publish",
                "the broker is short of memory or disk",
            ));
        }
        if let Some(channel) = self.idle() {
            return Ok(channel);
        }
        let channel = within("queue.channel", connection.create_channel()).await?;
        within(
            "queue.channel",
            channel.confirm_select(ConfirmSelectOptions::default()),
        )
        .await?;
        Ok(channel)
    }

    fn idle(&self) -> Option<Channel> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|channel| channel.status().connected());
        idle.pop()
    }
}

/// How many of the messages go out before their confirms are awaited.
fn window(messages: &[Message]) -> usize {
    let mut bytes = 0;
    let fits = |message: &&Message| {
        bytes += message.body.len();
        bytes <= WINDOW_BYTES
    };
    messages.iter().take(WINDOW).take_while(fits).count().max(1)
}

async fn confirmed(channel: &Channel, queue: &str, messages: &[Message]) -> Result<()> {
    let failed = |error| failure("queue.publish", error).with("queue", queue);
    let mut confirms = Vec::with_capacity(messages.len());
    for message in messages {
        confirms.push(send(channel, queue, message).await.map_err(failed)?);
    }
    // all of them are awaited before the verdict: which confirm carries a returned message says
    // nothing
    let mut verdict = Ok(());
    for confirm in confirms {
        let unstored = match confirm.await.map_err(failed)? {
            Confirmation::Ack(None) => continue,
            Confirmation::Ack(Some(_)) => (ErrorKind::NotFound, "the broker has no such queue"),
            Confirmation::Nack(_) => (
                ErrorKind::Unavailable,
                "the broker could not store the message",
            ),
            Confirmation::NotRequested => (ErrorKind::Unexpected, "the channel confirms nothing"),
        };
        verdict = Err(Error::new(unstored.0, "queue.publish", unstored.1).with("queue", queue));
    }
    verdict
}

async fn send(
    channel: &Channel,
    queue: &str,
    message: &Message,
) -> lapin::Result<PublisherConfirm> {
    let mut properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
    if let Some(id) = &message.id {
        properties = properties.with_message_id(id.as_str().into());
    }
    // mandatory: a message for a missing queue is returned instead of dropped
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    channel
        .basic_publish("".into(), queue.into(), options, &message.body, properties)
        .await
}
