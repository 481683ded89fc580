//! The crate's integration tests: one binary, its modules beside this file.

#[cfg(feature = "catalogue")]
mod catalogue;
mod config;
mod daemon;
mod store;
