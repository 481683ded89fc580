//! Asking a service, in process or over a socket.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use sixplay_http::{Server, ServerConfig};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt};

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) async fn send<S>(service: &S, request: Request<Full<Bytes>>) -> Answer
where
    S: Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible> + Clone,
{
    let (parts, body) = service.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

pub(crate) async fn ask<S>(service: &S, method: Method, host: &str, path: &str) -> Answer
where
    S: Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible> + Clone,
{
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", host)
        .body(Full::default())
        .unwrap();
    send(service, request).await
}

pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    pub(crate) token: CancellationToken,
    pub(crate) task: JoinHandle<sixplay_core::Result<()>>,
}

pub(crate) async fn serve<S>(service: S, config: ServerConfig) -> Running
where
    S: Service<
            Request<hyper::body::Incoming>,
            Response = Response<Full<Bytes>>,
            Error = Infallible,
        > + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), config)
        .await
        .unwrap();
    let (addr, token) = (server.local_addr(), CancellationToken::new());
    let task = tokio::spawn(server.serve(service, token.clone()));
    Running { addr, token, task }
}

impl Running {
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    /// Sends `text` and returns everything that comes until the server closes; the text should ask
    /// for that.
    pub(crate) async fn raw(&self, text: &str) -> String {
        let mut stream = self.connect().await;
        drop(stream.write_all(text.as_bytes()).await);
        rest(&mut stream).await
    }
}

pub(crate) async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    drop(
        tokio::time::timeout(Duration::from_secs(20), read)
            .await
            .expect("the server closes"),
    );
    String::from_utf8_lossy(&bytes).into_owned()
}
