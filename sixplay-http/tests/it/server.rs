//! The server over real sockets: limits, time-outs, pipelining, the end.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use sixplay_core::{ErrorKind, Result};
use sixplay_http::{ErrorFormat, Request, Route, Routes, Server, ServerConfig, json, with};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
};
use tokio_util::sync::CancellationToken;
use tower::service_fn;

use crate::{
    ask::{Running, rest, serve},
    routes::table,
};

fn config() -> ServerConfig {
    let mut config = ServerConfig::default();
    config.header_timeout = Duration::from_millis(300);
    config.idle_timeout = Duration::from_millis(900);
    config.request_deadline = Duration::from_secs(2);
    config.drain = Duration::from_secs(5);
    config
}

async fn started() -> Running {
    started_with(|_| {}).await
}

async fn started_with(change: impl FnOnce(&mut ServerConfig)) -> Running {
    let mut config = config();
    change(&mut config);
    serve(table(ErrorFormat::Problem), config).await
}

const CLOSE: &str = "Host: x\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn a_head_over_the_limit_is_431_with_a_body_and_a_huge_one_ends_the_connection_too() {
    let server = started().await;
    let head = |size: usize| {
        format!(
            "GET /items/1 HTTP/1.1\r\nX-Long: {}\r\n{CLOSE}",
            "a".repeat(size)
        )
    };
    let long = server.raw(&head(40 << 10)).await;
    assert!(
        long.starts_with("HTTP/1.1 431 ") && long.contains(r#""code":"too_large""#),
        "{long}"
    );
    let mut stream = server.connect().await;
    stream
        .write_all(head(1 << 20).as_bytes())
        .await
        .expect("all of it is read");
    let huge = rest(&mut stream).await;
    for part in ["HTTP/1.1 431 ", "problem+json", r#""code":"too_large""#] {
        assert!(huge.contains(part), "{huge}");
    }
    let next = server
        .raw(&format!("GET /items/1 HTTP/1.1\r\n{CLOSE}"))
        .await;
    assert!(next.starts_with("HTTP/1.1 200 OK"), "{next}");
}

#[tokio::test]
async fn the_answers_of_a_service_of_ones_own_stay_as_they_are() {
    let nothing = service_fn(|_: http::Request<hyper::body::Incoming>| async {
        let nothing = Response::builder().status(404);
        Ok::<_, Infallible>(nothing.body(Full::<Bytes>::default()).unwrap())
    });
    let server = serve(nothing, config()).await;
    let text = format!("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n{CLOSE}");
    let answers = server.raw(&text).await;
    for part in ["HTTP/1.1 404 ", "content-length: 0\r\n"] {
        assert_eq!(answers.matches(part).count(), 2, "{answers}");
    }
    let mut stream = server.connect().await;
    for (text, expected) in [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "content-length: 0\r\n"),
        ("GARBAGE\r\n\r\n", "problem+json"),
    ] {
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.unwrap();
        let answer = String::from_utf8_lossy(&buffer[..read]);
        assert!(answer.contains(expected), "{text:?}: {answer}");
    }
}

