//! Handlers: async functions from a request to an answer.

use std::{future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Response, header::CONTENT_TYPE};
use sixplay_core::Result;

use super::Request;

type HandlerFuture = Pin<Box<dyn Future<Output = Result<Response<Bytes>>> + Send>>;

/// A handler without its type.
pub(super) type BoxedHandler = Arc<dyn Fn(Request) -> HandlerFuture + Send + Sync>;

pub(super) fn box_handler<F, A>(handler: F) -> BoxedHandler
where
    F: Fn(Request) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Response<Bytes>>> + Send + 'static,
{
    Arc::new(move |request| -> HandlerFuture { Box::pin(handler(request)) })
}

/// A handler that gets a clone of `state` before the request: `with(&store, show_book)` for an
/// `async fn show_book(store: Store, request: Request)`.
pub fn with<S, F, A>(state: &S, handler: F) -> impl Fn(Request) -> A + Send + Sync + 'static
where
    S: Clone + Send + Sync + 'static,
    F: Fn(S, Request) -> A + Send + Sync + 'static,
{
    let state = state.clone();
    move |request| handler(state.clone(), request)
}

/// An answer of 200 with `application/json`; `body` is sent as it is.
pub fn json(body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    let media = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, media);
    response
}
