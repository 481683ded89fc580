//! The embedded backend: queues in one SQLite file, which several processes may share.
//!
//! All writes of a process go through one task that commits them in groups (`writer`). A claim
//! leases messages to a consumer; a task beside the consumer extends the leases of what it still
//! holds (`lease`).

mod lease;
mod rows;
mod writer;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use sixplay_core::{Error, Result, store::Store};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::timeout,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    backend::{self, Backend, Subscription},
    message::{Delivery, Message, Receipt},
};
use lease::Held;
use rows::{Claimed, Done, Request};
use writer::Writer;

/// How long a claim lasts unless it is extended: how late the messages of a killed process come
/// back.
const LEASE: Duration = Duration::from_secs(30);

/// How often a waiting consumer looks for messages of other processes.
const POLL: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(50)];

pub(super) async fn connect(url: &str) -> Result<Arc<dyn Backend>> {
    Ok(Arc::new(Embedded::open(url, LEASE).await?))
}

struct Embedded {
    store: Store,
    writer: Writer,
    lease: Duration,
}

impl Embedded {
    async fn open(url: &str, lease: Duration) -> Result<Self> {
        let store = Store::connect(url).await?;
        rows::install(&store).await?;
        Ok(Self {
            writer: Writer::start(store.clone()),
            store,
            lease,
        })
    }
}

#[async_trait]
impl Backend for Embedded {
    async fn declare(&self, queue: &str) -> Result<()> {
        self.writer
            .run(Request::Declare(queue.to_owned()))
            .await
            .map(drop)
    }

    async fn remove(&self, queue: &str) -> Result<()> {
        self.writer
            .run(Request::Remove(queue.to_owned()))
            .await
            .map(drop)
    }

    async fn depth(&self, queue: &str) -> Result<u64> {
        rows::depth(&self.store, queue).await
    }

    async fn publish(&self, queue: &str, messages: &[Message]) -> Result<()> {
        self.writer
            .run(Request::Publish(queue.to_owned(), messages.to_vec()))
            .await
            .map(drop)
    }

    async fn subscribe(
        self: Arc<Self>,
        queue: &str,
        prefetch: u16,
    ) -> Result<Box<dyn Subscription>> {
        rows::waiting(&self.store, queue).await?;
        let stop = CancellationToken::new();
        let held = Held::start(self.writer.clone(), owner(), self.lease, stop.clone());
        let slots = Arc::new(Semaphore::new(prefetch.into()));
        Ok(Box::new(Leases {
            queue: queue.to_owned(),
            backend: self,
            held,
            slots,
            claiming: None,
            _stop: stop.drop_guard(),
        }))
    }
}

/// Names a consumer among all processes that share the file.
fn owner() -> i64 {
    backend::random().cast_signed()
}

struct Leases {
    backend: Arc<Embedded>,
    queue: String,
    held: Arc<Held>,
    slots: Arc<Semaphore>,
    claiming: Option<Claiming>,
    _stop: DropGuard,
}

/// A claim under way; it outlives the call that began it.
struct Claiming {
    slots: OwnedSemaphorePermit,
    answer: oneshot::Receiver<Result<Done>>,
}

#[async_trait]
impl Subscription for Leases {
    async fn next(&mut self, max: usize) -> Result<Vec<Delivery>> {
        let [mut pause, longest] = POLL;
        let backend = Arc::clone(&self.backend);
        loop {
            // made before the look, it remembers a wake-up between the look and the wait
            let wake = backend.writer.changed();
            if self.claiming.is_some() || rows::waiting(&backend.store, &self.queue).await? {
                let deliveries = self.claim(max).await?;
                if !deliveries.is_empty() {
                    return Ok(deliveries);
                }
            }
            if timeout(pause, wake).await.is_ok() {
                pause = POLL[0];
            } else {
                pause = longest.min(pause * 2);
            }
        }
    }

    async fn close(self: Box<Self>) -> Result<()> {
        // after a claim that is under way, as the writer keeps the order
        self.backend
            .writer
            .run(Request::Release(self.held.owner))
            .await
            .map(drop)
    }
}

impl Leases {
    async fn claim(&mut self, max: usize) -> Result<Vec<Delivery>> {
        if self.claiming.is_none() {
            let slots = self.reserve(max).await?;
            let limit = slots.num_permits();
            let claim = Request::Claim {
                queue: self.queue.clone(),
                owner: self.held.owner,
                limit,
                lease: self.backend.lease,
            };
            let answer = self.backend.writer.submit(claim).await?;
            self.claiming = Some(Claiming { slots, answer });
        }
        let Some(claiming) = &mut self.claiming else {
            return Ok(Vec::new());
        };
        let answer = (&mut claiming.answer).await;
        let Some(Claiming { mut slots, .. }) = self.claiming.take() else {
            return Ok(Vec::new());
        };
        let claimed = answer.unwrap_or_else(|_| Err(writer::ended()))?.claimed;
        Ok(claimed
            .into_iter()
            .map(|row| self.deliver(row, slots.split(1)))
            .collect())
    }

    /// Waits for one free place of the prefetch and takes up to `max`.
    async fn reserve(&self, max: usize) -> Result<OwnedSemaphorePermit> {
        let closed = |_| Error::unexpected("queue.receive", "the consumer is closed");
        let mut slots = Arc::clone(&self.slots)
            .acquire_owned()
            .await
            .map_err(closed)?;
        let more =
            u32::try_from(max.saturating_sub(1).min(self.slots.available_permits())).unwrap_or(0);
        if let Ok(more) = Arc::clone(&self.slots).try_acquire_many_owned(more) {
            slots.merge(more);
        }
        Ok(slots)
    }

    fn deliver(&self, row: Claimed, slot: Option<OwnedSemaphorePermit>) -> Delivery {
        self.held.add(row.tag);
        let receipt = Receipt::new(self.held.clone(), row.tag, slot);
        Delivery {
            message: row.message,
            redelivered: row.tag.attempt > 1,
            receipt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(300);

    async fn one_message(folder: &tempfile::TempDir) -> Arc<Embedded> {
        let url = format!("sqlite:{}", folder.path().join("queue.db").display());
        let backend = Arc::new(Embedded::open(&url, SHORT).await.unwrap());
        backend.declare("q").await.unwrap();
        backend.publish("q", &[Message::new("x")]).await.unwrap();
        backend
    }

    #[tokio::test]
    async fn a_held_delivery_keeps_its_lease() {
        let folder = tempfile::tempdir().unwrap();
        let backend = one_message(&folder).await;
        let mut first = backend.clone().subscribe("q", 1).await.unwrap();
        let mut second = backend.clone().subscribe("q", 1).await.unwrap();
        let held = first.next(1).await.unwrap();
        assert!(timeout(SHORT * 4, second.next(1)).await.is_err());
        held.into_iter().next().unwrap().ack().await.unwrap();
    }

    #[tokio::test]
    async fn a_delivery_that_is_lost_comes_back_when_its_lease_ends() {
        let folder = tempfile::tempdir().unwrap();
        let backend = one_message(&folder).await;
        let claim = Request::Claim {
            queue: "q".into(),
            owner: 7,
            limit: 1,
            lease: SHORT,
        };
        assert_eq!(backend.writer.run(claim).await.unwrap().claimed.len(), 1);
        let mut consumer = backend.clone().subscribe("q", 1).await.unwrap();
        let again = timeout(SHORT * 4, consumer.next(1)).await.unwrap().unwrap();
        assert!(again[0].redelivered);
    }
}
