//! The handle on an index server.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    future::Future,
    sync::Arc,
    time::Duration,
};

use serde::Deserialize;
use serde_json::value::RawValue;
use sixplay_core::{
    Error, Result,
    config::{self, Secret},
    mapping::{Field, FieldKind, Mapping},
};

use crate::{
    Backend, Filter, Operation, Outcome, Page, Query, elastic, embedded, query::MAX_WINDOW,
};

/// The field with the instant, in Unix microseconds, before which `Query::at` hides a document;
/// [`Index::create`] maps it.
pub const VISIBLE_FROM: &str = "visible_from";

/// The field with the instant, in Unix microseconds, from which on `Query::at` hides a document;
/// [`Index::create`] maps it.
pub const VISIBLE_UNTIL: &str = "visible_until";

/// Where the index is, and how long to wait for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IndexConfig {
    /// `sqlite:PATH`, or `http(s)://[user:password@]host[:port][/path]`, several nodes of one
    /// cluster separated by commas. Must be set.
    pub url: Secret,
    /// What the names of aliases begin with; default `sixplay`.
    pub prefix: String,
    /// How long reads may take; default `2s`.
    #[serde(with = "config::duration")]
    pub deadline: Duration,
    /// How long one bulk request and one administrative request may take; default `30s`.
    #[serde(with = "config::duration")]
    pub bulk_deadline: Duration,
    /// Copies of each shard of a new index; default 0. The embedded index keeps none.
    pub replicas: u32,
}

impl Default for IndexConfig {
    fn default() -> Self {
        let (deadline, bulk_deadline) = (Duration::from_secs(2), Duration::from_secs(30));
        Self {
            url: Secret::new(""),
            prefix: "sixplay".to_owned(),
            deadline,
            bulk_deadline,
            replicas: 0,
        }
    }
}

impl IndexConfig {
    /// The defaults for the index at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: Secret::new(url),
            ..Self::default()
        }
    }

    /// The alias behind which the documents of `kind` are: `{prefix}-{kind}`.
    pub fn alias(&self, kind: &str) -> String {
        format!("{}-{kind}", self.prefix)
    }
}

/// Where an alias is to move; see [`Index::swap`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swap {
    /// The alias.
    pub alias: String,
    /// The index it is on; `None`: the alias is new.
    pub from: Option<String>,
    /// The index it shall be on.
    pub to: String,
}

/// An index and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexInfo {
    /// The index's name.
    pub name: String,
    /// The aliases that point to it, sorted.
    pub aliases: Vec<String>,
    /// What [`Index::create`] was told of its owner; empty for an index that somebody else made.
    pub meta: BTreeMap<String, String>,
}