#[tokio::test]
async fn malformed_requests_get_4xx() {
    let server = started().await;
    for text in [
        "GARBAGE\r\n\r\n",
        "GET /items/1 HTTP/9.9\r\n\r\n",
        "GET /items/1 HTTP/1.1\r\nbad header\r\n\r\n",
    ] {
        let answer = server.raw(text).await;
        assert!(
            answer.starts_with("HTTP/1.1 4") && answer.contains(r#""code":"invalid""#),
            "{text:?}: {answer}"
        );
    }
    for target in [
        "/items/%zz",
        "/items/1?a=%",
        "/items/%ff",
        "/items/1?offset=%2d1",
    ] {
        let answer = server
            .raw(&format!("GET {target} HTTP/1.1\r\n{CLOSE}"))
            .await;
        assert!(
            answer.starts_with("HTTP/1.1 400 ") && answer.contains("problem+json"),
            "{target}: {answer}"
        );
    }
}

#[tokio::test]
async fn a_head_that_trickles_in_is_cut_at_its_timeout_whatever_the_idle_timeout() {
    let server = started_with(|config| config.idle_timeout = Duration::from_secs(60)).await;
    let mut stream = server.connect().await;
    let begun = Instant::now();
    let (mut reader, mut writer) = stream.split();
    let drip = async {
        while writer.write_all(b"X").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let mut end = Vec::new();
    tokio::select! {
        () = drip => {}
        _ = reader.read_to_end(&mut end) => {}
    }
    let taken = begun.elapsed();
    assert!(taken >= Duration::from_millis(250), "{taken:?}");
    assert!(taken < Duration::from_secs(15), "{taken:?}");
}

#[tokio::test]
async fn a_connection_rests_between_requests_as_long_as_the_idle_timeout() {
    let server = started_with(|config| config.idle_timeout = Duration::from_secs(3)).await;
    let mut stream = server.connect().await;
    let mut buffer = [0; 4096];
    for pause in [0, 600, 600] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        stream
            .write_all(b"GET /items/1 HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        assert!(stream.read(&mut buffer).await.unwrap() > 0);
    }
    let begun = Instant::now();
    assert_eq!(rest(&mut stream).await, "");
    let taken = begun.elapsed();
    assert!(taken >= Duration::from_secs(2), "{taken:?}");
    assert!(taken < Duration::from_secs(15), "{taken:?}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_announced_or_not() {
    let server = started_with(|config| config.body_limit = 1000).await;
    let head = format!(
        "PATCH /items/1 HTTP/1.1\r\nContent-Type: application/json\r\n{}",
        CLOSE.trim_end()
    );
    let announced = server
        .raw(&format!("{head}\r\nContent-Length: 2000\r\n\r\n"))
        .await;
    assert!(
        announced.starts_with("HTTP/1.1 413 ") && announced.contains("too_large"),
        "{announced}"
    );
    let chunk = format!("7d0\r\n{}\r\n0\r\n\r\n", " ".repeat(2000));
    let text = format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}");
    let chunked = server.raw(&text).await;
    assert!(chunked.starts_with("HTTP/1.1 413 "), "{chunked}");
    let stalled = server
        .raw(&format!("{head}\r\nContent-Length: 500\r\n\r\n"))
        .await;
    assert!(stalled.starts_with("HTTP/1.1 408 "), "{stalled}");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order_and_head_without_body() {
    let server = started().await;
    let text = format!(
        "GET /items/1 HTTP/1.1\r\nHost: x\r\n\r\n\
         HEAD /items/2 HTTP/1.1\r\nHost: x\r\n\r\n\
         GET /items/3 HTTP/1.1\r\n{CLOSE}"
    );
    let answers = server.raw(&text).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 3, "{answers}");
    let place_of = |id: u8| answers.find(&format!(r#""id":"{id}""#));
    assert!(place_of(1) < place_of(3), "{answers}");
    assert_eq!(place_of(2), None, "{answers}");
}

#[tokio::test]
async fn a_panic_leaves_the_connection_alive() {
    let server = started().await;
    let text = format!("GET /panic HTTP/1.1\r\nHost: x\r\n\r\nGET /items/1 HTTP/1.1\r\n{CLOSE}");
    let answers = server.raw(&text).await;
    assert!(answers.starts_with("HTTP/1.1 500 "), "{answers}");
    assert!(answers.contains("HTTP/1.1 200 OK"), "{answers}");
}

async fn big(_: Request) -> Result<Response<Bytes>> {
    Ok(json(vec![b' '; 64 << 20]))
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_cut_at_the_idle_timeout() {
    let routes = Routes::new(ErrorFormat::Problem, [Route::get("big", "/big", big)]).unwrap();
    let mut config = config();
    config.idle_timeout = Duration::from_millis(200);
    let server = serve(routes, config).await;
    let text = format!("GET /big HTTP/1.1\r\n{CLOSE}");
    let mut stream = server.connect().await;
    stream.write_all(text.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert!(rest(&mut stream).await.len() < 64 << 20);
    let whole = server.raw(&text).await;
    let (_, body) = whole.split_once("\r\n\r\n").unwrap();
    assert_eq!(body.len(), 64 << 20);
}

type Late = (Arc<Notify>, Duration);

async fn late((started, length): Late, _: Request) -> Result<Response<Bytes>> {
    started.notify_one();
    tokio::time::sleep(length).await;
    Ok(json("\"done\""))
}

/// A server with a connection on which a request of that length is running.
async fn busy(length: Duration, drain: Duration) -> (Running, TcpStream) {
    let started = Arc::new(Notify::new());
    let late = with(&(started.clone(), length), late);
    let routes = [Route::get("late", "/late", late)];
    let routes = Routes::new(ErrorFormat::Problem, routes).unwrap();
    let mut config = ServerConfig::default();
    config.drain = drain;
    let server = serve(routes, config).await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET /late HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    started.notified().await;
    (server, stream)
}

#[tokio::test]
async fn at_the_end_a_running_request_is_answered_and_new_ones_are_not_accepted() {
    let (server, mut busy) = busy(Duration::from_millis(300), Duration::from_secs(20)).await;
    let mut idle = server.connect().await;
    server.token.cancel();
    assert_eq!(rest(&mut idle).await, "");
    assert!(rest(&mut busy).await.ends_with("\"done\""));
    server.task.await.unwrap().unwrap();
    assert!(TcpStream::connect(server.addr).await.is_err());
}

#[tokio::test]
async fn the_drain_time_is_the_longest_that_an_end_takes() {
    let (server, mut busy) = busy(Duration::from_secs(9), Duration::from_millis(50)).await;
    let begun = Instant::now();
    server.token.cancel();
    server.task.await.unwrap().unwrap();
    let taken = begun.elapsed();
    assert!(taken < Duration::from_secs(5), "{taken:?}");
    assert_eq!(rest(&mut busy).await, "");
}

/// A server with these limits of connections and a route that waits for `steps`.
async fn crowded(steps: &Steps, most: usize, of_one_address: usize) -> Running {
    let steps = Route::get("steps", "/steps", with(steps, change_in_steps));
    let routes = [steps, Route::get("now", "/now", async |_| Ok(json("{}")))];
    let routes = Routes::new(ErrorFormat::Problem, routes).unwrap();
    let mut config = ServerConfig::default();
    config.max_connections = most;
    config.max_connections_per_address = of_one_address;
    serve(routes, config).await
}

/// A connection from that address of this machine, with a request sent.
async fn connect_from(address: [u8; 4], server: &Running, path: &str) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((address, 0).into()).unwrap();
    let mut stream = socket.connect(server.addr).await.unwrap();
    let text = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

async fn read_ok(stream: &mut TcpStream) {
    let mut buffer = [0; 4096];
    let read = stream.read(&mut buffer).await.unwrap();
    let answer = String::from_utf8_lossy(&buffer[..read]);
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

const HERE: [u8; 4] = [127, 0, 0, 1];
const THERE: [u8; 4] = [127, 0, 0, 2];

#[tokio::test]
async fn when_all_connections_are_taken_the_one_that_rests_longest_makes_room() {
    let server = crowded(&Steps::default(), 2, 2).await;
    let mut first = connect_from(HERE, &server, "/now").await;
    read_ok(&mut first).await;
    let mut second = connect_from(HERE, &server, "/now").await;
    read_ok(&mut second).await;
    let mut third = connect_from(THERE, &server, "/now").await;
    read_ok(&mut third).await;
    assert_eq!(rest(&mut first).await, "");
    second
        .write_all(b"GET /now HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    read_ok(&mut second).await;
}

#[tokio::test]
async fn while_all_connections_are_busy_a_new_one_waits() {
    let steps = Steps::default();
    let server = crowded(&steps, 1, 1).await;
    let mut busy = connect_from(HERE, &server, "/steps").await;
    steps.begun.notified().await;
    let mut next = connect_from(THERE, &server, "/now").await;
    let waits = tokio::time::timeout(Duration::from_millis(100), next.readable()).await;
    assert!(waits.is_err());
    steps.go_on.notify_one();
    read_ok(&mut next).await;
    read_ok(&mut busy).await;
}

#[tokio::test]
async fn one_address_that_is_busy_on_all_it_may_have_leaves_room_for_another() {
    let steps = Steps::default();
    let server = crowded(&steps, 2, 1).await;
    let mut busy = connect_from(HERE, &server, "/steps").await;
    steps.begun.notified().await;
    let mut refused = connect_from(HERE, &server, "/now").await;
    assert_eq!(rest(&mut refused).await, "");
    let mut other = connect_from(THERE, &server, "/now").await;
    read_ok(&mut other).await;
    steps.go_on.notify_one();
    read_ok(&mut busy).await;
    let mut again = connect_from(HERE, &server, "/now").await;
    read_ok(&mut again).await;
}

#[tokio::test]
async fn a_taken_address_and_senseless_limits_are_refused() {
    let server = started().await;
    let error = Server::bind(server.addr, config()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    for (header_limit, max_connections, key) in [
        (1023, 1, "header_limit"),
        ((1 << 20) + 1, 1, "header_limit"),
        (1024, 0, "max_connections"),
        (1024, 1_000_001, "max_connections"),
    ] {
        let mut config = config();
        config.header_limit = header_limit;
        config.max_connections = max_connections;
        let error = Server::bind(([127, 0, 0, 1], 0).into(), config).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.to_string().contains(key), "{error}");
    }
    let mut at_once = config();
    at_once.header_timeout = Duration::ZERO;
    let error = Server::bind(([127, 0, 0, 1], 0).into(), at_once).await;
    assert!(error.unwrap_err().to_string().contains("header_timeout"));
}

#[derive(Clone, Default)]
struct Steps {
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
    done: Arc<Notify>,
}

async fn change_in_steps(steps: Steps, _: Request) -> Result<Response<Bytes>> {
    steps.begun.notify_one();
    steps.go_on.notified().await;
    steps.done.notify_one();
    Ok(json("{}"))
}

/// A server on which a request by `method` has begun, and its connection.
async fn begun(method: http::Method, steps: &Steps) -> (Running, TcpStream) {
    let text = format!("{method} /steps HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    let route = Route::new(method, "steps", "/steps", with(steps, change_in_steps));
    let routes = Routes::new(ErrorFormat::Problem, [route]).unwrap();
    let server = serve(routes, ServerConfig::default()).await;
    let mut stream = server.connect().await;
    stream.write_all(text.as_bytes()).await.unwrap();
    steps.begun.notified().await;
    (server, stream)
}

/// Returns when the server has seen what was done to another connection before.
async fn ask_meanwhile(server: &Running) {
    let text = format!("GET /nothing HTTP/1.1\r\n{CLOSE}");
    assert!(server.raw(&text).await.starts_with("HTTP/1.1 404 "));
}

#[tokio::test]
async fn a_client_that_has_closed_its_sending_half_is_answered() {
    for method in [http::Method::GET, http::Method::PATCH] {
        let steps = Steps::default();
        let (server, mut stream) = begun(method, &steps).await;
        stream.shutdown().await.unwrap();
        ask_meanwhile(&server).await;
        steps.go_on.notify_one();
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }
    let mut silent = started().await.connect().await;
    silent.shutdown().await.unwrap();
    assert_eq!(rest(&mut silent).await, "");
}

#[tokio::test]
async fn a_change_that_has_begun_runs_to_its_end_whoever_hangs_up() {
    let steps = Steps::default();
    let (server, stream) = begun(http::Method::PATCH, &steps).await;
    // with a reset, so that the server may notice at once
    stream.set_zero_linger().unwrap();
    drop(stream);
    ask_meanwhile(&server).await;
    steps.go_on.notify_one();
    let done = tokio::time::timeout(Duration::from_secs(20), steps.done.notified()).await;
    done.expect("the change runs on");
}

#[tokio::test]
async fn a_body_in_a_coding_that_is_not_taken_ends_the_connection() {
    let server = started().await;
    let chunks = "2\r\n{}\r\n0\r\n\r\n";
    let next = format!("GET /items/2 HTTP/1.1\r\n{CLOSE}");
    for (codings, status) in [
        ("Transfer-Encoding: chunked", 200),
        ("Transfer-Encoding: Chunked", 200),
        ("Transfer-Encoding: gzip, chunked", 501),
        ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", 501),
        ("Transfer-Encoding: identity, chunked", 501),
        ("Transfer-Encoding: chunked, chunked", 400),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            400,
        ),
    ] {
        let text = format!(
            "PATCH /items/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
             {codings}\r\n\r\n{chunks}{next}"
        );
        let answer = server.raw(&text).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{codings}: {answer}"
        );
        let answered = answer.matches("HTTP/1.1 ").count();
        assert_eq!(answered, if status == 200 { 2 } else { 1 }, "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_in_time_is_the_clients_fault() {
    let server = started_with(|config| {
        config.request_deadline = Duration::from_millis(200);
    })
    .await;
    for method in ["GET", "PATCH"] {
        let text = format!(
            "{method} /items/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
             Content-Length: 9\r\n\r\n{{"
        );
        let answer = server.raw(&text).await;
        for part in [
            "HTTP/1.1 408 ",
            "connection: close",
            r#""code":"slow_body""#,
        ] {
            assert!(answer.contains(part), "{method}: {answer}");
        }
        assert!(!answer.contains("retry-after"), "{answer}");
    }
}

#[tokio::test]
async fn a_target_over_the_limit_is_414_however_long_it_is() {
    let server = started().await;
    for length in [33_000, 66_000, 131_000, 140_000, 300_000] {
        let target = "a".repeat(length);
        let text = format!("GET /{target} HTTP/1.1\r\n{CLOSE}");
        let answer = server.raw(&text).await;
        for part in ["HTTP/1.1 414 URI Too Long\r\n", r#""status":414"#, "target"] {
            assert!(answer.contains(part), "{length}: {answer}");
        }
    }
}

#[tokio::test]
async fn what_is_no_http_is_refused_in_the_format_of_the_hosts_service() {
    let server = Server::bind(([127, 0, 0, 1], 0).into(), config()).await;
    let server = server.unwrap();
    let server = server.errors_at("Shop", ErrorFormat::Historic);
    let (address, token) = (server.local_addr(), CancellationToken::new());
    let running = tokio::spawn(server.serve(table(ErrorFormat::Problem), token.clone()));
    let (historic, problem) = (r#"{"error":{"code":4"#, "application/problem+json");
    for (host, expected) in [
        ("pc.shop.test", historic),
        ("SHOP.test:80", historic),
        ("pc.api.test", problem),
        ("pc.api.shop.test", problem),
        ("", problem),
    ] {
        for text in [
            format!("GET / HTTP/1.1\r\nHost: {host}\r\nbad header\r\n\r\n"),
            format!(
                "GET /{} HTTP/1.1\r\nHost: {host}\r\n\r\n",
                "a".repeat(70_000)
            ),
        ] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(text.as_bytes()).await.unwrap();
            let answer = rest(&mut stream).await;
            assert!(answer.contains(expected), "{host}: {answer}");
        }
    }
    token.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn other_versions_of_http_are_answered() {
    let server = started().await;
    let later = server
        .raw(&format!("GET /items/1 HTTP/1.2\r\n{CLOSE}"))
        .await;
    assert!(later.starts_with("HTTP/1.1 200 OK"), "{later}");
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0";
    let mut stream = server.connect().await;
    stream.write_all(preface.as_bytes()).await.unwrap();
    let refused = rest(&mut stream).await;
    assert!(
        refused.starts_with("HTTP/1.1 400 ") && refused.contains("problem+json"),
        "{refused}"
    );
    let asked = server.raw(&format!("OPTIONS * HTTP/1.1\r\n{CLOSE}")).await;
    assert!(asked.starts_with("HTTP/1.1 204 "), "{asked}");
}
