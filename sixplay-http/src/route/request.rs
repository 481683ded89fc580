//! What a handler is given.

use bytes::Bytes;
use http::{HeaderMap, Method, request::Parts};

use crate::{DomainUser, Params};

/// A request that matched a route and passed its checks: parameters are valid, the client may ask,
/// the body is whole.
///
/// ```
/// use http_body_util::{BodyExt, Full};
/// use tower::ServiceExt;
/// use bytes::Bytes;
/// use http::{Method, Response};
/// use sixplay_core::{Error, Result};
/// use sixplay_http::{ErrorFormat, Request, Route, Routes, json};
///
/// async fn add_note(request: Request) -> Result<Response<Bytes>> {
///     if request.body().is_empty() {
///         return Err(Error::invalid("notes.add", "a note is not empty"));
///     }
///     let (book, length) = (request.segment("book"), request.body().len());
///     Ok(json(format!(r#"{{"book":"{book}","bytes":{length}}}"#)))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let routes = [Route::new(Method::POST, "note_add", "/books/{book}/notes", add_note)];
/// let routes = Routes::new(ErrorFormat::Problem, routes)?;
///
/// let post = |text: &'static str| {
///     let request = http::Request::post("/books/war%20and%20peace/notes");
///     routes.clone().oneshot(request.body(Full::<Bytes>::from(text)).unwrap())
/// };
/// let answer = post("too long").await.unwrap();
/// let body = answer.into_body().collect().await.unwrap().to_bytes();
/// assert_eq!(body, r#"{"book":"war and peace","bytes":8}"#);
/// assert_eq!(post("").await.unwrap().status(), 400);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Request {
    /// The head, with the route's method.
    pub(super) parts: Parts,
    pub(super) segments: Vec<(String, String)>,
    pub(super) params: Params,
    pub(super) body: Bytes,
}

impl Request {
    /// The method; `GET` also for a `HEAD` request.
    pub fn method(&self) -> &Method {
        &self.parts.method
    }

    /// The path as it was asked, still encoded.
    pub fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// The decoded segment that stands for `{name}` in the template; empty when the template has no
    /// such name. It may hold any character but NUL, a slash too.
    pub fn segment(&self, name: &str) -> &str {
        let mut segments = self.segments.iter();
        segments
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// The declared query parameters.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The client; `None` when no [`crate::DomainUserLayer`] is in front of the table.
    pub fn user(&self) -> Option<&DomainUser> {
        self.parts.extensions.get()
    }

    /// The body, at most [`crate::Limits::body`] bytes.
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}
