//! Serves the middleware: reads the index only.

use std::process::ExitCode;

use clap::Parser;
use sixplay_core::Result;
use sixplay_http::ErrorFormat;
use sixplay_startup::{Process, ServerArgs, require_known_names};

/// The aggregating middleware over the index.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    server: ServerArgs,
}

fn main() -> ExitCode {
    sixplay_startup::run("sixplay-middleware", Args::parse().server, serve)
}

async fn serve(mut process: Process) -> Result<()> {
    let users = process.users()?;
    let service = sixplay_middleware::service(process.index().await?, users.clone())?;
    require_known_names(&users, service.get_ref().client_names())?;
    let service = process.at_own_hosts(&[("middleware", ErrorFormat::Historic)], service);
    let server = process.bind().await?.errors(ErrorFormat::Historic);
    process.serve(server, service);
    process.daemon.run().await
}
