//! The conformance suite on every backend, and what only one of them has.

mod backends;
mod configuration;
mod elastic;
mod embedded;
mod sync;
