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

/// How long what blocks a thread may hold the end of the process: a look-up of a name, a file.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Runs `work` with the settings of `args` until it returns; an error ends the process with status
/// 1, a wrong configuration with 2.
///
/// Logging goes to standard error: lines for people on a terminal, JSON elsewhere; `SIXPLAY_LOG`
/// filters it. After a signal, `work` that is no task of the daemon has the drain time, too; a
/// second signal ends it at once. What still blocks a thread when `work` is over is left to the
/// process's end.
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
    let result = prepare(name, &args.worker).and_then(|(runtime, settings)| {
        let result = runtime.block_on(live(name, settings, args.listen, work));
        runtime.shutdown_timeout(LAST_WAIT);
        result
    });
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
    let daemon = Daemon::new(name, settings.drain);
    let overdue = daemon.overdue();
    let process = Process {
        settings,
        daemon,
        listen,
    };
    tokio::select! {
        biased;
        result = work(process) => result,
        error = give_up(overdue) => Err(error),
    }
}

/// Ends work that is no task of the daemon: start-up, an import, a first load.
async fn give_up(overdue: CancellationToken) -> Error {
    overdue.cancelled().await;
    // the daemon, if it runs, ends now as well, and knows which tasks are left
    tokio::task::yield_now().await;
    let message = "the work did not end in time and was given up";
    Error::timeout("startup.run", message)
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
