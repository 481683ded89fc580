//! Takes changed documents from the queue and brings the index up to date.

use std::{process::ExitCode, sync::Arc};

use clap::Parser;
use sixplay_catalogue::Catalogue;
use sixplay_core::Result;
use sixplay_index::Indexer;
use sixplay_startup::{Process, WorkerArgs};

/// Applies queued changes to the index.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    worker: WorkerArgs,
}

fn main() -> ExitCode {
    sixplay_startup::run("sixplay-indexer", Args::parse().worker, index_changes)
}

async fn index_changes(mut process: Process) -> Result<()> {
    let store = process.store(sixplay_catalogue::prepare).await?;
    let (queue, index) = (process.queue().await?, process.index().await?);
    let indexer = Indexer::new(store, Arc::new(Catalogue::new()), index);
    process.index_changes(indexer, &queue);
    process.daemon.run().await
}
