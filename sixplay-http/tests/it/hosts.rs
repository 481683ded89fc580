//! Choosing a service by host.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Method, Response};
use http_body_util::Full;
use sixplay_core::Result;
use sixplay_http::{
    Dispatch, DomainUser, DomainUserLayer, DomainUserService, Domains, ErrorFormat, HostLayer,
    HostService, Request, Route, Routes, Users, json, with,
};
use tempfile::TempDir;
use tower::{Layer, ServiceExt, service_fn};

use crate::ask::{Answer, ask, send};

async fn hello(name: &'static str, request: Request) -> Result<Response<Bytes>> {
    let user = request.user().map_or("nobody", |user| user.name());
    Ok(json(format!("\"{name} for {user}\"")))
}

fn named(name: &'static str) -> DomainUserService<Routes> {
    let dir = TempDir::new().unwrap();
    for user in ["pc", "bo"] {
        let file = dir.path().join(format!("{user}.yml"));
        std::fs::write(file, "firewall: { allow: { default: true } }").unwrap();
    }
    let users = Users::load_with(dir.path(), Some("pc"), 300).unwrap();
    let routes = [
        Route::get("hello", "/", with(&name, hello)),
        Route::new(Method::PATCH, "change", "/", with(&name, hello)),
    ];
    let routes = Routes::new(ErrorFormat::Problem, routes).unwrap();
    DomainUserLayer::new(users, ErrorFormat::Problem).layer(routes)
}

fn dispatch() -> Dispatch<DomainUserService<Routes>> {
    let services = [("api", named("api")), ("Shop", named("shop"))];
    Dispatch::new(ErrorFormat::Problem, services)
}

#[tokio::test]
async fn the_second_label_chooses_the_service_and_the_first_the_client() {
    let dispatch = dispatch();
    for (host, body) in [
        ("bo.api.localhost:8080", "\"api for bo\""),
        ("BO.Shop.books.test", "\"shop for bo\""),
        ("api.localhost", "\"api for pc\""),
    ] {
        let answer = ask(&dispatch, Method::GET, host, "/").await;
        assert_eq!(answer.body, body, "{host}");
    }
}

#[tokio::test]
async fn a_host_without_a_service_is_421_and_an_unknown_client_403() {
    let dispatch = dispatch();
    for (host, status) in [
        ("bo.web.test", 421),
        ("a.bo.api.test", 421),
        ("localhost", 421),
        ("", 421),
        ("tv.api.test", 403),
    ] {
        let answer = ask(&dispatch, Method::GET, host, "/").await;
        assert_eq!(answer.status, status, "{host}");
        let media = answer.header("content-type");
        assert_eq!(media, "application/problem+json", "{host}");
    }
}

#[tokio::test]
async fn a_request_without_exactly_one_host_is_400_at_every_entry() {
    let (dispatch, api) = (dispatch(), named("api"));
    let without = || http::Request::get("/");
    let one = || without().header("host", "pc.api.test");
    let two = one().header("host", "bo.api.test");
    let two = two.body(Full::<Bytes>::default()).unwrap();
    let without = without().body(Full::<Bytes>::default()).unwrap();
    for request in [without, two] {
        assert_eq!(send(&dispatch, request.clone()).await.status, 400);
        assert_eq!(send(&api, request).await.status, 400);
    }
    let one = one().body(Full::default()).unwrap();
    assert_eq!(send(&api, one).await.status, 200);
}

#[tokio::test]
async fn layers_go_over_any_service_with_a_body_made_from_bytes() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("pc.yml"), "").unwrap();
    let inner = service_fn(|request: http::Request<()>| async move {
        let user = request.extensions().get::<DomainUser>();
        let name = user.map_or(String::new(), |user| user.name().to_owned());
        Ok::<_, Infallible>(Response::new(Bytes::from(name)))
    });
    let users = Users::load(dir.path()).unwrap();
    let service = DomainUserLayer::new(users, ErrorFormat::Problem).layer(inner);
    let asked = |host: &str| {
        let request = http::Request::get("/").header("host", host);
        service.clone().oneshot(request.body(()).unwrap())
    };
    assert_eq!(asked("pc.test").await.unwrap().body(), "pc");
    assert_eq!(asked("tv.test").await.unwrap().status(), 403);
}

