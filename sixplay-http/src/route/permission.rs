//! What a client may do with a path.

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header::ALLOW};
use sixplay_core::{Error, Result};

use super::Route;
use crate::{
    DomainUser,
    error::{RequestRefusal, add_accept_patch},
};

/// The routes of one path, as one client sees them; without a client all are open.
pub(super) struct PathRoutes<'t, 'u> {
    pub(super) routes: &'t [Route],
    /// The places of the path's routes among all.
    pub(super) places: &'t [usize],
    pub(super) user: Option<&'u DomainUser>,
}

impl<'t> PathRoutes<'t, '_> {
    /// The route for the method, `None` for `OPTIONS`; what the client may not use is hidden from
    /// it.
    pub(super) fn choose_route(
        &self,
        method: &Method,
    ) -> Result<Option<&'t Route>, RequestRefusal> {
        if let Some(route) = self.find_route(method) {
            require_granted(self.permits(method, route))?;
            return Ok(Some(route));
        }
        let methods = self.list_methods();
        require_granted(!methods.is_empty())?;
        match *method {
            Method::OPTIONS => Ok(None),
            _ => Err(RequestRefusal::UnknownMethod(methods)),
        }
    }

    /// The answer to `OPTIONS`.
    pub(super) fn answer_options(&self) -> Response<Bytes> {
        let mut response = answer_without_content();
        if let Ok(allow) = HeaderValue::try_from(self.list_methods()) {
            response.headers_mut().insert(ALLOW, allow);
        }
        let patch = self.find_route(&Method::PATCH);
        let patch =
            patch.filter(|route| !route.consumes.is_empty() && self.permits(&Method::PATCH, route));
        if let Some(media) = patch.map(|route| route.consumes.join(", ")) {
            add_accept_patch(response.headers_mut(), &media);
        }
        response
    }

    /// The value of `Allow`: what the client may do with the path; empty when that is nothing.
    fn list_methods(&self) -> String {
        let mut methods = Vec::new();
        for route in self.iter_routes() {
            if self.permits(&route.method, route) {
                methods.push(route.method.as_str());
            }
            if route.method == Method::GET && self.permits(&Method::HEAD, route) {
                methods.push("HEAD");
            }
        }
        if !methods.is_empty() {
            methods.push("OPTIONS");
        }
        methods.join(", ")
    }

    /// The route that answers the method, whether the client may use it or not.
    pub(super) fn find_route(&self, method: &Method) -> Option<&'t Route> {
        let answering = match *method {
            Method::HEAD => &Method::GET,
            _ => method,
        };
        self.iter_routes().find(|route| route.method == answering)
    }

    fn permits(&self, method: &Method, route: &Route) -> bool {
        let allows = |user: &DomainUser| user.allows(method, route.resource, route.name);
        self.user.is_none_or(allows)
    }

    fn iter_routes(&self) -> impl Iterator<Item = &'t Route> {
        let routes = self.routes;
        self.places.iter().map(|place| &routes[*place])
    }
}

pub(super) fn answer_without_content() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

fn require_granted(granted: bool) -> Result<()> {
    let refused = || Error::forbidden("routes.allow", "the client may not do this");
    granted.then_some(()).ok_or_else(refused)
}
