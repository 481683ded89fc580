//! The crate from outside: in process through tower, and over real sockets.

mod ask;
mod hosts;
mod routes;
mod server;
mod users;
