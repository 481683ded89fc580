//! The one task of a process that writes: what waits while a commit is under way shares the next
//! one.

use std::sync::Arc;

use sixplay_core::{Error, ErrorKind, Result, store::Store};
use tokio::sync::{Notify, futures::Notified, mpsc, oneshot};

use super::rows::{self, Done, Request};

/// The most requests that share a commit, and that wait for the next.
const GROUP: usize = 64;

#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    changed: Arc<Notify>,
}

struct Job {
    request: Request,
    answer: oneshot::Sender<Result<Done>>,
}

impl Writer {
    /// The task ends with the last handle on it.
    pub fn start(store: Store) -> Self {
        let (jobs, queue) = mpsc::channel(GROUP);
        let changed = Arc::new(Notify::new());
        tokio::spawn(serve(store, queue, changed.clone()));
        Self { jobs, changed }
    }

    /// Completes when messages of this process become ready.
    pub fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Hands a request over; it is carried out even when nobody waits for the answer.
    pub async fn submit(&self, request: Request) -> Result<oneshot::Receiver<Result<Done>>> {
        let (answer, receiver) = oneshot::channel();
        self.jobs
            .send(Job { request, answer })
            .await
            .map_err(|_| ended())?;
        Ok(receiver)
    }

    pub async fn run(&self, request: Request) -> Result<Done> {
        self.submit(request)
            .await?
            .await
            .unwrap_or_else(|_| Err(ended()))
    }
}

pub(super) fn ended() -> Error {
    Error::unavailable("queue.write", "the runtime that opened the queue has ended")
}

async fn serve(store: Store, mut queue: mpsc::Receiver<Job>, changed: Arc<Notify>) {
    let mut jobs = Vec::with_capacity(GROUP);
    while queue.recv_many(&mut jobs, GROUP).await > 0 {
        match commit(&store, &jobs).await {
            Ok(answers) => {
                if jobs.iter().any(|job| job.request.frees()) {
                    changed.notify_waiters();
                }
                // nobody may wait any more
                jobs.drain(..)
                    .zip(answers)
                    .for_each(|(job, answer)| drop(job.answer.send(answer)));
            }
            Err(error) => jobs
                .drain(..)
                .for_each(|job| drop(job.answer.send(Err(error.clone())))),
        }
    }
}

/// One transaction for all; a missing queue fails its own request only.
async fn commit(store: &Store, jobs: &[Job]) -> Result<Vec<Result<Done>>> {
    let mut transaction = store.begin().await?;
    let mut answers = Vec::with_capacity(jobs.len());
    for job in jobs {
        match rows::apply(&mut transaction, &job.request).await {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            answer => answers.push(answer),
        }
    }
    transaction.commit().await?;
    Ok(answers)
}
