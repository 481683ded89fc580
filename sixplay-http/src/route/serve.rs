//! From a request to an answer: match, check, call, and word what failed.

use std::{any::Any, panic::AssertUnwindSafe};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{
    HeaderValue, Method, Response, StatusCode, Version,
    header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HeaderName, X_CONTENT_TYPE_OPTIONS},
    request::Parts,
};
use http_body::Body;
use sixplay_core::{Error, Result, retry};

use super::{
    Request, Route,
    body::{collect_body, require_media, require_sound_head},
    path::decode_unreserved,
    permission::{PathRoutes, answer_without_content},
    precondition::find_failed_condition,
    table::RouteTable,
};
use crate::{
    DEFAULT_CACHE, DomainUser, Limits, Params, ValidFor,
    answer::BoxError,
    cache::{Keeper, add_cache_control, add_vary_by_host},
    error::RequestRefusal,
    params::decode_percent,
};

/// A path found in the table: the places of its routes, and the segments, still encoded.
type PathMatch<'t, 'p> = matchit::Match<'t, 'p, &'t Vec<usize>>;

impl RouteTable {
    /// The answer to a request, whatever happens.
    pub(super) async fn answer<B>(&self, request: http::Request<B>) -> Response<Bytes>
    where
        B: Body + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (parts, body) = request.into_parts();
        let (path, method) = (parts.uri.path().to_owned(), parts.method.clone());
        let version = parts.version;
        let answered = self.answer_or_panic(parts, body).await;
        let mut response =
            answered.unwrap_or_else(|refusal| self.render_refusal(&refusal, &path, version));
        add_content_length(&mut response);
        let headers = response.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if method == Method::HEAD {
            response.body_mut().clear();
        }
        response
    }

    fn render_refusal(
        &self,
        refusal: &RequestRefusal,
        path: &str,
        version: Version,
    ) -> Response<Bytes> {
        let mut response = refusal.render(self.format, path);
        if refusal.ends_connection() && version <= Version::HTTP_11 {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        response
    }

    /// As [`RouteTable::serve`]; panics are errors.
    async fn answer_or_panic<B>(
        &self,
        parts: Parts,
        body: B,
    ) -> Result<Response<Bytes>, RequestRefusal>
    where
        B: Body + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let limits: Limits = parts.extensions.get().copied().unwrap_or_default();
        let work = AssertUnwindSafe(self.serve(parts, body, limits)).catch_unwind();
        work.await.map_err(|panic| describe_panic(panic.as_ref()))?
    }

    async fn serve<B>(
        &self,
        mut parts: Parts,
        body: B,
        limits: Limits,
    ) -> Result<Response<Bytes>, RequestRefusal>
    where
        B: Body + Send + 'static,
        B::Error: Into<BoxError>,
    {
        require_sound_head(&parts, limits)?;
        if parts.method == Method::OPTIONS && parts.uri.path() == "*" {
            // asks whether the server is there
            return Ok(answer_without_content());
        }
        let path = decode_unreserved(parts.uri.path());
        let found = self.find_path(&path)?;
        let offered = self.offer_routes(found.value, parts.extensions.get());
        let Some(route) = offered.choose_route(&parts.method)? else {
            return Ok(offered.answer_options());
        };
        require_media(&parts, route)?;
        let params = route.read_params(&parts)?;
        let segments = decode_segments(&found)?;
        if let Some(header) = find_failed_condition(&parts.method, &parts.headers) {
            let shown = offered.find_route(&Method::GET);
            let refuse = refuse_condition(header, shown, parts, segments);
            return Err(retry::deadline("routes.serve", limits.deadline, refuse).await?);
        }
        let body = collect_body(body, &parts, limits).await?;
        parts.method = route.method.clone();
        let request = Request {
            parts,
            segments,
            params,
            body,
        };
        let answer = route.call_handler(request);
        Ok(retry::deadline("routes.serve", limits.deadline, answer).await?)
    }

    fn find_path<'t, 'p>(&'t self, path: &'p str) -> Result<PathMatch<'t, 'p>> {
        let missing = |_| Error::not_found("routes.match", "there is nothing at this path");
        self.paths.at(path).map_err(missing)
    }

    fn offer_routes<'t, 'u>(
        &'t self,
        places: &'t [usize],
        user: Option<&'u DomainUser>,
    ) -> PathRoutes<'t, 'u> {
        let routes = &self.routes;
        PathRoutes {
            routes,
            places,
            user,
        }
    }
}

impl Route {
    fn read_params(&self, parts: &Parts) -> Result<Params> {
        let query = parts.uri.query().unwrap_or_default();
        match self.is_strict {
            true => Params::read_strict(&self.params, query),
            false => Params::read(&self.params, query),
        }
    }

    /// The handler's answer with its cache time.
    async fn call_handler(&self, request: Request) -> Result<Response<Bytes>> {
        let seconds = self.cache_seconds_for(request.user());
        let (keeper, has_user) = (self.keeper_for(&request), request.user().is_some());
        let mut response = (self.handler)(request).await?;
        if self.method == Method::GET && response.status().is_success() {
            let valid: Option<ValidFor> = response.extensions().get().copied();
            add_cache_control(response.headers_mut(), keeper, seconds, valid);
            if has_user {
                add_vary_by_host(response.headers_mut());
            }
        }
        Ok(response)
    }

    fn keeper_for(&self, request: &Request) -> Keeper {
        match self.is_private || request.headers().contains_key(AUTHORIZATION) {
            true => Keeper::ClientOnly,
            false => Keeper::Anyone,
        }
    }

    fn cache_seconds_for(&self, user: Option<&DomainUser>) -> u32 {
        match user {
            Some(user) => user.cache_seconds(self.name, self.cache),
            None => self.cache.unwrap_or(DEFAULT_CACHE),
        }
    }
}

/// What answers a request whose condition does not hold: what is not there stays 404, as without
/// the condition (RFC 9110 §13.2.1).
async fn refuse_condition(
    header: HeaderName,
    shown: Option<&Route>,
    mut parts: Parts,
    segments: Vec<(String, String)>,
) -> Result<RequestRefusal> {
    let Some(shown) = shown else {
        return Ok(RequestRefusal::FailedCondition(header));
    };
    parts.method = Method::GET;
    let params = Params::read(&shown.params, "").unwrap_or_default();
    let body = Bytes::new();
    let request = Request {
        parts,
        segments,
        params,
        body,
    };
    shown.call_handler(request).await?;
    Ok(RequestRefusal::FailedCondition(header))
}

fn decode_segments(found: &PathMatch<'_, '_>) -> Result<Vec<(String, String)>> {
    let segments = found.params.iter();
    segments
        .map(|(name, value)| Ok((name.to_owned(), decode_percent(value)?.into_owned())))
        .collect()
}

/// Says how long the body is, to `HEAD` too; an answer without content has no length.
fn add_content_length(response: &mut Response<Bytes>) {
    if response.status() != StatusCode::NO_CONTENT {
        let length = HeaderValue::from(response.body().len());
        response.headers_mut().insert(CONTENT_LENGTH, length);
    }
}

fn describe_panic(panic: &(dyn Any + Send)) -> Error {
    let literal = panic.downcast_ref::<&str>().copied();
    let text = literal.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::unexpected("routes.serve", "the handler panicked")
        .with("panic", text.unwrap_or("no text"))
}
