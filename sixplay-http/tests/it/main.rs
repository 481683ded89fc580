//! The crate from outside: in process through tower, and over real sockets.
#![allow(missing_docs)]

mod ask;
mod hosts;
mod routes;
mod server;
mod users;

#[cfg(feature = "catalogue")]
mod api;
#[cfg(feature = "catalogue")]
mod middleware;
#[cfg(feature = "catalogue")]
mod page;
