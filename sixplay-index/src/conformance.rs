//! What every backend must do: plain async functions over an [`Index`] that panic when it does not.
//!
//! Each function works on indices of its own and removes them, so all may run at once against one
//! server.

mod aliases;
mod french;
mod search;
mod writes;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
};

use jiff::Timestamp;
use serde_json::value::RawValue;
use sixplay_core::{
    ErrorKind, Result,
    mapping::{Field, Mapping},
};

use crate::{Filter, Index, Operation, Outcome, Query};

pub use aliases::*;
pub use french::*;
pub use search::*;
pub use writes::*;

/// What the names of the suite's indices and aliases begin with.
const PREFIX: &str = "sixplay-test-";

/// Leftovers of runs that broke off are removed after this time.
const KEEP_MS: i64 = 2 * 60 * 60 * 1000;

/// A name that no other test has: of the time, the process and a counter.
pub fn unique_name() -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!(
        "{PREFIX}{}-{:x}-{count}",
        Timestamp::now().as_millisecond(),
        std::process::id()
    )
}

/// Removes what broken runs left more than two hours ago.
///
/// # Errors
/// As [`Index::list`].
pub async fn sweep(index: &Index) -> Result<()> {
    let oldest = Timestamp::now().as_millisecond() - KEEP_MS;
    for info in index.list(PREFIX).await? {
        let made = info.name[PREFIX.len()..]
            .split('-')
            .next()
            .and_then(|made| made.parse::<i64>().ok());
        if made.is_some_and(|made| made < oldest) {
            // another run may sweep, too
            index.remove(&info.name).await.ok();
        }
    }
    Ok(())
}

/// An index for one test.
struct Scratch<'a> {
    index: &'a Index,
    name: String,
}

impl<'a> Scratch<'a> {
    async fn new(index: &'a Index) -> Self {
        let scratch = Self {
            index,
            name: unique_name(),
        };
        index
            .create(&scratch.name, &mapping(), &BTreeMap::new())
            .await
            .expect("created");
        scratch
    }

    /// Puts documents, each with its `id`, and makes them visible.
    async fn put(&self, documents: &[&str]) {
        let operations = documents
            .iter()
            .map(|document| put(&id(document), 1, document))
            .collect();
        let outcomes = self
            .index
            .apply(&self.name, operations)
            .await
            .expect("applied");
        assert_eq!(outcomes, vec![Outcome::Done; documents.len()]);
        self.index.refresh(&self.name).await.expect("refreshed");
    }

    async fn apply(&self, operations: Vec<Operation>) -> Vec<Outcome> {
        self.index
            .apply(&self.name, operations)
            .await
            .expect("applied")
    }

    /// The ids of the page, and the total.
    async fn search(&self, query: &Query) -> (Vec<String>, u64) {
        let page = self
            .index
            .search(&self.name, query)
            .await
            .expect("searched");
        (
            page.documents
                .iter()
                .map(|document| id(document.get()))
                .collect(),
            page.total,
        )
    }

    /// The ids of all documents for which the filter holds.
    async fn matching(&self, filter: Filter) -> Vec<String> {
        let (ids, total) = self.search(&Query::new(100).filter(filter)).await;
        assert_eq!(ids.len() as u64, total);
        ids
    }

    async fn refused(&self, query: &Query) -> ErrorKind {
        self.index
            .search(&self.name, query)
            .await
            .expect_err("refused")
            .kind()
    }

    async fn remove(self) {
        self.index.remove(&self.name).await.expect("removed");
    }
}

fn mapping() -> Mapping {
    let windows = vec![
        Field::keyword("platform"),
        Field::keyword("services"),
        Field::long("from"),
        Field::long("until"),
    ];
    let fields = vec![
        Field::keyword("id"),
        Field::keyword("tags"),
        Field::long("rank"),
        Field::french("title"),
        Field::nested("windows", windows),
        Field::stored("body"),
    ];
    Mapping { fields }
}

fn put(id: &str, version: i64, document: &str) -> Operation {
    Operation::Put {
        id: id.to_owned(),
        version,
        document: raw(document),
    }
}

fn delete(id: &str, version: i64) -> Operation {
    Operation::Delete {
        id: id.to_owned(),
        version,
    }
}

fn raw(document: &str) -> Box<RawValue> {
    RawValue::from_string(document.to_owned()).expect("valid JSON")
}

fn id(document: &str) -> String {
    let document: serde_json::Value = serde_json::from_str(document).expect("valid JSON");
    document["id"].as_str().unwrap_or_default().to_owned()
}
