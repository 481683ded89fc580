//! The route table as a tower service.

use std::{
    any::Any,
    collections::BTreeMap,
    convert::Infallible,
    future::Future,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{
    HeaderValue, Method, Response, StatusCode,
    header::{ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
    request::Parts,
};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use sixplay_core::{Error, Result};
use tower_service::Service;

use super::{Request, Route};
use crate::{
    ErrorFormat,
    cache::{self, ValidFor},
    domain_user::{DEFAULT_CACHE, DomainUser},
    error::Refusal,
    params::{Params, decode},
    server::Limits,
};

/// A set of routes and the format of their errors; a tower service, cheap to clone.
///
/// In this order: size of the head (431), path (404), method (405, `OPTIONS`), the client's
/// permission (403), media type (415), query (400), body (413), handler. All of it ends within the
/// deadline of the server's [`Limits`] (503); a panic is 500. Successful answers to `GET` and
/// `HEAD` get `Cache-Control` by client and route.
#[derive(Clone)]
pub struct Routes(Arc<Table>);

struct Table {
    routes: Vec<Route>,
    paths: matchit::Router<Vec<usize>>,
    format: ErrorFormat,
}

impl Routes {
    /// A table of `routes`.
    ///
    /// # Errors
    /// `Config` when a name or a method and template occur twice, or a template is malformed or
    /// hides another.
    pub fn new(format: ErrorFormat, routes: impl IntoIterator<Item = Route>) -> Result<Self> {
        let routes: Vec<Route> = routes.into_iter().collect();
        let refused = |message: &'static str, route: &Route| {
            Error::config("routes.new", message).with("route", route.name)
        };
        let mut templates: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, route) in routes.iter().enumerate() {
            let same = templates.entry(&route.template).or_default();
            if same
                .iter()
                .any(|other| routes[*other].method == route.method)
            {
                return Err(refused("method and template occur twice", route));
            }
            if routes[..place].iter().any(|other| other.name == route.name) {
                return Err(refused("the name occurs twice", route));
            }
            same.push(place);
        }
        let mut paths = matchit::Router::new();
        for (template, same) in templates {
            let first = same[0];
            paths.insert(template, same).map_err(|error| {
                refused("the template cannot be used", &routes[first]).with_source(error)
            })?;
        }
        Ok(Self(Arc::new(Table {
            routes,
            paths,
            format,
        })))
    }

    /// The routes, in the order in which they were given.
    pub fn routes(&self) -> &[Route] {
        &self.0.routes
    }

    /// The format of the errors.
    pub fn format(&self) -> ErrorFormat {
        self.0.format
    }
}

impl<B> Service<http::Request<B>> for Routes
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let table = self.0.clone();
        Box::pin(async move { Ok(table.answer(request).await.map(Full::new)) })
    }
}

