//! The API: reads and changes programs and videos of the store, published or not.
//!
//! | route | request | answers |
//! |---|---|---|
//! | `api_programs` | `GET /v1/programs?limit&offset` | a page of the programs |
//! | `api_program` | `GET /v1/programs/{id}` | the program, as [`Program`] |
//! | `api_program_change` | `PATCH /v1/programs/{id}`, [`ProgramPatch`] | the changed program |
//! | `api_program_videos` | `GET /v1/programs/{id}/videos?limit&offset` | a page of its videos |
//! | `api_video` | `GET /v1/videos/{id}` | the video, as [`Video`] |
//! | `api_video_change` | `PATCH /v1/videos/{id}`, [`VideoPatch`] | the changed video |
//!
//! A page is `{"items": […], "limit": …, "offset": …}`, ordered by id, and one reading: all that it
//! says is of one instant. An item whose row cannot be read is left out and logged as an error with
//! table, row and column; clients that see everything are told how many: `"left_out": 1`. Alone,
//! such an item is a 500. A `PATCH` takes the fields to change, as `application/json` or
//! `application/merge-patch+json`.
//!
//! The routes of the resources `programs` and `videos` are open to clients whose files allow them.
//! `entities.program.published: true` and `entities.video.published: true` in a client's file hide
//! from it what viewers do not see; its pages are then cut from what it sees.
//!
//! [`service`] needs no driver of its own: the store is its caller's. [`find_program`],
//! [`find_video`], [`change_program`] and [`change_video`] are the same without HTTP.
//!
//! | feature | adds |
//! |---|---|
//! | `program` (default) | the program `sixplay-api`, with the drivers of all databases |
//!
//! Types of other crates are part of the API, and re-exported: `Store` and `Result` of
//! [`sixplay_core`], `Users`, `DomainUserService` and `Routes` of [`sixplay_http`].

mod edit;
mod faults;
mod pages;
mod patch;
mod read;
#[cfg(doctest)]
mod readme;
mod routes;
mod scope;
mod scoped_store;
mod texts;
mod view;

pub use {sixplay_core, sixplay_http};

pub use edit::{ProgramPatch, VideoPatch};
pub use read::{Program, Publication, Video, VideoWindow};
pub use scoped_store::{change_program, change_video, find_program, find_video};

use sixplay_core::{Result, Store};
use sixplay_http::{DomainUserLayer, DomainUserService, ErrorFormat, Routes, Users};
use tower_layer::Layer;

use scoped_store::ClientStores;

/// The API as a tower service; errors are problems of RFC 9457, those of a `PATCH` with a pointer
/// to the member.
///
/// The store must have been through [`sixplay_catalogue::prepare`].
///
/// # Errors
/// `Config` when the route table is defective.
///
/// ```
/// # use bytes::Bytes;
/// # use http_body_util::{BodyExt, Full};
/// # use tower::ServiceExt;
/// use sixplay_core::Store;
/// use sixplay_http::Users;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let url = format!("sqlite:{}", folder.path().join("store.db").display());
/// # let users = folder.path().join("users");
/// # std::fs::create_dir(&users).unwrap();
/// let store = Store::connect(&url).await?;
/// sixplay_catalogue::prepare(&store).await?;
/// let mut transaction = store.write().await?;
/// let insert = "INSERT INTO programs (id, code, title) VALUES (820, 'kaamelott', 'Kaamelott')";
/// transaction.execute_sql(insert, Vec::new()).await?;
/// transaction.commit().await?;
///
/// let rules = "firewall: { allow: { resources: { programs: true } } }";
/// std::fs::write(users.join("bo.yml"), rules).unwrap();
/// let service = sixplay_api::service(store, Users::load(&users)?)?;
///
/// let rename = http::Request::patch("/v1/programs/820")
///     .header("host", "bo.example.com")
///     .header("content-type", "application/json")
///     .body(Full::<Bytes>::from(r#"{"title": "Kaamelott, livre I"}"#))
///     .unwrap();
/// let answer = service.oneshot(rename).await.unwrap();
/// assert_eq!(answer.status(), 200);
/// let body = answer.into_body().collect().await.unwrap().to_bytes();
/// let program: serde_json::Value = serde_json::from_slice(&body).unwrap();
/// assert_eq!(program["title"], "Kaamelott, livre I");
/// assert_eq!((&program["published"], &program["reason"]), (&false.into(), &"no_video".into()));
/// # Ok(())
/// # }
/// ```
pub fn service(store: Store, users: Users) -> Result<DomainUserService<Routes>> {
    let routes = routes::table(&ClientStores::new(store))?;
    Ok(DomainUserLayer::new(users, ErrorFormat::Problem).layer(routes))
}
