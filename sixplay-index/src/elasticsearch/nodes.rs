//! The nodes of a cluster: one answers each call, and those that failed lately rest.

use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use ::elasticsearch::{
    auth::Credentials,
    http::{
        headers::HeaderMap,
        transport::{SingleNodeConnectionPool, Transport, TransportBuilder},
    },
};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use sixplay_core::{Error, ErrorKind, Result};
use url::Url;

use super::call::{ServerAnswer, ServerCall};

/// How long a node that failed is asked last.
const REST: Duration = Duration::from_secs(5);

/// The nodes of one cluster, each with a connection pool of its own.
pub(super) struct Nodes {
    nodes: Vec<Node>,
    turn: AtomicUsize,
    started: Instant,
}

/// One node and how it fared lately.
struct Node {
    /// Without user and password.
    url: Url,
    transport: Transport,
    /// Milliseconds after `Nodes::started`.
    rests_until: AtomicU64,
}

impl Nodes {
    /// Nodes of one cluster from URLs separated by commas.
    pub(super) fn parse_urls(urls: &str) -> Result<Self> {
        let nodes = urls.split(',').map(|url| Node::parse_url(url.trim()));
        Ok(Self {
            nodes: nodes.collect::<Result<_>>()?,
            turn: AtomicUsize::new(0),
            started: Instant::now(),
        })
    }

    /// Sends what answers with nothing but success or failure.
    pub(super) async fn perform(&self, call: &ServerCall) -> Result<()> {
        self.send(call).await?.accept(call).map(drop)
    }

    /// Sends, and reads the answer unless it is a failure.
    pub(super) async fn ask_for<T: DeserializeOwned>(&self, call: &ServerCall) -> Result<T> {
        self.send(call).await?.accept(call)?.parse(call)
    }

    /// Sends to the next node; when it cannot be reached, to the one after it.
    pub(super) async fn send(&self, call: &ServerCall) -> Result<ServerAnswer> {
        let began = Instant::now();
        let mut nodes = self.by_turn();
        let first = nodes.next().ok_or_else(|| unreachable_error(call))?;
        let error = match self.send_to(first, call, call.limit).await {
            Err(error) if error.kind() == ErrorKind::Unavailable && !call.once => error,
            result => return result,
        };
        let Some(second) = nodes.next() else {
            return Err(error);
        };
        let left = call.limit.saturating_sub(began.elapsed());
        self.send_to(second, call, left).await
    }

    /// All nodes beginning with the one whose turn it is, those at rest last.
    fn by_turn(&self) -> impl Iterator<Item = &Node> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.nodes.len();
        let nodes = self.nodes.iter().cycle().skip(turn).take(self.nodes.len());
        let now = self.elapsed_ms();
        let rests = move |node: &&Node| node.rests_until.load(Ordering::Relaxed) > now;
        let ready = nodes.clone().filter(move |node| !rests(node));
        ready.chain(nodes.filter(rests))
    }

    /// Asks one node, which rests for a while when it gives no answer.
    async fn send_to(
        &self,
        node: &Node,
        call: &ServerCall,
        limit: Duration,
    ) -> Result<ServerAnswer> {
        let answer = node.exchange(call, limit).await;
        let rests_until = match answer {
            Ok(_) => 0,
            Err(_) => self.elapsed_ms() + REST.as_millis() as u64,
        };
        node.rests_until.store(rests_until, Ordering::Relaxed);
        answer.map_err(|cause| node.error_of(call, cause))
    }

    /// The clock of rests.
    fn elapsed_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }
}

impl Node {
    fn parse_url(url: &str) -> Result<Self> {
        let mut url = require_http_url(url)?;
        let credentials = credentials_in(&url);
        let cleared = url.set_username("").and_then(|()| url.set_password(None));
        cleared.map_err(|()| bad_url("the index URL is wrong"))?;
        let mut builder = TransportBuilder::new(SingleNodeConnectionPool::new(url.clone()));
        if let Some(credentials) = credentials {
            builder = builder.auth(credentials);
        }
        let unbuilt = |error| bad_url("the client cannot be built").with_source(error);
        Ok(Self {
            url,
            transport: builder.build().map_err(unbuilt)?,
            rests_until: AtomicU64::new(0),
        })
    }

    /// Sends and receives the whole answer.
    async fn exchange(
        &self,
        call: &ServerCall,
        limit: Duration,
    ) -> Result<ServerAnswer, ::elasticsearch::Error> {
        let query = (!call.query.is_empty()).then_some(&call.query);
        let (headers, body) = (HeaderMap::new(), call.body.clone());
        let request =
            self.transport
                .send(call.method, &call.path, headers, query, body, Some(limit));
        let response = request.await?;
        Ok(ServerAnswer {
            status: response.status_code().as_u16(),
            body: response.bytes().await?,
        })
    }

    fn error_of(&self, call: &ServerCall, cause: ::elasticsearch::Error) -> Error {
        let error = match cause.is_timeout() {
            true => late_error(call),
            false => unreachable_error(call),
        };
        let error = error.with_source(cause);
        tracing::debug!(%error, node = %self.url, "no answer");
        error.with("node", &self.url)
    }
}

/// The URL is not told, nor an error that may quote it: it may hold a password.
fn bad_url(message: &'static str) -> Error {
    Error::config("index.connect", message)
}

/// Refuses what the client would connect to elsewhere, or not at all.
fn require_http_url(url: &str) -> Result<Url> {
    let url = Url::parse(url).map_err(|_| bad_url("the index URL is wrong"))?;
    if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() {
        return Ok(url);
    }
    let message = "every node's URL begins with http:// or https:// and names a host";
    Err(bad_url(message))
}

/// User and password of the URL, their escapes resolved.
fn credentials_in(url: &Url) -> Option<Credentials> {
    let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let password = url.password().map(decode).unwrap_or_default();
    match url.username() {
        "" => None,
        user => Some(Credentials::Basic(decode(user), password)),
    }
}

fn unreachable_error(call: &ServerCall) -> Error {
    Error::unavailable(call.operation, "the index cannot be reached")
}

fn late_error(call: &ServerCall) -> Error {
    let error = Error::timeout(call.operation, "the index did not answer in time");
    error.with("ms", call.limit.as_millis())
}
