//! How the client of the servers takes failure, against a server that fails on purpose.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::value::RawValue;
use sixplay_core::ErrorKind;
use sixplay_index::{Index, IndexConfig, Operation, Outcome, Query};

/// What the stub got: request line and headers, then the body.
type Request = (String, String);

/// A server that answers each request by `answer`; `None` leaves it without an answer.
struct Stub {
    url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Stub {
    fn new(answer: impl Fn(&Request) -> Option<(u16, String)> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (requests, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let seen = requests.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (seen.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &seen, &*answer));
            }
        });
        Self { url, requests }
    }

    fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("no panic").clone()
    }

    async fn index(&self) -> Index {
        index(&self.url).await
    }
}

fn serve(
    mut stream: TcpStream,
    seen: &Mutex<Vec<Request>>,
    answer: &dyn Fn(&Request) -> Option<(u16, String)>,
) {
    while let Some(request) = read(&mut stream) {
        seen.lock().expect("no panic").push(request.clone());
        let Some((status, body)) = answer(&request) else {
            std::thread::sleep(Duration::from_secs(5));
            return;
        };
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

fn read(stream: &mut TcpStream) -> Option<Request> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 65536]);
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap_or(0));
            if bytes.len() >= end + 4 + length {
                return Some((
                    head,
                    String::from_utf8_lossy(&bytes[end + 4..]).into_owned(),
                ));
            }
        }
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
    }
}

async fn index(url: &str) -> Index {
    let deadline = Duration::from_millis(300);
    Index::open(&IndexConfig {
        deadline,
        bulk_deadline: deadline,
        ..IndexConfig::new(url)
    })
    .await
    .expect("opened")
}

