//! Confirmed publishing. A channel serves one call at a time, so its confirms and returned messages
//! are about that call: lapin mixes them up between calls that share a channel.

use std::{sync::Mutex, time::Duration};

use lapin::{
    BasicProperties, Channel, Confirmation, Connection, PublisherConfirm,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};
use sixplay_core::{Error, ErrorKind, Result, retry};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{failure::broker_answer, link::BrokerLink};
use crate::{Message, mutex::lock_poisoned_too};

/// Calls that publish at the same time; more wait.
const CHANNELS: usize = 32;

/// What may be under way in one call before its confirms are awaited.
const WINDOW: usize = 500;
const WINDOW_BYTES: usize = 4 << 20;

/// AMQP's delivery mode of messages that survive the broker's restart.
const PERSISTENT: u8 = 2;

/// Publishes over a connection of its own, through a few channels that are used again.
pub(super) struct Publisher {
    link: BrokerLink,
    /// One for each channel that may be open.
    turns: Semaphore,
    /// Channels that no call uses.
    idle: Mutex<Vec<Channel>>,
    deadline: Duration,
}

impl Publisher {
    /// Every answer of the broker comes within `deadline`.
    pub(super) fn new(link: BrokerLink, deadline: Duration) -> Self {
        Self {
            link,
            turns: Semaphore::new(CHANNELS),
            idle: Mutex::default(),
            deadline,
        }
    }

    /// The connection that publishes.
    pub(super) fn link(&self) -> &BrokerLink {
        &self.link
    }

    /// Returns when the broker has confirmed all messages; each window of them has the deadline for
    /// itself.
    pub(super) async fn publish_all(&self, queue: &str, messages: &[Message]) -> Result<()> {
        let _turn = self.await_turn().await?;
        let channel = self.confirming_channel().await?;
        let mut rest = messages;
        while !rest.is_empty() {
            let (window, later) = rest.split_at(window_len(rest));
            // a channel that failed, or whose call was dropped, is closed by being dropped
            self.await_answer("queue.publish", publish_window(&channel, queue, window))
                .await?;
            rest = later;
        }
        lock_poisoned_too(&self.idle).push(channel);
        Ok(())
    }

    /// Waits until fewer calls publish than there may be channels.
    async fn await_turn(&self) -> Result<SemaphorePermit<'_>> {
        let closed = |_| Error::unexpected("queue.publish", "the publisher is closed");
        let turn = async { self.turns.acquire().await.map_err(closed) };
        self.await_answer("queue.publish", turn).await
    }

    /// A channel that no other call uses, and that confirms what is published on it.
    async fn confirming_channel(&self) -> Result<Channel> {
        let connection = self.link.connection().await?;
        if connection.status().blocked() {
            // what is written now would only pile up here
            let short = "the broker is short of memory or disk";
            return Err(Error::unavailable("queue.publish", short));
        }
        match self.take_idle() {
            Some(channel) => Ok(channel),
            None => self.open_channel(&connection).await,
        }
    }

    /// A channel that an earlier call left in order.
    fn take_idle(&self) -> Option<Channel> {
        let mut idle = lock_poisoned_too(&self.idle);
        idle.retain(|channel| channel.status().connected());
        idle.pop()
    }

    /// Opens a channel and has it confirm.
    async fn open_channel(&self, connection: &Connection) -> Result<Channel> {
        let create = broker_answer("queue.channel", connection.create_channel());
        let channel = self.await_answer("queue.channel", create).await?;
        let select = channel.confirm_select(ConfirmSelectOptions::default());
        let select = broker_answer("queue.channel", select);
        self.await_answer("queue.channel", select).await?;
        Ok(channel)
    }

    /// Gives an answer its deadline.
    async fn await_answer<T>(
        &self,
        operation: &'static str,
        answer: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        retry::deadline(operation, self.deadline, answer).await
    }
}

/// How many of the messages go out before their confirms are awaited.
fn window_len(messages: &[Message]) -> usize {
    let mut bytes = 0;
    let fits = |message: &&Message| {
        bytes += message.body.len();
        bytes <= WINDOW_BYTES
    };
    messages.iter().take(WINDOW).take_while(fits).count().max(1)
}

/// Publishes messages and waits for all their confirms.
async fn publish_window(channel: &Channel, queue: &str, messages: &[Message]) -> Result<()> {
    let mut confirms = Vec::with_capacity(messages.len());
    for message in messages {
        let sent = send_message(channel, queue, message);
        confirms.push(broker_answer("queue.publish", sent).await?);
    }
    await_confirms(confirms).await
}

/// Waits for all of them before it tells the outcome: which confirm carries a returned message says
/// nothing.
async fn await_confirms(confirms: Vec<PublisherConfirm>) -> Result<()> {
    let mut outcome = Ok(());
    for confirm in confirms {
        let confirmation = broker_answer("queue.publish", confirm).await?;
        outcome = require_stored(confirmation).and(outcome);
    }
    outcome
}

/// `Ok` when the broker has the message on disk.
fn require_stored(confirmation: Confirmation) -> Result<()> {
    let (kind, message) = match confirmation {
        Confirmation::Ack(None) => return Ok(()),
        Confirmation::Ack(Some(_)) => (ErrorKind::NotFound, "the broker has no such queue"),
        Confirmation::Nack(_) => {
            let full = "the broker could not store the message";
            (ErrorKind::Unavailable, full)
        }
        Confirmation::NotRequested => (ErrorKind::Unexpected, "the channel confirms nothing"),
    };
    Err(Error::new(kind, "queue.publish", message))
}

/// Writes a message to the connection; the confirm comes later.
async fn send_message(
    channel: &Channel,
    queue: &str,
    message: &Message,
) -> lapin::Result<PublisherConfirm> {
    let (exchange, properties) = ("".into(), message_properties(message));
    // mandatory: a message for a missing queue is returned instead of dropped
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    channel
        .basic_publish(exchange, queue.into(), options, &message.body, properties)
        .await
}

/// What goes with the body: that it be kept on disk, and the id.
fn message_properties(message: &Message) -> BasicProperties {
    let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
    match &message.id {
        Some(id) => properties.with_message_id(id.as_str().into()),
        None => properties,
    }
}
