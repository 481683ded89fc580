//! The crate's integration tests: one binary, its modules beside this file.

mod config;
mod daemon;
mod pooler;
mod sqlite_bytes;
mod sqlite_files;
mod store;
