//! Serves the REST API: reads and writes the store.

use std::process::ExitCode;

use clap::Parser;
use shell::{ServerArgs, Shell};
use sixplay_core::Result;

/// The REST API over the store.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    server: ServerArgs,
}

fn main() -> ExitCode {
    shell::run("api", Args::parse().server, serve)
}

async fn serve(mut shell: Shell) -> Result<()> {
    let service = shell.api().await?;
    let server = shell.bind().await?;
    shell.serve(server, service);
    shell.daemon.run().await
}
