//! What the servers answer; documents pass through as bytes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use sixplay_core::{Error, ErrorKind, Result};

use super::request::WRITE;
use crate::{IndexInfo, Page};

/// A failed request's answer as an error.
pub(super) fn failure(operation: &'static str, status: u16, body: &[u8]) -> Error {
    let cause = serde_json::from_slice::<Failed>(body)
        .map(|failed| failed.error.cause())
        .unwrap_or_default();
    let taken = [
        "resource_already_exists_exception",
        "invalid_index_name_exception",
    ];
    let (kind, message) = match status {
        400 if taken.contains(&cause.kind.as_str()) && cause.reason.contains("already exists") => {
            (ErrorKind::Conflict, "an index or alias has this name")
        }
        401 | 403 => (ErrorKind::Forbidden, "the index does not allow it"),
        404 => (ErrorKind::NotFound, "there is no such index"),
        408 => (ErrorKind::Timeout, "the index did not finish in time"),
        409 => (ErrorKind::Conflict, "somebody else changes it"),
        413 => (
            ErrorKind::TooLarge,
            "the request is over the server's limit",
        ),
        429 | 500.. => (ErrorKind::Unavailable, "the index refuses work for now"),
        400..500 => (ErrorKind::Invalid, "the index refuses the request"),
        _ => (
            ErrorKind::Unexpected,
            "the answer is neither success nor failure",
        ),
    };
    Error::new(kind, operation, message)
        .with("status", status)
        .with("reason", cause.text())
}

#[derive(Deserialize)]
struct Failed {
    error: Failure,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Failure {
    Text(String),
    Full {
        #[serde(flatten)]
        cause: Cause,
        #[serde(default)]
        root_cause: Vec<Cause>,
    },
}

impl Failure {
    /// The innermost that is told: "all shards failed" helps nobody.
    fn cause(self) -> Cause {
        match self {
            Self::Text(reason) => Cause {
                reason,
                ..Cause::default()
            },
            Self::Full { cause, root_cause } => root_cause.into_iter().next().unwrap_or(cause),
        }
    }
}

#[derive(Default, Deserialize)]
pub(super) struct Cause {
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default)]
    pub reason: String,
    pub caused_by: Option<Box<Cause>>,
}

impl Cause {
    /// Type and reason, with the cause below, in one line of bounded length.
    pub fn text(&self) -> String {
        let below = self
            .caused_by
            .as_ref()
            .map(|cause| format!(": {}", cause.reason))
            .unwrap_or_default();
        format!("{} {}{below}", self.kind, self.reason)
            .trim()
            .replace('\n', " ")
            .chars()
            .take(500)
            .collect()
    }
}

#[derive(Deserialize)]
pub(super) struct Described {
    #[serde(default)]
    aliases: BTreeMap<String, Box<RawValue>>,
    #[serde(default)]
    mappings: Mappings,
}

#[derive(Default, Deserialize)]
struct Mappings {
    #[serde(rename = "_meta", default)]
    meta: BTreeMap<String, serde_json::Value>,
}

impl Described {
    pub fn info(self, name: String) -> IndexInfo {
        let own = format!("{name}{WRITE}");
        let aliases = self
            .aliases
            .into_keys()
            .filter(|alias| *alias != own)
            .collect();
        let text =
            |(key, value): (String, serde_json::Value)| Some((key, value.as_str()?.to_owned()));
        IndexInfo {
            name,
            aliases,
            meta: self.mappings.meta.into_iter().filter_map(text).collect(),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Count {
    pub count: u64,
}

#[derive(Deserialize)]
pub(super) struct Analyzed {
    pub tokens: Vec<Token>,
}

#[derive(Deserialize)]
pub(super) struct Token {
    pub token: String,
}

#[derive(Deserialize)]
pub(super) struct Documents {
    docs: Vec<Document>,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "_source")]
    source: Option<Box<RawValue>>,
    error: Option<Cause>,
}

impl Documents {
    /// The documents as asked for; a failure of one is a failure of all.
    pub fn in_order(self, asked: usize) -> Result<Vec<Option<Box<RawValue>>>> {
        if self.docs.len() != asked {
            return Err(Error::corrupt(
                "index.get",
                "the server answered another number of documents than asked",
            ));
        }
        let source = |document: Document| match document.error {
            None => Ok(document.source),
            Some(cause) if cause.kind == "index_not_found_exception" => {
                Err(Error::not_found("index.get", "there is no such index"))
            }
            Some(cause) => Err(Error::unavailable("index.get", "a document cannot be read")
                .with("reason", cause.text())),
        };
        self.docs.into_iter().map(source).collect()
    }
}

#[derive(Deserialize)]
pub(super) struct Found {
    hits: Hits,
}

#[derive(Deserialize)]
struct Hits {
    total: Total,
    #[serde(default)]
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct Total {
    value: u64,
}

#[derive(Deserialize)]
struct Hit {
    #[serde(rename = "_source")]
    source: Box<RawValue>,
}

impl Found {
    pub fn page(self) -> Page {
        Page {
            documents: self.hits.hits.into_iter().map(|hit| hit.source).collect(),
            total: self.hits.total.value,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Aggregated {
    aggregations: Option<Aggregations>,
}

#[derive(Deserialize)]
struct Aggregations {
    values: Buckets,
}

#[derive(Deserialize)]
struct Buckets {
    buckets: Vec<Bucket>,
}

#[derive(Deserialize)]
struct Bucket {
    key: Key,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Key {
    Text(String),
    Other(serde::de::IgnoredAny),
}

impl Aggregated {
    pub fn values(self, field: &str) -> Result<Vec<String>> {
        let text = |bucket: Bucket| match bucket.key {
            Key::Text(text) => Ok(text),
            Key::Other(_) => Err(Error::invalid(
                "index.values",
                "only keyword fields have values to list",
            )
            .with("field", field)),
        };
        self.aggregations.map_or(Ok(Vec::new()), |found| {
            found.values.buckets.into_iter().map(text).collect()
        })
    }
}
