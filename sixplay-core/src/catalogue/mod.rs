//! The catalogue of a TV catch-up service as a [`Source`]: schema, publication rules, documents,
//! import and export.
//!
//! Documents of five kinds: `service`, `folder`, `program`, `video`, and `expired` for videos whose
//! rights have ended somewhere. Only what may be shown has a document: enabled all the way, in a
//! publication window, with something to play. Their `body` is taken apart by [`StoredBody`] into
//! what the middleware's wire format shows.

mod bulk;
mod compose;
pub mod edit;
mod export;
mod generate;
mod graph;
mod import;
mod load;
mod migrate;
pub mod read;
mod render;
mod rows;
mod schema;
mod tables;
mod wire;

use async_trait::async_trait;
use jiff::Timestamp;
use sea_query::{Expr, Query};

pub use compose::StoredBody;
pub use export::export;
pub use generate::{GenerateOptions, Generated, generate};
pub use import::{Difference, ImportOptions, Imported, Input, import};
pub use migrate::migrate;

use crate::{
    Error, Result,
    source::{Kind, Rendered, Source, Table},
    store::{Store, Transaction},
};

/// How many videos are read together; a program brings all its videos' windows, so fewer of those.
const VIDEOS: usize = 200;
const PROGRAMS: usize = 20;

/// The catalogue as a source of documents.
pub struct Catalogue {
    kinds: Vec<Kind>,
    tables: Vec<Table>,
}

impl Catalogue {
    /// The catalogue; the database must have been through [`migrate`].
    pub fn new() -> Self {
        Self {
            kinds: graph::kinds(),
            tables: graph::tables(),
        }
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

    fn tables(&self) -> &[Table] {
        &self.tables
    }

    async fn render(
        &self,
        snapshot: &mut Transaction,
        kind: &str,
        ids: &[String],
        now: Timestamp,
    ) -> Result<Vec<Rendered>> {
        let mut rendered = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(if kind == "program" { PROGRAMS } else { VIDEOS }) {
            rendered.append(&mut render_chunk(snapshot, kind, chunk, now.as_microsecond()).await?);
        }
        Ok(rendered)
    }
}

async fn render_chunk(
    snapshot: &mut Transaction,
    kind: &str,
    ids: &[String],
    now: i64,
) -> Result<Vec<Rendered>> {
    let numbers = || {
        ids.iter()
            .filter_map(|id| id.parse().ok())
            .collect::<Vec<i64>>()
    };
    Ok(match kind {
        "service" => {
            let found = load::services(snapshot, ids).await?;
            ids.iter()
                .map(|id| render::service(found.get(id)))
                .collect()
        }
        "folder" => {
            let found = load::folders(snapshot, &numbers()).await?;
            ids.iter().map(|id| render::folder(found.get(id))).collect()
        }
        "program" => {
            let found = load::programs(snapshot, &numbers()).await?;
            ids.iter()
                .map(|id| render::program(found.get(id), now))
                .collect()
        }
        "video" => {
            let found = load::videos(snapshot, ids).await?;
            ids.iter()
                .map(|id| render::video(found.get(id), now))
                .collect()
        }
        "expired" => {
            let found = load::expired(snapshot, ids).await?;
            ids.iter()
                .map(|id| render::expired(found.get(id), now))
                .collect()
        }
        _ => {
            return Err(
                Error::invalid("catalogue.render", "no such kind of documents").with("kind", kind),
            );
        }
    })
}

/// Whether the catalogue holds no service, program and video.
///
/// # Errors
/// `Unavailable`, `Timeout`; `Unexpected` before [`migrate`].
pub async fn is_empty(store: &Store) -> Result<bool> {
    let mut snapshot = store.snapshot().await?;
    for table in [&tables::SERVICES, &tables::PROGRAMS, &tables::VIDEOS] {
        let any = Query::select()
            .expr_as(Expr::val(1), "one")
            .from(table.name)
            .limit(1)
            .take();
        if !snapshot.fetch(&any).await?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}
