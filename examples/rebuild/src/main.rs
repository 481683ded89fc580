//! Rebuilds the whole index once and swaps it in.

use std::process::ExitCode;

use clap::Parser;
use shell::{Shell, WorkerArgs};
use sixplay_core::Result;

/// Rebuilds the index from the database, then exits.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    worker: WorkerArgs,
}

fn main() -> ExitCode {
    shell::run("rebuild", Args::parse().worker, work)
}

async fn work(mut shell: Shell) -> Result<()> {
    shell.rebuild().await?;
    shell.daemon.run().await
}
