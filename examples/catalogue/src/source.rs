//! The catalogue as a source of documents.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use sixplay_core::{
    CapturedTable, Error, Kind, Mapping, Reading, Rendered, Result, Snapshot, Source,
};

use crate::{
    documents::{
        EXPIRED, FOLDER, PROGRAM, SERVICE, VIDEO, expired_mapping, folder_mapping, program_mapping,
        service_mapping, video_mapping,
    },
    load, paths, render,
    schema::{
        TableSchema,
        tables::{FOLDERS, PROGRAMS, SERVICES, VIDEOS},
    },
};

/// How many documents are read together; a program brings all its videos' windows, so fewer of
/// those.
const DOCUMENTS_AT_ONCE: usize = 200;
const PROGRAMS_AT_ONCE: usize = 20;

/// The catalogue as a [`Source`] of documents, over a database that [`prepare`](crate::prepare) has
/// made ready.
///
/// ```
/// use sixplay_catalogue::{Catalogue, documents, is_empty, prepare};
/// use sixplay_core::{Rendered, Source};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// # let scratch = sixplay_core::conformance::scratch_file().await?;
/// # let store = scratch.store().clone();
/// prepare(&store).await?;
/// assert!(is_empty(&store).await?);
///
/// let ids = ["clip_1".to_owned()];
/// let mut reading = store.reading().await?;
/// let rendered = Catalogue::new().render(&mut reading, documents::VIDEO, &ids).await?;
/// assert!(matches!(rendered[..], [Rendered::Absent { reason: "no_row", .. }]));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Catalogue {
    kinds: Vec<Kind>,
    tables: Vec<CapturedTable>,
}

impl Catalogue {
    /// The catalogue.
    pub fn new() -> Self {
        Self {
            kinds: vec![
                kind_of(&SERVICES, SERVICE, service_mapping()),
                kind_of(&FOLDERS, FOLDER, folder_mapping()),
                kind_of(&PROGRAMS, PROGRAM, program_mapping()),
                kind_of(&VIDEOS, VIDEO, video_mapping()),
                kind_of(&VIDEOS, EXPIRED, expired_mapping()),
            ],
            tables: paths::captured_tables(),
        }
    }

    /// Renders `ids` of `kind` (one of [`documents`](crate::documents)) as they are in the snapshot
    /// at `now`, in the order of `ids`: what [`Source::render`] gives, at an instant of the
    /// caller's choice and without a ticket, so that what it gives must not be written to an index.
    ///
    /// # Errors
    /// `Invalid` for another kind, `Unavailable`, `Timeout`, `Corrupt` when a row cannot be read.
    pub async fn render_at(
        &self,
        snapshot: &mut Snapshot,
        kind: &str,
        ids: &[String],
        now: Timestamp,
    ) -> Result<Vec<Rendered>> {
        let at_once = match kind {
            PROGRAM => PROGRAMS_AT_ONCE,
            _ => DOCUMENTS_AT_ONCE,
        };
        let mut rendered = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(at_once) {
            rendered.append(&mut render_chunk(snapshot, kind, chunk, now).await?);
        }
        Ok(rendered)
    }
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Source for Catalogue {
    fn name(&self) -> &'static str {
        "catalogue"
    }

    fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    fn tables(&self) -> &[CapturedTable] {
        &self.tables
    }

    async fn render(
        &self,
        reading: &mut Reading,
        kind: &str,
        ids: &[String],
    ) -> Result<Vec<Rendered>> {
        let now = reading.now();
        self.render_at(reading, kind, ids, now).await
    }
}

/// A kind with one document a row of `table`.
fn kind_of(table: &TableSchema, name: &'static str, mapping: Mapping) -> Kind {
    Kind {
        name,
        table: table.name,
        key: table.key_column(),
        mapping,
    }
}

async fn render_chunk(
    snapshot: &mut Snapshot,
    kind: &str,
    ids: &[String],
    now: Timestamp,
) -> Result<Vec<Rendered>> {
    Ok(match kind {
        SERVICE => {
            let found = load::load_services(snapshot, ids).await?;
            render_each(ids, &found, render::render_service)
        }
        FOLDER => {
            let found = load::load_folders(snapshot, &numbers(ids)).await?;
            render_each(ids, &found, render::render_folder)
        }
        PROGRAM => {
            let found = load::load_programs(snapshot, &numbers(ids)).await?;
            render_each(ids, &found, |program| render::render_program(program, now))
        }
        VIDEO => {
            let found = load::load_videos(snapshot, ids).await?;
            render_each(ids, &found, |video| render::render_video(video, now))
        }
        EXPIRED => {
            let found = load::load_windows_of_videos(snapshot, ids).await?;
            render_each(ids, &found, |video| render::render_expired(video, now))
        }
        _ => {
            let message = "no such kind of documents";
            return Err(Error::invalid("catalogue.render", message).with("kind", kind));
        }
    })
}

/// What is no number is no id.
fn numbers(ids: &[String]) -> Vec<i64> {
    ids.iter().filter_map(|id| id.parse().ok()).collect()
}

fn render_each<T>(
    ids: &[String],
    found: &HashMap<String, T>,
    render: impl Fn(&T) -> Rendered,
) -> Vec<Rendered> {
    let rendered = ids
        .iter()
        .map(|id| render::render_row(found.get(id), &render));
    rendered.collect()
}