/// A handle on an index server: Elasticsearch, OpenSearch, or a file; cheap to clone.
///
/// Names of indices and aliases take lower case letters, digits, `.`, `_` and `-`, begin with a
/// letter or digit, and are at most 200 bytes long; others are `Invalid`. Every call ends within
/// the configured deadline. Errors name the index or alias.
#[derive(Clone)]
pub struct Index {
    backend: Arc<dyn Backend>,
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index").finish_non_exhaustive()
    }
}

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
    /// `Config` for another scheme or a bad URL, `Unsupported` when the build lacks the backend,
    /// `Unavailable` when the file cannot be opened. The URL's password is never part of an error.
    pub async fn open(config: &IndexConfig) -> Result<Self> {
        let backend = match config
            .url
            .expose()
            .split_once(':')
            .map(|(scheme, _)| scheme)
        {
            Some("sqlite") => embedded::connect(config).await?,
            Some("http" | "https") => elastic::connect(config).await?,
            _ => {
                return Err(Error::config(
                    "index.connect",
                    "expected sqlite:PATH, http://… or https://…",
                ));
            }
        };
        Ok(Self { backend })
    }

    /// A handle on a backend of your own.
    pub fn with_backend(backend: Arc<dyn Backend>) -> Self {
        Self { backend }
    }

    /// Makes an empty index with exactly the fields of `mapping`, [`VISIBLE_FROM`] and
    /// [`VISIBLE_UNTIL`]; `meta` says whose it is.
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
        let guard = [Field::long(VISIBLE_FROM), Field::long(VISIBLE_UNTIL)];
        let mapping = Mapping {
            fields: guard
                .into_iter()
                .chain(mapping.fields.iter().cloned())
                .collect(),
        };
        let work = async {
            check_name(name)?;
            check_fields(&mapping.fields, false)?;
            self.backend.create(name, &mapping, meta).await
        };
        named(name, work).await
    }

    /// Removes the index with exactly this name, with its documents.
    ///
    /// # Errors
    /// `NotFound` when there is none, `Invalid` for an alias, a pattern or another bad name,
    /// `Unavailable`, `Timeout`.
    pub async fn remove(&self, name: &str) -> Result<()> {
        checked(name, self.backend.remove(name)).await
    }

    /// The indices whose names begin with `prefix`, sorted by name.
    ///
    /// # Errors
    /// `Invalid` for a prefix that no name has, `Unavailable`, `Timeout`.
    pub async fn list(&self, prefix: &str) -> Result<Vec<IndexInfo>> {
        checked(prefix, self.backend.list(prefix)).await
    }

    /// The index behind `alias`, `None` when there is no such alias.
    ///
    /// # Errors
    /// `Conflict` when several indices are behind it, `Invalid`, `Unavailable`, `Timeout`.
    pub async fn resolve(&self, alias: &str) -> Result<Option<String>> {
        checked(alias, self.backend.resolve(alias)).await
    }

    /// Points `alias` from the index `from` (`None`: the alias is new) to the index `to`, in one
    /// step: no reader meets a moment without, or with both.
    ///
    /// # Errors
    /// `Conflict` when the alias does not point to `from`; it is left as it is. `NotFound` when
    /// there is no index `to`, `Invalid` for a bad name or an alias named as an index,
    /// `Unavailable`, `Timeout`: then ask [`Index::resolve`].
    pub async fn swap(&self, alias: &str, from: Option<&str>, to: &str) -> Result<()> {
        self.swap_all(&[Swap {
            alias: alias.to_owned(),
            from: from.map(str::to_owned),
            to: to.to_owned(),
        }])
        .await
    }

    /// As [`Index::swap`] for several aliases: all of them in one step, or none.
    ///
    /// # Errors
    /// As [`Index::swap`], for the first alias that it holds for; `Invalid` when an alias comes
    /// twice.
    pub async fn swap_all(&self, swaps: &[Swap]) -> Result<()> {
        let mut aliases = BTreeSet::new();
        for Swap { alias, from, to } in swaps {
            [Some(alias), from.as_ref(), Some(to)]
                .into_iter()
                .flatten()
                .try_for_each(|name| check_name(name))?;
            if !aliases.insert(alias) {
                return Err(
                    Error::invalid("index.swap", "an alias is swapped twice").with("index", alias)
                );
            }
        }
        self.backend.swap(swaps).await
    }

    /// Makes everything written so far visible to searches and counts.
    ///
    /// # Errors
    /// `NotFound`, `Invalid`, `Unavailable`, `Timeout`.
    pub async fn refresh(&self, name: &str) -> Result<()> {
        checked(name, self.backend.refresh(name)).await
    }

    /// How many documents the index or alias has, as of the last refresh.
    ///
    /// # Errors
    /// `NotFound`, `Invalid`, `Unavailable`, `Timeout`.
    pub async fn count(&self, name: &str) -> Result<u64> {
        checked(name, self.backend.count(name)).await
    }

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
        let mut outcomes: Vec<Option<Outcome>> =
            operations.iter().map(Operation::refused).collect();
        let sent = operations
            .into_iter()
            .zip(&outcomes)
            .filter(|(_, outcome)| outcome.is_none());
        let sent: Vec<Operation> = sent.map(|(operation, _)| operation).collect();
        if !sent.is_empty() {
            let answers = checked(name, self.backend.apply(name, &sent)).await?;
            let open = outcomes.iter_mut().filter(|outcome| outcome.is_none());
            open.zip(answers)
                .for_each(|(outcome, answer)| *outcome = Some(answer));
        }
        let unanswered = || Outcome::Retry {
            reason: "the index answered nothing for it".to_owned(),
        };
        Ok(outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(unanswered))
            .collect())
    }

    /// The documents with these ids, in their order, as of this moment.
    ///
    /// # Errors
    /// `NotFound` when there is no such index or alias, `Invalid` for more than [`MAX_WINDOW`] ids,
    /// `Unavailable`, `Timeout`.
    pub async fn get(&self, alias: &str, ids: &[&str]) -> Result<Vec<Option<Box<RawValue>>>> {
        let work = async {
            check_window("index.get", ids.len() as u64)?;
            if ids.is_empty() {
                Ok(Vec::new())
            } else {
                self.backend.get(alias, ids).await
            }
        };
        checked(alias, work).await
    }

    /// One page of the documents that `query` finds, and how many there are in all.
    ///
    /// # Errors
    /// `NotFound` when there is no such index or alias; `Invalid` when `offset + limit` is over
    /// [`MAX_WINDOW`], when the mapping lacks a sort field or nested path, or a value does not fit
    /// its field; `Unavailable`, `Timeout`.
    pub async fn search(&self, alias: &str, query: &Query) -> Result<Page> {
        let work = async {
            check_window("index.search", query.offset.saturating_add(query.limit))?;
            self.backend.search(alias, query).await
        };
        checked(alias, work).await
    }

    /// The distinct values of the keyword `field` among the documents for which all `filters` hold,
    /// sorted, at most `limit`.
    ///
    /// # Errors
    /// As [`Index::search`]; `Invalid` when the field is no keyword.
    pub async fn values(
        &self,
        alias: &str,
        field: &str,
        filters: &[Filter],
        limit: u64,
    ) -> Result<Vec<String>> {
        let work = async {
            check_window("index.values", limit)?;
            if limit == 0 {
                Ok(Vec::new())
            } else {
                self.backend.values(alias, field, filters, limit).await
            }
        };
        checked(alias, work).await
    }

    /// The words that a French field keeps of `text`.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`.
    pub async fn analyze(&self, text: &str) -> Result<Vec<String>> {
        self.backend.analyze(text).await
    }
}

