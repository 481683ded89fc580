//! Detects every change of the database, and every window that opens or closes, and publishes the
//! affected documents to the queue.

use std::process::ExitCode;

use clap::Parser;
use shell::{Shell, WorkerArgs};
use sixplay_core::Result;

/// Publishes the documents that a change affects.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    worker: WorkerArgs,
}

fn main() -> ExitCode {
    shell::run("detector", Args::parse().worker, work)
}

async fn work(mut shell: Shell) -> Result<()> {
    shell.detect().await?;
    shell.daemon.run().await
}
