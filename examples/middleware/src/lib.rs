//! The middleware: answers what players ask from the index alone, on the paths and in the shapes of
//! the 6play v2 middleware.
//!
//! The base path is `/6play/v2/platforms/{platform}/services/{service}`; every answer is a bare
//! JSON array or object.
//!
//! | route `middleware_…` | below the base path | answers |
//! |---|---|---|
//! | `service` | | the service |
//! | `services` | `/services` | the services listed under a root service |
//! | `folders` | `/folders` | the folders of a service |
//! | `folder_programs` | `/folders/{folder}/programs` | the programs of a folder |
//! | `programs` | `/programs` | the programs of a service |
//! | `first_letters` | `/programs/first-letters` | the initials that programs have |
//! | `program` | `/programs/{program}` | a program |
//! | `program_videos` | `/programs/{program}/videos` | the videos of a program |
//! | `video` | `/videos/{video}` | a video; 410 once its rights have ended |
//!
//! [`service`] needs no database, and the index is its caller's: any backend that this build has.
//! Document bytes go from the index to the client unread, but for the places where
//! [`sixplay_catalogue::StoredBody`] takes them apart.
//!
//! | feature | adds |
//! |---|---|
//! | `program` (default) | the program `sixplay-middleware`, with every backend of the index |
//!
//! Types of other crates are part of the API, and re-exported: `Index` of [`sixplay_index`],
//! `Users`, `DomainUserService` and `Routes` of [`sixplay_http`], `Result` of [`sixplay_core`].

mod answers;
mod documents;
mod lists;
mod platforms;
#[cfg(doctest)]
mod readme;
mod routes;
mod scope;
mod search;
mod single;

pub use {sixplay_core, sixplay_http, sixplay_index};

use sixplay_core::Result;
use sixplay_http::{DomainUserLayer, DomainUserService, ErrorFormat, Routes, Users};
use sixplay_index::Index;
use tower_layer::Layer;

use search::Documents;

/// The middleware as a tower service; errors have the historic format.
///
/// It reads the aliases of `index`, within the deadline of that handle; 503 when one is missing,
/// and when the index does not answer. All routes are of the resource `middleware`, for the rules
/// of the clients' files. `max-age` never reaches beyond the next instant at which time alone
/// changes what is shown.
///
/// A client whose file has `parameters.platforms`, a list of codes, asks for these platforms only;
/// without it, and with an empty list, for any.
///
/// # Errors
/// `Config` when `parameters.platforms` of a client is no list of words, naming file, key and
/// value.
///
/// ```
/// # use bytes::Bytes;
/// # use http_body_util::{BodyExt, Empty};
/// # use tower::ServiceExt;
/// use sixplay_catalogue::documents;
/// use sixplay_http::Users;
/// use sixplay_index::{Index, Operation, RawValue};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let url = format!("sqlite:{}", folder.path().join("index.db").display());
/// # let users = folder.path().join("users");
/// # std::fs::create_dir(&users).unwrap();
/// let index = Index::connect(&url).await?;
/// # let (mapping, meta) = (documents::service_mapping(), Default::default());
/// # index.create("sixplay-service-1", &mapping, &meta).await?;
/// # index.swap(&index.alias(documents::SERVICE), None, "sixplay-service-1").await?;
/// let m6replay = r#"{"id": "m6replay", "code": "m6replay", "platforms": ["web"],
///     "body": {"base": {"code": "m6replay"}, "with": {"channels": {"channels": []}}}}"#;
/// let m6replay = RawValue::from_string(m6replay.to_owned()).unwrap();
/// let put = Operation::put("m6replay", 1, m6replay);
/// index.apply("sixplay-service-1", vec![put]).await?;
/// index.refresh("sixplay-service-1").await?;
///
/// let rules = "{ firewall: { allow: { methods: { get: true } } }, \
///                parameters: { platforms: [web] } }";
/// std::fs::write(users.join("pc.yml"), rules).unwrap();
/// let service = sixplay_middleware::service(index, Users::load(&users)?)?;
///
/// let ask = |platform: &str| {
///     let path = format!("/6play/v2/platforms/{platform}/services/m6replay?with=channels");
///     let request = http::Request::get(path).header("host", "pc.example.com");
///     service.clone().oneshot(request.body(Empty::<Bytes>::new()).unwrap())
/// };
/// let answer = ask("web").await.unwrap().into_body().collect().await.unwrap();
/// assert_eq!(answer.to_bytes(), r#"{"code":"m6replay","channels":[]}"#);
/// assert_eq!(ask("tv").await.unwrap().status(), 403);
/// # Ok(())
/// # }
/// ```
pub fn service(index: Index, users: Users) -> Result<DomainUserService<Routes>> {
    platforms::require_valid(&users)?;
    let routes = routes::table(&Documents::new(index))?;
    Ok(DomainUserLayer::new(users, ErrorFormat::Historic).layer(routes))
}
