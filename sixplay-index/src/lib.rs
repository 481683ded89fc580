//! A document index behind one handle, [`Index`]: in a file, or on Elasticsearch 8 or 9 or
//! OpenSearch 3.
//!
//! Documents are JSON objects with the fields of an explicit [`Mapping`](sixplay_core::Mapping).
//! Every write has a version and the newest wins, so writers need no order among them. Every
//! document has a time, [`Visible`](sixplay_core::Visible), outside of which searches can hide it.
//! Readers go through an alias, which [`Index::swap`] moves from one index to another in one step.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use sixplay_core::{Field, Mapping};
//! use sixplay_index::{Filter, Index, Operation, Outcome, Query, RawValue};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("index.db");
//! let index = Index::connect(&format!("sqlite:{}", file.display())).await?;
//! let fields = vec![Field::keyword("id"), Field::french("title"), Field::long("year")];
//! index.create("books-1", &Mapping { fields }, &BTreeMap::new()).await?;
//!
//! let json = r#"{"id": "b1", "title": "L'Île mystérieuse", "year": 1875}"#;
//! let put = Operation::put("b1", 7, RawValue::from_string(json.to_owned())?);
//! let late = Operation::delete("b1", 6);
//! let outcomes = index.apply("books-1", vec![put, late]).await?;
//! assert_eq!(outcomes, [Outcome::Done, Outcome::Superseded]);
//!
//! index.refresh("books-1").await?;
//! index.swap("books", None, "books-1").await?;
//! let old = Query::new(20).filter(Filter::below("year", 1900));
//! let page = index.search("books", &old.text("title", "ile mysterieuses")).await?;
//! assert_eq!(page.total, 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Writing
//!
//! An [`Operation`] puts or deletes one document and carries a version: whoever has read the newer
//! state takes the higher number, a counter of the database for example. [`Index::apply`] takes any
//! number of operations and answers an [`Outcome`] for each, so that one bad document stops none of
//! its neighbours. A write needs no lock and no order: it may come late, twice, or from two
//! processes at once.
//!
//! # Reading
//!
//! A [`Query`] finds documents by exact [`Filter`]s and by French words, in an order and by pages;
//! [`Index::get`] reads them by id, as they are at this moment. What is written is found by
//! searches within 200 ms, or after [`Index::refresh`].
//!
//! # The time of a document
//!
//! Every document has a half-open window within which readers see it, for ever unless
//! [`Operation::visible`] says else. [`Query::at`] hides documents outside of theirs, so that one
//! opens and closes at its instant without any write. [`Filter::open_at`] is the same rule for
//! windows that a document lists.
//!
//! # Indices and aliases
//!
//! [`Index::create`] makes an index with a mapping that is never changed; fields that it lacks are
//! refused. For another mapping, or a new start, a second index is filled beside the first and
//! [`Index::swap`] moves the alias of the readers. The aliases of one deployment share a prefix,
//! which the handle knows: [`Index::alias`].
//!
//! # Failures
//!
//! Errors are [`sixplay_core::Error`]s whose kind tells what to do: `Unavailable` and `Timeout` may
//! pass by themselves ([`is_transient`](sixplay_core::Error::is_transient)), the others not. Every
//! call has a deadline, and another node of a cluster is asked when one cannot be reached.
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `embedded` (default) | `sqlite:PATH`: one file, shared by any number of processes |
//! | `elasticsearch` | `http(s)://…`: Elasticsearch and OpenSearch |
//! | `sync` | `Indexer` and `Rebuild`, which keep an index equal to a relational source |
//! | `test-util` | `conformance`: what every backend must do, as functions |
//!
//! Types of other crates are part of the API, and re-exported: [`jiff`] (instants),
//! `serde_json`'s [`RawValue`] (documents) and [`sixplay_core`] (errors, mappings, visible times);
//! with `sync` also `tokio_util`'s `CancellationToken`.
//!
//! What the crate does not do: it computes no relevance and no aggregation but
//! [`Index::values`], changes no mapping of an index that exists, and starts no server.

mod backend;
mod config;
mod filter;
mod index;
mod info;
mod names;
mod operation;
mod query;
#[cfg(doctest)]
mod readme;
mod stored;

#[cfg(feature = "test-util")]
pub mod conformance;
#[cfg(feature = "sync")]
mod sync;

#[cfg(not(all(feature = "elasticsearch", feature = "embedded")))]
mod absent;
#[cfg(feature = "elasticsearch")]
mod elasticsearch;
#[cfg(feature = "embedded")]
mod embedded;

#[cfg(not(feature = "elasticsearch"))]
use absent as elasticsearch;
#[cfg(not(feature = "embedded"))]
use absent as embedded;

pub use config::IndexConfig;
pub use filter::{Filter, Value};
pub use index::Index;
pub use info::{IndexInfo, Swap};
pub use names::{VISIBLE_FROM, VISIBLE_UNTIL};
pub use operation::{MAX_ID_BYTES, MAX_OPERATION_BYTES, Operation, Outcome};
pub use query::{MAX_WINDOW, Page, Query, Sort, Text};
#[cfg(feature = "sync")]
pub use sync::{Indexer, IndexerConfig, Rebuild, RebuildConfig, RebuildReport};

pub use jiff;
pub use serde_json::value::RawValue;
pub use sixplay_core;
#[cfg(feature = "sync")]
pub use sixplay_core::CancellationToken;
