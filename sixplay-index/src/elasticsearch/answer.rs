//! What the servers answer; documents pass through as bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value as Json, value::RawValue};
use sixplay_core::{Error, ErrorKind, Result};

use super::request;
use crate::{IndexInfo, Page};

/// The longest reason that is kept of what a server says, in characters.
const MAX_REASON: usize = 500;

/// A failed request's answer as an error.
pub(super) fn error_of(operation: &'static str, status: u16, body: &[u8]) -> Error {
    let cause = match serde_json::from_slice::<FailedAnswer>(body) {
        Ok(failed) => failed.error.into_cause(),
        Err(_) => ErrorCause::default(),
    };
    let (kind, message) = match status {
        400 if cause.is_name_taken() => (ErrorKind::Conflict, "an index or alias has this name"),
        status => meaning_of(status),
    };
    Error::new(kind, operation, message)
        .with("status", status)
        .with("reason", cause.reason_in_one_line())
}

/// What a status says whatever the body does.
fn meaning_of(status: u16) -> (ErrorKind, &'static str) {
    use ErrorKind as Kind;
    match status {
        401 | 403 => (Kind::Forbidden, "the index does not allow it"),
        404 => (Kind::NotFound, "there is no such index"),
        408 => (Kind::Timeout, "the index did not finish in time"),
        409 => (Kind::Conflict, "somebody else changes it"),
        413 => (Kind::TooLarge, "the request is over the server's limit"),
        429 | 500.. => (Kind::Unavailable, "the index refuses work for now"),
        400..500 => (Kind::Invalid, "the index refuses the request"),
        _ => (
            Kind::Unexpected,
            "the answer is neither success nor failure",
        ),
    }
}

/// The body of an answer that is a failure.
#[derive(Deserialize)]
struct FailedAnswer {
    error: FailureBody,
}

/// Proxies and old versions tell a text, servers a cause.
#[derive(Deserialize)]
#[serde(untagged)]
enum FailureBody {
    Text(String),
    Full {
        #[serde(flatten)]
        cause: ErrorCause,
        #[serde(default)]
        root_cause: Vec<ErrorCause>,
    },
}

impl FailureBody {
    /// The innermost that is told: "all shards failed" helps nobody.
    fn into_cause(self) -> ErrorCause {
        match self {
            Self::Text(reason) => ErrorCause {
                reason,
                ..ErrorCause::default()
            },
            Self::Full { cause, root_cause } => root_cause.into_iter().next().unwrap_or(cause),
        }
    }
}

/// A server's own words for what went wrong.
#[derive(Default, Deserialize)]
pub(super) struct ErrorCause {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    reason: String,
    caused_by: Option<Box<ErrorCause>>,
}

impl ErrorCause {
    /// Servers tell it as two kinds of a bad request.
    fn is_name_taken(&self) -> bool {
        let kinds = [
            "resource_already_exists_exception",
            "invalid_index_name_exception",
        ];
        kinds.contains(&self.kind.as_str()) && self.reason.contains("already exists")
    }

    /// Other answers of status 404 say that a document is missing.
    pub(super) fn is_missing_index(&self) -> bool {
        self.kind == "index_not_found_exception"
    }

    /// Type and reason, with the cause below, in one line of bounded length.
    pub(super) fn reason_in_one_line(&self) -> String {
        let below = self.caused_by.as_ref();
        let below = below.map_or(String::new(), |cause| format!(": {}", cause.reason));
        let text = format!("{} {}{below}", self.kind, self.reason);
        let line = text.trim().replace('\n', " ");
        line.chars().take(MAX_REASON).collect()
    }
}

/// What a server tells of one index.
#[derive(Deserialize)]
pub(super) struct DescribedIndex {
    #[serde(default)]
    aliases: BTreeMap<String, IgnoredAny>,
    #[serde(default)]
    mappings: DescribedMapping,
}

