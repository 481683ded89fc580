//! What can never be brought up to date: copied to the queue of dead roots, and logged.

use sixplay_core::Result;

use super::{Roots, work::make_missing};
use crate::{Delivery, Message, Queue};

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
    }
}

/// Copies what is dead to the queue of its kind as it came, also over our own limits, and tells so.
pub(super) async fn publish_dead<T: AsRef<Message>>(
    queue: &Queue,
    letters: &[DeadLetter<T>],
) -> Result<()> {
    let messages = letters.iter().map(|dead| dead.letter.as_ref().clone());
    let messages: Vec<Message> = messages.collect();
    let publish = || queue.publish_as_received(Roots::DEAD_QUEUE, &messages);
    make_missing(queue, Roots::DEAD_QUEUE, publish).await?;
    letters.iter().for_each(DeadLetter::log);
    Ok(())
}
