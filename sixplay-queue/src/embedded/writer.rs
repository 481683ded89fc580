//! The one task of a process that writes: what waits while a commit is under way shares the next
//! one.

use std::{
    slice,
    sync::Arc,
    time::{Duration, Instant},
};

use sixplay_core::{Error, ErrorKind, Result, Store, Transaction, retry::Backoff};
use tokio::sync::{Notify, futures::Notified, mpsc, oneshot};

use super::rows::{WriteOutcome, WriteRequest, apply_request};

/// The most requests that share a commit, and that wait for the next.
const GROUP: usize = 64;

/// Where the outcome of a request arrives.
pub(super) type OutcomeReceiver = oneshot::Receiver<Result<WriteOutcome>>;

/// A handle on the task; the task ends with the last one.
#[derive(Clone)]
pub(super) struct QueueWriter {
    pending: mpsc::Sender<PendingWrite>,
    ready: Arc<Notify>,
    /// How long a request may wait for others who hold the file.
    deadline: Duration,
}

/// A request and who waits for its outcome.
struct PendingWrite {
    request: WriteRequest,
    /// Until when it is worth waiting for others who hold the file.
    until: Instant,
    outcome: oneshot::Sender<Result<WriteOutcome>>,
}

impl PendingWrite {
    fn complete(self, outcome: Result<WriteOutcome>) {
        // nobody may wait any more
        let _ = self.outcome.send(outcome);
    }
}

impl QueueWriter {
    /// Starts the task.
    pub(super) fn start(store: Store, deadline: Duration) -> Self {
        let (pending, requests) = mpsc::channel(GROUP);
        let ready = Arc::new(Notify::new());
        tokio::spawn(commit_groups(store, requests, Arc::clone(&ready)));
        Self {
            pending,
            ready,
            deadline,
        }
    }

    /// Completes when messages of this process become ready after the call.
    pub(super) fn messages_ready(&self) -> Notified<'_> {
        self.ready.notified()
    }

    /// Hands a request over; it is carried out even when nobody waits for the outcome.
    pub(super) async fn submit(&self, request: WriteRequest) -> Result<OutcomeReceiver> {
        let (outcome, receiver) = oneshot::channel();
        let write = PendingWrite {
            request,
            until: Instant::now() + self.deadline,
            outcome,
        };
        let sent = self.pending.send(write).await;
        sent.map_err(|_| runtime_ended())?;
        Ok(receiver)
    }

    /// Hands a request over and waits for its outcome.
    pub(super) async fn run(&self, request: WriteRequest) -> Result<WriteOutcome> {
        let receiver = self.submit(request).await?;
        receiver.await.unwrap_or_else(|_| Err(runtime_ended()))
    }
}

/// The error of a handle that outlives the task.
pub(super) fn runtime_ended() -> Error {
    Error::unavailable("queue.write", "the runtime that opened the queue has ended")
}

/// The task: commits what waits, tells who waits for messages, then who waits for an outcome.
async fn commit_groups(
    store: Store,
    mut requests: mpsc::Receiver<PendingWrite>,
    ready: Arc<Notify>,
) {
    let mut group = Vec::with_capacity(GROUP);
    while requests.recv_many(&mut group, GROUP).await > 0 {
        let outcomes = write_group(&store, &group).await;
        let mut answered = group.iter().zip(&outcomes);
        if answered.any(|(write, outcome)| outcome.is_ok() && write.request.makes_ready()) {
            ready.notify_waiters();
        }
        let answered = group.drain(..).zip(outcomes);
        answered.for_each(|(write, outcome)| write.complete(outcome));
    }
}

/// The outcome of each request: all share a commit, and when one of them spoils it, each has a
/// commit of its own.
async fn write_group(store: &Store, group: &[PendingWrite]) -> Vec<Result<WriteOutcome>> {
    let share = |error: Error| group.iter().map(|_| Err(error.clone())).collect();
    let transaction = match open_transaction(store, group).await {
        Ok(transaction) => transaction,
        Err(error) => return share(error),
    };
    match commit_group(transaction, group).await {
        Ok(outcomes) => outcomes,
        // of a commit that came too late nobody knows whether it was one
        Err(error) if group.len() == 1 || error.kind() == ErrorKind::Timeout => share(error),
        Err(_) => write_one_by_one(store, group).await,
    }
}

