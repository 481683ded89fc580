//! The handle on an index server.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    time::Duration,
};

use serde_json::value::RawValue;
use sixplay_core::{Error, Mapping, Result, retry::deadline};

use crate::{
    IndexConfig, IndexInfo, Operation, Outcome, Page, Query, Swap,
    backend::Backend,
    elasticsearch, embedded,
    names::{alias_of, require_fields, require_name, require_prefix, with_visible_fields},
    query::require_window,
    stored::CheckedOperation,
};

/// A handle on an index server: Elasticsearch, OpenSearch, or a file; cheap to clone.
///
/// Names of indices and aliases take lower case letters, digits, `.`, `_` and `-`, begin with a
/// letter or digit, and are at most 200 bytes long; others are `Invalid`. Every call ends within
/// the deadline that [`IndexConfig`] has for it. Errors name the index or alias. A call may be
/// dropped at any time; whether a dropped write was made is not known then.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use sixplay_core::{ErrorKind, Field, Mapping};
/// use sixplay_index::{Index, IndexConfig, Query};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let url = format!("sqlite:{}", folder.path().join("index.db").display());
/// let mut config = IndexConfig::new(url);
/// config.prefix = "library".to_owned();
/// let index = Index::open(&config).await?;
/// let alias = index.alias("book");
/// assert_eq!(alias, "library-book");
///
/// let mapping = Mapping { fields: vec![Field::keyword("id"), Field::french("title")] };
/// index.create("library-book-1", &mapping, &BTreeMap::new()).await?;
/// let early = index.search(&alias, &Query::new(1)).await.unwrap_err();
/// assert_eq!(early.kind(), ErrorKind::NotFound, "no alias yet");
///
/// index.swap(&alias, None, "library-book-1").await?;
/// assert_eq!(index.resolve(&alias).await?.as_deref(), Some("library-book-1"));
/// assert_eq!(index.search(&alias, &Query::new(1)).await?.total, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Index {
    backend: Arc<dyn Backend>,
    prefix: Arc<str>,
    deadline: Duration,
    bulk_deadline: Duration,
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// Opening, names and administration.
impl Index {
    /// Opens the index at `url` with the defaults of [`IndexConfig`].
    ///
    /// # Errors
    /// As [`Index::open`].
    pub async fn connect(url: &str) -> Result<Self> {
        Self::open(&IndexConfig::new(url)).await
    }

    /// Opens the index that `config` names. A file is created when missing; a server is not asked
    /// yet.
    ///
    /// # Errors
    /// `Config` for another scheme, a bad URL, a file that cannot be opened (its folder must exist)
    /// or a prefix that no name begins with; `Unsupported` when the build lacks the backend. The
    /// URL's password is never part of an error.
    pub async fn open(config: &IndexConfig) -> Result<Self> {
        require_prefix(&config.prefix)?;
        let scheme = config.url.expose().split_once(':');
        let backend = match scheme.map(|(scheme, _)| scheme) {
            Some("sqlite") => embedded::connect(config).await?,
            Some("http" | "https") => elasticsearch::connect(config).await?,
            _ => {
                let message = "expected sqlite:PATH, http://… or https://…";
                return Err(Error::config("index.connect", message));
            }
        };
        Ok(Self {
            backend,
            prefix: config.prefix.as_str().into(),
            deadline: config.deadline,
            bulk_deadline: config.bulk_deadline,
        })
    }

    /// The alias through which the documents of `kind` are read: `{prefix}-{kind}`.
    pub fn alias(&self, kind: &str) -> String {
        alias_of(&self.prefix, kind)
    }

    /// Makes an empty index with exactly the fields of `mapping`,
    /// [`VISIBLE_FROM`](crate::VISIBLE_FROM) and [`VISIBLE_UNTIL`](crate::VISIBLE_UNTIL); `meta`
    /// says whose it is.
    ///
    /// # Errors
    /// `Conflict` when an index or alias has the name, `Invalid` for a bad name or mapping (a field
    /// named twice, a nested field within a nested one), `Unavailable`, `Timeout`.
    pub async fn create(
        &self,
        name: &str,
        mapping: &Mapping,
        meta: &BTreeMap<String, String>,
    ) -> Result<()> {
        let mapping = with_visible_fields(mapping);
        let work = async {
            require_fields(&mapping)?;
            self.backend.create(name, &mapping, meta).await
        };
        self.administer_within_deadline("index.create", name, work)
            .await
    }

