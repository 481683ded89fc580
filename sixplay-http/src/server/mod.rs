//! An HTTP/1 server that stays upright: limits on head, body, time and connections, and an orderly
//! end.

mod refusal;
mod stream;

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use http_body::Body;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use sixplay_core::{Error, Result, config};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use crate::ErrorFormat;
use stream::{Watched, Work};

/// The server's limits; all have defaults.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Most bytes of a request's head; default 32 KiB, 1 KiB to 1 MiB. Over it 431; from four times
    /// as much on the connection ends, too.
    #[serde(deserialize_with = "config::within::<1024, 1048576, _, _>")]
    pub header_limit: usize,
    /// Most bytes of a request's body; default 1 MiB. Over it 413.
    pub body_limit: usize,
    /// How long a request's head may take, from its first byte; default `10s`. Then the connection
    /// ends.
    #[serde(with = "config::duration")]
    pub header_timeout: Duration,
    /// How long a connection may rest between requests, and a peer may leave an answer unread;
    /// default `75s`.
    #[serde(with = "config::duration")]
    pub idle_timeout: Duration,
    /// How long a request may take, its body included; default `10s`. Then 503.
    #[serde(with = "config::duration")]
    pub request_deadline: Duration,
    /// Most connections at once; default 4096. More wait in the kernel's queue until one ends.
    #[serde(deserialize_with = "config::within::<1, 1000000, _, _>")]
    pub max_connections: usize,
    /// How long running requests may take to end once the server stops; default `10s`.
    #[serde(with = "config::duration")]
    pub drain: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            header_limit: 32 << 10,
            body_limit: 1 << 20,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            request_deadline: Duration::from_secs(10),
            max_connections: 4096,
            drain: Duration::from_secs(10),
        }
    }
}

/// The limits of one request, in its extensions: put there by [`Server`], kept by
/// [`crate::Routes`], which falls back on the defaults of [`ServerConfig`] under another server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most bytes of the head.
    pub header: usize,
    /// Most bytes of the body.
    pub body: usize,
    /// Most time from head to answer.
    pub deadline: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self::from(&ServerConfig::default())
    }
}

impl From<&ServerConfig> for Limits {
    fn from(config: &ServerConfig) -> Self {
        Self {
            header: config.header_limit,
            body: config.body_limit,
            deadline: config.request_deadline,
        }
    }
}

/// A bound server: it has its address, and answers nobody until [`Server::serve`].
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    config: ServerConfig,
    errors: ErrorFormat,
}

impl Server {
    /// Binds `addr`; port 0 takes any free port.
    ///
    /// # Errors
    /// `Config` when the limits make no sense, `Unavailable` when the address is taken or not ours.
    pub async fn bind(addr: SocketAddr, config: ServerConfig) -> Result<Self> {
        if config.header_limit < 1024 || config.max_connections == 0 {
            return Err(Error::config(
                "server.bind",
                "header_limit is at least 1024 and max_connections at least 1",
            ));
        }
        let failed = |error| {
            Error::unavailable("server.bind", "cannot listen")
                .with("addr", addr)
                .with_source(error)
        };
        let listener = TcpListener::bind(addr).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address,
            config,
            errors: ErrorFormat::Problem,
        })
    }

    /// How the server words its own refusals, of heads that never reach the service;
    /// [`ErrorFormat::Problem`] unless told.
    #[must_use]
    pub fn errors(mut self, format: ErrorFormat) -> Self {
        self.errors = format;
        self
    }

    /// The address that clients connect to.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests with `service` until `token` is cancelled; then accepts no more, lets
    /// running requests end within the drain time, cuts the rest and returns. A panic of `service`
    /// ends its connection only; [`crate::Routes`] turns those of handlers into 500.
    ///
    /// # Errors
    /// None: a failing connection ends alone, and a failing `accept` (no file descriptor left) is
    /// tried again.
    pub async fn serve<S, B>(self, service: S, token: CancellationToken) -> Result<()>
    where
        S: Service<http::Request<Incoming>, Response = http::Response<B>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let slots = Arc::new(Semaphore::new(
            self.config.max_connections.min(Semaphore::MAX_PERMITS),
        ));
        let mut connections = JoinSet::new();
        tracing::info!(addr = %self.address, "listening");
        loop {
            tokio::select! {
                () = token.cancelled() => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                (stream, slot) = accept(&self.listener, slots.clone()) => {
                    let work = connection(stream, service.clone(), self.config.clone(), self.errors, token.clone());
                    connections.spawn(async move {
                        work.await;
                        drop(slot);
                    });
                }
            }
        }
        drop(self.listener);
        let ended = async { while connections.join_next().await.is_some() {} };
        if timeout(self.config.drain, ended).await.is_err() {
            tracing::warn!(connections = connections.len(), "cut after the drain time");
        }
        Ok(())
    }
}

/// Waits for a free slot, then for a connection.
async fn accept(
    listener: &TcpListener,
    slots: Arc<Semaphore>,
) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    let slot = slots.acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, slot),
            Err(error) => {
                tracing::warn!(%error, "cannot accept");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connection<S, B>(
    stream: TcpStream,
    service: S,
    config: ServerConfig,
    errors: ErrorFormat,
    token: CancellationToken,
) where
    S: Service<http::Request<Incoming>, Response = http::Response<B>, Error = Infallible> + Clone,
    B: Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (work, limits) = (Work::default(), Limits::from(&config));
    // answers are written whole, so waiting for more to send only delays them
    drop(stream.set_nodelay(true));
    let stream = Watched::new(
        stream,
        work.clone(),
        config.header_timeout,
        config.idle_timeout,
        errors,
    );
    let answer = service_fn(move |mut request: http::Request<Incoming>| {
        let (guard, mut service) = (work.begin(), service.clone());
        request.extensions_mut().insert(limits);
        async move {
            let _guard = guard;
            std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
            service.call(request).await
        }
    });
    let hard = config.header_limit.saturating_mul(4).max(64 << 10);
    let mut http = http1::Builder::new();
    http.header_read_timeout(None)
        .max_buf_size(hard)
        .max_header_size(hard);
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
