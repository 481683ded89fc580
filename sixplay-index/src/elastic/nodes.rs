//! The nodes of a cluster: one answers each call, and those that failed lately rest.

use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use ::elasticsearch::{
    auth::Credentials,
    http::{
        Method,
        headers::HeaderMap,
        transport::{SingleNodeConnectionPool, Transport, TransportBuilder},
    },
};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use sixplay_core::{Error, ErrorKind, Result};
use url::Url;

use super::answer;

/// How long a node that failed is asked last.
const REST: Duration = Duration::from_secs(5);

pub(super) struct Nodes {
    nodes: Vec<Node>,
    turn: AtomicUsize,
    started: Instant,
}

struct Node {
    /// Without user and password.
    url: Url,
    transport: Transport,
    /// Milliseconds after `Nodes::started`.
    rests_until: AtomicU64,
}

/// One request.
pub(super) struct Call {
    pub operation: &'static str,
    method: Method,
    path: String,
    query: Vec<(&'static str, &'static str)>,
    body: Option<Bytes>,
    deadline: Duration,
    once: bool,
}

/// One answer, of whatever status.
pub(super) struct Answer {
    pub status: u16,
    pub body: Bytes,
}

impl Call {
    pub fn new(
        operation: &'static str,
        method: Method,
        path: impl Into<String>,
        deadline: Duration,
    ) -> Self {
        Self {
            operation,
            method,
            path: path.into(),
            query: Vec::new(),
            body: None,
            deadline,
            once: false,
        }
    }

    pub fn query(mut self, key: &'static str, value: &'static str) -> Self {
        self.query.push((key, value));
        self
    }

    pub fn body(self, body: &impl Serialize) -> Self {
        self.bytes(serde_json::to_vec(body).unwrap_or_default())
    }

    pub fn bytes(mut self, bytes: impl Into<Bytes>) -> Self {
        self.body = Some(bytes.into());
        self
    }

    /// A second node must not be asked, because the first may have acted.
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }
}

impl Answer {
    /// The answer if it is no failure.
    pub fn accepted(self, call: &Call) -> Result<Self> {
        if (200..300).contains(&self.status) {
            Ok(self)
        } else {
            Err(answer::failure(call.operation, self.status, &self.body))
        }
    }

    pub fn parse<'a, T: Deserialize<'a>>(&'a self, call: &Call) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Error::corrupt(call.operation, "the server's answer cannot be read").with_source(error)
        })
    }
}

impl Nodes {
    /// Nodes of one cluster from URLs separated by commas.
    pub fn new(urls: &str) -> Result<Self> {
        let nodes = urls
            .split(',')
            .map(|url| Node::new(url.trim()))
            .collect::<Result<_>>()?;
        Ok(Self {
            nodes,
            turn: AtomicUsize::new(0),
            started: Instant::now(),
        })
    }

    /// Sends to the next node; when it cannot be reached, to the one after it.
    pub async fn send(&self, call: &Call) -> Result<Answer> {
        let began = Instant::now();
        let mut nodes = self.order();
        let first = nodes.next().ok_or_else(|| unreachable(call))?;
        match self.ask(first, call, call.deadline).await {
            Err(error) if error.kind() == ErrorKind::Unavailable && !call.once => {
                match nodes.next() {
                    Some(second) => {
                        self.ask(second, call, call.deadline.saturating_sub(began.elapsed()))
                            .await
                    }
                    None => Err(error),
                }
            }
            result => result,
        }
    }

    /// All nodes beginning with the one whose turn it is, those at rest last.
    fn order(&self) -> impl Iterator<Item = &Node> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.nodes.len();
        let (now, nodes) = (
            self.now(),
            self.nodes.iter().cycle().skip(turn).take(self.nodes.len()),
        );
        let rests = move |node: &&Node| node.rests_until.load(Ordering::Relaxed) > now;
        nodes
            .clone()
            .filter(move |node| !rests(node))
            .chain(nodes.filter(rests))
    }

    async fn ask(&self, node: &Node, call: &Call, deadline: Duration) -> Result<Answer> {
        let query = (!call.query.is_empty()).then_some(&call.query);
        let request = node.transport.send(
            call.method,
            &call.path,
            HeaderMap::new(),
            query,
            call.body.clone(),
            Some(deadline),
        );
        let answer = async {
            let response = request.await?;
            let status = response.status_code().as_u16();
            Ok::<_, ::elasticsearch::Error>(Answer {
                status,
                body: response.bytes().await?,
            })
        };
        let answer = answer.await;
        node.rests_until.store(
            if answer.is_ok() {
                0
            } else {
                self.now() + REST.as_millis() as u64
            },
            Ordering::Relaxed,
        );
        answer.map_err(|error| {
            let late = error.is_timeout();
            let error = if late {
                late_answer(call)
            } else {
                unreachable(call)
            }
            .with_source(error);
            tracing::debug!(%error, node = %node.url, "no answer");
            error.with("node", &node.url)
        })
    }

    fn now(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }
}

impl Node {
    fn new(url: &str) -> Result<Self> {
        // neither the URL nor an error that may quote it is told: it may hold a password
        let config = |message: &'static str| Error::config("index.connect", message);
        let mut url = Url::parse(url).map_err(|_| config("the index URL is wrong"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(config(
                "every node's URL begins with http:// or https:// and names a host",
            ));
        }
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let (user, password) = (
            decoded(url.username()),
            url.password().map(decoded).unwrap_or_default(),
        );
        let cleared = url.set_username("").and_then(|()| url.set_password(None));
        cleared.map_err(|()| config("the index URL is wrong"))?;
        let builder = TransportBuilder::new(SingleNodeConnectionPool::new(url.clone()));
        let builder = if user.is_empty() {
            builder
        } else {
            builder.auth(Credentials::Basic(user, password))
        };
        let transport = builder
            .build()
            .map_err(|error| config("the client cannot be built").with_source(error))?;
        Ok(Self {
            url,
            transport,
            rests_until: AtomicU64::new(0),
        })
    }
}

fn unreachable(call: &Call) -> Error {
    Error::unavailable(call.operation, "the index cannot be reached")
}

fn late_answer(call: &Call) -> Error {
    Error::timeout(call.operation, "the index did not answer in time")
        .with("ms", call.deadline.as_millis())
}