#[derive(Default, Deserialize)]
struct DescribedMapping {
    #[serde(rename = "_meta", default)]
    meta: BTreeMap<String, Json>,
}

impl DescribedIndex {
    /// The index without the alias of its own, through which it is written.
    pub(super) fn into_info(self, name: String) -> IndexInfo {
        let own = request::write_alias(&name);
        let aliases = self.aliases.into_keys().filter(|alias| *alias != own);
        let text = |(key, value): (String, Json)| Some((key, value.as_str()?.to_owned()));
        IndexInfo {
            name,
            aliases: aliases.collect(),
            meta: self.mappings.meta.into_iter().filter_map(text).collect(),
        }
    }
}

/// How many documents there are.
#[derive(Deserialize)]
pub(super) struct CountAnswer {
    pub count: u64,
}

/// The documents by id, in the order of the ids.
#[derive(Deserialize)]
pub(super) struct GetAnswer {
    docs: Vec<GetItem>,
}

#[derive(Deserialize)]
struct GetItem {
    #[serde(rename = "_source")]
    source: Option<Box<RawValue>>,
    error: Option<ErrorCause>,
}

impl GetAnswer {
    /// The documents as asked for; a failure of one is a failure of all.
    pub(super) fn into_documents(self, asked: usize) -> Result<Vec<Option<Box<RawValue>>>> {
        if self.docs.len() != asked {
            let message = "the server answered another number of documents than asked";
            return Err(Error::corrupt("index.get", message));
        }
        self.docs.into_iter().map(GetItem::into_document).collect()
    }
}

impl GetItem {
    /// `None` when there is no such document.
    fn into_document(self) -> Result<Option<Box<RawValue>>> {
        let Some(cause) = self.error else {
            return Ok(self.source);
        };
        if cause.is_missing_index() {
            return Err(Error::not_found("index.get", "there is no such index"));
        }
        let error = Error::unavailable("index.get", "a document cannot be read");
        Err(error.with("reason", cause.reason_in_one_line()))
    }
}

/// One page of documents and the total.
#[derive(Deserialize)]
pub(super) struct SearchAnswer {
    hits: SearchHits,
}

#[derive(Deserialize)]
struct SearchHits {
    total: HitTotal,
    #[serde(default)]
    hits: Vec<SearchHit>,
}

#[derive(Deserialize)]
struct HitTotal {
    value: u64,
}

#[derive(Deserialize)]
struct SearchHit {
    #[serde(rename = "_source")]
    source: Box<RawValue>,
}

impl SearchAnswer {
    /// The documents as the server keeps them, byte by byte.
    pub(super) fn into_page(self) -> Page {
        let hits = self.hits.hits.into_iter();
        Page {
            documents: hits.map(|hit| hit.source).collect(),
            total: self.hits.total.value,
        }
    }
}

/// The distinct values of a field, as buckets of the aggregation `values`.
#[derive(Deserialize)]
pub(super) struct ValuesAnswer {
    aggregations: Option<ValuesAggregations>,
}

#[derive(Deserialize)]
struct ValuesAggregations {
    values: ValueBuckets,
}

#[derive(Deserialize)]
struct ValueBuckets {
    buckets: Vec<ValueBucket>,
}

#[derive(Deserialize)]
struct ValueBucket {
    key: BucketKey,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum BucketKey {
    Text(String),
    Other(IgnoredAny),
}

impl ValuesAnswer {
    /// The buckets' keys, in the order asked for; an index without documents has no aggregation.
    pub(super) fn into_values(self, field: &str) -> Result<Vec<String>> {
        let Some(ValuesAggregations { values }) = self.aggregations else {
            return Ok(Vec::new());
        };
        let text = |bucket: ValueBucket| match bucket.key {
            BucketKey::Text(text) => Ok(text),
            BucketKey::Other(_) => {
                let message = "only keyword fields have values to list";
                Err(Error::invalid("index.values", message).with("field", field))
            }
        };
        values.buckets.into_iter().map(text).collect()
    }
}
