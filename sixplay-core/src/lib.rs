//! What the sixplay crates share: one error, configuration, the life of a daemon, retries; by
//! feature, an SQL store over three databases and the capture of every change in it.
//!
//! The crate knows of no model: a team describes its own as a [`Source`], and learns of every
//! document that a committed change affects.
//!
//! | feature | adds |
//! |---|---|
//! | `config-file` | [`config::load`]: a YAML file and variables |
//! | `fold` | [`fold_letters`]: texts as lists and searches compare them |
//! | `store` | [`Store`], [`Source`], [`Detector`]; needs a driver: |
//! | `sqlite`, `mysql`, `postgres` | the drivers of SQLite, of MariaDB and MySQL, of PostgreSQL |
//! | `test-util` | [`conformance`]: scratch databases, a tiny source, what every driver must do |
//!
//! Without features there are [`Error`], [`config`], [`Daemon`], [`retry`], [`Progress`], and what
//! describes documents: [`Mapping`] and [`Visible`].
//!
//! Types of other crates are part of the API, and re-exported: [`jiff`] (instants), `tokio_util`'s
//! [`CancellationToken`], [`serde`] (configuration); with `store` [`sea_query`] (statements) and
//! `serde_json`'s `RawValue` (documents).
//!
//! What the crate does not do: it opens no listener, keeps no cache, starts no log subscriber, and
//! has no macros.

pub mod config;
mod daemon;
mod error;
mod mapping;
mod progress;
#[cfg(doctest)]
mod readme;
pub mod retry;
mod signals;
mod visible;

#[cfg(feature = "store")]
mod capture;
#[cfg(feature = "test-util")]
pub mod conformance;
#[cfg(feature = "fold")]
mod fold;
#[cfg(feature = "store")]
mod store;

pub use daemon::Daemon;
pub use error::{Error, ErrorKind, Result};
pub use mapping::{Field, FieldKind, Mapping};
pub use progress::Progress;
pub use visible::Visible;

pub use jiff;
#[cfg(feature = "store")]
pub use sea_query;
pub use serde;
#[cfg(feature = "store")]
pub use serde_json::value::RawValue;
pub use tokio_util::sync::CancellationToken;

#[cfg(feature = "store")]
pub use capture::{
    CapturedTable, Detector, DetectorConfig, Due, Feed, Hop, KeyColumn, Kind, Publishable, Reach,
    Reading, Rendered, Root, RootCursor, RootPage, Sink, Source, Taken, Token, Verdict,
};
#[cfg(feature = "fold")]
pub use fold::{fold_letters, letter_folds};
#[cfg(feature = "store")]
pub use store::{Dialect, Row, Snapshot, Store, StoreConfig, Transaction};