async fn checked<T>(name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    named(name, async {
        check_name(name)?;
        work.await
    })
    .await
}

async fn named<T>(name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    work.await.map_err(|error| error.with("index", name))
}

fn check_name(name: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let allowed = name
        .bytes()
        .all(|byte| plain(byte) || b"._-".contains(&byte));
    if allowed && name.len() <= 200 && name.bytes().next().is_some_and(plain) {
        return Ok(());
    }
    let message = "a name takes lower case letters, digits, '.', '_' and '-', begins with a letter or digit, and is at most 200 bytes long";
    Err(Error::invalid("index.name", message).with("name", name))
}

fn check_fields(fields: &[Field], nested: bool) -> Result<()> {
    let invalid = |message: &'static str, field: &Field| {
        Err(Error::invalid("index.create", message).with("field", field.name))
    };
    for (position, field) in fields.iter().enumerate() {
        if field.name.is_empty() || field.name.contains('.') {
            return invalid("a field has a name, without dots", field);
        }
        if fields[..position]
            .iter()
            .any(|other| other.name == field.name)
        {
            return invalid("a field is mapped twice", field);
        }
        match &field.kind {
            FieldKind::Nested(_) if nested => {
                return invalid("a nested field cannot be within a nested field", field);
            }
            FieldKind::Nested(fields) => check_fields(fields, true)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_window(operation: &'static str, end: u64) -> Result<()> {
    if end <= MAX_WINDOW {
        return Ok(());
    }
    Err(
        Error::invalid(operation, "offset and limit together reach at most 10000")
            .with("asked", end),
    )
}
