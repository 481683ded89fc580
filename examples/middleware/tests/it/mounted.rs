//! A team's own binary: the tables of the API and of the middleware, mounted beside a service of
//! its own.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use sixplay_core::{CancellationToken, Store};
use sixplay_http::{
    Dispatch, ErrorFormat, Route, Routes, Server, ServerConfig, hyper::body::Incoming, json,
};
use tower::{Service, util::BoxCloneSyncService};

use super::{World, default_users};
use crate::ask::ask_over_socket;

type BoxedService = BoxCloneSyncService<Request<Incoming>, Response<Full<Bytes>>, Infallible>;

fn boxed<S>(service: S) -> BoxedService
where
    S: Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    BoxCloneSyncService::new(service)
}

async fn empty_store(world: &World) -> Store {
    let file = world.dir.path().join("store.sqlite");
    let store = Store::connect(&format!("sqlite:{}", file.display())).await;
    let store = store.unwrap();
    sixplay_catalogue::prepare(&store).await.unwrap();
    store
}

#[tokio::test]
async fn a_team_mounts_both_tables_beside_a_service_of_its_own() {
    let world = World::filled().await;
    let users = default_users();
    let api = sixplay_api::service(empty_store(&world).await, users.clone()).unwrap();
    let middleware = sixplay_middleware::service(world.index.clone(), users).unwrap();
    let health = Route::get("health", "/health", async |_| Ok(json(r#"{"up":true}"#)));
    let own = Routes::new(ErrorFormat::Problem, [health]).unwrap();
    let services = [
        ("api", boxed(api)),
        ("middleware", boxed(middleware)),
        ("status", boxed(own)),
    ];
    let services = Dispatch::new(ErrorFormat::Problem, services);

    let server = Server::bind(([127, 0, 0, 1], 0).into(), ServerConfig::default()).await;
    let server = server.unwrap();
    let (address, stop) = (server.local_addr(), CancellationToken::new());
    let running = tokio::spawn(server.serve(services, stop.clone()));
    for (host, path, body) in [
        (
            "bo.api.example.com",
            "/v1/programs",
            r#"{"items":[],"limit":20,"offset":0}"#,
        ),
        (
            "pc.middleware.example.com",
            "/6play/v2/platforms/m6group_web/services/m6replay",
            r#"{"code":"m6replay"}"#,
        ),
        ("status.example.com", "/health", r#"{"up":true}"#),
    ] {
        let answer = ask_over_socket(address, host, path).await;
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n"),
            "{host}: {answer}"
        );
        assert!(
            answer.ends_with(&format!("\r\n\r\n{body}")),
            "{host}: {answer}"
        );
    }
    let elsewhere = ask_over_socket(address, "pc.other.example.com", "/").await;
    assert!(elsewhere.starts_with("HTTP/1.1 421"), "{elsewhere}");
    stop.cancel();
    running.await.unwrap().unwrap();
}
