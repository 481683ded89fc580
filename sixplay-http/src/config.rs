//! The section `http` of a configuration file.

use std::{
    net::{Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
    time::Duration,
};

use serde::Deserialize;
use sixplay_core::{Error, Result, config};

use crate::{DEFAULT_CACHE, Domains};

const MIN_HEADER_LIMIT: u64 = 1 << 10;
const MAX_HEADER_LIMIT: u64 = 1 << 20;
const MIN_CONNECTIONS: u64 = 1;
const MAX_CONNECTIONS: u64 = 1_000_000;
/// In milliseconds, as all that follow.
const MIN_WAIT: u64 = 50;
const MAX_WAIT: u64 = 24 * 3_600_000;
const MAX_DRAIN: u64 = 3_600_000;

/// Address, domain users and limits of a server, as the section `http` of a configuration file has
/// them. Every key has a default; an unknown key and a value out of bounds are refused at load.
///
/// ```
/// use std::time::Duration;
///
/// use sixplay_core::config;
/// use sixplay_http::HttpConfig;
///
/// # fn main() -> sixplay_core::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let file = folder.path().join("http.yml");
/// std::fs::write(&file, "{ users_dir: users, server: { request_deadline: 2s } }").unwrap();
/// let http: HttpConfig = config::load(Some(&file), [])?;
/// assert_eq!(http.listen.to_string(), "127.0.0.1:8080");
/// assert_eq!(http.server.request_deadline, Duration::from_secs(2));
///
/// std::fs::write(&file, "{ server: { header_limit: 1 } }").unwrap();
/// assert!(config::load::<HttpConfig>(Some(&file), []).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct HttpConfig {
    /// Where to listen; default `127.0.0.1:8080`. Port 0 takes any free port.
    pub listen: SocketAddr,
    /// The domains that are ours, for a [`crate::HostLayer`]; default `[localhost]`.
    pub domains: Domains,
    /// The folder of the domain users' files; with the next two keys it is what
    /// [`crate::Users::load_with`] takes.
    pub users_dir: Option<PathBuf>,
    /// The user of requests whose host names none; default: none, they are refused.
    pub default_user: Option<String>,
    /// Seconds that answers may be cached for users whose file sets no time; default 300.
    pub default_cache: u32,
    /// The server's limits.
    pub server: ServerConfig,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            domains: Domains::default(),
            users_dir: None,
            default_user: None,
            default_cache: DEFAULT_CACHE,
            server: ServerConfig::default(),
        }
    }
}

/// The limits of a [`crate::Server`]; all have defaults. Durations are written `250ms`, `20s`, `5m`
/// or `1h` in a file.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Most bytes of a request's head; default 32 KiB, 1 KiB to 1 MiB. Over it 431 or 414, and the
    /// connection ends.
    #[serde(deserialize_with = "config::within::<MIN_HEADER_LIMIT, MAX_HEADER_LIMIT, _, _>")]
    pub header_limit: usize,
    /// Most bytes of a request's body; default 1 MiB. Over it 413, before the body is read when its
    /// length is announced.
    pub body_limit: usize,
    /// How long a request's head may take, from its first byte; 50 ms to 24 h, default `10s`. Then
    /// the connection ends. On a new connection the time runs from the start.
    #[serde(deserialize_with = "config::duration::within::<MIN_WAIT, MAX_WAIT, _>")]
    pub header_timeout: Duration,
    /// How long a connection may rest between requests, and a peer may read less than 1 KiB/s of an
    /// answer; 50 ms to 24 h, default `75s`. Then the connection ends.
    #[serde(deserialize_with = "config::duration::within::<MIN_WAIT, MAX_WAIT, _>")]
    pub idle_timeout: Duration,
    /// How long a request's body may take, then 408, and after it the answer, then 503; 50 ms to
    /// 24 h, default `10s`.
    #[serde(deserialize_with = "config::duration::within::<MIN_WAIT, MAX_WAIT, _>")]
    pub request_deadline: Duration,
    /// Most connections at once; default 4096, 1 to 1,000,000. For one more the connection that
    /// rests longest is closed; while none rests it waits. The process's soft limit of open files
    /// is raised for them; where the hard limit is too low there are fewer, with a warning.
    #[serde(deserialize_with = "config::within::<MIN_CONNECTIONS, MAX_CONNECTIONS, _, _>")]
    pub max_connections: usize,
    /// Most connections at once of one address; default 1024, 1 to 1,000,000. For one more the
    /// one of them that rests longest is closed; while none rests the new one is. All clients of a
    /// proxy have the proxy's address.
    #[serde(deserialize_with = "config::within::<MIN_CONNECTIONS, MAX_CONNECTIONS, _, _>")]
    pub max_connections_per_address: usize,
    /// How long running requests may take to end once the server stops; up to 1 h, default `10s`.
    /// Then they are cut.
    #[serde(deserialize_with = "config::duration::within::<0, MAX_DRAIN, _>")]
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
            max_connections_per_address: 1024,
            drain: Duration::from_secs(10),
        }
    }
}

impl ServerConfig {
    /// Checks what loading checks, for values that a program sets by hand.
    pub(crate) fn require_bounds(&self) -> Result<()> {
        let (header, connections) = (self.header_limit as u128, self.max_connections as u128);
        let of_one_address = self.max_connections_per_address as u128;
        let connection_bounds = MIN_CONNECTIONS..=MAX_CONNECTIONS;
        let (wait, drain) = (MIN_WAIT..=MAX_WAIT, 0..=MAX_DRAIN);
        let millis = |duration: Duration| duration.as_millis();
        [
            ("header_limit", header, MIN_HEADER_LIMIT..=MAX_HEADER_LIMIT),
            ("max_connections", connections, connection_bounds.clone()),
            (
                "max_connections_per_address",
                of_one_address,
                connection_bounds,
            ),
            ("header_timeout", millis(self.header_timeout), wait.clone()),
            ("idle_timeout", millis(self.idle_timeout), wait.clone()),
            ("request_deadline", millis(self.request_deadline), wait),
            ("drain", millis(self.drain), drain),
        ]
        .into_iter()
        .try_for_each(|(key, value, bounds)| require_within(key, value, bounds))
    }
}

/// Durations count in milliseconds.
fn require_within(key: &'static str, value: u128, bounds: RangeInclusive<u64>) -> Result<()> {
    if u64::try_from(value).is_ok_and(|value| bounds.contains(&value)) {
        return Ok(());
    }
    let (least, most) = bounds.into_inner();
    let message = format!("expected {least} to {most}, of durations in milliseconds");
    Err(Error::config("server.bind", message)
        .with("key", key)
        .with("value", value))
}
