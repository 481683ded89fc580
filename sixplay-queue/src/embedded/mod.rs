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
use sixplay_core::{
    Error, Result, Store, StoreConfig,
    retry::{self, Backoff},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    Delivery, Message,
    backend::{QueueBackend, Subscription},
    delivery::Receipt,
};
use lease::HeldLeases;
use rows::{ClaimedMessage, MessageClaim, WriteOutcome, WriteRequest};
use writer::{OutcomeReceiver, QueueWriter, runtime_ended};

/// How long a claim lasts unless it is extended: how late the messages of a killed process come
/// back.
const LEASE: Duration = Duration::from_secs(30);

/// How often a waiting consumer looks for messages of other processes: from the first pause, the
/// longer nothing comes, to the last.
const FIRST_POLL: Duration = Duration::from_millis(5);
const LONGEST_POLL: Duration = Duration::from_millis(50);

/// Opens the file, and makes it if need be.
pub(super) async fn connect(url: &str, deadline: Duration) -> Result<Arc<dyn QueueBackend>> {
    let mut config = StoreConfig::new(url);
    config.deadline = deadline;
    let backend = EmbeddedBackend::open(&config, LEASE).await?;
    Ok(Arc::new(backend))
}

/// Queues of one file.
struct EmbeddedBackend {
    /// For reading.
    store: Store,
    writer: QueueWriter,
    lease: Duration,
}

impl EmbeddedBackend {
    /// Opens the file and starts the writer; claims last for `lease`.
    async fn open(config: &StoreConfig, lease: Duration) -> Result<Self> {
        let store = Store::open(config).await?;
        rows::create_tables(&store).await?;
        Ok(Self {
            writer: QueueWriter::start(store.clone(), config.deadline),
            store,
            lease,
        })
    }

    /// Waits until the change is on disk.
    async fn write(&self, request: WriteRequest) -> Result<()> {
        self.writer.run(request).await.map(drop)
    }
}

#[async_trait]
impl QueueBackend for EmbeddedBackend {
    async fn declare_queue(&self, queue: &str) -> Result<()> {
        let queue = queue.to_owned();
        self.write(WriteRequest::Declare { queue }).await
    }

    async fn remove_queue(&self, queue: &str) -> Result<()> {
        let queue = queue.to_owned();
        self.write(WriteRequest::Remove { queue }).await
    }

    async fn count_waiting(&self, queue: &str) -> Result<u64> {
        rows::count_waiting(&self.store, queue).await
    }

    async fn publish_messages(&self, queue: &str, messages: &[Message]) -> Result<()> {
        let (queue, messages) = (queue.to_owned(), messages.to_vec());
        self.write(WriteRequest::Publish { queue, messages }).await
    }

    async fn subscribe(
        self: Arc<Self>,
        queue: &str,
        prefetch: u16,
    ) -> Result<Box<dyn Subscription>> {
        // a queue that is missing is refused
        rows::has_waiting(&self.store, queue).await?;
        let subscription = LeaseSubscription::start(self, queue.to_owned(), prefetch);
        Ok(Box::new(subscription))
    }
}

/// Names a consumer among all processes that share the file.
fn random_owner() -> i64 {
    retry::random().cast_signed()
}

/// One consumer's claims, within its prefetch.
struct LeaseSubscription {
    backend: Arc<EmbeddedBackend>,
    queue: String,
    leases: Arc<HeldLeases>,
    /// The free places of the prefetch.
    slots: Arc<Semaphore>,
    pending: Option<PendingClaim>,
    _stop: DropGuard,
}

/// A claim under way; it outlives the call that began it.
struct PendingClaim {
    slots: OwnedSemaphorePermit,
    outcome: OutcomeReceiver,
}

impl LeaseSubscription {
    /// Starts the task that keeps the consumer's leases.
    fn start(backend: Arc<EmbeddedBackend>, queue: String, prefetch: u16) -> Self {
        let (writer, stop) = (backend.writer.clone(), CancellationToken::new());
        let leases = HeldLeases::start(writer, random_owner(), backend.lease, stop.clone());
        Self {
            backend,
            queue,
            leases,
            slots: Arc::new(Semaphore::new(prefetch.into())),
            pending: None,
            _stop: stop.drop_guard(),
        }
    }

    /// Claims what is there, up to `max`; none is no error.
    async fn claim_waiting(&mut self, max: usize) -> Result<Vec<Delivery>> {
        if self.pending.is_none() {
            if !rows::has_waiting(&self.backend.store, &self.queue).await? {
                return Ok(Vec::new());
            }
            self.pending = Some(self.begin_claim(max).await?);
        }
        self.finish_claim().await
    }

    /// Hands a claim over to the writer, for as many messages as there are free places.
    async fn begin_claim(&self, max: usize) -> Result<PendingClaim> {
        let slots = self.reserve_slots(max).await?;
        let claim = MessageClaim {
            queue: self.queue.clone(),
            owner: self.leases.owner(),
            limit: slots.num_permits(),
            lease: self.backend.lease,
        };
        let request = WriteRequest::Claim(claim);
        let outcome = self.backend.writer.submit(request).await?;
        Ok(PendingClaim { slots, outcome })
    }

