//! How the documents of the index are found.

use sixplay_catalogue::{documents::PROGRAM, fields};
use sixplay_core::{Error, ErrorKind, Result, jiff::Timestamp};
use sixplay_index::{Filter, Index, MAX_ID_BYTES, Page, Query, RawValue};

use crate::documents::Document;

/// The index as the middleware asks it: by kind, and a kind without an index is one that nobody has
/// built yet, no answer to the client's question.
#[derive(Clone, Debug)]
pub(crate) struct Documents(Index);

impl Documents {
    pub(crate) fn new(index: Index) -> Self {
        Self(index)
    }

    /// A page of the documents of `kind` that `query` finds.
    pub(crate) async fn search(&self, kind: &str, query: &Query) -> Result<Page> {
        let found = self.0.search(&self.0.alias(kind), query).await;
        found.map_err(not_built)
    }

    /// The distinct values of `field` among the documents of `kind` that `query` finds, at most
    /// `limit`.
    pub(crate) async fn values(
        &self,
        kind: &str,
        field: &str,
        query: &Query,
        limit: u64,
    ) -> Result<Vec<String>> {
        let alias = self.0.alias(kind);
        let found = self.0.values(&alias, field, query, limit).await;
        found.map_err(not_built)
    }

    /// The next instant at which a program comes to a platform and service or leaves one: until
    /// then no list of programs changes by time alone, but for what its programs say.
    pub(crate) async fn next_turn(&self) -> Result<Option<Timestamp>> {
        let known = Filter::at_least(fields::NEXT_TURN, i64::MIN);
        let query = Query::new(1).filter(known).ascending(fields::NEXT_TURN);
        let found = self.search(PROGRAM, &query).await?;
        let first = found.documents.first().map(|raw| Document::read(raw));
        Ok(first.transpose()?.and_then(|first| first.next_turn()))
    }

    /// The document `id` of `kind`, visible or not.
    pub(crate) async fn get(&self, kind: &str, id: &str) -> Result<Option<Box<RawValue>>> {
        if id.is_empty() || id.len() > MAX_ID_BYTES {
            return Ok(None);
        }
        let found = self.0.get(&self.0.alias(kind), &[id]).await;
        let found = found.map_err(not_built)?;
        Ok(found.into_iter().next().flatten())
    }
}

fn not_built(error: Error) -> Error {
    if error.kind() != ErrorKind::NotFound {
        return error;
    }
    Error::unavailable("middleware.search", "the index is not built").with_source(error)
}
