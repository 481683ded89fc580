//! Takes changed documents from the queue and brings the index up to date.

use std::process::ExitCode;

use clap::Parser;
use shell::{Shell, WorkerArgs};
use sixplay_core::Result;

/// Applies queued changes to the index.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    worker: WorkerArgs,
}

fn main() -> ExitCode {
    shell::run("indexer", Args::parse().worker, work)
}

async fn work(mut shell: Shell) -> Result<()> {
    shell.index_changes().await?;
    shell.daemon.run().await
}
