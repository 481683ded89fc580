//! Loads bodies of the v2 middleware, or exported rows, and tells where what is then served
//! differs.
//!
//! Reading, loading and comparing are steps of one transaction, which is committed last: whatever
//! fails on the way, no row of any file is there. A difference is no failure; it is told and the
//! import stays.

mod compare;
mod input;
mod json;
mod loader;
mod object;
mod own_video;
mod program;
mod records;
mod service;
mod video;

use jiff::Timestamp;
use serde::Serialize;
use sixplay_core::{Error, Result, Store, Transaction};

pub use self::input::Input;
use self::{
    compare::compare_body,
    input::{Body, BodyKind, read_bodies},
    json::JsonValue,
    loader::Loader,
    object::ObjectReader,
    own_video::{derive_videos, missing_videos},
    records::load_records,
};
use crate::render::PLAYLIST;

/// The request that the bodies answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ImportOptions {
    /// The platform in the path.
    pub platform: String,
    /// The service in the path, a root service for most bodies; folders belong to it, other
    /// services are listed under it.
    pub service: String,
    /// The customer whose services these are.
    pub customer: String,
    /// The folder in the path of a program list: its programs are put there.
    pub folder: Option<i64>,
    /// When the bodies were answered; decides which broadcasts were to come.
    pub at: Timestamp,
}

impl ImportOptions {
    /// Bodies answered just now to a path with this platform and service, of the customer `m6web`,
    /// of no folder.
    pub fn new(platform: impl Into<String>, service: impl Into<String>) -> Self {
        Self {
            platform: platform.into(),
            service: service.into(),
            customer: "m6web".into(),
            folder: None,
            at: Timestamp::now(),
        }
    }
}

impl Default for ImportOptions {
    /// Platform `m6group_web`, service `6play`.
    fn default() -> Self {
        Self::new("m6group_web", "6play")
    }
}

/// What an import did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Imported {
    /// How many bodies or rows were loaded.
    pub records: u64,
    /// Where the same request would now be answered differently.
    pub differences: Vec<Difference>,
    /// The videos that were made of the clips of imported playlists, since no body had told them
    /// on the request's platform: a clip is shown with its own video alone.
    pub derived: Vec<String>,
    /// The videos that clips in playlists are by themselves, and that the store does not have with
    /// the clip: the playlist does not show it.
    pub missing: Vec<String>,
    /// The videos that their dates hide at the instant of the options: compared as of the opening
    /// of a window, and not served yet or any more.
    pub hidden: Vec<String>,
}

/// A value of a body that the catalogue gives back differently.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// The file of the body.
    pub file: String,
    /// The place within the file, `[3].clips[0].title`.
    pub path: String,
    /// What the body holds, as JSON; `None`: nothing.
    pub expected: Option<String>,
    /// What would be served, as JSON; `None`: nothing.
    pub found: Option<String>,
}

/// Loads `inputs` in one transaction: either all of it is there afterwards or nothing.
///
/// An input holds bodies of the v2 middleware (a video, program, service, folder or age rating, or
/// arrays of them, told apart by their keys) or the lines of [`export`](super::export()), in UTF-8;
/// a byte order mark and empty lines say nothing, and PHP's `[]` and `{"1": …}` are an empty object
/// and a list where one is read. Rows that exist are updated. A video's windows go from its
/// `publication_date` to its expiration, on the platform of `options` and the services of the body;
/// clips of a playlist whose own videos no body tells have the playlist's.
/// Dates are local time of Paris, of the years 0 to 9999, the first of two readings; MariaDB's
/// `0000-00-00 00:00:00`, and any without month or day, is null. Afterwards each body is compared
/// with what the middleware would serve: keys in any order, numerals byte by byte (0 differs from
/// 0.0).
///
/// # Errors
/// `Invalid` for a bad record, naming file, path and value, and for another encoding, naming it;
/// `TooLarge` above 64 MiB a file of bodies or 1 MiB a line; `Conflict` when rows contradict each
/// other (a reference to nothing), naming table and key; `Unavailable`, `Timeout`.
///
/// ```
/// use sixplay_catalogue::{ImportOptions, Input, import, migrate};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// # let scratch = sixplay_core::conformance::scratch_file().await?;
/// # let store = scratch.store();
/// migrate(store).await?;
/// let folder = r#"{"id": 8, "name": "Cuisine", "code": "cuisine", "sort_index": 1.0}"#;
/// let inputs = vec![Input::text("folder.json", folder)];
/// let error = import(store, inputs, &ImportOptions::default()).await.unwrap_err();
/// assert!(error.to_string().contains("sort_index"), "{error}");
///
/// let folder = folder.replace("1.0", "1");
/// let inputs = vec![Input::text("folder.json", folder)];
/// let imported = import(store, inputs, &ImportOptions::default()).await?;
/// assert_eq!((imported.records, imported.differences), (1, vec![]));
/// # Ok(())
/// # }
/// ```
pub async fn import(
    store: &Store,
    inputs: Vec<Input>,
    options: &ImportOptions,
) -> Result<Imported> {
    let mut transaction = store.write().await?;
    let mut imported = Imported::default();
    let mut bodies = Vec::new();
    for mut input in inputs {
        if input.begin()? {
            imported.records += load_records(&mut transaction, input).await?;
        } else {
            bodies.extend(read_bodies(input)?);
        }
    }
    imported.records += bodies.len() as u64;
    load_bodies(&mut transaction, &bodies, options).await?;
    for playlist in playlists_in(&bodies) {
        let derived = derive_videos(&mut transaction, playlist, &options.platform);
        imported.derived.append(&mut derived.await?);
    }
    imported.missing = missing_videos(&mut transaction).await?;
    for body in &bodies {
        compare_body(&mut transaction, body, options, &mut imported).await?;
    }
    transaction.commit().await?;
    Ok(imported)
}

/// The ids of the playlists among bodies.
fn playlists_in(bodies: &[Body]) -> impl Iterator<Item = &str> {
    let videos = bodies.iter().filter(|body| body.kind == BodyKind::Video);
    let playlists = videos.filter(|body| text_of(&body.value, "type") == Some(PLAYLIST));
    playlists.filter_map(|body| text_of(&body.value, "id"))
}

fn text_of<'a>(value: &'a JsonValue, key: &str) -> Option<&'a str> {
    value.get(key).and_then(JsonValue::as_text)
}

/// Writes the rows of all bodies, what others refer to first.
async fn load_bodies(
    transaction: &mut Transaction,
    bodies: &[Body],
    options: &ImportOptions,
) -> Result<()> {
    if bodies.is_empty() {
        return Ok(());
    }
    let mut ordered: Vec<&Body> = bodies.iter().collect();
    ordered.sort_by_key(|body| body.kind);
    let mut loader = Loader::new(options);
    for body in ordered {
        let stored = store_body(&mut loader, body);
        stored.map_err(|error: Error| error.with("file", &body.file))?;
    }
    loader.batch.flush(transaction).await
}

fn store_body(loader: &mut Loader<'_>, body: &Body) -> Result<()> {
    let object = ObjectReader::new(body.value.clone(), body.path.clone())?;
    match body.kind {
        BodyKind::Rating => loader.store_rating(object).map(drop),
        BodyKind::Service => loader.store_service(object),
        BodyKind::Folder => loader.store_folder(object),
        BodyKind::Program => loader.store_program(object, body.place),
        BodyKind::Video => loader.store_video(object),
    }
}