fn puts(count: usize) -> Vec<Operation> {
    let document = || RawValue::from_string(r#"{"id":"a"}"#.to_owned()).expect("valid JSON");
    (0..count)
        .map(|id| Operation::Put {
            id: format!("d{id}"),
            version: 1,
            document: document(),
        })
        .collect()
}

fn ids(body: &str) -> Vec<String> {
    let lines = body
        .lines()
        .filter_map(|line| line.split(r#""_id":""#).nth(1));
    lines
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect()
}

/// Every operation done.
fn done(request: &Request) -> Option<(u16, String)> {
    let items: Vec<&str> = ids(&request.1)
        .iter()
        .map(|_| r#"{"index":{"status":200}}"#)
        .collect();
    Some((200, format!(r#"{{"items":[{}]}}"#, items.join(","))))
}

#[tokio::test]
async fn an_unreachable_server_is_unavailable_at_once() {
    let free = TcpListener::bind("127.0.0.1:0")
        .expect("bound")
        .local_addr()
        .expect("an address");
    let index = index(&format!("http://{free}")).await;
    let began = Instant::now();
    for error in [
        index
            .search("a", &Query::new(1))
            .await
            .expect_err("unreachable"),
        index.apply("a", puts(1)).await.expect_err("unreachable"),
        index
            .create(
                "a",
                &sixplay_core::mapping::Mapping { fields: Vec::new() },
                &Default::default(),
            )
            .await
            .expect_err("unreachable"),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.is_transient());
        assert!(error.to_string().contains("index=a"), "{error}");
    }
    assert!(began.elapsed() < Duration::from_millis(600));
}

#[tokio::test]
async fn a_server_that_never_answers_is_a_timeout_within_the_deadline() {
    let stub = Stub::new(|_| None);
    let (index, began) = (stub.index().await, Instant::now());
    let error = index
        .search("a", &Query::new(1))
        .await
        .expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.is_transient() && began.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_server_that_stops_within_an_answer_fails_within_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            read(&mut stream);
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"hits\"")
                .ok();
            std::thread::sleep(Duration::from_secs(5));
        }
    });
    let error = index(&url)
        .await
        .search("a", &Query::new(1))
        .await
        .expect_err("half an answer");
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
}

#[tokio::test]
async fn a_busy_server_asks_for_the_operations_again() {
    for status in [429, 503] {
        let stub = Stub::new(move |_| {
            Some((
                status,
                r#"{"error":{"type":"es_rejected_execution_exception","reason":"full"}}"#
                    .to_owned(),
            ))
        });
        let index = stub.index().await;
        let outcomes = index.apply("a", puts(3)).await.expect("answered");
        assert!(
            outcomes.iter().all(
                |outcome| matches!(outcome, Outcome::Retry { reason } if reason.contains("full"))
            ),
            "{outcomes:?}"
        );
        let error = index.search("a", &Query::new(1)).await.expect_err("busy");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
}

#[tokio::test]
async fn each_operation_gets_its_own_outcome() {
    let statuses = [
        (r#"{"index":{"status":201}}"#, "Done"),
        (
            r#"{"index":{"status":409,"error":{"type":"version_conflict_engine_exception","reason":"newer"}}}"#,
            "Superseded",
        ),
        (
            r#"{"index":{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"full"}}}"#,
            "Retry",
        ),
        (
            r#"{"index":{"status":503,"error":{"type":"unavailable_shards_exception","reason":"none"}}}"#,
            "Retry",
        ),
        (
            r#"{"index":{"status":413,"error":{"type":"too_large","reason":"large"}}}"#,
            "TooLarge",
        ),
        (
            r#"{"index":{"status":400,"error":{"type":"strict","reason":"bad","caused_by":{"reason":"why"}}}}"#,
            "Rejected",
        ),
    ];
    let items: Vec<&str> = statuses.iter().map(|(item, _)| *item).collect();
    let body = format!(r#"{{"errors":true,"items":[{}]}}"#, items.join(","));
    let stub = Stub::new(move |_| Some((200, body.clone())));
    let outcomes = stub
        .index()
        .await
        .apply("a", puts(statuses.len()))
        .await
        .expect("answered");
    for (outcome, (item, expected)) in outcomes.iter().zip(statuses) {
        assert!(
            format!("{outcome:?}").starts_with(expected),
            "{item}: {outcome:?}"
        );
    }
    assert_eq!(
        outcomes[5],
        Outcome::Rejected {
            reason: "strict bad: why".to_owned()
        }
    );
}

#[tokio::test]
async fn a_request_that_is_too_large_is_halved_down_to_the_one_operation() {
    let stub = Stub::new(|request| {
        if ids(&request.1).contains(&"d5".to_owned()) {
            Some((413, String::new()))
        } else {
            done(request)
        }
    });
    let outcomes = stub
        .index()
        .await
        .apply("a", puts(16))
        .await
        .expect("answered");
    for (position, outcome) in outcomes.iter().enumerate() {
        assert_eq!(
            outcome,
            if position == 5 {
                &Outcome::TooLarge
            } else {
                &Outcome::Done
            },
            "{position}"
        );
    }
    assert_eq!(stub.requests().len(), 9);
}

#[tokio::test]
async fn a_request_that_finds_no_time_is_halved_a_few_times() {
    let stub = Stub::new(|request| {
        if ids(&request.1).len() > 5 {
            None
        } else {
            done(request)
        }
    });
    let outcomes = stub
        .index()
        .await
        .apply("a", puts(16))
        .await
        .expect("answered");
    assert_eq!(outcomes, vec![Outcome::Done; 16]);
    let dead = Stub::new(|_| None);
    let began = Instant::now();
    assert_eq!(
        dead.index()
            .await
            .apply("a", puts(16))
            .await
            .expect_err("no answer")
            .kind(),
        ErrorKind::Timeout
    );
    assert!(began.elapsed() < Duration::from_secs(2) && dead.requests().len() == 3);
}

#[tokio::test]
async fn bulk_requests_are_bounded_in_count_and_bytes_and_keep_the_order() {
    let stub = Stub::new(done);
    let index = stub.index().await;
    let filling = "x".repeat(500_000);
    let large = |id: usize| {
        let document =
            RawValue::from_string(format!("{{\"id\":\n\"{filling}\"}}")).expect("valid JSON");
        Operation::Put {
            id: format!("l{id}"),
            version: 7,
            document,
        }
    };
    let operations = puts(1_100)
        .into_iter()
        .chain((0..9).map(large))
        .chain([Operation::Delete {
            id: "gone".to_owned(),
            version: 9,
        }]);
    let operations: Vec<Operation> = operations.collect();
    let expected: Vec<String> = operations
        .iter()
        .map(|operation| operation.id().to_owned())
        .collect();
    assert_eq!(
        index.apply("a", operations).await.expect("answered").len(),
        expected.len()
    );
    let requests = stub.requests();
    assert_eq!(
        requests
            .iter()
            .flat_map(|(_, body)| ids(body))
            .collect::<Vec<_>>(),
        expected
    );
    for (head, body) in &requests {
        assert!(
            ids(body).len() <= 500 && body.len() <= 2 << 20 && body.ends_with('\n'),
            "{}",
            body.len()
        );
        assert!(
            head.starts_with("POST /a.write/_bulk?require_alias=true"),
            "{head}"
        );
    }
    assert!(
        requests[0]
            .1
            .starts_with(r#"{"index":{"_id":"d0","version":1,"version_type":"external_gte"}}"#),
        "{}",
        &requests[0].1[..80]
    );
}

#[tokio::test]
async fn the_next_node_is_asked_when_one_is_down() {
    let down = TcpListener::bind("127.0.0.1:0")
        .expect("bound")
        .local_addr()
        .expect("an address");
    let stub = Stub::new(|request| {
        let credentials = request.0.contains("authorization: Basic dXNlcjpwQHNz");
        Some((
            if credentials { 200 } else { 401 },
            r#"{"count":3}"#.to_owned(),
        ))
    });
    let index = index(&format!(
        "http://{down},{}",
        stub.url.replace("http://", "http://user:p%40ss@")
    ))
    .await;
    for _ in 0..6 {
        assert_eq!(index.count("a").await.expect("counted"), 3);
    }
    assert_eq!(stub.requests().len(), 6);
}

#[tokio::test]
async fn an_answer_that_is_not_an_index_server_s_is_corrupt() {
    let stub = Stub::new(|_| Some((200, "<html>".to_owned())));
    let index = stub.index().await;
    assert_eq!(
        index
            .search("a", &Query::new(1))
            .await
            .expect_err("no JSON")
            .kind(),
        ErrorKind::Corrupt
    );
    assert_eq!(
        index.apply("a", puts(1)).await.expect_err("no JSON").kind(),
        ErrorKind::Corrupt
    );
    let refused = Stub::new(|_| Some((403, "no".to_owned())));
    assert_eq!(
        refused
            .index()
            .await
            .count("a")
            .await
            .expect_err("refused")
            .kind(),
        ErrorKind::Forbidden
    );
}
