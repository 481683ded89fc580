//! Hosts: `{client}.{service}.{domain}` chooses service and client.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::Future,
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, Version, header::HOST};
use sixplay_core::Error;
use tower_service::Service;

use crate::ErrorFormat;

/// The client that [`Dispatch`] found in the host, for the layers below it.
#[derive(Clone, Debug)]
struct Client(Option<String>);

/// Chooses a service by the host's second label: `pc.api.example.com` goes to the service `api`, as
/// client `pc`. A host that begins with the service's label, `api.example.com`, names no client.
/// Any other host is 404 in the format given, a request without exactly one 400.
#[derive(Clone, Debug)]
pub struct Dispatch<S> {
    services: Arc<BTreeMap<String, S>>,
    format: ErrorFormat,
}

impl<S> Dispatch<S> {
    /// Chooses among `services` by label, in lower case.
    pub fn new<L: Into<String>>(
        format: ErrorFormat,
        services: impl IntoIterator<Item = (L, S)>,
    ) -> Self {
        let services = services
            .into_iter()
            .map(|(label, service)| (label.into(), service))
            .collect();
        Self {
            services: Arc::new(services),
            format,
        }
    }

    fn choose<B>(&self, request: &Request<B>) -> Option<(&S, Client)> {
        let host = of(request)?.to_ascii_lowercase();
        let mut labels = host.split('.');
        let (first, second) = (labels.next()?, labels.next());
        if let Some(service) = self.services.get(first) {
            return Some((service, Client(None)));
        }
        let service = self.services.get(second?)?;
        Some((
            service,
            Client((!first.is_empty()).then(|| first.to_owned())),
        ))
    }
}

impl<S, B, R> Service<Request<B>> for Dispatch<S>
where
    S: Service<Request<B>, Response = Response<R>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // which service must be ready is known with the request only
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let chosen = one(&request).and_then(|()| {
            self.choose(&request).ok_or_else(|| {
                let error = Error::not_found("host.dispatch", "there is no service at this host");
                error.with("host", of(&request).unwrap_or_default())
            })
        });
        let (service, client) = match chosen {
            Ok(chosen) => chosen,
            Err(error) => {
                let response = self.format.render(&error, request.uri().path());
                return Box::pin(async move { Ok(response.map(R::from)) });
            }
        };
        let mut service = service.clone();
        request.extensions_mut().insert(client);
        Box::pin(async move {
            std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
            service.call(request).await
        })
    }
}

/// Refuses what RFC 9112 §3.2 refuses: HTTP/1.1 without `Host`, and any request with two.
pub(crate) fn one<B>(request: &Request<B>) -> Result<(), Error> {
    let hosts = request.headers().get_all(HOST).iter().count();
    let lacks =
        hosts == 0 && request.version() == Version::HTTP_11 && request.uri().authority().is_none();
    if lacks || hosts > 1 {
        return Err(
            Error::invalid("host.read", "a request names exactly one host").with("header", "host"),
        );
    }
    Ok(())
}

/// The request's host, without port and trailing dot.
pub(crate) fn of<B>(request: &Request<B>) -> Option<&str> {
    let header = || {
        request
            .headers()
            .get(HOST)
            .and_then(|host| host.to_str().ok())
    };
    let host = request
        .uri()
        .authority()
        .map(|authority| authority.as_str())
        .or_else(header)?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    Some(host.strip_suffix('.').unwrap_or(host))
}

/// The client that the request's host names; `None`: the host has no label for one.
pub(crate) fn client<B>(request: &Request<B>) -> Option<String> {
    if let Some(Client(client)) = request.extensions().get::<Client>() {
        return client.clone();
    }
    let host = of(request)?;
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let (first, _) = host.split_once('.').filter(|_| !address)?;
    (!first.is_empty()).then(|| first.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(host: &str) -> Option<String> {
        client(&Request::builder().header(HOST, host).body(()).unwrap())
    }

    #[test]
    fn the_first_label_is_the_client_whatever_case_and_port() {
        assert_eq!(
            asked("ANDROID.middleware.test:8080").as_deref(),
            Some("android")
        );
        assert_eq!(asked("pc.middleware.test.").as_deref(), Some("pc"));
        for host in [
            "localhost:8080",
            "127.0.0.1:80",
            "[::1]:80",
            ".middleware.test",
            "",
        ] {
            assert_eq!(asked(host), None, "{host}");
        }
        let absolute = Request::builder()
            .uri("http://ios.api.test/x")
            .header(HOST, "pc.api.test")
            .body(())
            .unwrap();
        assert_eq!(client(&absolute).as_deref(), Some("ios"));
    }
}
