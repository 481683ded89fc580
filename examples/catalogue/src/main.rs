//! Imports, exports and generates whole catalogues.

use std::process::ExitCode;

use clap::Parser;
use sixplay_catalogue::commands::{self, Command};
use sixplay_startup::WorkerArgs;

/// Loads, writes or invents catalogues, in SQLite below the data folder unless configured
/// otherwise.
#[derive(Parser)]
#[command(version)]
struct ProgramArgs {
    #[command(flatten)]
    worker: WorkerArgs,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let ProgramArgs { worker, command } = ProgramArgs::parse();
    sixplay_startup::run("sixplay-catalogue", worker, |process| {
        commands::run(process, command)
    })
}