impl Table {
    async fn answer<B>(&self, request: http::Request<B>) -> Response<Bytes>
    where
        B: Body + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        let limits = parts
            .extensions
            .get::<Limits>()
            .copied()
            .unwrap_or_default();
        let (path, head) = (parts.uri.path().to_owned(), parts.method == Method::HEAD);
        let work = AssertUnwindSafe(self.serve(parts, body, limits)).catch_unwind();
        let mut response = match tokio::time::timeout(limits.deadline, work).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(refusal))) => refusal.render(self.format, &path),
            Ok(Err(panic)) => self.format.render(&panicked(panic.as_ref()), &path),
            Err(_) => self.format.render(
                &Error::timeout("routes.serve", "the request took too long"),
                &path,
            ),
        };
        if response.status() != StatusCode::NO_CONTENT {
            let length = HeaderValue::from(response.body().len());
            response.headers_mut().insert(CONTENT_LENGTH, length);
        }
        if head {
            response.body_mut().clear();
        }
        response
    }

    async fn serve<B>(
        &self,
        parts: Parts,
        body: B,
        limits: Limits,
    ) -> Result<Response<Bytes>, Refusal>
    where
        B: Body + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if head_size(&parts) > limits.header {
            return Err(Refusal::Head(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
        }
        let found = self.paths.at(parts.uri.path());
        let found =
            found.map_err(|_| Error::not_found("routes.match", "there is nothing at this path"))?;
        let user = parts.extensions.get::<DomainUser>().cloned();
        let allowed = self.allowed(found.value, user.as_ref(), &parts.method)?;
        let Some(route) = allowed else {
            return Ok(self.options(found.value, user.as_ref()));
        };
        if let Some(media) = route.consumes.filter(|media| !is_media(&parts, media)) {
            return Err(Refusal::Media(media));
        }
        let params = Params::read(&route.params, parts.uri.query().unwrap_or_default())?;
        let segments = found
            .params
            .iter()
            .map(|(name, value)| Ok((name.to_owned(), decode(value)?.into_owned())));
        let segments = segments.collect::<Result<Vec<_>>>()?;
        let body = collect(body, &parts, limits).await?;
        let path = parts.uri.path().to_owned();
        let seconds = user
            .as_ref()
            .map_or(route.cache.unwrap_or(DEFAULT_CACHE), |user| {
                user.cache_seconds(route.name, route.cache)
            });
        let request = Request {
            method: route.method.clone(),
            path,
            headers: parts.headers,
            segments,
            params,
            user,
            body,
        };
        let mut response = (route.handler)(request).await?;
        if route.method == Method::GET && response.status().is_success() {
            let valid = response.extensions().get::<ValidFor>().copied();
            cache::apply(response.headers_mut(), seconds, valid);
        }
        Ok(response)
    }

    /// The route for the method, `None` for `OPTIONS`; what the client may not use is hidden from
    /// it.
    fn allowed(
        &self,
        same: &[usize],
        user: Option<&DomainUser>,
        method: &Method,
    ) -> Result<Option<&Route>, Refusal> {
        let forbidden = || Error::forbidden("routes.allow", "the client may not do this");
        let asked = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        if let Some(route) = same
            .iter()
            .map(|place| &self.routes[*place])
            .find(|route| route.method == asked)
        {
            let granted = user.is_none_or(|user| user.allows(method, route.resource, route.name));
            return if granted {
                Ok(Some(route))
            } else {
                Err(forbidden().into())
            };
        }
        let methods = self.methods(same, user);
        if methods.is_empty() {
            return Err(forbidden().into());
        }
        if method == Method::OPTIONS {
            Ok(None)
        } else {
            Err(Refusal::Method(methods))
        }
    }

    fn options(&self, same: &[usize], user: Option<&DomainUser>) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response.headers_mut().extend(
            HeaderValue::try_from(self.methods(same, user))
                .ok()
                .map(|allow| (ALLOW, allow)),
        );
        response
    }

    /// The value of `Allow`: what the client may do with the path; empty when that is nothing.
    fn methods(&self, same: &[usize], user: Option<&DomainUser>) -> String {
        let granted = |method: &Method, route: &Route| {
            user.is_none_or(|user| user.allows(method, route.resource, route.name))
        };
        let mut methods = Vec::new();
        for route in same.iter().map(|place| &self.routes[*place]) {
            methods.extend(granted(&route.method, route).then_some(route.method.as_str()));
            methods.extend(
                (route.method == Method::GET && granted(&Method::HEAD, route)).then_some("HEAD"),
            );
        }
        if !methods.is_empty() {
            methods.push("OPTIONS");
        }
        methods.join(", ")
    }
}

fn head_size(parts: &Parts) -> usize {
    let headers: usize = parts
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    headers + parts.uri.path().len() + parts.uri.query().map_or(0, str::len)
}

fn is_media(parts: &Parts, media: &str) -> bool {
    let given = parts
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let plain = parts
        .headers
        .get(CONTENT_ENCODING)
        .is_none_or(|coding| coding == "identity");
    plain
        && given
            .split(';')
            .next()
            .is_some_and(|given| given.trim().eq_ignore_ascii_case(media))
}

async fn collect<B>(body: B, parts: &Parts, limits: Limits) -> Result<Bytes>
where
    B: Body + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let too_large =
        || Error::too_large("routes.body", "the body is over the limit").with("limit", limits.body);
    let announced = parts
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limits.body as u64) {
        return Err(too_large());
    }
    match Limited::new(body, limits.body).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(error) => {
            Err(Error::invalid("routes.body", "the body cannot be read").with_source(error))
        }
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::unexpected("routes.serve", "the handler panicked")
        .with("panic", text.unwrap_or("no text"))
}
