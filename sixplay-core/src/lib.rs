//! What the sixplay crates share: errors, configuration, the daemon runtime, and, by feature, the
//! SQL store with its change log and detector, and the catalogue of a TV catch-up service.
//!
//! | feature | adds |
//! |---|---|
//! | `store` with `sqlite`, `mysql`, `postgres` | [`store`], [`source`], [`detector`]: change capture generic over a [`source::Source`] |
//! | `catalogue` | the catalogue as a source: schema, publication rules, import, export, generator |
//! | `telemetry` | log subscribers, for binaries |
//! | `test-util` | a tiny second source and conformance functions |

pub mod config;
pub mod daemon;
pub mod mapping;
pub mod progress;

mod error;

#[cfg(feature = "store")]
mod backoff;
#[cfg(feature = "catalogue")]
pub mod catalogue;
#[cfg(feature = "test-util")]
pub mod conformance;
#[cfg(feature = "store")]
pub mod detector;
#[cfg(feature = "store")]
pub mod source;
#[cfg(feature = "store")]
pub mod store;
#[cfg(feature = "telemetry")]
pub mod telemetry;

pub use error::{Error, ErrorKind, Result};
