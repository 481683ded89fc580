//! How the client of the servers takes failure, against a server that fails on purpose.

use std::{
    io::Write,
    net::TcpListener,
    time::{Duration, Instant},
};

use serde_json::value::RawValue;
use sixplay_core::{ErrorKind, Mapping};
use sixplay_index::{Operation, Outcome, Query};

use crate::stub::{Stub, StubRequest, hasty_index, read_request};

fn puts(count: usize) -> Vec<Operation> {
    let document = || RawValue::from_string(r#"{"id":"a"}"#.to_owned()).expect("valid JSON");
    let put = |id| Operation::put(format!("d{id}"), 1, document());
    (0..count).map(put).collect()
}

/// The ids in the body of a bulk request.
pub(crate) fn ids_in(body: &str) -> Vec<String> {
    let lines = body.lines();
    let ids = lines.filter_map(|line| line.split(r#""_id":""#).nth(1)?.split('"').next());
    ids.map(str::to_owned).collect()
}

/// Every operation done.
pub(crate) fn all_done(request: &StubRequest) -> Option<(u16, String)> {
    let items = vec![r#"{"index":{"status":200}}"#; ids_in(&request.1).len()];
    Some((200, format!(r#"{{"items":[{}]}}"#, items.join(","))))
}

/// An address where nobody listens.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    listener.local_addr().expect("an address").to_string()
}

#[tokio::test]
async fn an_unreachable_server_is_unavailable_at_once() {
    let index = hasty_index(&format!("http://{}", free_address())).await;
    let (began, mapping) = (Instant::now(), Mapping { fields: Vec::new() });
    let errors = [
        index.search("a", &Query::new(1)).await.err(),
        index.apply("a", puts(1)).await.err(),
        index.create("a", &mapping, &Default::default()).await.err(),
    ];
    for error in errors {
        let error = error.expect("unreachable");
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
    let searched = index.search("a", &Query::new(1)).await;
    let error = searched.expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.is_transient() && began.elapsed() < Duration::from_secs(2));
    assert!(error.to_string().contains("node=http://"), "{error}");
}

#[tokio::test]
async fn a_server_that_stops_within_an_answer_fails_within_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"hits\"";
        for mut stream in listener.incoming().flatten() {
            read_request(&mut stream);
            stream.write_all(half).ok();
            std::thread::sleep(Duration::from_secs(5));
        }
    });
    let index = hasty_index(&url).await;
    let searched = index.search("a", &Query::new(1)).await;
    let error = searched.expect_err("half an answer");
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
}

#[tokio::test]
async fn a_busy_server_asks_for_the_operations_again() {
    let full = r#"{"error":{"type":"es_rejected_execution_exception","reason":"full"}}"#;
    for status in [429, 503] {
        let stub = Stub::new(move |_| Some((status, full.to_owned())));
        let index = stub.index().await;
        let outcomes = index.apply("a", puts(3)).await.expect("answered");
        assert_eq!(outcomes.len(), 3);
        for outcome in outcomes {
            let again = matches!(&outcome, Outcome::Retry { reason } if reason.contains("full"));
            assert!(again, "{outcome:?}");
        }
        let error = index.search("a", &Query::new(1)).await.expect_err("busy");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
}

#[tokio::test]
async fn each_operation_gets_its_own_outcome() {
    let error = |kind: &str| format!(r#"{{"type":"{kind}","reason":"bad"}}"#);
    let caused = r#"{"type":"strict","reason":"bad","caused_by":{"reason":"why"}}"#;
    let results = [
        (201, "null".to_owned(), "Done"),
        (
            409,
            error("version_conflict_engine_exception"),
            "Superseded",
        ),
        (429, error("es_rejected_execution_exception"), "Retry"),
        (503, error("unavailable_shards_exception"), "Retry"),
        (413, error("too_large"), "TooLarge"),
        (400, caused.to_owned(), "Rejected"),
    ];
    let item = |(status, error, _): &(u16, String, &str)| {
        format!(r#"{{"index":{{"status":{status},"error":{error}}}}}"#)
    };
    let items: Vec<String> = results.iter().map(item).collect();
    let body = format!(r#"{{"errors":true,"items":[{}]}}"#, items.join(","));
    let stub = Stub::new(move |_| Some((200, body.clone())));
    let index = stub.index().await;
    let outcomes = index.apply("a", puts(results.len())).await;
    let outcomes = outcomes.expect("answered");
    for (outcome, (status, _, expected)) in outcomes.iter().zip(results) {
        let found = format!("{outcome:?}");
        assert!(found.starts_with(expected), "{status}: {found}");
    }
    let reason = "strict bad: why".to_owned();
    assert_eq!(outcomes[5], Outcome::Rejected { reason });
}

#[tokio::test]
async fn a_request_that_is_too_large_is_halved_down_to_the_one_operation() {
    let stub = Stub::new(
        |request| match ids_in(&request.1).iter().any(|id| id == "d5") {
            true => Some((413, String::new())),
            false => all_done(request),
        },
    );
    let outcomes = stub.index().await.apply("a", puts(16)).await;
    let mut expected = vec![Outcome::Done; 16];
    expected[5] = Outcome::TooLarge;
    assert_eq!(outcomes.expect("answered"), expected);
    assert_eq!(stub.requests().len(), 9);
}

#[tokio::test]
async fn a_request_that_finds_no_time_is_halved_a_few_times() {
    let stub = Stub::new(|request| match ids_in(&request.1).len() {
        6.. => None,
        _ => all_done(request),
    });
    let outcomes = stub.index().await.apply("a", puts(16)).await;
    assert_eq!(outcomes.expect("answered"), vec![Outcome::Done; 16]);
    let dead = Stub::new(|_| None);
    let (index, began) = (dead.index().await, Instant::now());
    let error = index.apply("a", puts(16)).await.expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(began.elapsed() < Duration::from_secs(2) && dead.requests().len() == 3);
}

#[tokio::test]
async fn bulk_requests_are_bounded_in_count_and_bytes_and_keep_the_order() {
    let stub = Stub::new(all_done);
    let index = stub.index().await;
    let filling = "x".repeat(500_000);
    let large = |id: usize| {
        let document = format!("{{\"id\":\n\"{filling}\",\"body\":[\r\n]}}");
        let document = RawValue::from_string(document).expect("valid JSON");
        Operation::put(format!("l{id}"), 7, document)
    };
    let mut operations = puts(1_100);
    operations.extend((0..9).map(large));
    operations.push(Operation::delete("gone", 9));
    let ids = operations.iter().map(|operation| operation.id().to_owned());
    let ids: Vec<String> = ids.collect();
    let outcomes = index.apply("a", operations).await.expect("answered");
    assert_eq!(outcomes, vec![Outcome::Done; ids.len()]);

    let requests = stub.requests();
    let sent = requests.iter().flat_map(|(_, body)| ids_in(body));
    assert_eq!(sent.collect::<Vec<_>>(), ids);
    for (head, body) in &requests {
        assert!(
            ids_in(body).len() <= 500 && body.len() <= 2 << 20,
            "{}",
            body.len()
        );
        assert!(body.ends_with('\n') && !body.contains('\r'));
        let path = "POST /a.write/_bulk?require_alias=true";
        assert!(head.starts_with(path), "{head}");
    }
    let first = r#"{"index":{"_id":"d0","version":1,"version_type":"external_gte"}}"#;
    let expected = format!("{first}\n{{\"visible_from\":0,\"id\":\"a\"}}\n");
    assert!(
        requests[0].1.starts_with(&expected),
        "{}",
        &requests[0].1[..120]
    );
    let deleted = r#"{"delete":{"_id":"gone","version":9,"version_type":"external_gte"}}"#;
    assert!(requests.iter().any(|(_, body)| body.contains(deleted)));
}

#[tokio::test]
async fn the_next_node_is_asked_when_one_is_down() {
    let stub = Stub::new(|request| {
        let known = request.0.contains("authorization: Basic dXNlcjpwQHNz");
        let status = if known { 200 } else { 401 };
        Some((status, r#"{"count":3}"#.to_owned()))
    });
    let up = stub.url.replace("http://", "http://user:p%40ss@");
    let index = hasty_index(&format!("http://{},{up}", free_address())).await;
    for _ in 0..6 {
        assert_eq!(index.count("a").await.expect("counted"), 3);
    }
    assert_eq!(stub.requests().len(), 6);
}

#[tokio::test]
async fn a_node_that_was_late_is_asked_last() {
    let late = Stub::new(|_| None);
    let prompt = Stub::new(|_| Some((200, r#"{"count":3}"#.to_owned())));
    let index = hasty_index(&format!("{},{}", late.url, prompt.url)).await;
    let mut failed = 0;
    for _ in 0..6 {
        failed += usize::from(index.count("a").await.is_err());
    }
    assert_eq!((failed, late.requests().len()), (1, 1));
}

#[tokio::test]
async fn an_answer_that_is_not_an_index_servers_is_corrupt() {
    let stub = Stub::new(|_| Some((200, "<html>".to_owned())));
    let index = stub.index().await;
    let error = index
        .search("a", &Query::new(1))
        .await
        .expect_err("no JSON");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    let error = index.apply("a", puts(1)).await.expect_err("no JSON");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    let stub = Stub::new(|_| Some((403, "no".to_owned())));
    let error = stub.index().await.count("a").await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Forbidden);
}
