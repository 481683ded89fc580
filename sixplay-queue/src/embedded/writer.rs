//! The one task of a process that writes: what waits while a commit is under way shares the next
//! one.

use std::{sync::Arc, vec::Drain};

use sixplay_core::{Error, ErrorKind, Result, Store};
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
}

/// A request and who waits for its outcome.
struct PendingWrite {
    request: WriteRequest,
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
    pub(super) fn start(store: Store) -> Self {
        let (pending, requests) = mpsc::channel(GROUP);
        let ready = Arc::new(Notify::new());
        tokio::spawn(commit_groups(store, requests, Arc::clone(&ready)));
        Self { pending, ready }
    }

    /// Completes when messages of this process become ready after the call.
    pub(super) fn messages_ready(&self) -> Notified<'_> {
        self.ready.notified()
    }

    /// Hands a request over; it is carried out even when nobody waits for the outcome.
    pub(super) async fn submit(&self, request: WriteRequest) -> Result<OutcomeReceiver> {
        let (outcome, receiver) = oneshot::channel();
        let write = PendingWrite { request, outcome };
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
        let committed = commit_group(&store, &group).await;
        if committed.is_ok() && group.iter().any(|write| write.request.makes_ready()) {
            ready.notify_waiters();
        }
        complete_group(group.drain(..), committed);
    }
}

/// Gives each its own outcome, or all of them the error of the commit.
fn complete_group(group: Drain<'_, PendingWrite>, committed: Result<Vec<Result<WriteOutcome>>>) {
    match committed {
        Ok(outcomes) => {
            let answered = group.zip(outcomes);
            answered.for_each(|(write, outcome)| write.complete(outcome));
        }
        Err(error) => group.for_each(|write| write.complete(Err(error.clone()))),
    }
}

/// One transaction for all; a missing queue fails its own request only.
async fn commit_group(store: &Store, group: &[PendingWrite]) -> Result<Vec<Result<WriteOutcome>>> {
    let mut transaction = store.write().await?;
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
