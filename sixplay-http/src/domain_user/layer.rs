//! The layer that turns a request's host into a domain user.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use sixplay_core::Error;
use tower_layer::Layer;
use tower_service::Service;

use super::{DomainUser, Users};
use crate::{
    ErrorFormat,
    answer::{BoxedAnswer, answer_refused},
    error::RequestRefusal,
    host::client_of,
};

/// Puts the request's [`DomainUser`] into its extensions; without one the request goes no further.
///
/// The user is named by the first label of the host (of the URI if it has one, else of the `Host`
/// header; port and case do not matter), by the one label before the domain that a
/// [`crate::HostLayer`] knows, or by what [`crate::Dispatch`] found. An empty host, a host of one
/// label, a domain alone or an IP address means the default user. An unknown user, and no user when
/// there is no default, is 403 in the layer's format; HTTP/1.1 without a host, a host that is not
/// valid, and any request with two, is 400.
///
/// What the user may do is decided by [`crate::Routes`], which knows the route; over any other
/// service, by that service. Bodies are not touched; the inner service's response body must be made
/// from [`Bytes`], and its error is [`Infallible`].
///
/// ```
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use sixplay_http::{DomainUser, DomainUserLayer, ErrorFormat, Users};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// // any service, here a closure
/// let greet = service_fn(|request: Request<()>| async move {
///     let user = request.extensions().get::<DomainUser>().unwrap();
///     Ok::<_, Infallible>(Response::new(Bytes::from(format!("hello, {}", user.name()))))
/// });
///
/// # let folder = tempfile::tempdir().unwrap();
/// # std::fs::write(folder.path().join("android.yml"), "").unwrap();
/// let users = Users::load(folder.path())?;
/// let service = DomainUserLayer::new(users, ErrorFormat::Problem).layer(greet);
///
/// let ask = |host: &str| {
///     let request = Request::get("/").header("host", host).body(()).unwrap();
///     service.clone().oneshot(request)
/// };
/// assert_eq!(ask("android.example.com").await.unwrap().body(), "hello, android");
/// assert_eq!(ask("windows.example.com").await.unwrap().status(), 403);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DomainUserLayer {
    users: Users,
    format: ErrorFormat,
}

impl DomainUserLayer {
    /// The layer over `users`, refusing in `format`.
    pub fn new(users: Users, format: ErrorFormat) -> Self {
        Self { users, format }
    }

    fn find_user<B>(&self, request: &Request<B>) -> Result<DomainUser, RequestRefusal> {
        let user = match client_of(request)? {
            Some(name) => self.users.get(&name),
            None => self.users.default_user(),
        };
        let unknown = || Error::forbidden("users.select", "the host names no known client");
        Ok(user.ok_or_else(unknown)?.clone())
    }
}

impl<S> Layer<S> for DomainUserLayer {
    type Service = DomainUserService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        DomainUserService {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service of [`DomainUserLayer`].
#[derive(Clone, Debug)]
pub struct DomainUserService<S> {
    inner: S,
    layer: DomainUserLayer,
}

impl<S> DomainUserService<S> {
    /// The service below.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S, B, R> Service<Request<B>> for DomainUserService<S>
where
    S: Service<Request<B>, Response = Response<R>, Error = Infallible>,
    S::Future: Send + 'static,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = Infallible;
    type Future = BoxedAnswer<R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.layer.find_user(&request) {
            Ok(user) => {
                request.extensions_mut().insert(user);
                Box::pin(self.inner.call(request))
            }
            Err(refusal) => answer_refused(&request, &refusal, self.layer.format),
        }
    }
}
