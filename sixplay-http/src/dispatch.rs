//! Several services at one address: `{client}.{service}.{domain}`.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

use crate::{
    ErrorFormat,
    answer::{BoxedAnswer, answer_refused},
    error::RequestRefusal,
    host::{Host, HostClient, OwnLabels},
};

/// A service that chooses among services by the host's second label: `pc.api.example.com` goes to
/// the service `api`, as client `pc`.
///
/// A host that begins with a service's label, `api.example.com`, goes to that service and names no
/// client. Below a [`crate::HostLayer`] nothing else may be before the domain; without one any
/// domain is taken, and a service's label comes first: name no client as a service. Any other host
/// is 421 in the format given, a request without exactly one valid host is 400. Port and case of
/// the host do not matter. A [`crate::DomainUserLayer`] in front of a service takes the client from
/// here.
///
/// ```
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use tower::{ServiceExt, service_fn};
/// use http::{Request, Response};
/// use sixplay_http::{Dispatch, ErrorFormat};
/// use tower::util::BoxCloneSyncService;
///
/// # type Named = BoxCloneSyncService<Request<()>, Response<Bytes>, Infallible>;
/// # fn named(name: &'static str) -> Named {
/// #     let answer = move |_| async move { Ok(Response::new(name.into())) };
/// #     BoxCloneSyncService::new(service_fn(answer))
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let (books, authors) = (named("books"), named("authors"));
/// let services = Dispatch::new(ErrorFormat::Problem, [("books", books), ("authors", authors)]);
///
/// let ask = |host: &str| {
///     let request = Request::get("/").header("host", host).body(()).unwrap();
///     services.clone().oneshot(request)
/// };
/// assert_eq!(ask("pc.authors.example.com").await.unwrap().body(), "authors");
/// assert_eq!(ask("books.example.com:8080").await.unwrap().body(), "books");
/// assert_eq!(ask("example.com").await.unwrap().status(), 421);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Dispatch<S> {
    services: Arc<BTreeMap<String, S>>,
    format: ErrorFormat,
}

impl<S> Dispatch<S> {
    /// Chooses among `services`, all of one type (`tower` has `BoxCloneSyncService` for several),
    /// by labels in any case; of two with one label the last counts.
    /// Hosts without a service are refused in `format`.
    pub fn new<L: Into<String>>(
        format: ErrorFormat,
        services: impl IntoIterator<Item = (L, S)>,
    ) -> Self {
        let services = services.into_iter();
        let lower = |label: L| label.into().to_ascii_lowercase();
        let services = services.map(|(label, service)| (lower(label), service));
        Self {
            services: Arc::new(services.collect()),
            format,
        }
    }

    fn choose_service<B>(&self, request: &Request<B>) -> Result<(&S, HostClient), RequestRefusal> {
        let found = match request.extensions().get() {
            Some(OwnLabels(labels)) => self.choose_by_own(labels),
            None => self.choose_by_first(&Host::of(request)?),
        };
        found.ok_or(RequestRefusal::Misdirected)
    }

    fn choose_by_own(&self, labels: &[String]) -> Option<(&S, HostClient)> {
        let (client, service) = match labels {
            [service] => (None, service),
            [client, service] => (Some(client.clone()), service),
            _ => return None,
        };
        Some((self.services.get(service)?, HostClient(client)))
    }

    /// The domain is not known: it may be all but the first label.
    fn choose_by_first(&self, host: &Host) -> Option<(&S, HostClient)> {
        let mut labels = host.labels();
        let (first, second) = (labels.next()?, labels.next());
        if let Some(service) = self.services.get(first) {
            return Some((service, HostClient(None)));
        }
        let service = self.services.get(second?)?;
        Some((service, HostClient(Some(first.to_owned()))))
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
    type Future = BoxedAnswer<R>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // which service must be ready is known with the request only
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let (service, client) = match self.choose_service(&request) {
            Ok(chosen) => chosen,
            Err(refusal) => return answer_refused(&request, &refusal, self.format),
        };
        let mut service = service.clone();
        request.extensions_mut().insert(client);
        Box::pin(async move {
            poll_fn(|cx| service.poll_ready(cx)).await?;
            service.call(request).await
        })
    }
}
