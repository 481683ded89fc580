//! A client that speaks just enough HTTP/1.1: one request a connection.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use serde_json::Value;

/// Longer than any answer's own deadline.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where a client asks: a server's address and the host it names.
#[derive(Clone)]
pub(crate) struct Client {
    addr: SocketAddr,
    host: String,
}

/// The base of the middleware's paths for the web.
pub(crate) const WEB: &str = "/6play/v2/platforms/m6group_web/services/6play";

impl Client {
    /// A client of `addr` that names `host`.
    pub(crate) fn new(addr: SocketAddr, host: &str) -> Self {
        Self {
            addr,
            host: host.to_owned(),
        }
    }

    /// The status and JSON body of `GET path`.
    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        self.request("GET", path, None)
            .unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    /// The body of `GET path`, which must be answered with 200.
    pub(crate) fn ok(&self, path: &str) -> Value {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    /// As [`Client::get`], for servers that may be away.
    pub(crate) fn try_get(&self, path: &str) -> std::io::Result<(u16, Value)> {
        self.request("GET", path, None)
    }

    /// The status and body of `PATCH path`.
    pub(crate) fn patch(&self, path: &str, body: &Value) -> std::io::Result<(u16, Value)> {
        self.request("PATCH", path, Some(body.to_string()))
    }

    /// The whole answer to `PATCH path`, head and body.
    pub(crate) fn patch_whole(&self, path: &str, body: &Value) -> std::io::Result<String> {
        let answer = self.exchange("PATCH", path, Some(body.to_string()))?;
        String::from_utf8(answer).map_err(std::io::Error::other)
    }

    /// Changes a title; returns when the store has it.
    pub(crate) fn retitle(&self, path: &str, title: &str) {
        let (status, body) = self
            .patch(path, &serde_json::json!({ "title": title }))
            .expect("the API answers");
        assert_eq!(status, 200, "PATCH {path}: {body}");
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        body: Option<String>,
    ) -> std::io::Result<(u16, Value)> {
        let answer = self.exchange(method, path, body)?;
        parse(&answer).ok_or_else(|| {
            std::io::Error::other(format!(
                "no HTTP answer: {:?}",
                String::from_utf8_lossy(&answer)
            ))
        })
    }

    fn exchange(&self, method: &str, path: &str, body: Option<String>) -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect_timeout(&self.addr, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let body = body.map(|body| {
            format!(
                "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        });
        let rest = body.unwrap_or_else(|| "\r\n".to_owned());
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{rest}",
            self.host
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

fn parse(answer: &[u8]) -> Option<(u16, Value)> {
    let answer = std::str::from_utf8(answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).ok()?))
}

/// Asks `attempt` again and again until it gives a value; fails naming `what` after `seconds`.
pub(crate) fn eventually<T>(seconds: u64, what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(value) = attempt() {
            return value;
        }
        assert!(Instant::now() < end, "not within {seconds} s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
