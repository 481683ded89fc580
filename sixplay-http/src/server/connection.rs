//! One connection: its bytes through the watch to hyper, its requests to the service.

use std::{convert::Infallible, future::poll_fn, pin::pin};

use http_body::Body;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use super::{
    requests::{RequestCounts, RunningRequest},
    settings::ConnectionSettings,
    stream::WatchedStream,
};
use crate::answer::BoxError;

/// Serves `stream` until its peer is done or a time-out passes; once `token` is cancelled, until
/// the running request is answered.
pub(super) async fn serve_connection<S, B>(
    stream: TcpStream,
    service: S,
    settings: ConnectionSettings,
    requests: RequestCounts,
    token: CancellationToken,
) where
    S: Service<http::Request<Incoming>, Response = http::Response<B>, Error = Infallible> + Clone,
    B: Body + 'static,
    B::Error: Into<BoxError>,
{
    let limits = settings.limits;
    let stream = watch_stream(stream, &requests, settings);
    let answer = service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(limits);
        answer_request(service.clone(), request, requests.begin())
    });
    let http = http_builder(limits.header);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), answer));
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = token.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "connection ended");
    }
}

fn watch_stream(
    stream: TcpStream,
    requests: &RequestCounts,
    settings: ConnectionSettings,
) -> WatchedStream<TcpStream> {
    // answers are written whole, so waiting for more to send only delays them
    drop(stream.set_nodelay(true));
    WatchedStream::new(stream, requests, settings)
}

/// A head may be over its limit and still be read, so that the answer can say so.
fn http_builder(header_limit: usize) -> http1::Builder {
    let hard_limit = header_limit.saturating_mul(4).max(64 << 10);
    let mut builder = http1::Builder::new();
    builder
        .header_read_timeout(None)
        // whoever has sent all that he wants to send still waits for the answer
        .half_close(true)
        .max_buf_size(hard_limit)
        .max_header_size(hard_limit);
    builder
}

async fn answer_request<S, B>(
    mut service: S,
    request: http::Request<Incoming>,
    running: RunningRequest,
) -> Result<http::Response<B>, Infallible>
where
    S: Service<http::Request<Incoming>, Response = http::Response<B>, Error = Infallible>,
{
    poll_fn(|cx| service.poll_ready(cx)).await?;
    let response = service.call(request).await;
    drop(running);
    response
}