/// The service `api` alone, and with `shop` behind a dispatch, below our own domains.
fn own_hosts(
    domains: &[&str],
) -> (
    HostService<DomainUserService<Routes>>,
    HostService<Dispatch<DomainUserService<Routes>>>,
) {
    let domains = Domains::new(domains).unwrap();
    let layer = |domains| HostLayer::new(domains, ErrorFormat::Problem);
    let alone = layer(domains.with_service("api")).layer(named("api"));
    (alone, layer(domains).layer(dispatch()))
}

#[tokio::test]
async fn only_hosts_in_our_domains_with_our_number_of_labels_are_answered() {
    let (alone, several) = own_hosts(&["Example.com", "tv.example.org"]);
    for (host, of_one, of_several) in [
        ("bo.api.example.com", 200, 200),
        ("BO.API.EXAMPLE.COM.:8080", 200, 200),
        ("api.example.com", 200, 200),
        ("bo.api.tv.example.org", 200, 200),
        ("bo.example.com", 200, 421),
        ("example.com", 200, 421),
        ("tv.api.example.com", 403, 403),
        ("bo.shop.example.com", 421, 200),
        ("a.bo.api.example.com", 421, 421),
        ("api.bo.api.example.com", 421, 421),
        ("bo.api.attacker.test", 421, 421),
        ("bo.api.example.com.attacker.test", 421, 421),
        ("bo.api.notexample.com", 421, 421),
        ("bo.api.org", 421, 421),
        ("bo.api", 421, 421),
        ("localhost", 421, 421),
        ("", 421, 421),
        ("127.0.0.1:8080", 421, 421),
        ("[::1]:8080", 421, 421),
    ] {
        let answer = ask(&alone, Method::GET, host, "/").await;
        assert_eq!(answer.status, of_one, "{host}");
        let answer = ask(&several, Method::GET, host, "/").await;
        assert_eq!(answer.status, of_several, "{host}");
        if of_several == 421 {
            assert_eq!(answer.json()["code"], "misdirected", "{host}");
            assert_eq!(answer.header("cache-control"), "no-store", "{host}");
        }
    }
}

#[tokio::test]
async fn an_address_is_a_host_of_ours_only_where_it_is_configured() {
    let (alone, _) = own_hosts(&["127.0.0.1", "::1"]);
    for (host, status) in [
        ("127.0.0.1:8080", 200),
        ("[::1]", 200),
        ("[0:0::1]:80", 200),
        ("127.0.0.2", 421),
        ("api.127.0.0.1", 421),
        ("localhost", 421),
    ] {
        let answer = ask(&alone, Method::GET, host, "/").await;
        assert_eq!(answer.status, status, "{host}");
    }
}

async fn send_from_page(method: Method, origin: Option<&str>, site: Option<&str>) -> Answer {
    let (_, several) = own_hosts(&["example.com"]);
    let mut request = http::Request::builder().method(method).uri("/");
    let headers = request.headers_mut().unwrap();
    headers.insert("host", "bo.api.example.com:8080".parse().unwrap());
    for (name, value) in [("origin", origin), ("sec-fetch-site", site)] {
        if let Some(value) = value {
            headers.insert(name, value.parse().unwrap());
        }
    }
    send(&several, request.body(Full::default()).unwrap()).await
}

