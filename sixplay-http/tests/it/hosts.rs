//! Choosing a service by host.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Method, Response};
use http_body_util::Full;
use sixplay_core::Result;
use sixplay_http::{
    Dispatch, DomainUser, DomainUserLayer, DomainUserService, ErrorFormat, Request, Route, Routes,
    Users, json, with,
};
use tempfile::TempDir;
use tower::{Layer, ServiceExt, service_fn};

use crate::ask::{ask, send};

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
    let routes = [Route::get("hello", "/", with(&name, hello))];
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
        (".api.localhost", "\"api for pc\""),
    ] {
        let answer = ask(&dispatch, Method::GET, host, "/").await;
        assert_eq!(answer.body, body, "{host}");
    }
}

#[tokio::test]
async fn a_host_without_a_service_is_404_and_an_unknown_client_403() {
    let dispatch = dispatch();
    for (host, status) in [
        ("bo.web.test", 404),
        ("a.bo.api.test", 404),
        ("localhost", 404),
        ("", 404),
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
