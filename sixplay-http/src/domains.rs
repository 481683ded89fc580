//! Our own domains: requests for any other host go no further.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{
    HeaderMap, Request, Response,
    header::{HeaderName, HeaderValue, ORIGIN},
};
use serde::Deserialize;
use sixplay_core::{Error, Result};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    ErrorFormat,
    answer::{BoxedAnswer, answer_refused},
    error::{ErrorFormats, RequestRefusal},
    host::{Host, OwnLabels},
};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The domains below which a server has its hosts, as the key `http.domains` lists them; at least
/// one. Cheap to clone.
///
/// A domain is a name (`example.com`) or an IP address, of which nothing is below. Unless told it
/// is `localhost` alone.
///
/// ```
/// use sixplay_core::ErrorKind;
/// use sixplay_http::Domains;
///
/// let domains = Domains::new(["Example.com", "127.0.0.1"]).unwrap();
/// assert_eq!(domains.to_string(), "example.com, 127.0.0.1");
/// assert_eq!(Domains::default().to_string(), "localhost");
///
/// for wrong in ["", "*.example.com", "example.com:80", "http://example.com"] {
///     assert_eq!(Domains::new([wrong]).unwrap_err().kind(), ErrorKind::Config);
/// }
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "Vec<String>")]
pub struct Domains(Arc<[Host]>);

impl Domains {
    /// The domains of these names and addresses.
    ///
    /// # Errors
    /// `Config` when there is none, or one that is no bare name or address, with its text.
    pub fn new<D: AsRef<str>>(domains: impl IntoIterator<Item = D>) -> Result<Self> {
        let domains = domains.into_iter();
        let domains: Vec<Host> = domains
            .map(|domain| parse_domain(domain.as_ref()))
            .collect::<Result<_>>()?;
        match domains.is_empty() {
            true => Err(Error::config("domains.new", "no domain is named")),
            false => Ok(Self(domains.into())),
        }
    }

    /// The same, and below each name the domain of `service`: then `pc.api.example.com` is the
    /// client `pc` of a server that has no other service than `api`, as `pc.example.com` is.
    #[must_use]
    pub fn with_service(&self, service: &str) -> Self {
        let below = |domain: &Host| match domain {
            Host::Name(name) => Some(Host::Name(format!("{service}.{name}"))),
            _ => None,
        };
        let services = self.0.iter().filter_map(below);
        Self(services.chain(self.0.iter().cloned()).collect())
    }

    /// The labels before the longest of the domains that `host` is in.
    fn labels_before(&self, host: &Host) -> Option<Vec<String>> {
        let found = self
            .0
            .iter()
            .filter_map(|domain| strip_domain(host, domain));
        let rest = found.min_by_key(|rest| rest.len())?;
        let labels = rest.split('.').filter(|label| !label.is_empty());
        Some(labels.map(str::to_owned).collect())
    }
}

impl Default for Domains {
    fn default() -> Self {
        Self([Host::Name("localhost".to_owned())].into())
    }
}

impl TryFrom<Vec<String>> for Domains {
    type Error = Error;

    fn try_from(domains: Vec<String>) -> Result<Self> {
        Self::new(domains)
    }
}

impl std::fmt::Display for Domains {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, domain) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            match domain {
                Host::Nameless => Ok(()),
                Host::Address(address) => write!(f, "{comma}{address}"),
                Host::Name(name) => write!(f, "{comma}{name}"),
            }?;
        }
        Ok(())
    }
}

fn parse_domain(text: &str) -> Result<Host> {
    let refused = || {
        let message = "a domain is a name or an IP address, without scheme, port and wildcard";
        Error::config("domains.new", message).with("domain", format!("{text:?}"))
    };
    if let Ok(address) = text.parse() {
        return Ok(Host::Address(address));
    }
    let host = Host::parse(text).filter(|_| !text.contains(':'));
    host.filter(|host| *host != Host::Nameless)
        .ok_or_else(refused)
}

/// What is before `domain` in `host`, with its dot.
fn strip_domain<'h>(host: &'h Host, domain: &Host) -> Option<&'h str> {
    match (host, domain) {
        (Host::Name(host), Host::Name(domain)) => {
            let rest = host.strip_suffix(domain.as_str())?;
            (rest.is_empty() || rest.ends_with('.')).then_some(rest)
        }
        (Host::Address(host), Host::Address(domain)) => (host == domain).then_some(""),
        _ => None,
    }
}

