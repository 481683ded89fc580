//! The catalogue: schema, documents, import and export, generator.

mod bodies;
mod dates;
mod documents;
mod forms;
mod freshness;
mod generator;
mod numbers;
#[cfg(feature = "program")]
mod program;
mod schema;
mod shapes;
mod unreadable;

use std::path::PathBuf;

use sixplay_catalogue::{GenerateOptions, Generated, Viewer, migrate};
use sixplay_core::{
    Result, Store,
    conformance::{Backend, Scratch, scratch},
    jiff::Timestamp,
};

/// A migrated, empty catalogue; `None` when the server is skipped.
async fn empty(backend: Backend) -> Result<Option<Scratch>> {
    let scratch = scratch(backend).await?;
    if let Some(scratch) = &scratch {
        migrate(scratch.store()).await?;
    }
    Ok(scratch)
}

/// An instant at which the bodies and the generated catalogues of these tests lie.
fn now() -> Timestamp {
    Timestamp::from_second(1_600_000_000).expect("an instant of the calendar")
}

/// A client of a platform that asks the root service.
fn viewer(platform: &str) -> Viewer<'_> {
    let (service, at) = ("6play", now());
    Viewer {
        platform,
        service,
        at,
    }
}

async fn generated(store: &Store, programs: usize, seed: u64) -> Result<Generated> {
    let mut options = GenerateOptions::new(programs, seed);
    options.now = now();
    sixplay_catalogue::generate(store, &options, &()).await
}

async fn exported(store: &Store) -> Result<String> {
    let mut lines = Vec::new();
    sixplay_catalogue::export(store, &mut lines, &()).await?;
    Ok(String::from_utf8(lines).expect("JSON is UTF-8"))
}

fn folder(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}
