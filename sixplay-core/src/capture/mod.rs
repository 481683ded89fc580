//! Change capture: every committed change of a relational model leads to the documents it affects.
//!
//! Triggers log the keys of each changed row in the writer's own transaction; the detector claims
//! what is logged, follows the source's graph from the keys to the roots, hands these to a sink and
//! only then forgets them. What can go wrong between two of these steps ends in a repetition, never
//! in a loss: a claim is a lease, and rows are deleted after the sink's answer.

mod changes;
mod check;
mod clock;
mod detector;
mod feed;
mod install;
mod keys;
mod paths;
mod reading;
mod roots;
mod schema;
mod source;
mod tables;
mod triggers;
mod windows;

pub use detector::{Detector, DetectorConfig};
pub use feed::{Feed, Sink, Taken, Token, Verdict};
pub use reading::Reading;
pub use roots::{RootCursor, RootPage};
pub use source::{CapturedTable, Hop, KeyColumn, Kind, Publishable, Reach, Rendered, Root, Source};
pub use windows::Due;