/// Lets requests through that are for one of our own hosts, and meant so.
///
/// | request | status |
/// |---|---|
/// | names no valid host, or more than one | 400 |
/// | names a host that is not in one of the [`Domains`] | 421 |
/// | has a method that is not safe, and comes from a page of another host | 403 |
///
/// Whoever resolves a domain of his own to this server's address gets nothing by it, and no page
/// but those of the host itself can make a browser write: `Origin`, when there is one, must name
/// the request's own host, on any port, and `Sec-Fetch-Site` must not be `cross-site`.
///
/// Below it [`crate::Dispatch`] takes `{service}` and `{client}.{service}` before the domain, and
/// [`crate::DomainUserLayer`] alone nothing or `{client}`; 421 for anything else. The layer stands
/// before both; the inner service's response body must be made from [`Bytes`].
///
/// ```
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use sixplay_http::{Domains, ErrorFormat, HostLayer};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// let greet = service_fn(|_: Request<()>| async {
///     Ok::<_, Infallible>(Response::new(Bytes::from("hello")))
/// });
/// let domains = Domains::new(["example.com"])?;
/// let service = HostLayer::new(domains, ErrorFormat::Problem).layer(greet);
///
/// let ask = |host: &str| {
///     let request = Request::get("/").header("host", host).body(()).unwrap();
///     service.clone().oneshot(request)
/// };
/// assert_eq!(ask("pc.example.com").await.unwrap().body(), "hello");
/// assert_eq!(ask("pc.example.com.attacker.test").await.unwrap().status(), 421);
///
/// let foreign = Request::post("/").header("host", "example.com");
/// let foreign = foreign.header("origin", "https://attacker.test").body(()).unwrap();
/// assert_eq!(service.clone().oneshot(foreign).await.unwrap().status(), 403);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct HostLayer {
    domains: Domains,
    errors: ErrorFormats,
}

impl HostLayer {
    /// The layer for hosts in `domains`, refusing in `format`.
    pub fn new(domains: Domains, format: ErrorFormat) -> Self {
        let errors = ErrorFormats::new(format);
        Self { domains, errors }
    }

    /// Sets the format for hosts of one service, as [`crate::Server::errors_at`] does.
    #[must_use]
    pub fn errors_at(mut self, service: &str, format: ErrorFormat) -> Self {
        self.errors = self.errors.with_service(service, format);
        self
    }

    fn find_labels<B>(&self, request: &Request<B>) -> Result<OwnLabels, RequestRefusal> {
        let host = Host::of(request)?;
        let labels = self.domains.labels_before(&host);
        let labels = labels.ok_or_else(|| {
            tracing::debug!(?host, domains = %self.domains, "host refused");
            RequestRefusal::Misdirected
        })?;
        if !request.method().is_safe() {
            require_own_page(request.headers(), &host)?;
        }
        Ok(OwnLabels(labels))
    }
}

/// Refuses what a browser sends for a page of another host.
fn require_own_page(headers: &HeaderMap, host: &Host) -> Result<()> {
    let is_own = |origin: &HeaderValue| origin_host(origin).as_ref() == Some(host);
    let cross = |site: &HeaderValue| site.as_bytes().eq_ignore_ascii_case(b"cross-site");
    let fault = if headers.get_all(SEC_FETCH_SITE).iter().any(cross) {
        "sec-fetch-site"
    } else if !headers.get_all(ORIGIN).iter().all(is_own) {
        "origin"
    } else {
        return Ok(());
    };
    let message = "a page of another host may not change anything here";
    Err(Error::forbidden("host.origin", message).with("header", fault))
}

fn origin_host(origin: &HeaderValue) -> Option<Host> {
    let (_, host) = origin.to_str().ok()?.split_once("://")?;
    Host::parse(host)
}

impl<S> Layer<S> for HostLayer {
    type Service = HostService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let layer = self.clone();
        HostService { inner, layer }
    }
}

/// The service of [`HostLayer`].
#[derive(Clone, Debug)]
pub struct HostService<S> {
    inner: S,
    layer: HostLayer,
}

impl<S, B, R> Service<Request<B>> for HostService<S>
where
    S: Service<Request<B>, Response = Response<R>, Error = Infallible>,
    S::Future: Send + 'static,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = Infallible;
    type Future = BoxedAnswer<R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.layer.find_labels(&request) {
            Ok(labels) => {
                request.extensions_mut().insert(labels);
                Box::pin(self.inner.call(request))
            }
            Err(refusal) => {
                let host = Host::of(&request).ok();
                let format = self.layer.errors.choose(host.as_ref());
                answer_refused(&request, &refusal, format)
            }
        }
    }
}
