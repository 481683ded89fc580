//! The API over generated catalogues.

mod ask;
mod edits;
mod endpoints;
mod pages;
mod scopes;
mod statements;
mod unreadable;
mod validity;

use sixplay_catalogue::GenerateOptions;
use sixplay_core::{
    Result, Store,
    conformance::{Backend, Scratch, scratch},
    jiff::{SignedDuration, Timestamp},
};
use sixplay_http::{DomainUserService, Routes, Users};
use tempfile::TempDir;

/// A prepared store with a catalogue generated for `now`; `None` when the server is skipped.
async fn generated_at(
    now: Timestamp,
    backend: Backend,
    programs: usize,
    seed: u64,
) -> Result<Option<Scratch>> {
    let scratch = scratch(backend).await?;
    if let Some(scratch) = &scratch {
        sixplay_catalogue::prepare(scratch.store()).await?;
        let mut options = GenerateOptions::new(programs, seed);
        options.now = now;
        sixplay_catalogue::generate(scratch.store(), &options, &()).await?;
    }
    Ok(scratch)
}

/// As [`generated_at`], for a time at which nothing opens or closes soon.
async fn generated(backend: Backend, programs: usize, seed: u64) -> Result<Option<Scratch>> {
    // the videos that open and close all the time have stopped to by now
    let now = Timestamp::now() - SignedDuration::from_hours(2);
    generated_at(now, backend, programs, seed).await
}

/// The API over `store`: `bo` reads and writes everything, `pc` reads what viewers see, `tv` may
/// do nothing.
fn service(store: &Store) -> DomainUserService<Routes> {
    let write = "firewall: { allow: { resources: { programs: true, videos: true } } }";
    let read = "
firewall: { allow: { methods: { get: true } } }
entities: { program: { published: true }, video: { published: true } }
";
    service_for(store, &[("bo", write), ("pc", read), ("tv", "")])
}

/// The API over `store` for these users, by name and file.
fn service_for(store: &Store, users: &[(&str, impl AsRef<[u8]>)]) -> DomainUserService<Routes> {
    let dir = TempDir::new().unwrap();
    for (name, text) in users {
        std::fs::write(dir.path().join(format!("{name}.yml")), text).unwrap();
    }
    sixplay_api::service(store.clone(), Users::load(dir.path()).unwrap()).unwrap()
}
