//! Runs every role in one process: API, middleware, detector, indexer, and a first rebuild;
//! imports, exports and generates catalogues.

use std::{process::ExitCode, sync::Arc};

use clap::{Parser, Subcommand};
use sixplay_catalogue::{Catalogue, commands};
use sixplay_core::{Result, Source};
use sixplay_http::{Dispatch, ErrorFormat};
use sixplay_index::Indexer;
use sixplay_startup::{Process, ServerArgs, require_known_names};

mod demo;

/// The whole backend in one process, on SQLite below the data folder unless configured otherwise.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(flatten)]
    server: ServerArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Loads, writes or invents catalogues
    #[command(subcommand)]
    Catalogue(commands::Command),
    /// Rebuilds the whole index, then exits
    Rebuild,
}

fn main() -> ExitCode {
    let Args { server, command } = Args::parse();
    sixplay_startup::run("sixplay-standalone", server, |process| async {
        match command {
            Some(Command::Catalogue(command)) => commands::run(process, command).await,
            Some(Command::Rebuild) => rebuild(process).await,
            None => serve(process).await,
        }
    })
}

fn catalogue() -> Arc<dyn Source> {
    Arc::new(Catalogue::new())
}

async fn rebuild(mut process: Process) -> Result<()> {
    let store = process.store(sixplay_catalogue::prepare).await?;
    let index = process.index().await?;
    process.rebuild(&store, catalogue(), &index);
    process.daemon.run().await
}

async fn serve(mut process: Process) -> Result<()> {
    // a taken address and a wrong file are told before the load, not after it
    let server = process.bind().await?;
    let server = server.errors_at("middleware", ErrorFormat::Historic);
    let users = process.users()?;
    let store = process.store(sixplay_catalogue::prepare).await?;
    let index = process.index().await?;
    let api = sixplay_api::service(store.clone(), users.clone())?;
    let middleware = sixplay_middleware::service(index.clone(), users.clone())?;
    let served = [&api, &middleware].map(|service| service.get_ref().client_names());
    require_known_names(&users, served.into_iter().flatten())?;
    demo::load_when_empty(&store).await?;
    process
        .rebuild_when_new(&store, catalogue(), &index)
        .await?;
    if process.daemon.token().is_cancelled() {
        return Ok(());
    }
    let queue = process.queue().await?;
    process.detect(&store, catalogue(), &queue);
    let indexer = Indexer::new(store.clone(), catalogue(), index);
    process.index_changes(indexer, &queue);
    let addr = server.local_addr();
    let services = [("api", api), ("middleware", middleware)];
    let services = Dispatch::new(ErrorFormat::Problem, services);
    let formats = [
        ("api", ErrorFormat::Problem),
        ("middleware", ErrorFormat::Historic),
    ];
    let services = process.at_own_hosts(&formats, services);
    process.serve(server, services);
    demo::print_requests(&store, addr).await?;
    process.daemon.run().await
}
