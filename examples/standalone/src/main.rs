//! Runs every role in one process: API, middleware, detector, indexer, and a first rebuild;
//! imports, exports and generates catalogues.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use shell::{ServerArgs, Shell};
use sixplay_core::Result;
use sixplay_http::{Dispatch, ErrorFormat};

mod catalogue;

/// The whole backend in one process, on SQLite below the data folder unless configured otherwise.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    server: ServerArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Loads, writes or invents catalogues
    #[command(subcommand)]
    Catalogue(catalogue::Command),
    /// Rebuilds the whole index, then exits
    Rebuild,
}

fn main() -> ExitCode {
    let Args { server, command } = Args::parse();
    shell::run("standalone", server, |shell| async {
        match command {
            Some(Command::Catalogue(command)) => catalogue::run(shell, command).await,
            Some(Command::Rebuild) => rebuild(shell).await,
            None => serve(shell).await,
        }
    })
}

async fn rebuild(mut shell: Shell) -> Result<()> {
    shell.rebuild().await?;
    shell.daemon.run().await
}

async fn serve(mut shell: Shell) -> Result<()> {
    // a taken address is told before the load, not after it
    let server = shell.bind().await?;
    let store = shell.store().await?;
    catalogue::demonstrate(&store).await?;
    shell.rebuild_when_new().await?;
    if shell.daemon.token().is_cancelled() {
        return Ok(());
    }
    shell.detect().await?;
    shell.index_changes().await?;
    let services = [
        ("api", shell.api().await?),
        ("middleware", shell.middleware().await?),
    ];
    let addr = server.local_addr();
    shell.serve(server, Dispatch::new(ErrorFormat::Problem, services));
    catalogue::invite(&store, addr).await?;
    shell.daemon.run().await
}
