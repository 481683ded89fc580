//! An HTTP/1 server that stays upright: limits on head, body, time and connections, and an orderly
//! end.

mod connection;
mod descriptors;
mod head;
mod refusal;
mod requests;
mod settings;
mod slots;
mod stream;

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use http_body::Body;
use hyper::body::Incoming;
use sixplay_core::{Error, Result};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use crate::{ErrorFormat, Limits, ServerConfig, answer::BoxError, error::ErrorFormats};
use connection::serve_connection;
use descriptors::fit_connections;
use settings::ConnectionSettings;
use slots::{ConnectionSlot, ConnectionSlots};

/// A bound server: it has its address, and answers nobody until [`Server::serve`].
///
/// It serves any tower service over HTTP/1.1 and HTTP/1.0, without TLS, and keeps what its
/// [`ServerConfig`] says of heads, rest and connections. [`ServerConfig::body_limit`] and
/// [`ServerConfig::request_deadline`] go with each request as [`Limits`], which [`crate::Routes`]
/// keeps; a service of one's own has to keep them itself.
///
/// ```
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http_body_util::Full;
/// use tokio::{io::{AsyncReadExt, AsyncWriteExt}, net::TcpStream};
/// use tower::service_fn;
/// use http::Response;
/// use sixplay_http::{ErrorFormat, Server, ServerConfig, hyper::body::Incoming};
/// use tokio_util::sync::CancellationToken;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// let greet = service_fn(|_: http::Request<Incoming>| async {
///     Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hello")))
/// });
/// let server = Server::bind(([127, 0, 0, 1], 0).into(), ServerConfig::default()).await?;
/// let server = server.errors(ErrorFormat::Historic);
/// let (address, stop) = (server.local_addr(), CancellationToken::new());
/// let running = tokio::spawn(server.serve(greet, stop.clone()));
///
/// let ask = async |text: &str| {
///     let mut stream = TcpStream::connect(address).await.unwrap();
///     stream.write_all(text.as_bytes()).await.unwrap();
///     let mut answer = String::new();
///     stream.read_to_string(&mut answer).await.unwrap();
///     answer
/// };
/// let answer = ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
/// assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("hello"));
/// let refused = ask("no HTTP\r\n\r\n").await;
/// assert!(refused.ends_with(r#"{"error":{"code":400,"message":"Bad Request"}}"#));
///
/// stop.cancel();
/// running.await.unwrap()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    config: ServerConfig,
    errors: ErrorFormats,
}

impl Server {
    /// Binds `addr`; port 0 takes any free port. From now on the kernel accepts connections, which
    /// wait for [`Server::serve`].
    ///
    /// # Errors
    /// `Config` when a limit is out of the bounds that [`ServerConfig`] names, with its key and
    /// value; `Unavailable` when the address is taken or not ours.
    pub async fn bind(addr: SocketAddr, config: ServerConfig) -> Result<Self> {
        config.require_bounds()?;
        let failed = |error| {
            let failure = Error::unavailable("server.bind", "cannot listen");
            failure.with("addr", addr).with_source(error)
        };
        let listener = TcpListener::bind(addr).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let errors = ErrorFormats::new(ErrorFormat::Problem);
        Ok(Self {
            listener,
            address,
            config,
            errors,
        })
    }

    /// How the server words its own refusals, of heads that never reach the service;
    /// [`ErrorFormat::Problem`] unless told.
    #[must_use]
    pub fn errors(mut self, format: ErrorFormat) -> Self {
        self.errors = ErrorFormats::new(format);
        self
    }

    /// The same for hosts of one service, whose label is the first or the second of them as for
    /// [`crate::Dispatch`], as far as the host of a head can be read.
    #[must_use]
    pub fn errors_at(mut self, service: &str, format: ErrorFormat) -> Self {
        self.errors = self.errors.with_service(service, format);
        self
    }

    /// The address that clients connect to.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `token` is cancelled, then accepts no more, lets running requests end for the
    /// drain time, cuts the rest and returns. A panic of `service` ends its connection only;
    /// [`crate::Routes`] turns those of handlers into 500.
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
        B::Error: Into<BoxError>,
    {
        tracing::info!(addr = %self.address, "listening");
        let (settings, slots) = (self.connection_settings(), self.connection_slots());
        let mut connections = JoinSet::new();
        let arrivals = async || accept_connection(&self.listener, &slots).await;
        while let Some((stream, slot)) = token.run_until_cancelled(arrivals()).await {
            while connections.try_join_next().is_some() {}
            let requests = slot.requests.clone();
            let (service, settings) = (service.clone(), settings.clone());
            let work = serve_connection(stream, service, settings, requests, token.clone());
            connections.spawn(hold_slot(slot, work));
        }
        drop(self.listener);
        drain_connections(connections, self.config.drain).await;
        Ok(())
    }

    fn connection_settings(&self) -> ConnectionSettings {
        ConnectionSettings {
            header_timeout: self.config.header_timeout,
            idle_timeout: self.config.idle_timeout,
            limits: Limits::from(&self.config),
            errors: self.errors.clone(),
        }
    }

    fn connection_slots(&self) -> ConnectionSlots {
        let most = fit_connections(self.config.max_connections);
        ConnectionSlots::new(most, self.config.max_connections_per_address)
    }
}

/// The next connection that gets a place; the others are closed.
async fn accept_connection(
    listener: &TcpListener,
    slots: &ConnectionSlots,
) -> (TcpStream, ConnectionSlot) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Some(slot) = slots.take(peer.ip().to_canonical()).await {
                    return (stream, slot);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept");
                slots.evict_longest_resting(None);
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Does the work of a connection, unless it has to make room.
async fn hold_slot(slot: ConnectionSlot, work: impl Future<Output = ()>) {
    slot.eviction.run_until_cancelled(work).await;
}

async fn drain_connections(mut connections: JoinSet<()>, longest: Duration) {
    let ended = async { while connections.join_next().await.is_some() {} };
    if timeout(longest, ended).await.is_err() {
        tracing::warn!(connections = connections.len(), "cut after the drain time");
    }
}
