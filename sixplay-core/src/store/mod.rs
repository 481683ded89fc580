//! One handle over SQLite, MariaDB/MySQL and PostgreSQL: statements are written once with
//! `sea-query` and rendered for each.

mod config;
mod dialect;
mod driver;
mod drivers;
mod handle;
mod rows;

pub use config::StoreConfig;
pub use dialect::Dialect;
pub use handle::{Snapshot, Store, Transaction};
pub use rows::Row;
