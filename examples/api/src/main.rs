//! Serves the REST API: reads and writes the store.

use std::process::ExitCode;

use clap::Parser;
use sixplay_core::Result;
use sixplay_http::ErrorFormat;
use sixplay_startup::{Process, ServerArgs, require_known_names};

/// The REST API over the store.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    server: ServerArgs,
}

fn main() -> ExitCode {
    sixplay_startup::run("sixplay-api", Args::parse().server, serve)
}

async fn serve(mut process: Process) -> Result<()> {
    let users = process.users()?;
    let store = process.store(sixplay_catalogue::prepare).await?;
    let service = sixplay_api::service(store, users.clone())?;
    require_known_names(&users, service.get_ref().client_names())?;
    let service = process.at_own_hosts(&[("api", ErrorFormat::Problem)], service);
    let server = process.bind().await?;
    process.serve(server, service);
    process.daemon.run().await
}
