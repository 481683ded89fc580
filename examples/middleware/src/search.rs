//! How the documents of the index are found.

use sixplay_core::{Error, ErrorKind, Result};
use sixplay_index::{Index, MAX_ID_BYTES, Page, Query, RawValue};

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
