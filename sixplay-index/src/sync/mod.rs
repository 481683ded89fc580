//! Keeps an index equal to a relational source: the indexer applies changes as they come, the
//! rebuild makes a new index whole.
//!
//! Both write by one rule, so that any interleaving ends in the newest document: a ticket is taken
//! from the database first, the snapshot is opened after it, and the ticket is the external version
//! of every document and delete that comes of the snapshot.

mod indexer;
mod rebuild;
mod write;

pub use indexer::Indexer;
pub use rebuild::{Rebuild, RebuildConfig, RebuildReport};