    /// Waits for the claim under way, which stays when the call is dropped.
    async fn finish_claim(&mut self) -> Result<Vec<Delivery>> {
        let Some(pending) = &mut self.pending else {
            return Ok(Vec::new());
        };
        let outcome = (&mut pending.outcome).await;
        let slots = self.pending.take().map(|pending| pending.slots);
        let outcome = outcome.unwrap_or_else(|_| Err(runtime_ended()))?;
        Ok(self.lend_all(outcome, slots))
    }

    /// Makes what was claimed deliveries; each takes one of the places.
    fn lend_all(
        &self,
        outcome: WriteOutcome,
        mut slots: Option<OwnedSemaphorePermit>,
    ) -> Vec<Delivery> {
        let mut take_slot = || slots.as_mut().and_then(|slots| slots.split(1));
        let claimed = outcome.claimed.into_iter();
        claimed
            .map(|claimed| self.lend(claimed, take_slot()))
            .collect()
    }

    /// Makes the claimed message a delivery, and keeps its lease.
    fn lend(&self, claimed: ClaimedMessage, slot: Option<OwnedSemaphorePermit>) -> Delivery {
        self.leases.add_lease(claimed.tag);
        let receipt = Receipt {
            origin: self.leases.clone(),
            tag: claimed.tag,
            _slot: slot,
            unsettled: true,
        };
        Delivery {
            message: claimed.message,
            redelivered: claimed.tag.attempt > 1,
            receipt,
        }
    }

    /// Waits for one free place of the prefetch and takes up to `max`.
    async fn reserve_slots(&self, max: usize) -> Result<OwnedSemaphorePermit> {
        let closed = |_| Error::unexpected("queue.receive", "the consumer is closed");
        let first = self.slots.clone().acquire_owned().await;
        let mut slots = first.map_err(closed)?;
        if let Some(more) = self.free_slots(max.saturating_sub(1)) {
            slots.merge(more);
        }
        Ok(slots)
    }

    /// The places that are free now, up to `max`.
    fn free_slots(&self, max: usize) -> Option<OwnedSemaphorePermit> {
        let count = u32::try_from(max.min(self.slots.available_permits())).ok()?;
        self.slots.clone().try_acquire_many_owned(count).ok()
    }
}

#[async_trait]
impl Subscription for LeaseSubscription {
    async fn next_deliveries(&mut self, max: usize) -> Result<Vec<Delivery>> {
        let backend = Arc::clone(&self.backend);
        let mut pauses = Backoff::new(FIRST_POLL, LONGEST_POLL);
        loop {
            // made before the look, it remembers a wake-up between the look and the wait
            let wake_up = backend.writer.messages_ready();
            let deliveries = self.claim_waiting(max).await?;
            if !deliveries.is_empty() {
                return Ok(deliveries);
            }
            if timeout(pauses.next_pause(), wake_up).await.is_ok() {
                pauses.reset();
            }
        }
    }

    async fn give_back(self: Box<Self>) -> Result<()> {
        self.leases.release_all().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(300);

    async fn one_message(folder: &tempfile::TempDir) -> Arc<EmbeddedBackend> {
        let url = format!("sqlite:{}", folder.path().join("queue.db").display());
        let config = StoreConfig::new(url);
        let backend = Arc::new(EmbeddedBackend::open(&config, SHORT).await.unwrap());
        backend.declare_queue("q").await.unwrap();
        let messages = [Message::new("x")];
        backend.publish_messages("q", &messages).await.unwrap();
        backend
    }

    #[tokio::test]
    async fn a_held_delivery_keeps_its_lease() {
        let folder = tempfile::tempdir().unwrap();
        let backend = one_message(&folder).await;
        let mut first = backend.clone().subscribe("q", 1).await.unwrap();
        let mut second = backend.clone().subscribe("q", 1).await.unwrap();
        let held = first.next_deliveries(1).await.unwrap();
        let other = timeout(SHORT * 4, second.next_deliveries(1)).await;
        assert!(other.is_err());
        held.into_iter().next().unwrap().ack().await.unwrap();
    }

    #[tokio::test]
    async fn a_delivery_that_is_lost_comes_back_when_its_lease_ends() {
        let folder = tempfile::tempdir().unwrap();
        let backend = one_message(&folder).await;
        let claim = WriteRequest::Claim(MessageClaim {
            queue: "q".into(),
            owner: 7,
            limit: 1,
            lease: SHORT,
        });
        assert_eq!(backend.writer.run(claim).await.unwrap().claimed.len(), 1);
        let mut consumer = backend.clone().subscribe("q", 1).await.unwrap();
        let again = timeout(SHORT * 4, consumer.next_deliveries(1)).await;
        assert!(again.unwrap().unwrap()[0].redelivered);
    }
}
