//! The route table as a tower service.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::Response;
use http_body::Body;
use http_body_util::Full;
use sixplay_core::{Error, Result};
use tower_service::Service;

use super::Route;
use crate::{
    ClientName, ErrorFormat,
    answer::{BoxError, BoxedAnswer},
};

/// A set of routes and the format of their errors; a tower service, cheap to clone.
///
/// A request is checked in this order, and the first failure answers it:
///
/// | check | status |
/// |---|---|
/// | size of target and head, against [`crate::Limits`] | 414, 431 |
/// | the body's transfer coding: `chunked` once, or none | 501, 400 |
/// | path | 404 |
/// | method | 405; `OPTIONS` is answered with 204; both with `Allow` |
/// | the client's permission, when a [`crate::DomainUserLayer`] is in front | 403 |
/// | media type of the body, if the route names one | 415 |
/// | query and segments | 400 |
/// | `If-Match` but `*`; on a change also `If-Unmodified-Since`, `If-None-Match: *` | 412 |
/// | size and time of the body | 413, 408 |
/// | the handler's error | that of its kind, see [`crate::status`] |
///
/// `Allow` names what the client may do, and a path of which it may do nothing is 403 for every
/// method. The handler ends within the deadline of the [`crate::Limits`] (503); a panic is 500.
/// Successful answers to `GET` and `HEAD` get `Cache-Control` by client and route, `private` for a
/// [`Route::private`] and for a request with `Authorization`, and with clients `Vary: host`; errors
/// are never kept. Of several templates that match the most exact counts; a trailing slash is
/// another path.
///
/// ```
/// use bytes::Bytes;
/// use http_body_util::Empty;
/// use tower::ServiceExt;
/// use http::{Method, Response};
/// use sixplay_core::{Error, ErrorKind, Result};
/// use sixplay_http::{ErrorFormat, Request, Route, Routes, json, with};
///
/// #[derive(Clone)]
/// struct Shelf(&'static [&'static str]);
///
/// async fn show_book(shelf: Shelf, request: Request) -> Result<Response<Bytes>> {
///     let title = request.segment("title");
///     match shelf.0.contains(&title) {
///         true => Ok(json(format!("{title:?}"))),
///         false => Err(Error::not_found("books.show", "there is no such book")),
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let shelf = Shelf(&["emma", "ulysses"]);
/// let book = Route::get("book", "/books/{title}", with(&shelf, show_book));
/// let routes = Routes::new(ErrorFormat::Problem, [book.clone()])?;
///
/// let ask = |method: Method, path: &str| {
///     let request = http::Request::builder().method(method).uri(path);
///     routes.clone().oneshot(request.body(Empty::<Bytes>::new()).unwrap())
/// };
/// assert_eq!(ask(Method::GET, "/books/emma").await.unwrap().status(), 200);
/// assert_eq!(ask(Method::GET, "/books/dune").await.unwrap().status(), 404);
/// let refused = ask(Method::PUT, "/books/emma").await.unwrap();
/// assert_eq!(refused.status(), 405);
/// assert_eq!(refused.headers()["allow"], "GET, HEAD, OPTIONS");
///
/// let twice = Routes::new(ErrorFormat::Problem, [book.clone(), book]).unwrap_err();
/// assert_eq!(twice.kind(), ErrorKind::Config);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Routes(Arc<RouteTable>);

pub(super) struct RouteTable {
    pub(super) routes: Vec<Route>,
    /// For each template the places of its routes, one for each method.
    pub(super) paths: matchit::Router<Vec<usize>>,
    pub(super) format: ErrorFormat,
}

impl Routes {
    /// A table of `routes`.
    ///
    /// # Errors
    /// `Config` when a name or a method and template occur twice, a template does not begin with a
    /// slash, is malformed or hides another, a segment or parameter is declared twice in a route,
    /// or what a route consumes is no bare media type; the error names the route.
    pub fn new(format: ErrorFormat, routes: impl IntoIterator<Item = Route>) -> Result<Self> {
        let routes: Vec<Route> = routes.into_iter().collect();
        let paths = index_paths(&routes)?;
        Ok(Self(Arc::new(RouteTable {
            routes,
            paths,
            format,
        })))
    }

    /// The routes, in the order in which they were given.
    pub fn routes(&self) -> &[Route] {
        &self.0.routes
    }

    /// What clients' files may name of the table: its routes, their resources, and the flags and
    /// parameters that they declare; for [`crate::Users::require_known`].
    pub fn client_names(&self) -> impl Iterator<Item = ClientName> {
        self.routes().iter().flat_map(Route::client_names)
    }

    /// The format of the errors.
    pub fn format(&self) -> ErrorFormat {
        self.0.format
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Routes").field(&self.0.routes).finish()
    }
}

impl<B> Service<http::Request<B>> for Routes
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = BoxedAnswer<Full<Bytes>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let table = self.0.clone();
        Box::pin(async move { Ok(table.answer(request).await.map(Full::new)) })
    }
}

fn index_paths(routes: &[Route]) -> Result<matchit::Router<Vec<usize>>> {
    let mut paths = matchit::Router::new();
    for (template, places) in group_by_template(routes)? {
        let first = &routes[places[0]];
        paths.insert(template, places).map_err(|error| {
            refuse_route("the template cannot be used", first).with_source(error)
        })?;
    }
    Ok(paths)
}

/// What is wrong with the route alone.
fn require_well_formed(route: &Route) -> Result<()> {
    let segments = route.template.split('/');
    let segments = segments.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let params = route.params.iter().map(|param| param.name);
    let fault = match route.template.as_str() {
        template if !template.starts_with('/') => "the template does not begin with a slash",
        _ if occurs_twice(segments) => "a segment's name occurs twice",
        _ if occurs_twice(params) => "a parameter is declared twice",
        _ if !route.consumes.iter().all(|media| is_media_type(media)) => {
            "what is consumed is no media type without parameters"
        }
        _ => return Ok(()),
    };
    Err(refuse_route(fault, route).with("template", &route.template))
}

fn occurs_twice<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let mut known = BTreeSet::new();
    names.into_iter().any(|name| !known.insert(name))
}

/// `type/subtype` of tokens (RFC 9110 §8.3.1).
fn is_media_type(text: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let is_token = |part: &str| !part.is_empty() && part.chars().all(is_sign);
    let parts = text.split_once('/');
    parts.is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

fn group_by_template(routes: &[Route]) -> Result<BTreeMap<&str, Vec<usize>>> {
    let mut templates: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, route) in routes.iter().enumerate() {
        require_well_formed(route)?;
        require_distinct(route, &routes[..place])?;
        templates.entry(&route.template).or_default().push(place);
    }
    Ok(templates)
}

fn require_distinct(route: &Route, earlier: &[Route]) -> Result<()> {
    let is_same =
        |other: &Route| (&other.method, &other.template) == (&route.method, &route.template);
    if earlier.iter().any(is_same) {
        return Err(refuse_route("method and template occur twice", route));
    }
    if earlier.iter().any(|other| other.name == route.name) {
        return Err(refuse_route("the name occurs twice", route));
    }
    Ok(())
}

fn refuse_route(message: &'static str, route: &Route) -> Error {
    Error::config("routes.new", message).with("route", route.name)
}
