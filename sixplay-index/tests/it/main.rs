//! The conformance suite on every backend, what only one of them has, and the two writers that keep
//! an index equal to a database.

mod backends;
mod bad_roots;
mod configuration;
mod elasticsearch;
mod embedded;
mod feeding;
mod model;
mod stub;
mod sync;
