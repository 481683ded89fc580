//! The catalogue of a TV catch-up service: its relational schema, the rules of publication, and the
//! documents that an index serves; import of real bodies, export, and a generator.
//!
//! [`Catalogue`] is a [`Source`](sixplay_core::Source): mounted in a program beside a detector, an
//! indexer and a rebuild, it keeps an index of the five kinds of [`documents`] fresh. Only what may
//! be shown has a document: enabled all the way, in a publication window, with something to play; a
//! program that is still to come has one that is hidden until then.
//! [`prepare`] makes a database ready for it.
//!
//! Who reads the index needs less: the names of the [`fields`], [`initial_of`] a title, and
//! [`StoredBody`], which takes a document's body apart into what the wire shows to one platform.
//!
//! | feature | adds |
//! |---|---|
//! | `store` (default) | the model: [`Catalogue`], [`tables`], import, export, generator |
//! | `commands` | `commands`: the sub-commands of the program, for a program that mounts them |
//! | `program` | the program `sixplay-catalogue`, with the drivers of all databases |
//!
//! Without `program` the crate compiles no driver of a database: a team's own program chooses them
//! by the features of `sixplay_core`.
//!
//! Types of [`sixplay_core`] are part of the API, with its re-exports of `jiff` (instants),
//! `sea_query` (values) and `serde_json`'s `RawValue`.
//!
//! What it does not do: it opens no listener and no queue, and keeps nothing between two calls.

pub mod documents;
pub mod fields;

mod body;
mod object;
#[cfg(all(doctest, feature = "store"))]
mod readme;
mod title;

#[cfg(feature = "store")]
mod columns;
#[cfg(feature = "commands")]
pub mod commands;
#[cfg(feature = "store")]
mod json;
#[cfg(feature = "store")]
mod load;
#[cfg(feature = "store")]
mod paris;
#[cfg(feature = "store")]
mod paths;
#[cfg(feature = "store")]
mod prepare;
#[cfg(feature = "store")]
mod render;
#[cfg(feature = "store")]
mod rows;
#[cfg(feature = "store")]
mod schema;
#[cfg(feature = "store")]
mod source;
#[cfg(feature = "store")]
mod states;
#[cfg(feature = "store")]
mod transfer;

pub use body::{StoredBody, Viewer};
pub use sixplay_core;
pub use title::initial_of;

#[cfg(feature = "store")]
pub use prepare::{is_empty, prepare};
#[cfg(feature = "store")]
pub use render::PublicationState;
#[cfg(feature = "store")]
pub use schema::{ColumnKind, ColumnSchema, TableSchema, WireExposure, migrate, tables};
#[cfg(feature = "store")]
pub use source::Catalogue;
#[cfg(feature = "store")]
pub use states::publication_states;
#[cfg(feature = "store")]
pub use transfer::{
    Difference, Exported, GenerateOptions, Generated, ImportOptions, Imported, Input, export,
    generate, import,
};
