//! Keeps an index equal to a relational source: the indexer applies changes as they come, the
//! rebuild makes a new index whole.
//!
//! Both write by one rule, so that any interleaving ends in the newest document: a reading takes
//! its ticket from the database first and opens its snapshot after it, and the ticket is the
//! version of every document and delete that comes of the snapshot. So of two writes the one with
//! the higher version never shows an older state.
//!
//! A step is the same for both: take a reading, render the roots from it, record when time alone
//! changes them next, and only then write to the index. A process that dies in between leaves
//! nothing behind that a repetition does not mend.
//!
//! The indexer writes to the index that is behind the alias of its kind when the step begins; the
//! rebuild writes to indices of its own, which no alias names until all of them are whole.

mod chunk;
mod config;
mod indexer;
mod rebuild;
mod render_batch;
mod run;
mod write_batch;

pub use config::{IndexerConfig, RebuildConfig};
pub use indexer::Indexer;
pub use rebuild::{Rebuild, RebuildReport};