    /// Removes the index with exactly this name, with its documents and the aliases that point to
    /// it.
    ///
    /// Writers that still know the name are refused from then on; none of them makes the index
    /// anew.
    ///
    /// # Errors
    /// `NotFound` when there is none, `Invalid` for an alias, a pattern or another bad name,
    /// `Unavailable`, `Timeout`.
    pub async fn remove(&self, name: &str) -> Result<()> {
        let work = self.backend.remove(name);
        self.administer_within_deadline("index.remove", name, work)
            .await
    }

    /// The indices whose names begin with `prefix`, sorted by name.
    ///
    /// # Errors
    /// `Invalid` for a prefix that no name has, `Unavailable`, `Timeout`.
    pub async fn list(&self, prefix: &str) -> Result<Vec<IndexInfo>> {
        let work = self.backend.list(prefix);
        self.read_within_deadline("index.list", prefix, work).await
    }

    /// The index behind `alias`, `None` when there is no such alias.
    ///
    /// # Errors
    /// `Conflict` when several indices are behind it, `Invalid`, `Unavailable`, `Timeout`.
    pub async fn resolve(&self, alias: &str) -> Result<Option<String>> {
        let work = self.backend.resolve(alias);
        self.read_within_deadline("index.resolve", alias, work)
            .await
    }

    /// Points `alias` from the index `from` (`None`: the alias is new) to the index `to`, in one
    /// step: no reader meets a moment without, or with both.
    ///
    /// # Errors
    /// `Conflict` when the alias does not point to `from`; it is left as it is. `NotFound` when
    /// there is no index `to`, `Invalid` for a bad name or an alias named as an index,
    /// `Unavailable`, `Timeout`: then ask [`Index::resolve`].
    pub async fn swap(&self, alias: &str, from: Option<&str>, to: &str) -> Result<()> {
        let swap = Swap {
            alias: alias.to_owned(),
            from: from.map(str::to_owned),
            to: to.to_owned(),
        };
        self.swap_all(&[swap]).await
    }

    /// As [`Index::swap`] for several aliases: all of them in one step, or none.
    ///
    /// # Errors
    /// As [`Index::swap`], for the first alias that it holds for; `Invalid` when an alias comes
    /// twice.
    pub async fn swap_all(&self, swaps: &[Swap]) -> Result<()> {
        let mut aliases = BTreeSet::new();
        for swap in swaps {
            swap.require_names()?;
            if !aliases.insert(&swap.alias) {
                let error = Error::invalid("index.swap", "an alias is swapped twice");
                return Err(error.with("index", &swap.alias));
            }
        }
        let work = self.backend.swap(swaps);
        deadline("index.swap", self.bulk_deadline, work).await
    }

    /// Makes everything written so far visible to searches and counts.
    ///
    /// Seldom needed: searches see writes within 200 ms by themselves. A file is always fresh.
    ///
    /// # Errors
    /// `NotFound`, `Invalid`, `Unavailable`, `Timeout`.
    pub async fn refresh(&self, name: &str) -> Result<()> {
        let work = self.backend.refresh(name);
        self.administer_within_deadline("index.refresh", name, work)
            .await
    }

    /// A call that changes no document: it may take as long as a bulk write.
    async fn administer_within_deadline<T>(
        &self,
        operation: &'static str,
        name: &str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        with_checked_name(name, deadline(operation, self.bulk_deadline, work)).await
    }
}

/// Documents.
impl Index {
    /// Writes `operations`, in their order, to the index with exactly this name, and answers an
    /// outcome for each.
    ///
    /// One bad operation stops none of its neighbours. Searches see the writes within the refresh
    /// interval (200 ms), [`Index::get`] sees them at once. They are durable when the call returns.
    ///
    /// # Errors
    /// `NotFound` when there is no index (none is made), `Invalid`, `Unavailable`, `Timeout`:
    /// nothing is known of any operation then, and all may be applied again.
    pub async fn apply(&self, name: &str, operations: Vec<Operation>) -> Result<Vec<Outcome>> {
        let checked = operations.iter().map(CheckedOperation::check);
        let (mut sent, mut refused) = (Vec::with_capacity(operations.len()), Vec::new());
        for checked in checked {
            refused.push(checked.map(|checked| sent.push(checked)).err());
        }
        let mut answers = self.apply_checked(name, &sent).await?.into_iter();
        let mut next_answer = || answers.next().unwrap_or_else(Outcome::unanswered);
        let outcomes = refused.into_iter();
        let outcomes = outcomes.map(|refused| refused.unwrap_or_else(&mut next_answer));
        Ok(outcomes.collect())
    }

