//! What can never be brought up to date: copied to the queue of dead roots, and logged.

use sixplay_core::{ErrorKind, Result};

use super::Roots;
use crate::{Delivery, MAX_BODY, Message, Queue};

/// How much of a body a log shows, in bytes.
const SHOWN_BODY: usize = 1000;

/// What is put aside, and why.
pub(super) struct DeadLetter<T> {
    pub(super) letter: T,
    pub(super) reason: String,
}

impl AsRef<Message> for Delivery {
    fn as_ref(&self) -> &Message {
        &self.message
    }
}

impl AsRef<Message> for Message {
    fn as_ref(&self) -> &Message {
        self
    }
}

impl<T: AsRef<Message>> DeadLetter<T> {
    /// Tells what was put aside, and why.
    fn log(&self) {
        let body = &self.letter.as_ref().body;
        let shown = String::from_utf8_lossy(&body[..body.len().min(SHOWN_BODY)]);
        let (reason, bytes) = (&self.reason, body.len());
        tracing::error!(body = %shown, bytes, reason, "moved to {}", Roots::DEAD_QUEUE);
        if bytes > MAX_BODY {
            tracing::error!(bytes, "kept of it are the first {MAX_BODY} bytes");
        }
    }
}

/// Copies what is dead to the queue of its kind, and tells so; a message over the limits, which
/// only another's tool can have sent, is cut to them.
pub(super) async fn publish_dead<T: AsRef<Message>>(
    queue: &Queue,
    letters: &[DeadLetter<T>],
) -> Result<()> {
    let messages = letters.iter().map(|dead| dead.letter.as_ref());
    let messages: Vec<Message> = messages.map(Message::cut_to_limits).collect();
    publish_made(queue, Roots::DEAD_QUEUE, &messages).await?;
    letters.iter().for_each(DeadLetter::log);
    Ok(())
}

/// Publishes, and makes the queue if it is missing.
pub(super) async fn publish_made(queue: &Queue, name: &str, messages: &[Message]) -> Result<()> {
    match queue.publish(name, messages).await {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            queue.declare(name).await?;
            queue.publish(name, messages).await
        }
        published => published,
    }
}
