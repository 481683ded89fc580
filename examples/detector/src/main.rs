//! Detects every change of the database, and every window that opens or closes, and publishes the
//! affected documents to the queue.

use std::{process::ExitCode, sync::Arc};

use clap::Parser;
use sixplay_catalogue::Catalogue;
use sixplay_core::Result;
use sixplay_startup::{Process, WorkerArgs};

/// Publishes the documents that a change affects.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    worker: WorkerArgs,
}

fn main() -> ExitCode {
    sixplay_startup::run("sixplay-detector", Args::parse().worker, detect)
}

async fn detect(mut process: Process) -> Result<()> {
    let store = process.store(sixplay_catalogue::prepare).await?;
    let queue = process.queue().await?;
    process.detect(&store, Arc::new(Catalogue::new()), &queue);
    process.daemon.run().await
}
