//! The drivers; a build without one gets `absent` in its place.

#[cfg(feature = "mysql")]
pub(super) mod mysql;
#[cfg(not(feature = "mysql"))]
#[path = "absent.rs"]
pub(super) mod mysql;
#[cfg(feature = "postgres")]
pub(super) mod postgres;
#[cfg(not(feature = "postgres"))]
#[path = "absent.rs"]
pub(super) mod postgres;
#[cfg(feature = "sqlite")]
pub(super) mod sqlite;
#[cfg(not(feature = "sqlite"))]
#[path = "absent.rs"]
pub(super) mod sqlite;

#[cfg(any(feature = "mysql", feature = "postgres"))]
mod reach;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod renewal;
/// What the drivers share: they differ only in types.
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod session;
