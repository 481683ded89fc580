//! The signals that stop a process. A thread of its own watches them and measures the drain, so
//! that nothing that blocks the program's runtime can hide a signal or hold the end.

use std::{
    future::pending,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{Signal, SignalKind, signal},
    task::spawn_blocking,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{Error, Result};

/// How much longer than its drain a process may live after a signal.
const GRACE: Duration = Duration::from_secs(2);

/// A log that takes longer is stuck.
const TELLING: Duration = Duration::from_millis(500);

/// The shell's status of a process that an interrupt ended.
const INTERRUPTED: i32 = 130;

/// How a process is told to stop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    /// Cancelled when it is to stop.
    pub(crate) begun: CancellationToken,
    /// Cancelled when what still runs is to be given up.
    pub(crate) overdue: CancellationToken,
    /// Cancelled when there is nothing left to stop.
    pub(crate) ended: CancellationToken,
}

/// Watches from now on until the end; signals have their usual effect no more.
pub(crate) fn watch(daemon: Arc<str>, drain: Duration, stop: Stop) -> Result<()> {
    let (answer, answered) = mpsc::channel();
    let watch = move || {
        let (listening, watch) = match Signals::listen() {
            Ok((runtime, signals)) => (Ok(()), Some((runtime, signals))),
            Err(error) => (Err(error), None),
        };
        // who asks waits for the answer
        let _ = answer.send(listening);
        if let Some((runtime, signals)) = watch {
            let ended = stop.ended.clone();
            let obey = signals.obey(daemon, drain, &stop);
            let work = async { tokio::join!(obey, give_up(drain, &stop)) };
            runtime.block_on(ended.run_until_cancelled(work));
        }
    };
    let thread = thread::Builder::new().name("signals".to_owned());
    thread.spawn(watch).map_err(cannot_listen)?;
    answered
        .recv()
        .unwrap_or_else(|error| Err(cannot_listen(error)))
}

/// Logs, unless nobody reads the log: that holds no signal.
async fn tell(log: impl FnOnce() + Send + 'static) {
    let _ = timeout(TELLING, spawn_blocking(log)).await;
}

/// Ends the drain when its time is over, whatever began it.
async fn give_up(drain: Duration, stop: &Stop) {
    stop.begun.cancelled().await;
    sleep(drain).await;
    stop.overdue.cancel();
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Option<Signal>,
}

impl Signals {
    /// Signals, and the runtime that delivers them.
    fn listen() -> Result<(Runtime, Self)> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(cannot_listen)?;
        let context = runtime.enter();
        let listen = |kind| signal(kind).map_err(cannot_listen);
        let hangup = (!hangup_is_ignored()).then(|| listen(SignalKind::hangup()));
        let signals = Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hangup: hangup.transpose()?,
        };
        drop(context);
        Ok((runtime, signals))
    }

    /// The first signal stops the daemon; the drain, or what hurries, ends what goes on after it.
    async fn obey(mut self, daemon: Arc<str>, drain: Duration, stop: &Stop) {
        let (signal, name) = (self.any().await, daemon.clone());
        tell(move || match signal {
            "SIGHUP" => tracing::warn!(daemon = &*name, signal, "stopping: nothing is read anew"),
            _ => tracing::info!(daemon = &*name, signal, "stopping"),
        })
        .await;
        stop.begun.cancel();
        let name = daemon.clone();
        tokio::select! {
            () = sleep(drain.saturating_add(GRACE)) => {
                tell(move || tracing::error!(daemon = &*name, "does not stop: exits")).await;
                std::process::exit(1)
            }
            () = self.hurry(daemon, stop) => std::process::exit(INTERRUPTED),
        }
    }

    /// The second signal ends the drain, the third this wait.
    async fn hurry(&mut self, daemon: Arc<str>, stop: &Stop) {
        let signal = self.urgent().await;
        tell(move || tracing::warn!(daemon = &*daemon, signal, "stopping at once")).await;
        stop.overdue.cancel();
        self.urgent().await;
    }

    async fn any(&mut self) -> &'static str {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = hangup => "SIGHUP",
        }
    }

    /// A closed terminal hangs up more than once, which is no hurry.
    async fn urgent(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Whether the process was started to outlive its terminal (`nohup`). Linux tells; elsewhere it is
/// taken for no.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // signal number n is bit n - 1
    ignored.unwrap_or_default() & 1 != 0
}

fn cannot_listen(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::unexpected("daemon.run", "cannot listen for signals").with_source(error)
}
