//! Serves the middleware: reads the index only.

use std::process::ExitCode;

use clap::Parser;
use shell::{ServerArgs, Shell};
use sixplay_core::Result;
use sixplay_http::ErrorFormat;

/// The aggregating middleware over the index.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    server: ServerArgs,
}

fn main() -> ExitCode {
    shell::run("middleware", Args::parse().server, serve)
}

async fn serve(mut shell: Shell) -> Result<()> {
    let service = shell.middleware().await?;
    let server = shell.bind().await?.errors(ErrorFormat::Historic);
    shell.serve(server, service);
    shell.daemon.run().await
}
