//! HTTP for services that have a client per sub-domain: a route table, declared parameters, domain
//! users, uniform errors, cache times and a hardened HTTP/1 server, all as plain `tower` services
//! over `http` types.
//!
//! The parts work alone: [`Routes`] is a tower service for any server, [`DomainUserLayer`] a layer
//! for any service, [`Server`] serves any service. With the feature `catalogue` the crate also has
//! the catalogue's two services: `middleware`, which answers from the index what players ask, and
//! `api`, which reads and writes the store.
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
//!     Ok(json(format!("{{\"hello\":\"{}\",\"times\":{times}}}", request.segment("name"))))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! let hello = Route::get("hello", "/hello/{name}", hello)
//!     .cache(60)
//!     .params([Param::int("times", 1, 9, "How often.").default(1)]);
//! let routes = Routes::new(ErrorFormat::Problem, [hello])?;
//!
//! let ask = |uri: &str| routes.clone().oneshot(http::Request::get(uri).body(Empty::<Bytes>::new()).unwrap());
//! let answer = ask("/hello/anna?times=2").await.unwrap();
//! assert_eq!(answer.headers()["cache-control"], "public, max-age=60");
//! assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), r#"{"hello":"anna","times":2}"#);
//! assert_eq!(ask("/hello/anna?times=10").await.unwrap().status(), 400);
//! assert_eq!(ask("/goodbye").await.unwrap().status(), 404);
//! # Ok(())
//! # }
//! ```

pub mod cache;
pub mod domain_user;
pub mod error;
pub mod host;
pub mod params;
pub mod route;
pub mod server;

mod settings;

#[cfg(feature = "catalogue")]
pub mod api;
#[cfg(feature = "catalogue")]
pub mod middleware;

pub use domain_user::{DomainUser, DomainUserLayer, DomainUserService, Users};
pub use error::ErrorFormat;
pub use host::Dispatch;
pub use params::{Param, Params, Rule};
pub use route::{Request, Route, Routes, json};
pub use server::{Limits, Server, ServerConfig};
pub use settings::HttpConfig;