    /// Backends are given no empty list.
    async fn apply_checked(
        &self,
        name: &str,
        operations: &[CheckedOperation<'_>],
    ) -> Result<Vec<Outcome>> {
        if operations.is_empty() {
            return Ok(Vec::new());
        }
        let limit = self.bulk_deadline;
        with_checked_name(name, self.backend.apply(name, operations, limit)).await
    }

    /// The documents with these ids, in their order, as of this moment, whether visible or not.
    ///
    /// `None` stands for an id that has no document; an id that is named twice is answered twice.
    /// Whether a document is visible is told by its fields
    /// [`VISIBLE_FROM`](crate::VISIBLE_FROM) and [`VISIBLE_UNTIL`](crate::VISIBLE_UNTIL).
    ///
    /// # Errors
    /// `NotFound` when there is no such index or alias, `Invalid` for more than
    /// [`MAX_WINDOW`](crate::MAX_WINDOW) ids, `Unavailable`, `Timeout`.
    pub async fn get(&self, alias: &str, ids: &[&str]) -> Result<Vec<Option<Box<RawValue>>>> {
        let work = async {
            require_window("index.get", ids.len() as u64)?;
            match ids {
                [] => Ok(Vec::new()),
                ids => self.backend.get(alias, ids).await,
            }
        };
        self.read_within_deadline("index.get", alias, work).await
    }

    /// One page of the documents that `query` finds, and how many there are in all.
    ///
    /// # Errors
    /// `NotFound` when there is no such index or alias; `Invalid` when `offset + limit` is over
    /// [`MAX_WINDOW`](crate::MAX_WINDOW), when the mapping lacks a sort field or nested path, or a
    /// value does not fit its field; `Unavailable`, `Timeout`.
    pub async fn search(&self, alias: &str, query: &Query) -> Result<Page> {
        let work = async {
            query.require_window()?;
            let query = query.with_at_as_filters();
            self.backend.search(alias, &query).await
        };
        self.read_within_deadline("index.search", alias, work).await
    }

    /// The distinct values of the keyword `field` among all documents that `query` finds, whatever
    /// its order and page, sorted by their bytes, at most `limit`.
    ///
    /// A field that the mapping lacks has no values. Of a document with several values all count.
    ///
    /// # Errors
    /// As [`Index::search`]; `Invalid` when the field is no keyword.
    pub async fn values(
        &self,
        alias: &str,
        field: &str,
        query: &Query,
        limit: u64,
    ) -> Result<Vec<String>> {
        let work = async {
            require_window("index.values", limit)?;
            if limit == 0 {
                return Ok(Vec::new());
            }
            let query = query.with_at_as_filters();
            self.backend.values(alias, field, &query, limit).await
        };
        self.read_within_deadline("index.values", alias, work).await
    }

    /// How many documents the index or alias has, as of the last refresh.
    ///
    /// # Errors
    /// `NotFound`, `Invalid`, `Unavailable`, `Timeout`.
    pub async fn count(&self, name: &str) -> Result<u64> {
        self.read_within_deadline("index.count", name, self.backend.count(name))
            .await
    }

    /// The words that a French field keeps of `text`: shows why a search finds it, or does not.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`.
    pub async fn analyze(&self, text: &str) -> Result<Vec<String>> {
        deadline("index.analyze", self.deadline, self.backend.analyze(text)).await
    }

    /// A call that somebody waits for.
    async fn read_within_deadline<T>(
        &self,
        operation: &'static str,
        name: &str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        with_checked_name(name, deadline(operation, self.deadline, work)).await
    }
}

/// Does the work unless the name is bad, and names it in the work's error.
async fn with_checked_name<T>(name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    let checked = async {
        require_name(name)?;
        work.await
    };
    checked.await.map_err(|error| error.with("index", name))
}
