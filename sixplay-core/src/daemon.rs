//! The life of a long-running process: tasks, signals, and an orderly end within a bounded time.

use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::{Id, JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;

use crate::{Error, Result};

/// A process's tasks, which stop together: at SIGTERM or SIGINT, or when one of them fails.
///
/// A task watches [`Daemon::token`] and returns once it is cancelled and its work in hand is done.
/// A task that returns `Ok` earlier just ends; when all have ended, so does the daemon. Signals
/// count from [`Daemon::new`] on.
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
    drain: Duration,
    token: CancellationToken,
    /// Cancelled by a second signal.
    at_once: CancellationToken,
    listening: Result<()>,
    tasks: JoinSet<Result<()>>,
    names: HashMap<Id, String>,
}

impl Daemon {
    /// A daemon whose tasks have `drain` to finish once it is told to stop; must be called within a
    /// tokio runtime.
    pub fn new(name: impl Into<Arc<str>>, drain: Duration) -> Self {
        let (name, token, at_once) = (
            name.into(),
            CancellationToken::new(),
            CancellationToken::new(),
        );
        let listening = Signals::new().map(|signals| {
            let watch = signals.watch(name.clone(), token.clone(), at_once.clone());
            drop(tokio::spawn(watch));
        });
        Self {
            name,
            drain,
            token,
            at_once,
            listening,
            tasks: JoinSet::new(),
            names: HashMap::new(),
        }
    }

    /// Cancelled when the daemon stops; cancelling it stops the daemon.
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
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
    /// not stop in time, which are then aborted.
    pub async fn run(mut self) -> Result<()> {
        std::mem::replace(&mut self.listening, Ok(()))?;
        let mut outcome = self.wait_for_reason_to_stop().await;
        self.token.cancel();
        let (drain, at_once) = (self.drain, self.at_once.clone());
        let in_time = tokio::time::timeout(drain, self.drain_tasks(&mut outcome));
        let drained = tokio::select! {
            drained = in_time => drained.is_ok(),
            () = at_once.cancelled() => false,
        };
        if drained {
            tracing::info!(daemon = &*self.name, "stopped");
            return outcome;
        }
        Err(self.overdue(outcome))
    }

    async fn wait_for_reason_to_stop(&mut self) -> Result<()> {
        tracing::info!(daemon = &*self.name, tasks = self.tasks.len(), "started");
        loop {
            tokio::select! {
                () = self.token.cancelled() => return Ok(()),
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
    fn overdue(self, outcome: Result<()>) -> Error {
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

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        let listen = |kind| {
            let failed = |error| {
                Error::unexpected("daemon.run", "cannot listen for signals").with_source(error)
            };
            signal(kind).map_err(failed)
        };
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// The first signal stops the daemon, the second ends its drain.
    async fn watch(
        mut self,
        daemon: Arc<str>,
        token: CancellationToken,
        at_once: CancellationToken,
    ) {
        let signal = self.next().await;
        tracing::info!(daemon = &*daemon, signal, "stopping");
        token.cancel();
        let signal = self.next().await;
        tracing::warn!(daemon = &*daemon, signal, "stopping at once");
        at_once.cancel();
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
