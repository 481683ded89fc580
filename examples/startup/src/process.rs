//! The life of a program: read the configuration, start the runtime and the daemon, work, and say
//! why it ends.

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use sixplay_core::{CancellationToken, Daemon, Error, ErrorKind, Result};
use tokio::runtime::{Builder, Runtime};

use crate::{ServerArgs, Settings, WorkerArgs, telemetry};

/// A running program: its settings and its tasks.
#[derive(Debug)]
pub struct Process {
    /// The configuration, flags applied.
    pub settings: Settings,
    /// The tasks of the process.
    pub daemon: Daemon,
    /// The address of the flags, which goes before the configuration's.
    pub listen: Option<SocketAddr>,
}

/// Runs `work` with the settings of `args` until it returns; an error ends the process with status
/// 1, a wrong configuration with 2.
///
/// Logging goes to standard error: lines for people on a terminal, JSON elsewhere; `SIXPLAY_LOG`
/// filters it. After a signal, `work` that is no task of the daemon has the drain time, too.
pub fn run<W>(
    name: &'static str,
    args: impl Into<ServerArgs>,
    work: impl FnOnce(Process) -> W,
) -> ExitCode
where
    W: Future<Output = Result<()>>,
{
    if let Err(error) = telemetry::init() {
        eprintln!("{name}: {error}");
        return ExitCode::from(2);
    }
    let args = args.into();
    let result = prepare(name, &args.worker)
        .and_then(|(runtime, settings)| runtime.block_on(live(name, settings, args.listen, work)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "{name} ends");
            ExitCode::from(if error.kind() == ErrorKind::Config {
                2
            } else {
                1
            })
        }
    }
}

async fn live<W>(
    name: &'static str,
    settings: Settings,
    listen: Option<SocketAddr>,
    work: impl FnOnce(Process) -> W,
) -> Result<()>
where
    W: Future<Output = Result<()>>,
{
    let drain = settings.drain;
    let daemon = Daemon::new(name, drain);
    let token = daemon.token();
    let process = Process {
        settings,
        daemon,
        listen,
    };
    tokio::select! {
        result = work(process) => result,
        error = overdue(token, drain) => Err(error),
    }
}

/// Ends work that is no task of the daemon (an import, a first load) when it outlives the drain
/// time after a signal.
async fn overdue(token: CancellationToken, drain: Duration) -> Error {
    token.cancelled().await;
    tokio::time::sleep(drain + Duration::from_secs(1)).await;
    Error::timeout(
        "startup.run",
        "the work did not end in time and was given up",
    )
    .with("seconds", drain.as_secs())
}

fn prepare(name: &'static str, args: &WorkerArgs) -> Result<(Runtime, Settings)> {
    let mut settings = Settings::load(args.config.as_deref())?;
    if let Some(data) = &args.data {
        settings.data.clone_from(data);
    }
    std::fs::create_dir_all(&settings.data).map_err(|error| {
        Error::config("startup.open", "cannot create the data folder")
            .with("data", settings.data.display())
            .with_source(error)
    })?;
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .thread_name(name)
        .build();
    let failed =
        |error| Error::unexpected("startup.open", "cannot start the runtime").with_source(error);
    Ok((runtime.map_err(failed)?, settings))
}
