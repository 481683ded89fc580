//! What the machinery of freshness needs to know of a relational model: its root documents, the
//! tables they are made of, and how to render one.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Result, mapping::Mapping, store::Transaction};

/// A reference to one root document: what a change affects, a queue carries and an indexer renders.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Root {
    /// The kind's name, one of the source's [`Kind`]s.
    pub kind: String,
    /// The root's id, as text; also the document's id in the index.
    pub id: String,
}

impl Root {
    /// A reference to `id` of `kind`.
    pub fn new(kind: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            id: id.into(),
        }
    }
}

/// A kind of root document; each has an index of its own.
#[derive(Clone, Debug)]
pub struct Kind {
    /// The kind's name, lower case.
    pub name: &'static str,
    /// The table with one row a root.
    pub table: &'static str,
    /// The column of `table` that holds the root's id.
    pub key: Column,
    /// How its documents are indexed.
    pub mapping: Mapping,
}

/// A column whose value identifies rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// A 64-bit integer.
    Int(&'static str),
    /// A string.
    Text(&'static str),
}

impl Column {
    /// The column's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int(name) | Self::Text(name) => name,
        }
    }
}

/// A table whose changes are captured, and the roots that each change affects.
#[derive(Clone, Debug)]
pub struct Table {
    /// The table's name.
    pub name: &'static str,
    /// The columns logged with each change, old and new values.
    pub keys: Vec<Column>,
    /// From which of them which roots follow.
    pub reaches: Vec<Reach>,
}

/// A path from a logged key to the ids of the roots it affects.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The kind of the roots.
    pub kind: &'static str,
    /// The logged key where the path begins.
    pub key: Column,
    /// The joins to the root's id; empty when the key is the root's id.
    pub hops: Vec<Hop>,
}

/// One join of a path: the rows of `table` whose `from` equals the value so far give `to`.
#[derive(Clone, Copy, Debug)]
pub struct Hop {
    /// The table looked up.
    pub table: &'static str,
    /// The column compared.
    pub from: &'static str,
    /// The column taken on.
    pub to: &'static str,
}

/// What a root is at one instant.
#[derive(Clone, Debug)]
pub enum Rendered {
    /// The root has a document.
    Publishable(Publishable),
    /// The root must not be in the index.
    Absent {
        /// Why, in a word that operators search for (`no_row`, `disabled`, `not_yet`, `expired`).
        reason: &'static str,
        /// The next instant at which this may change without any write.
        next_change_at: Option<Timestamp>,
    },
}

/// A document and the time for which it holds; windows are half-open: `visible_from <= t <
/// visible_until`.
#[derive(Clone, Debug)]
pub struct Publishable {
    /// The document, a JSON object whose keys are the fields of the kind's mapping.
    pub document: Box<RawValue>,
    /// Readers hide the document before this instant.
    pub visible_from: Timestamp,
    /// Readers hide the document from this instant on; `None`: no end is known.
    pub visible_until: Option<Timestamp>,
    /// The next instant after `now` at which rendering may give another result without any write.
    pub next_change_at: Option<Timestamp>,
}

/// A relational model seen as root documents; the catalogue is one, a team's own model another.
///
/// Rules: `tables` names every table and path that a document reads, so that no change is missed;
/// `render` depends on nothing but the snapshot and `now`, and answers every id it is asked for,
/// [`Rendered::Absent`] for unknown ones.
#[async_trait]
pub trait Source: Send + Sync + 'static {
    /// The source's name; separates its change log from other sources' in the same database.
    fn name(&self) -> &'static str;

    /// The kinds of root documents.
    fn kinds(&self) -> &[Kind];

    /// The captured tables with the dependency graph.
    fn tables(&self) -> &[Table];

    /// Renders `ids` of `kind` as they are in `snapshot` at `now`, in the order of `ids`.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` when the database fails, `Corrupt` when a row cannot be read.
    async fn render(
        &self,
        snapshot: &mut Transaction,
        kind: &str,
        ids: &[String],
        now: Timestamp,
    ) -> Result<Vec<Rendered>>;
}
