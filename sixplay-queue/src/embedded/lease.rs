//! What one consumer holds: extends its leases, gives back what is dropped, and all of it in the
//! end.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use sixplay_core::Result;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    rows::{Change, Request},
    writer::Writer,
};
use crate::backend::{Origin, Tag, Verdict};

pub(super) struct Held {
    pub owner: i64,
    writer: Writer,
    open: Mutex<HashSet<Tag>>,
    dropped: mpsc::UnboundedSender<Tag>,
}

impl Held {
    /// Starts the task that looks after the consumer's leases until `stop`.
    pub fn start(
        writer: Writer,
        owner: i64,
        lease: Duration,
        stop: CancellationToken,
    ) -> Arc<Self> {
        // holds at most as many as the prefetch allows
        let (dropped, returns) = mpsc::unbounded_channel();
        let held = Arc::new(Self {
            owner,
            writer,
            open: Mutex::default(),
            dropped,
        });
        tokio::spawn(keep(held.clone(), lease, stop, returns));
        held
    }

    pub fn add(&self, tag: Tag) {
        self.open().insert(tag);
    }

    fn open(&self) -> MutexGuard<'_, HashSet<Tag>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn change(&self, tags: Vec<Tag>, change: Change) -> Result<usize> {
        Ok(self
            .writer
            .run(Request::Change {
                owner: self.owner,
                tags,
                change,
            })
            .await?
            .count)
    }
}

#[async_trait]
impl Origin for Held {
    async fn settle(&self, tags: &[Tag], verdict: Verdict) -> Result<usize> {
        let change = match verdict {
            Verdict::Ack => Change::Delete,
            Verdict::Requeue => Change::Free,
        };
        let count = self.change(tags.to_vec(), change).await?;
        self.open().retain(|tag| !tags.contains(tag));
        Ok(count)
    }

    fn abandon(&self, tag: Tag) {
        self.open().remove(&tag);
        // after the consumer's end nobody listens: it has returned everything
        let _ = self.dropped.send(tag);
    }
}

async fn keep(
    held: Arc<Held>,
    lease: Duration,
    stop: CancellationToken,
    mut returns: mpsc::UnboundedReceiver<Tag>,
) {
    let mut beat = tokio::time::interval(lease / 3);
    loop {
        let outcome = tokio::select! {
            () = stop.cancelled() => break,
            Some(tag) = returns.recv() => held.change(vec![tag], Change::Free).await,
            _ = beat.tick() => {
                let tags: Vec<_> = held.open().iter().copied().collect();
                if tags.is_empty() { Ok(0) } else { held.change(tags, Change::Extend(lease)).await }
            }
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, "cannot look after the leases of a consumer");
        }
    }
    if let Err(error) = held.writer.run(Request::Release(held.owner)).await {
        tracing::warn!(%error, "a consumer's messages come back only when their leases end");
    }
}
