//! Choosing a service by host.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Method, Response};
use http_body_util::Full;
use sixplay_core::Result;
use sixplay_http::{
    Dispatch, DomainUserLayer, DomainUserService, ErrorFormat, Request, Route, Routes, Users, json,
    route::with,
};
use tempfile::TempDir;
use tower::{Layer, ServiceExt, service_fn};

use crate::ask::{ask, send};

async fn hello(name: &'static str, request: Request) -> Result<Response<Bytes>> {
    Ok(json(format!(
        "\"{name} for {}\"",
        request.user().map_or("nobody", |user| user.name())
    )))
}

fn named(name: &'static str) -> DomainUserService<Routes> {
    let dir = TempDir::new().unwrap();
    for user in ["pc", "bo"] {
        std::fs::write(
            dir.path().join(format!("{user}.yml")),
            "firewall: { allow: { default: true } }",
        )
        .unwrap();
    }
    let routes = Routes::new(
        ErrorFormat::Problem,
        [Route::get("hello", "/", with(&name, hello))],
    )
    .unwrap();
    DomainUserLayer::new(
        Users::load_with(dir.path(), Some("pc"), 300).unwrap(),
        ErrorFormat::Problem,
    )
    .layer(routes)
}

#[tokio::test]
async fn the_second_label_chooses_the_service_and_the_first_the_client() {
    let dispatch = Dispatch::new(
        ErrorFormat::Problem,
        [("api", named("api")), ("middleware", named("middleware"))],
    );
    for (host, body) in [
        ("bo.api.localhost:8080", "\"api for bo\""),
        ("BO.Middleware.6play.test", "\"middleware for bo\""),
        ("api.localhost", "\"api for pc\""),
        (".api.localhost", "\"api for pc\""),
    ] {
        assert_eq!(
            ask(&dispatch, Method::GET, host, "/").await.body,
            body,
            "{host}"
        );
    }
    for (host, status) in [
        ("bo.web.test", 404),
        ("a.bo.api.test", 404),
        ("localhost", 404),
        ("", 404),
        ("tv.api.test", 403),
    ] {
        let answer = ask(&dispatch, Method::GET, host, "/").await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (status, "application/problem+json"),
            "{host}"
        );
    }
    let without = || http::Request::get("/");
    let two = || {
        without()
            .header("host", "pc.api.test")
            .header("host", "bo.api.test")
    };
    for request in [without(), two()] {
        assert_eq!(
            send(&dispatch, request.body(Full::default()).unwrap())
                .await
                .status,
            400
        );
    }
    assert_eq!(
        send(&named("api"), two().body(Full::default()).unwrap())
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn layers_go_over_any_service_with_a_body_made_from_bytes() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("pc.yml"), "").unwrap();
    let inner = service_fn(|request: http::Request<()>| async move {
        let name = request
            .extensions()
            .get::<sixplay_http::DomainUser>()
            .map(|user| user.name().to_owned());
        Ok::<_, Infallible>(Response::new(Bytes::from(name.unwrap_or_default())))
    });
    let service =
        DomainUserLayer::new(Users::load(dir.path()).unwrap(), ErrorFormat::Problem).layer(inner);
    let asked = |host: &str| {
        service.clone().oneshot(
            http::Request::get("/")
                .header("host", host)
                .body(())
                .unwrap(),
        )
    };
    assert_eq!(asked("pc.test").await.unwrap().body(), "pc");
    assert_eq!(asked("tv.test").await.unwrap().status(), 403);
}
