//! The route table: matching, methods, parameters, errors, cache times.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request as HttpRequest, Response};
use http_body_util::Full;
use sixplay_core::{Error, ErrorKind, Result};
use sixplay_http::{ErrorFormat, Limits, Param, Request, Route, Routes, ValidFor, json, with};

use crate::ask::{Answer, ask, send};

async fn echo(request: Request) -> Result<Response<Bytes>> {
    let (id, params) = (request.segment("id"), request.params());
    let offset = params.int("offset").unwrap_or(-1);
    let with = params.list("with");
    Ok(json(format!(
        r#"{{"id":"{id}","offset":{offset},"with":{with:?}}}"#
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
    let rest = Duration::from_secs(seconds);
    response.extensions_mut().insert(ValidFor(rest));
    Ok(response)
}

async fn panic(_: Request) -> Result<Response<Bytes>> {
    panic!("a secret detail")
}

async fn slow(_: Request) -> Result<Response<Bytes>> {
    std::future::pending().await
}

pub(crate) fn table(format: ErrorFormat) -> Routes {
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
        Route::get("private", "/private", echo).private(),
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
    let length = answer.body.len().to_string();
    assert_eq!(answer.header("content-length"), length);
}

#[tokio::test]
async fn a_wrong_parameter_is_named_in_the_problem() {
    for query in ["offset=-1", "offset=1e9", "offset=10000", "offset=x"] {
        let answer = get(&format!("/items/1?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        let fault = &problem["errors"][0];
        assert_eq!(fault["source"]["parameter"], "offset");
        assert_eq!(fault["message"], "must be a whole number from 0 to 9999");
        assert_eq!(problem["title"], "Bad Request");
        assert_eq!(problem["status"], 400);
        assert_eq!(problem["instance"], "/items/1");
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
    for (method, status) in [(Method::DELETE, 405), (Method::OPTIONS, 204)] {
        let answer = ask(&routes, method, "localhost", "/items/1").await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("allow"), "GET, HEAD, PATCH, OPTIONS");
        assert_eq!(answer.body.is_empty(), status == 204);
    }
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let routes = table(ErrorFormat::Problem);
    let get = ask(&routes, Method::GET, "", "/items/1").await;
    let head = ask(&routes, Method::HEAD, "", "/items/1").await;
    assert_eq!((head.status, &head.headers), (get.status, &get.headers));
    assert_eq!(head.body, "");
    assert_eq!(head.header("content-length"), get.body.len().to_string());
}

#[tokio::test]
async fn cache_time_is_the_routes_capped_by_the_documents_and_errors_are_never_kept() {
    for (path, cache) in [
        ("/items/1", "public, max-age=60"),
        ("/items/own", "public, max-age=300"),
        ("/short", "public, max-age=7"),
        ("/private", "private, max-age=300"),
        ("/over", "no-store"),
        ("/nothing", "no-store"),
    ] {
        let answer = get(path).await;
        assert_eq!(answer.header("cache-control"), cache, "{path}");
    }
}

#[tokio::test]
async fn the_answer_to_a_request_with_credentials_is_in_no_shared_cache() {
    let request = HttpRequest::get("/items/1").header("host", "localhost");
    let request = request.header("authorization", "Basic eDp5");
    let request = request.body(Full::default()).unwrap();
    let answer = send(&table(ErrorFormat::Problem), request).await;
    assert_eq!(answer.header("cache-control"), "private, max-age=60");
    assert_eq!(answer.header("vary"), "");
}

#[tokio::test]
async fn errors_below_500_say_what_is_wrong_and_others_say_nothing() {
    let invalid = get("/fail/invalid").await;
    assert_eq!(invalid.json()["errors"][0]["source"]["pointer"], "/title");
    assert_eq!(get("/fail/gone").await.status, 410);
    let unavailable = get("/fail/unavailable").await;
    assert_eq!(unavailable.status, 503);
    assert_eq!(unavailable.header("retry-after"), "1");
    let corrupt = get("/fail/corrupt").await;
    assert_eq!(corrupt.status, 500);
    for Answer { status, body, .. } in [invalid, unavailable, corrupt] {
        assert!(!body.contains("hunter2"), "{body}");
        assert!(!body.contains("test.fail"), "{body}");
        assert!(status == 400 || !body.contains("it went wrong"), "{body}");
    }
}

#[tokio::test]
async fn the_historic_format_has_code_and_words() {
    let routes = table(ErrorFormat::Historic);
    let answer = ask(&routes, Method::GET, "", "/nothing").await;
    let body = r#"{"error":{"code":404,"message":"Not Found"}}"#;
    assert_eq!(answer.body, body);
    assert_eq!(answer.header("content-type"), "application/json");
    let answer = ask(&routes, Method::PUT, "", "/items/1").await;
    let body = r#"{"error":{"code":405,"message":"Method Not Allowed"}}"#;
    assert_eq!(answer.body, body);
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
    let mut limits = Limits::default();
    limits.deadline = Duration::from_millis(20);
    request.extensions_mut().insert(limits);
    let answer = send(&table(ErrorFormat::Problem), request).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["code"], "timeout");
}

#[tokio::test]
async fn a_condition_that_does_not_hold_changes_nothing() {
    let written = Arc::new(AtomicUsize::new(0));
    let write = || {
        with(&written, async |written: Arc<AtomicUsize>, _| {
            written.fetch_add(1, Ordering::SeqCst);
            Ok(json("{}"))
        })
    };
    let find = async |request: Request| match request.segment("id") {
        "here" => Ok(json("{}")),
        _ => Err(Error::not_found("test.find", "there is no such item")),
    };
    let routes = [
        Route::get("item", "/items/{id}", find),
        Route::new(Method::PUT, "write", "/items/{id}", write()),
        Route::new(Method::POST, "add", "/items", write()),
    ];
    let service = Routes::new(ErrorFormat::Problem, routes).unwrap();
    let ask = async |method: &Method, path: &str, header: (&str, &str)| {
        let request = HttpRequest::builder().method(method).uri(path);
        let request = request.header(header.0, header.1).body(Full::default());
        let answer = send(&service, request.unwrap()).await;
        (answer.status.as_u16(), written.swap(0, Ordering::SeqCst))
    };
    for (header, value, reading, writing) in [
        ("if-match", "\"a\"", 412, 412),
        ("if-match", "W/\"a\", \"b\"", 412, 412),
        ("if-match", "nonsense", 412, 412),
        ("if-match", "", 412, 412),
        ("if-match", "*", 200, 200),
        ("if-match", " * ", 200, 200),
        (
            "if-unmodified-since",
            "Sat, 29 Oct 1994 19:43:31 GMT",
            200,
            412,
        ),
        ("if-unmodified-since", "1999", 200, 412),
        ("if-none-match", "*", 200, 412),
        ("if-none-match", "\"a\"", 200, 200),
    ] {
        let header = (header, value);
        let (here, away) = ("/items/here", "/items/away");
        assert_eq!(
            ask(&Method::GET, here, header).await,
            (reading, 0),
            "{header:?}"
        );
        assert_eq!(
            ask(&Method::GET, away, header).await,
            (404, 0),
            "{header:?}"
        );
        let writes = usize::from(writing == 200);
        for (method, path) in [(Method::PUT, here), (Method::POST, "/items")] {
            let answer = ask(&method, path, header).await;
            assert_eq!(answer, (writing, writes), "{method} {header:?}");
        }
        if writing == 412 {
            assert_eq!(
                ask(&Method::PUT, away, header).await,
                (404, 0),
                "{header:?}"
            );
        }
    }
}

#[tokio::test]
async fn bodies_are_limited_and_typed() {
    let patch = |media: &str, body: &str| {
        let request = HttpRequest::patch("/items/1").header("content-type", media);
        let mut request = request.body(Full::from(body.to_owned())).unwrap();
        let mut limits = Limits::default();
        limits.body = 100;
        request.extensions_mut().insert(limits);
        request
    };
    let routes = table(ErrorFormat::Problem);
    let answer = send(&routes, patch("application/json; charset=utf-8", "{}")).await;
    assert_eq!(answer.body, "{}");
    let large = patch("application/json", &" ".repeat(101));
    assert_eq!(send(&routes, large).await.status, 413);
    let mut packed = patch("application/json", "{}");
    let gzip = "gzip".parse().unwrap();
    packed.headers_mut().insert("content-encoding", gzip);
    let answer = send(&routes, packed).await;
    assert_eq!(answer.status, 415);
    let source = &answer.json()["errors"][0]["source"];
    assert_eq!(source["header"], "content-encoding");
    let answer = send(&routes, patch("text/plain", "{}")).await;
    assert_eq!(answer.status, 415);
    let source = &answer.json()["errors"][0]["source"];
    assert_eq!(source["header"], "content-type");
    assert_eq!(answer.header("accept-patch"), "application/json");
    let mut two = patch("application/json", "{}");
    let other = "text/plain".parse().unwrap();
    two.headers_mut().append("content-type", other);
    let answer = send(&routes, two).await;
    assert_eq!(answer.status, 400);
    let source = &answer.json()["errors"][0]["source"];
    assert_eq!(source["header"], "content-type");
    let options = ask(&routes, Method::OPTIONS, "x", "/items/1").await;
    assert_eq!(options.header("accept-patch"), "application/json");
    let options = ask(&routes, Method::OPTIONS, "x", "/items/own").await;
    assert_eq!(options.header("accept-patch"), "");
}

#[tokio::test]
async fn a_body_of_any_media_type_that_a_route_names_is_taken() {
    let route = Route::new(Method::PATCH, "save", "/", save);
    let route = route.consumes("application/merge-patch+json");
    let routes = Routes::new(ErrorFormat::Problem, [route.consumes("application/json")]).unwrap();
    for (media, status) in [
        ("application/merge-patch+json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("application/json-patch+json", 415),
        ("application/json, text/plain", 415),
        ("", 415),
    ] {
        let request = HttpRequest::patch("/").header("content-type", media);
        let answer = send(&routes, request.body(Full::from("{}")).unwrap()).await;
        assert_eq!(answer.status, status, "{media}");
        let told = "application/merge-patch+json, application/json";
        let expected = if status == 415 { told } else { "" };
        assert_eq!(answer.header("accept-patch"), expected, "{media}");
    }
}

#[tokio::test]
async fn a_strict_route_refuses_parameters_that_it_does_not_declare() {
    let page = || [Param::int("offset", 0, 9, "Skipped.").default(0)];
    let routes = [
        Route::get("strict", "/strict", echo)
            .params(page())
            .strict_params(),
        Route::get("lenient", "/lenient", echo).params(page()),
    ];
    let routes = Routes::new(ErrorFormat::Problem, routes).unwrap();
    let get = async |path: &str| ask(&routes, Method::GET, "x", path).await;
    assert_eq!(get("/lenient?ofset=3&x=1").await.status, 200);
    assert_eq!(get("/strict?offset=3").await.status, 200);
    let answer = get("/strict?ofset=3&offset=x").await;
    assert_eq!(answer.status, 400);
    let problem = answer.json();
    let faults = problem["errors"].as_array().unwrap().iter();
    let named: Vec<_> = faults
        .map(|fault| fault["source"]["parameter"].clone())
        .collect();
    assert_eq!(named, ["ofset", "offset"]);
}

#[test]
fn a_route_that_could_never_answer_as_it_reads_is_refused_by_name() {
    let int = || Param::int("n", 0, 9, "A number.");
    let route = |template: &str| Route::get("odd", template, echo);
    for (route, fault) in [
        (route(""), "slash"),
        (route("books/{id}"), "slash"),
        (route("/{id}/{id}"), "segment"),
        (route("/x").params([int(), int()]), "parameter"),
        (route("/x").consumes("json; charset"), "media type"),
        (
            route("/x").consumes("application/json; charset=utf-8"),
            "media type",
        ),
    ] {
        let error = Routes::new(ErrorFormat::Problem, [route]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        let text = error.to_string();
        assert!(text.contains(fault) && text.contains("route=odd"), "{text}");
    }
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
        let routes = [route(one.0, one.1), route(other.0, other.1)];
        let error = Routes::new(ErrorFormat::Problem, routes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{one:?} {other:?}");
    }
}

#[tokio::test]
async fn a_path_is_the_same_however_its_letters_are_encoded() {
    let answer = get("/%69tem%73/a%2fb%31").await;
    assert_eq!(answer.json()["id"], "a/b1");
    assert_eq!(get("/items%2F1").await.status, 404);
}

#[tokio::test]
async fn a_client_that_asks_whether_the_server_is_there_is_told() {
    let routes = table(ErrorFormat::Problem);
    let answer = ask(&routes, Method::OPTIONS, "localhost", "*").await;
    assert_eq!(answer.status, 204);
    assert_eq!(
        ask(&routes, Method::GET, "localhost", "*").await.status,
        404
    );
}

#[tokio::test]
async fn no_answer_is_taken_for_another_type_than_it_says() {
    for path in ["/items/1", "/nothing", "/panic", "/short"] {
        let answer = get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
}

async fn complain(length: usize, _: Request) -> Result<Response<Bytes>> {
    let long = "é".repeat(length);
    Err(Error::invalid("test.complain", "it is wrong")
        .with("pointer", format!("/{long}"))
        .with("problem", format!("unknown member {long}")))
}

#[tokio::test]
async fn an_error_repeats_no_more_of_the_request_than_a_person_reads() {
    let long = with(&400_000, complain);
    let short = with(&20, complain);
    let routes = [
        Route::get("long", "/long", long),
        Route::get("short", "/short", short),
    ];
    let routes = Routes::new(ErrorFormat::Problem, routes).unwrap();
    let answer = ask(&routes, Method::GET, "localhost", "/long").await;
    assert!(answer.body.len() < 1000, "{}", answer.body.len());
    let fault = &answer.json()["errors"][0];
    let message = fault["message"].as_str().unwrap();
    assert_eq!(message.chars().count(), 101);
    assert!(message.starts_with("unknown member éé") && message.ends_with("é…"));
    let pointer = fault["source"]["pointer"].as_str().unwrap();
    assert_eq!(pointer.chars().count(), 101);
    let path = format!("/{}", "a".repeat(20_000));
    let missing = ask(&routes, Method::GET, "localhost", &path).await;
    assert!(missing.body.len() < 1000, "{}", missing.body.len());
    let answer = ask(&routes, Method::GET, "localhost", "/short").await;
    assert!(answer.body.contains(&"é".repeat(20)) && !answer.body.contains('…'));
}
