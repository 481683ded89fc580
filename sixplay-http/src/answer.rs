//! What the services of this crate return: a future in a box, and errors of foreign bodies in one.

use std::{convert::Infallible, future::Future, pin::Pin};

use bytes::Bytes;
use http::{Request, Response};

use crate::{ErrorFormat, error::RequestRefusal};

/// What a foreign body may fail with.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The future of a service whose answer has a body `R`.
pub(crate) type BoxedAnswer<R> =
    Pin<Box<dyn Future<Output = Result<Response<R>, Infallible>> + Send>>;

/// The answer to a request that goes no further because of `refusal`.
pub(crate) fn answer_refused<B, R: From<Bytes>>(
    request: &Request<B>,
    refusal: &RequestRefusal,
    format: ErrorFormat,
) -> BoxedAnswer<R> {
    let response = refusal.render(format, request.uri().path());
    Box::pin(async move { Ok(response.map(R::from)) })
}
