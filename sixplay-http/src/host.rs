//! Hosts: which one a request names, and which client that is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::{
    Request, Uri, Version,
    header::{HOST, HeaderValue},
};
use sixplay_core::{Error, Result};

use crate::error::RequestRefusal;

const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// A host as a request or an origin names it, without its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// An empty one, which HTTP allows.
    Nameless,
    /// An address.
    Address(IpAddr),
    /// Labels in lower case, without a dot at the end.
    Name(String),
}

/// The client that [`crate::Dispatch`] found in the host, for the layers below it; `None`: the host
/// names none.
#[derive(Clone, Debug)]
pub(crate) struct HostClient(pub(crate) Option<String>);

/// The labels before one of our domains, found by a [`crate::HostLayer`] for the layers below it.
#[derive(Clone, Debug)]
pub(crate) struct OwnLabels(pub(crate) Vec<String>);

impl Host {
    /// The host that a request names: of its URI if that has one, else of its `Host`.
    ///
    /// # Errors
    /// `Invalid` unless that is exactly one, by the rules of RFC 9112 §3.2 and RFC 3986 §3.2.2.
    pub(crate) fn of<B>(request: &Request<B>) -> Result<Self> {
        let field = read_field(request)?;
        match request.uri().authority() {
            Some(_) => read_target(request.uri()),
            None => Ok(field.unwrap_or(Self::Nameless)),
        }
    }

    /// `host[:port]`; `None` when it is neither a name of DNS nor an address.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (host, port) = split_port(text)?;
        let has_port = port.is_empty() || port.parse::<u16>().is_ok();
        let has_port = has_port && port.bytes().all(|byte| byte.is_ascii_digit());
        has_port.then(|| Self::parse_bare(host)).flatten()
    }

    fn parse_bare(host: &str) -> Option<Self> {
        if host.is_empty() {
            return Some(Self::Nameless);
        }
        if let Some(inner) = host.strip_prefix('[') {
            let address = inner.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?;
            return Some(Self::Address(address.into()));
        }
        if let Ok(address) = host.parse::<Ipv4Addr>() {
            return Some(Self::Address(address.into()));
        }
        let name = host.strip_suffix('.').unwrap_or(host);
        is_name(name).then(|| Self::Name(name.to_ascii_lowercase()))
    }

    /// The labels of a name; none of anything else.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &str> {
        let name = match self {
            Self::Name(name) => Some(name.as_str()),
            _ => None,
        };
        name.into_iter().flat_map(|name| name.split('.'))
    }
}

/// The host of the only `Host` field.
fn read_field<B>(request: &Request<B>) -> Result<Option<Host>> {
    let mut fields = request.headers().get_all(HOST).iter();
    let field = fields.next();
    if fields.next().is_some() || (field.is_none() && request.version() == Version::HTTP_11) {
        return Err(refuse_host("a request names exactly one host"));
    }
    let read = |field: &HeaderValue| Host::parse(field.to_str().ok()?);
    let invalid = || refuse_host("the host is not valid");
    field
        .map(|field| read(field).ok_or_else(invalid))
        .transpose()
}

/// The host of a target in absolute form.
fn read_target(target: &Uri) -> Result<Host> {
    let is_http = matches!(target.scheme_str(), None | Some("http" | "https"));
    let authority = target.authority().filter(|_| is_http);
    // a user's name before the host is no host
    let host = authority.and_then(|authority| Host::parse(authority.as_str()));
    let host = host.filter(|host| *host != Host::Nameless);
    host.ok_or_else(|| refuse_host("the target is no URL of this server"))
}

fn refuse_host(message: &'static str) -> Error {
    Error::invalid("host.read", message).with("header", "host")
}

fn split_port(text: &str) -> Option<(&str, &str)> {
    let end = match text.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => text.find(':').unwrap_or(text.len()),
    };
    let (host, rest) = text.split_at(end);
    match rest {
        "" => Some((host, "")),
        _ => Some((host, rest.strip_prefix(':')?)),
    }
}

/// Labels as DNS has them, and the underscore, which is in use.
fn is_name(name: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_label =
        |label: &str| (1..=MAX_LABEL).contains(&label.len()) && label.bytes().all(is_sign);
    name.len() <= MAX_NAME && name.split('.').all(is_label)
}

/// The client that the request's host names; `None`: the host has no label for one.
///
/// # Errors
/// Those of [`Host::of`]; misdirected, when there is more than a client before our domain.
pub(crate) fn client_of<B>(request: &Request<B>) -> Result<Option<String>, RequestRefusal> {
    if let Some(HostClient(client)) = request.extensions().get() {
        return Ok(client.clone());
    }
    if let Some(OwnLabels(labels)) = request.extensions().get() {
        return match labels.as_slice() {
            [] => Ok(None),
            [client] => Ok(Some(client.clone())),
            _ => Err(RequestRefusal::Misdirected),
        };
    }
    let host = Host::of(request)?;
    let mut labels = host.labels();
    let client = labels.next().filter(|_| labels.next().is_some());
    Ok(client.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client_at(host: &str) -> Option<String> {
        let request = Request::builder().header(HOST, host).body(()).unwrap();
        client_of(&request).unwrap_or_else(|_| panic!("{host} is a host"))
    }

    #[test]
    fn the_first_label_is_the_client_whatever_case_and_port() {
        let upper = client_at("ANDROID.api.test:8080");
        assert_eq!(upper.as_deref(), Some("android"));
        assert_eq!(client_at("pc.api.test.").as_deref(), Some("pc"));
        for host in ["localhost:8080", "127.0.0.1:80", "[::1]:80", ""] {
            assert_eq!(client_at(host), None, "{host}");
        }
        let absolute = Request::builder()
            .uri("http://ios.api.test/x")
            .header(HOST, "pc.api.test")
            .body(())
            .unwrap();
        assert!(matches!(client_of(&absolute), Ok(Some(client)) if client == "ios"));
    }
}
