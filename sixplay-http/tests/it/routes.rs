//! The route table: matching, methods, parameters, errors, cache times.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request as HttpRequest, Response};
use http_body_util::Full;
use sixplay_core::{Error, ErrorKind, Result};
use sixplay_http::{
    ErrorFormat, Limits, Param, Request, Route, Routes, cache::ValidFor, json, route::with,
};

use crate::ask::{Answer, ask, send};

async fn echo(request: Request) -> Result<Response<Bytes>> {
    let offset = request.params().int("offset").unwrap_or(-1);
    Ok(json(format!(
        r#"{{"id":"{}","offset":{offset},"with":{:?}}}"#,
        request.segment("id"),
        request.params().list("with")
    )))
}

async fn save(request: Request) -> Result<Response<Bytes>> {
    Ok(json(request.body().clone()))
}

async fn fail(kind: ErrorKind, _: Request) -> Result<Response<Bytes>> {
    Err(Error::new(kind, "test.fail", "it went wrong")
        .with("password", "hunter2")
        .with("pointer", "/title"))
}

async fn short(seconds: u64, _: Request) -> Result<Response<Bytes>> {
    let mut response = json("{}");
    response
        .extensions_mut()
        .insert(ValidFor(Duration::from_secs(seconds)));
    Ok(response)
}

async fn panic(_: Request) -> Result<Response<Bytes>> {
    panic!("a secret detail")
}

async fn slow(_: Request) -> Result<Response<Bytes>> {
    std::future::pending().await
}

pub fn table(format: ErrorFormat) -> Routes {
    let page = [
        Param::int("offset", 0, 9_999, "Skipped.").default(0),
        Param::list("with", "Parts."),
    ];
    let failing = |name, kind| Route::get(name, format!("/fail/{name}"), with(&kind, fail));
    let routes = [
        Route::get("item", "/items/{id}", echo)
            .params(page)
            .cache(60),
        Route::new(Method::PATCH, "save", "/items/{id}", save).consumes("application/json"),
        Route::get("own", "/items/own", echo),
        Route::get("short", "/short", with(&7, short)),
        Route::get("over", "/over", with(&0, short)),
        Route::get("panic", "/panic", panic),
        Route::get("slow", "/slow", slow),
        failing("gone", ErrorKind::Gone),
        failing("corrupt", ErrorKind::Corrupt),
        failing("invalid", ErrorKind::Invalid),
        failing("unavailable", ErrorKind::Unavailable),
    ];
    Routes::new(format, routes).unwrap()
}

async fn get(path: &str) -> Answer {
    ask(&table(ErrorFormat::Problem), Method::GET, "localhost", path).await
}

#[tokio::test]
async fn the_most_exact_template_wins_and_segments_are_decoded() {
    assert_eq!(get("/items/own").await.json()["id"], "");
    assert_eq!(get("/items/a%20b%2Fc").await.json()["id"], "a b/c");
    let answer = get("/items/1?offset=5&with=b,a&unknown=%41").await;
    assert_eq!(answer.body, r#"{"id":"1","offset":5,"with":["b", "a"]}"#);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(
        answer.header("content-length"),
        answer.body.len().to_string()
    );
}

#[tokio::test]
async fn a_wrong_parameter_is_named_in_the_problem() {
    for query in ["offset=-1", "offset=1e9", "offset=10000", "offset=x"] {
        let answer = get(&format!("/items/1?{query}")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (400, "application/problem+json"),
            "{query}"
        );
        let problem = answer.json();
        assert_eq!(problem["errors"][0]["source"]["parameter"], "offset");
        assert_eq!(
            problem["errors"][0]["message"],
            "must be a whole number from 0 to 9999"
        );
        assert_eq!(
            (&problem["title"], &problem["status"], &problem["instance"]),
            (&"Bad Request".into(), &400.into(), &"/items/1".into())
        );
    }
    for path in ["/items/1?x=%zz", "/items/%zz", "/items/%ff", "/items/1?%="] {
        assert_eq!(get(path).await.status, 400, "{path}");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told_apart() {
    assert_eq!(get("/nothing").await.json()["code"], "not_found");
    assert_eq!(get("/items/1/").await.status, 404);
    let routes = table(ErrorFormat::Problem);
    let answer = ask(&routes, Method::DELETE, "localhost", "/items/1").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("allow")),
        (405, "GET, HEAD, PATCH, OPTIONS")
    );
    let answer = ask(&routes, Method::OPTIONS, "localhost", "/items/1").await;
    assert_eq!(
        (
            answer.status.as_u16(),
            answer.header("allow"),
            answer.body.as_str()
        ),
        (204, "GET, HEAD, PATCH, OPTIONS", "")
    );
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let routes = table(ErrorFormat::Problem);
    let (get, head) = (
        ask(&routes, Method::GET, "", "/items/1").await,
        ask(&routes, Method::HEAD, "", "/items/1").await,
    );
    assert_eq!(
        (head.status, &head.headers, head.body.as_str()),
        (get.status, &get.headers, "")
    );
    assert_eq!(head.header("content-length"), get.body.len().to_string());
}

