//! Routes: what a server answers, declared once; the table drives matching, `Allow`, permissions
//! and cache times.

mod request;
mod table;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Method, Response, header::CONTENT_TYPE};
use sixplay_core::Result;

pub use request::Request;
pub use table::Routes;

use crate::params::Param;

type Answer = Pin<Box<dyn Future<Output = Result<Response<Bytes>>> + Send>>;

/// One route: a method and a path template with the async function that answers it, and what is
/// known of it beforehand.
#[derive(Clone)]
pub struct Route {
    name: &'static str,
    resource: &'static str,
    method: Method,
    template: String,
    cache: Option<u32>,
    consumes: Option<&'static str>,
    params: Vec<Param>,
    handler: Arc<dyn Fn(Request) -> Answer + Send + Sync>,
}

impl Route {
    /// A route. `name` is what client files call it; `template` is a path with `{name}` for a
    /// segment; the handler is a plain async function (or a closure that clones its state, see
    /// [`with`]).
    ///
    /// `HEAD` and `OPTIONS` need no routes of their own.
    pub fn new<F, A>(
        method: Method,
        name: &'static str,
        template: impl Into<String>,
        handler: F,
    ) -> Self
    where
        F: Fn(Request) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Response<Bytes>>> + Send + 'static,
    {
        let handler = Arc::new(move |request| -> Answer { Box::pin(handler(request)) });
        Self {
            name,
            resource: "",
            method,
            template: template.into(),
            cache: None,
            consumes: None,
            params: Vec::new(),
            handler,
        }
    }

    /// A route for `GET`.
    pub fn get<F, A>(name: &'static str, template: impl Into<String>, handler: F) -> Self
    where
        F: Fn(Request) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Response<Bytes>>> + Send + 'static,
    {
        Self::new(Method::GET, name, template, handler)
    }

    /// Sets the resource that client files may allow or refuse as a whole.
    #[must_use]
    pub fn resource(mut self, resource: &'static str) -> Self {
        self.resource = resource;
        self
    }

    /// Sets the seconds that answers may be cached, in place of the client's default; the client's
    /// own time for this route wins.
    #[must_use]
    pub fn cache(mut self, seconds: u32) -> Self {
        self.cache = Some(seconds);
        self
    }

    /// Sets the media type that the body must have; another one is 415.
    #[must_use]
    pub fn consumes(mut self, media: &'static str) -> Self {
        self.consumes = Some(media);
        self
    }

    /// Declares query parameters.
    #[must_use]
    pub fn params(mut self, params: impl IntoIterator<Item = Param>) -> Self {
        self.params.extend(params);
        self
    }

    /// The name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The resource, empty when none was set.
    pub fn resource_name(&self) -> &'static str {
        self.resource
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path template.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// The declared query parameters.
    pub fn declared(&self) -> &[Param] {
        &self.params
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.name, self.method, self.template)
    }
}

/// A handler that gets a clone of `state` before the request.
pub fn with<S, F, A>(state: &S, handler: F) -> impl Fn(Request) -> A + Send + Sync + 'static
where
    S: Clone + Send + Sync + 'static,
    F: Fn(S, Request) -> A + Send + Sync + 'static,
{
    let state = state.clone();
    move |request| handler(state.clone(), request)
}

/// An answer of 200 with `application/json`.
pub fn json(body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
