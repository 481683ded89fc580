//! Hosts: which one a request names, and which client that is.

use std::net::IpAddr;

use http::{Request, Version, header::HOST};
use sixplay_core::{Error, Result};

/// The client that [`crate::Dispatch`] found in the host, for the layers below it; `None`: the host
/// names none.
#[derive(Clone, Debug)]
pub(crate) struct HostClient(pub(crate) Option<String>);

/// What `find` makes of a request's host.
///
/// # Errors
/// `Invalid` unless the request names exactly one host; `missing`, with the host, when `find` knows
/// nothing for it.
pub(crate) fn find_by_host<B, T>(
    request: &Request<B>,
    find: impl FnOnce(&Request<B>) -> Option<T>,
    missing: impl FnOnce() -> Error,
) -> Result<T> {
    require_one_host(request)?;
    find(request).ok_or_else(|| missing().with("host", host_of(request).unwrap_or_default()))
}

/// Refuses what RFC 9112 §3.2 refuses: HTTP/1.1 without `Host`, and any request with two.
fn require_one_host<B>(request: &Request<B>) -> Result<()> {
    let hosts = request.headers().get_all(HOST).iter().count();
    let needed = request.version() == Version::HTTP_11 && request.uri().authority().is_none();
    if hosts > 1 || (hosts == 0 && needed) {
        let error = Error::invalid("host.read", "a request names exactly one host");
        return Err(error.with("header", "host"));
    }
    Ok(())
}

/// The request's host, of its URI if that has one, without port and trailing dot.
pub(crate) fn host_of<B>(request: &Request<B>) -> Option<&str> {
    let named = match request.uri().authority() {
        Some(authority) => authority.as_str(),
        None => request.headers().get(HOST)?.to_str().ok()?,
    };
    let host = strip_port(strip_user(named));
    Some(host.strip_suffix('.').unwrap_or(host))
}

fn strip_user(authority: &str) -> &str {
    let parts = authority.rsplit_once('@');
    parts.map_or(authority, |(_, host)| host)
}

fn strip_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// The client that the request's host names; `None`: the host has no label for one.
pub(crate) fn client_of<B>(request: &Request<B>) -> Option<String> {
    if let Some(HostClient(client)) = request.extensions().get() {
        return client.clone();
    }
    let host = host_of(request).filter(|host| !is_address(host))?;
    let (first, _) = host.split_once('.')?;
    (!first.is_empty()).then(|| first.to_ascii_lowercase())
}

fn is_address(host: &str) -> bool {
    host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client_at(host: &str) -> Option<String> {
        client_of(&Request::builder().header(HOST, host).body(()).unwrap())
    }

    #[test]
    fn the_first_label_is_the_client_whatever_case_and_port() {
        let upper = client_at("ANDROID.api.test:8080");
        assert_eq!(upper.as_deref(), Some("android"));
        assert_eq!(client_at("pc.api.test.").as_deref(), Some("pc"));
        let nameless = [
            "localhost:8080",
            "127.0.0.1:80",
            "[::1]:80",
            ".api.test",
            "",
        ];
        for host in nameless {
            assert_eq!(client_at(host), None, "{host}");
        }
        let absolute = Request::builder()
            .uri("http://ios.api.test/x")
            .header(HOST, "pc.api.test")
            .body(())
            .unwrap();
        assert_eq!(client_of(&absolute).as_deref(), Some("ios"));
    }
}
