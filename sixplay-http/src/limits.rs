//! What one request may cost.

use std::time::Duration;

use crate::ServerConfig;

/// The limits of one request, in its extensions: put there by [`crate::Server`], kept by
/// [`crate::Routes`], which falls back on the defaults of [`ServerConfig`] under another server.
///
/// A layer of one's own may replace them, for example for a path that takes large bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Most bytes of the head: path, query and headers. Over it 431, or 414 for the path and query
    /// alone.
    pub header: usize,
    /// Most bytes of the body. Over it 413.
    pub body: usize,
    /// Most time for the body to come, after it 408; and then for the answer, after it 503.
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
