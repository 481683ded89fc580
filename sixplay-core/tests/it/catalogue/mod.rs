//! The catalogue: schema, documents, import and export, generator, edits.

mod bodies;
mod edits;
mod freshness;
mod generator;
mod schema;

use std::path::PathBuf;

use jiff::Timestamp;
use sixplay_core::{
    Result, catalogue,
    conformance::{Backend, Scratch, scratch},
    progress::Progress,
    store::Store,
};

/// A migrated, empty catalogue; `None` when the server is skipped.
async fn empty(backend: Backend) -> Result<Option<Scratch>> {
    let scratch = scratch(backend).await?;
    if let Some(scratch) = &scratch {
        catalogue::migrate(scratch.store()).await?;
    }
    Ok(scratch)
}

/// An instant at which the bodies and the generated catalogues of these tests lie.
fn now() -> Timestamp {
    Timestamp::from_second(1_600_000_000).unwrap_or_default()
}

async fn generated(store: &Store, programs: usize, seed: u64) -> Result<catalogue::Generated> {
    let options = catalogue::GenerateOptions {
        programs,
        seed,
        now: now(),
    };
    catalogue::generate(store, &options, &Progress::new("generate", None)).await
}

async fn exported(store: &Store) -> Result<String> {
    let mut lines = Vec::new();
    catalogue::export(store, &mut lines, &Progress::new("export", None)).await?;
    Ok(String::from_utf8(lines).expect("JSON is UTF-8"))
}

fn folder(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// One test for each database.
macro_rules! on_every_database {
    ($($name:ident)*) => {
        on_every_database!(@ sqlite Sqlite $($name)*);
        on_every_database!(@ mariadb Mariadb $($name)*);
        on_every_database!(@ postgres Postgres $($name)*);
    };
    (@ $database:ident $backend:ident $($name:ident)*) => {
        mod $database {
            use sixplay_core::{Result, conformance::Backend};

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() -> Result<()> {
                super::$name(Backend::$backend).await
            })*
        }
    };
}
use on_every_database;
