//! One request to a server, and its answer.
//!
//! A request is a value, as it may be sent to a second node; its errors name its operation.

use std::time::Duration;

use ::elasticsearch::http::Method;
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use sixplay_core::{Error, Result};

use super::answer;

/// One request, which any node may be asked.
pub(super) struct ServerCall {
    pub operation: &'static str,
    pub method: Method,
    pub path: String,
    pub query: Vec<(&'static str, &'static str)>,
    pub body: Option<Bytes>,
    /// How long the answer may take, from whichever node.
    pub limit: Duration,
    /// A second node must not be asked, because the first may have acted.
    pub once: bool,
}

/// One answer, of whatever status.
pub(super) struct ServerAnswer {
    pub status: u16,
    pub body: Bytes,
}

impl ServerCall {
    /// A request without query and body.
    pub(super) fn new(
        operation: &'static str,
        method: Method,
        path: impl Into<String>,
        limit: Duration,
    ) -> Self {
        Self {
            operation,
            method,
            path: path.into(),
            query: Vec::new(),
            body: None,
            limit,
            once: false,
        }
    }

    /// Adds a parameter to the URL.
    pub(super) fn query(mut self, key: &'static str, value: &'static str) -> Self {
        self.query.push((key, value));
        self
    }

    /// Sets a body of JSON.
    pub(super) fn body(self, body: &impl Serialize) -> Self {
        self.body_bytes(serde_json::to_vec(body).unwrap_or_default())
    }

    /// Sets a body that is written already.
    pub(super) fn body_bytes(mut self, bytes: impl Into<Bytes>) -> Self {
        self.body = Some(bytes.into());
        self
    }

    /// Forbids to ask a second node.
    pub(super) fn once(mut self) -> Self {
        self.once = true;
        self
    }
}

impl ServerAnswer {
    /// The answer if it is no failure.
    pub(super) fn accept(self, call: &ServerCall) -> Result<Self> {
        match self.status {
            200..300 => Ok(self),
            status => Err(answer::error_of(call.operation, status, &self.body)),
        }
    }

    /// What the server says in a successful answer.
    pub(super) fn parse<T: DeserializeOwned>(&self, call: &ServerCall) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let message = "the server's answer cannot be read";
            Error::corrupt(call.operation, message).with_source(error)
        })
    }
}
