//! A document index behind one handle, [`Index`]: in a file, or on Elasticsearch 8 or 9 or
//! OpenSearch 3.
//!
//! Documents are JSON objects with the fields of an explicit
//! [`Mapping`](sixplay_core::mapping::Mapping), and come back as they were put. Every write has a
//! version and the newest wins, so writers need no order among them. Readers go through an alias,
//! which [`Index::swap`] moves from one index to another in one step.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use serde_json::value::RawValue;
//! use sixplay_core::mapping::{Field, Mapping};
//! use sixplay_index::{Filter, Index, Operation, Outcome, Query};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("index.db");
//! let index = Index::connect(&format!("sqlite:{}", file.display())).await?;
//! let mapping = Mapping { fields: vec![Field::keyword("id"), Field::french("title"), Field::long("season")] };
//! index.create("videos-1", &mapping, &BTreeMap::new()).await?;
//!
//! let document = RawValue::from_string(r#"{"id":"clip_1","title":"L'Île aux élèves","season":2}"#.to_owned())?;
//! let put = Operation::Put { id: "clip_1".to_owned(), version: 7, document };
//! let late = Operation::Delete { id: "clip_1".to_owned(), version: 6 };
//! assert_eq!(index.apply("videos-1", vec![put, late]).await?, [Outcome::Done, Outcome::Superseded]);
//!
//! index.refresh("videos-1").await?;
//! index.swap("videos", None, "videos-1").await?;
//! let query = Query::new(20).filter(Filter::at_least("season", 2)).text("title", "ile eleve").descending("season");
//! assert_eq!(index.search("videos", &query).await?.total, 1);
//! # Ok(())
//! # }
//! ```
//!
//! | feature | adds |
//! |---|---|
//! | `embedded` (default) | `sqlite:PATH`: one file, shared by any number of processes |
//! | `elasticsearch` | `http(s)://…`: Elasticsearch and OpenSearch |
//! | `sync` | [`sync`]: the indexer and the rebuild, which keep an index equal to a relational source |
//! | `test-util` | [`conformance`]: what every backend must do, as functions |

mod backend;
mod index;
mod operation;
mod query;

#[cfg(feature = "test-util")]
pub mod conformance;
#[cfg(feature = "sync")]
pub mod sync;

#[cfg(feature = "elasticsearch")]
mod elastic;
#[cfg(not(feature = "elasticsearch"))]
#[path = "absent.rs"]
mod elastic;
#[cfg(feature = "embedded")]
mod embedded;
#[cfg(not(feature = "embedded"))]
#[path = "absent.rs"]
mod embedded;

pub use backend::Backend;
pub use index::{Index, IndexConfig, IndexInfo, Swap, VISIBLE_FROM, VISIBLE_UNTIL};
pub use operation::{MAX_ID_BYTES, MAX_OPERATION_BYTES, Operation, Outcome};
pub use query::{Filter, MAX_WINDOW, Page, Query, Sort, Text, Value};
