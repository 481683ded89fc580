//! Rebuilds the whole index once and swaps it in.

use std::{process::ExitCode, sync::Arc};

use clap::Parser;
use sixplay_catalogue::Catalogue;
use sixplay_core::Result;
use sixplay_startup::{Process, WorkerArgs};

/// Rebuilds the index from the database, then exits.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    worker: WorkerArgs,
}

fn main() -> ExitCode {
    sixplay_startup::run("sixplay-rebuild", Args::parse().worker, rebuild)
}

async fn rebuild(mut process: Process) -> Result<()> {
    let store = process.store(sixplay_catalogue::prepare).await?;
    let index = process.index().await?;
    process.rebuild(&store, Arc::new(Catalogue::new()), &index);
    process.daemon.run().await
}
