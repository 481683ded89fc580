//! HTTP for services that have a client per sub-domain: domain users, a route table with declared
//! parameters, uniform errors, cache times and a hardened HTTP/1 server, all as plain `tower`
//! services over `http` types.
//!
//! | part | items |
//! |---|---|
//! | route table | [`Routes`] of [`Route`]s; handlers get a [`Request`]; [`with`], [`json`] |
//! | query parameters | [`Param`], [`ParamRule`], and [`Params`], the values of one request |
//! | domain users | [`Users`], [`DomainUser`], [`DomainUserLayer`], [`ClientName`] |
//! | our own hosts, and no other | [`Domains`], [`HostLayer`] |
//! | several services at one address | [`Dispatch`] |
//! | errors | [`ErrorFormat`], [`status`] |
//! | cache times | [`ValidFor`], [`DEFAULT_CACHE`] |
//! | server | [`Server`], [`Limits`] |
//! | configuration | [`HttpConfig`], [`ServerConfig`] |
//!
//! The parts work alone: [`Routes`] is a tower service for any server, [`DomainUserLayer`] a layer
//! for any service, [`Server`] serves any service. Together they stand in this order: `Server`,
//! `HostLayer`, `Dispatch` if there are several services, `DomainUserLayer`, `Routes`.
//!
//! ```
//! use bytes::Bytes;
//! use http::Response;
//! use http_body_util::{BodyExt, Empty};
//! use sixplay_core::Result;
//! use sixplay_http::{ErrorFormat, Param, Request, Route, Routes, json};
//! use tower::ServiceExt;
//!
//! async fn hello(request: Request) -> Result<Response<Bytes>> {
//!     let times = request.params().int("times").unwrap_or(1);
//!     let name = request.segment("name");
//!     Ok(json(format!(r#"{{"hello":"{name}","times":{times}}}"#)))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! let hello = Route::get("hello", "/hello/{name}", hello)
//!     .cache(60)
//!     .params([Param::int("times", 1, 9, "How often.").default(1)]);
//! let routes = Routes::new(ErrorFormat::Problem, [hello])?;
//!
//! let ask = |uri: &str| {
//!     let request = http::Request::get(uri).body(Empty::<Bytes>::new()).unwrap();
//!     routes.clone().oneshot(request)
//! };
//! let answer = ask("/hello/anna?times=2").await.unwrap();
//! assert_eq!(answer.headers()["cache-control"], "public, max-age=60");
//! let body = answer.into_body().collect().await.unwrap().to_bytes();
//! assert_eq!(body, r#"{"hello":"anna","times":2}"#);
//! assert_eq!(ask("/hello/anna?times=10").await.unwrap().status(), 400);
//! assert_eq!(ask("/goodbye").await.unwrap().status(), 404);
//! # Ok(())
//! # }
//! ```
//!
//! # What it does not do
//!
//! - **TLS and HTTP/2**: [`Server`] speaks HTTP/1.1 and HTTP/1.0 in the clear, behind a proxy.
//! - **Streams**: [`Routes`] takes a request's body whole, up to a limit, and answers whole; no
//!   WebSocket, no server-sent events.
//! - **Filtering by address**: a user's file whose `firewall.user_access` would refuse anybody is
//!   refused at start.
//! - **Reloading**: users are read once, at start.
//! - **Compression, CORS, conditional requests, request ids**: layers of `tower-http` go over
//!   [`Routes`] as over any service.
//!
//! # Types of other crates
//!
//! Signatures name [`bytes::Bytes`], `Method`, `HeaderMap`, `StatusCode` and the messages of
//! [`http`], [`http_body::Body`], [`http_body_util::Full`], [`hyper::body::Incoming`],
//! [`serde_json::Value`], [`tower_layer::Layer`], [`tower_service::Service`],
//! [`tokio_util::sync::CancellationToken`], and the error of `sixplay_core`. All but the last are
//! re-exported, so that a caller can name the versions that fit. Errors are logged through
//! `tracing`.

mod answer;
mod cache;
mod config;
mod dispatch;
mod domain_user;
mod domains;
mod error;
mod host;
mod limits;
mod params;
#[cfg(doctest)]
mod readme;
mod route;
mod server;

pub use {
    bytes, http, http_body, http_body_util, hyper, serde_json, tokio_util, tower_layer,
    tower_service,
};

pub use cache::{DEFAULT_CACHE, ValidFor};
pub use config::{HttpConfig, ServerConfig};
pub use dispatch::Dispatch;
pub use domain_user::{ClientName, DomainUser, DomainUserLayer, DomainUserService, Users};
pub use domains::{Domains, HostLayer, HostService};
pub use error::{ErrorFormat, status};
pub use limits::Limits;
pub use params::{Param, ParamRule, Params};
pub use route::{Request, Route, Routes, json, with};
pub use server::Server;