/// A full disk refuses a publish, but not the acks that make room.
async fn write_one_by_one(store: &Store, group: &[PendingWrite]) -> Vec<Result<WriteOutcome>> {
    let mut outcomes = Vec::with_capacity(group.len());
    for write in group {
        let alone = Box::pin(write_group(store, slice::from_ref(write)));
        outcomes.append(&mut alone.await);
    }
    outcomes
}

/// Waits for other processes that hold the file for as long as one of the group may wait.
async fn open_transaction(store: &Store, group: &[PendingWrite]) -> Result<Transaction> {
    let until = group.iter().map(|write| write.until).max();
    let mut pauses = Backoff::new(Duration::from_millis(5), Duration::from_millis(500));
    loop {
        match store.write().await {
            Err(error) if error.is_transient() && until > Some(Instant::now()) => {
                pauses.pause().await;
            }
            opened => return opened,
        }
    }
}

/// One transaction for all; a missing queue fails its own request only.
async fn commit_group(
    mut transaction: Transaction,
    group: &[PendingWrite],
) -> Result<Vec<Result<WriteOutcome>>> {
    let mut outcomes = Vec::with_capacity(group.len());
    for write in group {
        match apply_request(&mut transaction, &write.request).await {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            outcome => outcomes.push(outcome),
        }
    }
    transaction.commit().await?;
    Ok(outcomes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Message,
        delivery::DeliveryTag,
        embedded::rows::{self, LeaseChange, MessageClaim},
    };
    use sixplay_core::{StoreConfig, conformance};

    const OWNER: i64 = 7;

    fn pending(request: WriteRequest) -> PendingWrite {
        PendingWrite {
            request,
            until: Instant::now() + Duration::from_secs(60),
            outcome: oneshot::channel().0,
        }
    }

    fn publish(id: &str) -> WriteRequest {
        WriteRequest::Publish {
            queue: "q".into(),
            messages: vec![Message::new("x").with_id(id)],
        }
    }

    async fn claim(store: &Store) -> Result<Vec<DeliveryTag>> {
        let claim = WriteRequest::Claim(MessageClaim {
            queue: "q".into(),
            owner: OWNER,
            limit: 9,
            lease: Duration::from_secs(60),
        });
        let outcome = write_group(store, &[pending(claim)]).await.remove(0);
        let claimed = outcome?.claimed.into_iter();
        Ok(claimed.map(|claimed| claimed.tag).collect())
    }

    async fn with_queue(store: &Store) -> Result<()> {
        rows::create_tables(store).await?;
        let queue = "q".to_owned();
        let declared = write_group(store, &[pending(WriteRequest::Declare { queue })]).await;
        declared.into_iter().collect::<Result<Vec<_>>>().map(drop)
    }

    #[tokio::test]
    async fn a_request_that_cannot_be_stored_fails_alone() -> Result<()> {
        let scratch = conformance::scratch_file().await?;
        let store = scratch.store();
        with_queue(store).await?;
        let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON sixplay_queue_message \
            WHEN NEW.id = 'refused' BEGIN SELECT RAISE(ABORT, 'full'); END";
        scratch.run(refuse).await?;
        write_group(store, &[pending(publish("first"))])
            .await
            .remove(0)?;
        let tags = claim(store).await?;
        let ack = WriteRequest::Change {
            owner: OWNER,
            tags,
            change: LeaseChange::Delete,
        };
        let group = [publish("second"), publish("refused"), ack, publish("third")];
        let outcomes = write_group(store, &group.map(pending)).await;
        let stored: Vec<_> = outcomes.iter().map(Result::is_ok).collect();
        assert_eq!(stored, [true, false, true, true]);
        assert_eq!(outcomes[2].as_ref().map_or(0, |outcome| outcome.changed), 1);
        assert_eq!(rows::count_waiting(store, "q").await?, 2);
        Ok(())
    }

    #[tokio::test]
    async fn a_file_that_others_hold_is_waited_for_within_the_deadline() -> Result<()> {
        let scratch = conformance::scratch_file().await?;
        with_queue(scratch.store()).await?;
        let mut config = StoreConfig::new(scratch.url());
        config.deadline = Duration::from_secs(2);
        let store = Store::open(&config).await?;
        let writing = scratch.store().write().await?;
        let group = [pending(publish("late"))];
        let mut written = Box::pin(write_group(&store, &group));
        let waits = tokio::time::timeout(config.deadline * 3 / 2, &mut written).await;
        assert!(waits.is_err());
        drop(writing);
        written.await.remove(0).map(drop)
    }
}
