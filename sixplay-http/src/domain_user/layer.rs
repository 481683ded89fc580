//! The layer that turns a request's host into a domain user.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use sixplay_core::Error;
use tower_layer::Layer;
use tower_service::Service;

use super::{DomainUser, Users};
use crate::{ErrorFormat, host};

/// Puts the request's [`DomainUser`] into its extensions; without one the request goes no further.
///
/// The user is named by the first label of the host (of the URI if it has one, else of the `Host`
/// header; port and case do not matter), or by what [`host::Dispatch`] found. No host, a host of
/// one label or an IP address means the default user. An unknown user, and no user when there is no
/// default, is 403 in the layer's format.
///
/// What the user may do is decided by [`crate::Routes`], which knows the route. Bodies are not
/// touched; the inner service's response body must be made from [`Bytes`].
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

    fn user<B>(&self, request: &Request<B>) -> Option<DomainUser> {
        match host::client(request) {
            Some(name) => self.users.get(&name).cloned(),
            None => self.users.default_user().cloned(),
        }
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
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let user = host::one(&request).and_then(|()| {
            self.layer.user(&request).ok_or_else(|| {
                let error = Error::forbidden("users.select", "the host names no known client");
                error.with("host", host::of(&request).unwrap_or_default())
            })
        });
        match user {
            Ok(user) => {
                request.extensions_mut().insert(user);
                Box::pin(self.inner.call(request))
            }
            Err(error) => {
                let response = self.layer.format.render(&error, request.uri().path());
                Box::pin(async move { Ok(response.map(R::from)) })
            }
        }
    }
}