#[tokio::test]
async fn a_page_of_another_host_changes_nothing() {
    let own = Some("https://BO.api.example.com");
    for (origin, site, status) in [
        (None, None, 200),
        (own, Some("same-origin"), 200),
        (own, Some("none"), 200),
        (Some("http://bo.api.example.com:8080"), None, 200),
        (Some("http://bo.api.attacker.test"), None, 403),
        (Some("http://attacker.test"), Some("same-origin"), 403),
        (Some("http://example.com"), None, 403),
        (Some("http://bo.api.example.com.attacker.test"), None, 403),
        (Some("http://x@bo.api.example.com"), None, 403),
        (Some("null"), None, 403),
        (Some(""), None, 403),
        (own, Some("cross-site"), 403),
        (None, Some("Cross-Site"), 403),
    ] {
        let answer = send_from_page(Method::PATCH, origin, site).await;
        assert_eq!(answer.status, status, "{origin:?} {site:?}");
        let read = send_from_page(Method::GET, origin, site).await;
        assert_eq!(read.status, 200, "{origin:?} {site:?}");
    }
}

#[tokio::test]
async fn what_is_no_host_is_400_at_every_entry() {
    let (alone, several) = own_hosts(&["localhost"]);
    let (dispatch, users) = (dispatch(), named("api"));
    for host in [
        "bo.api.localhost:80:80",
        "bo.api.localhost:abc",
        "bo.api.localhost:65536",
        "bo.api.localhost:+80",
        "bo.api.localhost/x",
        "bo.api.localhost?x",
        "bo.api.localhost#x",
        "bo.api.localhost x",
        "bo.api.localhost,pc.api.localhost",
        "bo.api.localhost..",
        "bo..api.localhost",
        ".api.localhost",
        ".",
        ":80",
        "x@bo.api.localhost",
        "b%6f.api.localhost",
        "[::1",
        "[::1]x",
        "[bo.api.localhost]",
        "::1",
    ] {
        let expected = if host == ":80" {
            [421, 421, 421, 200]
        } else {
            [400; 4]
        };
        let answers = [
            ask(&alone, Method::GET, host, "/").await,
            ask(&several, Method::GET, host, "/").await,
            ask(&dispatch, Method::GET, host, "/").await,
            ask(&users, Method::GET, host, "/").await,
        ];
        assert_eq!(
            answers.map(|answer| answer.status.as_u16()),
            expected,
            "{host}"
        );
    }
}

#[tokio::test]
async fn a_target_in_absolute_form_is_a_url_of_ours_and_needs_a_host_too() {
    let (alone, _) = own_hosts(&["localhost"]);
    for (target, host, status) in [
        ("http://bo.api.localhost/", Some("pc.api.localhost"), 200),
        (
            "http://bo.api.attacker.test/",
            Some("bo.api.localhost"),
            421,
        ),
        ("http://bo.api.localhost/", None, 400),
        ("ftp://bo.api.localhost/", Some("bo.api.localhost"), 400),
        ("http://x@bo.api.localhost/", Some("bo.api.localhost"), 400),
        ("http://bo.api.localhost/", Some("a b"), 400),
    ] {
        let mut request = http::Request::get(target);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let answer = send(&alone, request.body(Full::default()).unwrap()).await;
        assert_eq!(answer.status, status, "{target} {host:?}");
    }
}

#[tokio::test]
async fn a_request_that_goes_no_further_is_refused_in_the_format_of_the_hosts_service() {
    let domains = Domains::new(["example.com"]).unwrap();
    let layer = HostLayer::new(domains, ErrorFormat::Problem);
    let layer = layer.errors_at("shop", ErrorFormat::Historic);
    let service = layer.layer(dispatch());
    for (host, method, status, media) in [
        (
            "pc.shop.attacker.test",
            Method::GET,
            421,
            "application/json",
        ),
        (
            "pc.shop.example.com",
            Method::PATCH,
            403,
            "application/json",
        ),
        (
            "pc.api.attacker.test",
            Method::GET,
            421,
            "application/problem+json",
        ),
        (
            "pc.api.example.com",
            Method::PATCH,
            403,
            "application/problem+json",
        ),
        (
            "pc.shop.example.com:x",
            Method::GET,
            400,
            "application/problem+json",
        ),
    ] {
        let request = http::Request::builder().method(method).uri("/");
        let request = request.header("host", host).header("origin", "null");
        let answer = send(&service, request.body(Full::default()).unwrap()).await;
        assert_eq!(answer.status, status, "{host}");
        assert_eq!(answer.header("content-type"), media, "{host}");
    }
}