#[tokio::test]
async fn cache_time_is_the_routes_capped_by_the_documents_and_errors_are_never_kept() {
    assert_eq!(
        get("/items/1").await.header("cache-control"),
        "public, max-age=60"
    );
    assert_eq!(
        get("/items/own").await.header("cache-control"),
        "public, max-age=300"
    );
    assert_eq!(
        get("/short").await.header("cache-control"),
        "public, max-age=7"
    );
    assert_eq!(get("/over").await.header("cache-control"), "no-store");
    assert_eq!(get("/nothing").await.header("cache-control"), "no-store");
}

#[tokio::test]
async fn errors_below_500_say_what_is_wrong_and_others_say_nothing() {
    let invalid = get("/fail/invalid").await;
    assert_eq!(invalid.json()["errors"][0]["source"]["pointer"], "/title");
    assert_eq!(get("/fail/gone").await.status, 410);
    let unavailable = get("/fail/unavailable").await;
    assert_eq!(
        (
            unavailable.status.as_u16(),
            unavailable.header("retry-after")
        ),
        (503, "1")
    );
    let corrupt = get("/fail/corrupt").await;
    assert_eq!(corrupt.status, 500);
    for answer in [invalid, unavailable, corrupt] {
        assert!(
            !answer.body.contains("hunter2") && !answer.body.contains("test.fail"),
            "{}",
            answer.body
        );
        assert!(
            answer.status == 400 || !answer.body.contains("it went wrong"),
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn the_historic_format_has_code_and_words() {
    let routes = table(ErrorFormat::Historic);
    let answer = ask(&routes, Method::GET, "", "/nothing").await;
    assert_eq!(
        (answer.body.as_str(), answer.header("content-type")),
        (
            r#"{"error":{"code":404,"message":"Not Found"}}"#,
            "application/json"
        )
    );
    assert_eq!(
        ask(&routes, Method::PUT, "", "/items/1").await.body,
        r#"{"error":{"code":405,"message":"Method Not Allowed"}}"#
    );
}

#[tokio::test]
async fn a_panic_is_500_without_its_text() {
    let answer = get("/panic").await;
    assert_eq!(answer.status, 500);
    assert!(!answer.body.contains("secret"));
}

#[tokio::test]
async fn a_request_over_its_deadline_is_503() {
    let mut request = HttpRequest::get("/slow").body(Full::default()).unwrap();
    request.extensions_mut().insert(Limits {
        deadline: Duration::from_millis(20),
        ..Limits::default()
    });
    let answer = send(&table(ErrorFormat::Problem), request).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["code"]),
        (503, &"timeout".into())
    );
}

#[tokio::test]
async fn bodies_are_limited_and_typed() {
    let patch = |media: &str, body: Vec<u8>| {
        let mut request = HttpRequest::patch("/items/1")
            .header("content-type", media)
            .body(Full::from(body))
            .unwrap();
        request.extensions_mut().insert(Limits {
            body: 100,
            ..Limits::default()
        });
        request
    };
    let routes = table(ErrorFormat::Problem);
    assert_eq!(
        send(
            &routes,
            patch("application/json; charset=utf-8", b"{}".to_vec())
        )
        .await
        .body,
        "{}"
    );
    assert_eq!(
        send(&routes, patch("application/json", vec![b' '; 101]))
            .await
            .status,
        413
    );
    let mut packed = patch("application/json", b"{}".to_vec());
    packed
        .headers_mut()
        .insert("content-encoding", "gzip".parse().unwrap());
    assert_eq!(send(&routes, packed).await.status, 415);
    let answer = send(&routes, patch("text/plain", b"{}".to_vec())).await;
    assert_eq!(
        (
            answer.status.as_u16(),
            &answer.json()["errors"][0]["source"]["header"]
        ),
        (415, &"content-type".into())
    );
}

#[test]
fn a_table_with_two_routes_for_the_same_is_refused() {
    let route = |name, template: &str| Route::get(name, template, echo);
    for (one, other) in [
        (("a", "/x"), ("b", "/x")),
        (("a", "/x"), ("a", "/y")),
        (("a", "/{x}"), ("b", "/{y}")),
        (("a", "/{x"), ("b", "/y")),
    ] {
        let table = Routes::new(
            ErrorFormat::Problem,
            [route(one.0, one.1), route(other.0, other.1)],
        );
        assert_eq!(
            table.err().map(|error| error.kind()),
            Some(ErrorKind::Config),
            "{one:?} {other:?}"
        );
    }
}
