//! Routes: what a server answers, declared once; the table drives matching, `Allow`, permissions
//! and cache times.

mod body;
mod handler;
mod path;
mod permission;
mod precondition;
mod request;
mod serve;
mod table;

use std::{fmt, future::Future};

use bytes::Bytes;
use http::{Method, Response};
use sixplay_core::Result;

pub use handler::{json, with};
pub use request::Request;
pub use table::Routes;

use crate::{ClientName, Param};
use handler::{BoxedHandler, box_handler};

/// One route: a method and a path template with the async function that answers it, and what is
/// known of it beforehand. A route answers within a [`Routes`].
///
/// `HEAD` and `OPTIONS` need no routes of their own.
///
/// ```
/// use bytes::Bytes;
/// use http::{Method, Response};
/// use sixplay_core::Result;
/// use sixplay_http::{Param, Request, Route, json};
///
/// async fn change_book(request: Request) -> Result<Response<Bytes>> {
///     Ok(json(request.body().clone()))
/// }
///
/// let route = Route::new(Method::PATCH, "book_change", "/books/{isbn}", change_book)
///     .resource("books")
///     .consumes("application/json")
///     .params([Param::choice("notify", &["readers", "nobody"], "Whom to tell.")]);
/// assert_eq!(route.name(), "book_change");
/// assert_eq!(route.template(), "/books/{isbn}");
/// assert_eq!(route.declared_params()[0].name, "notify");
/// ```
#[derive(Clone)]
pub struct Route {
    name: &'static str,
    resource: &'static str,
    method: Method,
    template: String,
    cache: Option<u32>,
    is_private: bool,
    consumes: Vec<&'static str>,
    params: Vec<Param>,
    is_strict: bool,
    client_names: Vec<ClientName>,
    handler: BoxedHandler,
}

impl Route {
    /// A route. `name` is what client files call it; `template` is a path with `{name}` for a
    /// segment, `{*name}` for the whole rest; the handler is a plain async function (or a closure
    /// that clones its state, see [`with`]).
    ///
    /// A name with a leading `_` makes a debug route, see [`crate::DomainUser::allows`]. Templates
    /// are checked by [`Routes::new`].
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
        Self {
            name,
            resource: "",
            method,
            template: template.into(),
            cache: None,
            is_private: false,
            consumes: Vec::new(),
            params: Vec::new(),
            is_strict: false,
            client_names: Vec::new(),
            handler: box_handler(handler),
        }
    }

    /// A route for `GET`, and with it for `HEAD`.
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
    /// own time for this route wins, and a client whose default is 0 caches nothing else. 0 is
    /// `no-store`.
    #[must_use]
    pub fn cache(mut self, seconds: u32) -> Self {
        self.cache = Some(seconds);
        self
    }

    /// Makes the answers the asking client's own: cached by it alone, and by no cache that others
    /// share (`private`). Set it where one client sees what another does not.
    #[must_use]
    pub fn private(mut self) -> Self {
        self.is_private = true;
        self
    }

    /// Adds a media type that the body may have, parameters such as `charset` aside; any other, and
    /// an encoded body, is 415, two `Content-Type`s are 400. Without one any body is taken. A
    /// `PATCH` route tells them as `Accept-Patch`.
    #[must_use]
    pub fn consumes(mut self, media: &'static str) -> Self {
        self.consumes.push(media);
        self
    }

    /// Declares query parameters, after those declared before; what is not declared is ignored
    /// unless the route is strict, see [`Route::strict_params`].
    #[must_use]
    pub fn params(mut self, params: impl IntoIterator<Item = Param>) -> Self {
        self.params.extend(params);
        self
    }

    /// Refuses query parameters that are not declared with 400.
    #[must_use]
    pub fn strict_params(mut self) -> Self {
        self.is_strict = true;
        self
    }

    /// Declares that the handler reads the flag `entities.<entity>.<flag>` of its client; a flag
    /// that no route declares is refused by [`crate::Users::require_known`].
    #[must_use]
    pub fn client_flag(mut self, entity: &str, flag: &str) -> Self {
        let name = ClientName::EntityFlag(entity.to_owned(), flag.to_owned());
        self.client_names.push(name);
        self
    }

    /// Declares that the handler reads `parameters.<name>` of its client, as
    /// [`Route::client_flag`].
    #[must_use]
    pub fn client_parameter(mut self, name: &str) -> Self {
        self.client_names
            .push(ClientName::Parameter(name.to_owned()));
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

    /// What clients' files may name of it.
    fn client_names(&self) -> impl Iterator<Item = ClientName> {
        let resource = self.resource.to_owned();
        let resource = (!resource.is_empty()).then_some(ClientName::Resource(resource));
        let own = std::iter::once(ClientName::Route(self.name.to_owned()));
        own.chain(resource).chain(self.client_names.iter().cloned())
    }

    /// The declared query parameters.
    pub fn declared_params(&self) -> &[Param] {
        &self.params
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.name, self.method, self.template)
    }
}
