//! The life of a long-running process: tasks, signals, and an orderly end within a bounded time.

use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    Error, Result,
    signals::{self, Stop},
};

/// A process's tasks, which stop together: at SIGTERM, SIGINT or SIGHUP, or when one of them fails.
///
/// A task watches [`Daemon::token`] and returns once it is cancelled and its work in hand is done.
/// A task that returns `Ok` earlier just ends; when all have ended, so does the daemon.
///
/// Signals count from [`Daemon::new`] until the daemon is dropped, run or not; a thread of their
/// own watches them. The first one begins the drain. A second SIGTERM or SIGINT ends it, a third
/// one ends the process, with status 130. A process that still holds its daemon 2 s after the drain
/// that a signal began is blocked, and ends with status 1. SIGHUP is heeded as a first signal only,
/// and not at all where the process was started with it ignored (`nohup`).
///
/// ```
/// use std::time::Duration;
/// use sixplay_core::{Daemon, Error};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut daemon = Daemon::new("worker", Duration::from_secs(10));
/// let token = daemon.token();
/// daemon.spawn("steady", async move {
///     token.cancelled().await;
///     Ok(())
/// });
/// daemon.spawn("weak", async { Err(Error::corrupt("weak.work", "no sense")) });
///
/// // the failure of one stops the other, and is the daemon's
/// let error = daemon.run().await.unwrap_err();
/// assert_eq!(error.to_string(), "weak.work: no sense (task=weak)");
/// # }
/// ```
#[derive(Debug)]
pub struct Daemon {
    name: Arc<str>,
    stop: Stop,
    /// Ends the watch for signals.
    _ended: DropGuard,
    listening: Result<()>,
    tasks: JoinSet<Result<()>>,
    names: HashMap<Id, String>,
}

impl Daemon {
    /// A daemon whose tasks have `drain` to finish once it is told to stop.
    pub fn new(name: impl Into<Arc<str>>, drain: Duration) -> Self {
        let (name, stop) = (name.into(), Stop::default());
        Self {
            listening: signals::watch(name.clone(), drain, stop.clone()),
            name,
            _ended: stop.ended.clone().drop_guard(),
            stop,
            tasks: JoinSet::new(),
            names: HashMap::new(),
        }
    }

    /// Cancelled when the daemon stops; cancelling it stops the daemon.
    pub fn token(&self) -> CancellationToken {
        self.stop.begun.clone()
    }

    /// Cancelled when what still runs is to be given up: the drain time is over, or a second signal
    /// has come.
    pub fn overdue(&self) -> CancellationToken {
        self.stop.overdue.clone()
    }

    /// Starts a task; must be called within a tokio runtime.
    pub fn spawn(
        &mut self,
        name: impl Into<String>,
        task: impl Future<Output = Result<()>> + Send + 'static,
    ) {
        let handle = self.tasks.spawn(task);
        self.names.insert(handle.id(), name.into());
    }

    /// Waits for a signal, the token, the first failing task, or the end of all tasks; then stops
    /// the others and waits for them. A second signal ends that wait.
    ///
    /// # Errors
    /// The first task's error; `Unexpected` for a task's panic; `Timeout` naming the tasks that did
    /// not stop in time, which are then aborted. A task that blocks its thread goes on all the
    /// same, and dropping its runtime waits for it; `Runtime::shutdown_timeout` does not.
    pub async fn run(mut self) -> Result<()> {
        std::mem::replace(&mut self.listening, Ok(()))?;
        let mut outcome = self.wait_for_reason_to_stop().await;
        self.stop.begun.cancel();
        let overdue = self.overdue();
        let drained = overdue.run_until_cancelled(self.drain_tasks(&mut outcome));
        if drained.await.is_some() {
            tracing::info!(daemon = &*self.name, "stopped");
            return outcome;
        }
        Err(self.give_up(outcome))
    }

    async fn wait_for_reason_to_stop(&mut self) -> Result<()> {
        tracing::info!(daemon = &*self.name, tasks = self.tasks.len(), "started");
        loop {
            tokio::select! {
                () = self.stop.begun.cancelled() => return Ok(()),
                ended = self.tasks.join_next_with_id() => match ended {
                    None => return Ok(()),
                    Some(ended) => self.end_task(ended)?,
                },
            }
        }
    }

    /// Waits for the tasks that still run; keeps the first error.
    async fn drain_tasks(&mut self, outcome: &mut Result<()>) {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            let ended = self.end_task(ended);
            if outcome.is_ok() {
                *outcome = ended;
            }
        }
    }

    fn end_task(&mut self, ended: Result<(Id, Result<()>), JoinError>) -> Result<()> {
        let (id, result) = ended.unwrap_or_else(|panic| {
            let id = panic.id();
            let error = Error::unexpected("daemon.run", "a task panicked");
            (id, Err(error.with_source(panic)))
        });
        let task = self.names.remove(&id).unwrap_or_default();
        if let Err(error) = &result {
            tracing::error!(daemon = &*self.name, task, %error, "a task failed");
        }
        result.map_err(|error| error.with("task", task))
    }

    /// The error of a daemon whose drain is over: it names the tasks that are left.
    fn give_up(self, outcome: Result<()>) -> Error {
        let message = "tasks did not stop in time";
        let mut left: Vec<_> = self.names.into_values().collect();
        left.sort_unstable();
        let left = left.join(", ");
        tracing::error!(daemon = &*self.name, tasks = left, "{message}");
        match outcome {
            Ok(()) => Error::timeout("daemon.run", message).with("tasks", left),
            Err(error) => error.with("unstopped", left),
        }
    }
}
