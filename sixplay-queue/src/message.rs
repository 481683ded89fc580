//! What is published and delivered.

use bytes::Bytes;
use sixplay_core::{Error, Result};

/// The largest body a message may have, in bytes: 1 MiB.
pub const MAX_BODY: usize = 1 << 20;

/// The longest id a message may have, in bytes: AMQP's limit.
const MAX_ID: usize = 255;

/// What is published and delivered: bytes, and an id if the consumer is to recognise repetitions.
///
/// Every message is durable. A body of any length up to the limit is one message, an empty one too;
/// its format is the business of publisher and consumer alone.
///
/// ```
/// use sixplay_queue::Message;
///
/// let message = Message::new("chapter 1").with_id("book-7/1");
/// assert_eq!(message.body, "chapter 1");
/// assert_eq!(message.id.as_deref(), Some("book-7/1"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The content, at most [`MAX_BODY`] bytes.
    pub body: Bytes,
    /// The publisher's name for the message, at most 255 bytes; kept as it is and never
    /// interpreted.
    pub id: Option<String>,
}

impl Message {
    /// A message without an id; sizes are checked when it is published.
    pub fn new(body: impl Into<Bytes>) -> Self {
        Self {
            body: body.into(),
            id: None,
        }
    }

    /// Gives the message an id: the same one when it is published again.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Refuses a message that is over a limit, before anything of it is sent.
    pub(crate) fn check_limits(&self) -> Result<()> {
        let id = self.id.as_deref().unwrap_or_default();
        require_at_most(MAX_BODY, "body", self.body.len())?;
        require_at_most(MAX_ID, "id", id.len())
    }
}

/// Refuses a part of a message that is over its limit, and tells both sizes.
fn require_at_most(limit: usize, part: &str, bytes: usize) -> Result<()> {
    if bytes <= limit {
        return Ok(());
    }
    let error = Error::too_large("queue.publish", "the message is over a limit");
    Err(error
        .with("part", part)
        .with("bytes", bytes)
        .with("limit", limit))
}
