//! What a client may not see it does not read, change or learn of: on every route of the table,
//! with every method, as every user.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use sixplay_core::{
    Result, Store,
    conformance::{Backend, Scratch},
};
use sixplay_http::{DomainUserService, Route, Routes};

use super::{generated, service_for};
use crate::ask::{Answer, send};

sixplay_core::on_every_database! {
    no_client_reads_or_changes_what_is_hidden_from_it
}

const ENTITIES: &str = "entities: { program: { published: true }, video: { published: true } }";
const OPEN: &str = "firewall: { allow: { default: true } }";
const READS: &str = "firewall: { allow: { methods: { get: true } } }";

/// Stands in the texts of all that is hidden.
const MARK: &str = "not for viewers";

const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

struct World {
    service: DomainUserService<Routes>,
    scratch: Scratch,
    /// A program that is hidden with all its videos, and one of these.
    hidden: (String, String),
    /// A program that viewers see, and a video of it.
    shown: (String, String),
}

impl World {
    async fn new(backend: Backend) -> Result<Option<Self>> {
        let Some(scratch) = generated(backend, 6, 6).await? else {
            return Ok(None);
        };
        let users = [
            ("all", OPEN.to_owned()),
            ("writer", format!("{OPEN}\n{ENTITIES}")),
            ("reader", format!("{READS}\n{ENTITIES}")),
            ("nobody", String::new()),
        ];
        let service = service_for(scratch.store(), &users);
        let shown = first_shown(&service).await;
        let hidden = hide_another(scratch.store(), &shown.0).await?;
        Ok(Some(Self {
            service,
            scratch,
            hidden,
            shown,
        }))
    }

    async fn ask(&self, user: &str, method: &Method, path: &str, body: &'static str) -> Answer {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("host", format!("{user}.api.localhost"));
        let request = request.header("content-type", "application/json");
        send(&self.service, request.body(Full::from(body)).unwrap()).await
    }

    /// All that a route of the API may change.
    async fn rows(&self) -> Result<String> {
        read_rows(self.scratch.store()).await
    }
}

async fn read_rows(store: &Store) -> Result<String> {
    let (mut snapshot, mut rows) = (store.read().await?, String::new());
    for table in ["programs", "videos", "clips", "publications"] {
        let select = format!("SELECT * FROM {table} ORDER BY 1, 2, 3, 4");
        rows += &format!("{:?}", snapshot.fetch_sql(&select, Vec::new()).await?);
    }
    Ok(rows)
}

/// The first program that viewers see, and its first video that they see.
async fn first_shown(service: &DomainUserService<Routes>) -> (String, String) {
    let list = async |path: String| {
        let request = Request::get(path).header("host", "writer.api.localhost");
        let answer = send(service, request.body(Full::<Bytes>::default()).unwrap()).await;
        answer.json()["items"][0]["id"].clone()
    };
    let program = list("/v1/programs".to_owned()).await.to_string();
    let video = list(format!("/v1/programs/{program}/videos")).await;
    (program, video.as_str().expect("a video").to_owned())
}

/// Hides another program than `shown` that has videos, and marks all that is hidden with it.
async fn hide_another(store: &Store, shown: &str) -> Result<(String, String)> {
    let mut transaction = store.write().await?;
    let video = format!(
        "SELECT program_id, id FROM videos WHERE program_id <> {shown} AND id LIKE 'clip%' \
         ORDER BY id LIMIT 1"
    );
    let rows = transaction.fetch_sql(&video, Vec::new()).await?;
    let (program, video) = (rows[0].key("program_id")?, rows[0].key("id")?);
    for update in [
        format!("UPDATE programs SET enabled = 0, title = '{MARK}' WHERE id = {program}"),
        format!("UPDATE videos SET title = '{MARK}' WHERE program_id = {program}"),
    ] {
        transaction.execute_sql(&update, Vec::new()).await?;
    }
    transaction.commit().await?;
    Ok((program, video))
}

/// The path of a route with the ids of a program and a video; a route of other things has to say
/// here what is hidden of them.
fn path_of(route: &Route, ids: &(String, String)) -> String {
    let path = match route.template() {
        template if template.starts_with("/v1/programs/{id}") => template.replace("{id}", &ids.0),
        template if template.starts_with("/v1/videos/{id}") => template.replace("{id}", &ids.1),
        template => template.to_owned(),
    };
    assert!(!path.contains('{'), "{route:?}: which id is hidden?");
    path
}

/// A body that the route takes and that changes something; a route that writes has to say here
/// which.
fn body_of(route: &Route) -> &'static str {
    match route.name() {
        "api_program_change" | "api_video_change" => r#"{"description":"changed by the test"}"#,
        _ if route.method() == Method::GET => "",
        _ => panic!("{route:?}: with which body does it write?"),
    }
}

async fn no_client_reads_or_changes_what_is_hidden_from_it(backend: Backend) -> Result<()> {
    let Some(world) = World::new(backend).await? else {
        return Ok(());
    };
    let rows = world.rows().await?;
    for route in world.service.get_ref().routes() {
        let (path, body) = (path_of(route, &world.hidden), body_of(route));
        for user in ["writer", "reader", "nobody"] {
            for method in METHODS {
                let answer = world.ask(user, &method, &path, body).await;
                let case = format!("{user}: {method} {path}: {} {}", answer.status, answer.body);
                assert!(!answer.body.contains(MARK), "{case}");
                let learned = answer.status.is_success() && answer.body.contains(&world.hidden.1);
                assert!(!learned, "{case}");
                if method == route.method() && route.template().contains('{') {
                    let may = user == "writer" || (user == "reader" && method == Method::GET);
                    let expected = if may { 404 } else { 403 };
                    assert_eq!(answer.status, expected, "{case}");
                }
            }
        }
    }
    assert_eq!(world.rows().await?, rows);
    the_route_itself_would_have_done_it(&world).await
}

/// The client that sees everything reads and changes the same, so the refusals are the filters'.
async fn the_route_itself_would_have_done_it(world: &World) -> Result<()> {
    for route in world.service.get_ref().routes() {
        let (path, rows) = (path_of(route, &world.hidden), world.rows().await?);
        let answer = world
            .ask("all", route.method(), &path, body_of(route))
            .await;
        let case = format!("{route:?}: {} {}", answer.status, answer.body);
        assert_eq!(answer.status, StatusCode::OK, "{case}");
        assert!(answer.body.contains(MARK), "{case}");
        let changed = world.rows().await? != rows;
        assert_eq!(changed, route.method() != Method::GET, "{case}");
    }
    Ok(())
}

#[tokio::test]
async fn a_condition_that_does_not_hold_changes_nothing_and_tells_nothing_of_the_hidden()
-> Result<()> {
    let Some(world) = World::new(Backend::Sqlite).await? else {
        return Ok(());
    };
    let rows = world.rows().await?;
    let writing = world.service.get_ref().routes().iter();
    for route in writing.filter(|route| *route.method() != Method::GET) {
        for (ids, expected) in [(&world.shown, 412), (&world.hidden, 404)] {
            let request = Request::builder()
                .method(route.method())
                .uri(path_of(route, ids));
            let request = request.header("host", "writer.api.localhost");
            let request = request.header("content-type", "application/json");
            let request = request
                .header("if-match", "\"1\"")
                .body(Full::from(body_of(route)));
            let answer = send(&world.service, request.unwrap()).await;
            assert_eq!(answer.status, expected, "{route:?}: {}", answer.body);
        }
    }
    assert_eq!(world.rows().await?, rows);
    Ok(())
}

#[tokio::test]
async fn a_change_that_hides_a_thing_from_its_author_is_answered_as_committed() -> Result<()> {
    let Some(world) = World::new(Backend::Sqlite).await? else {
        return Ok(());
    };
    let (program, video) = &world.shown;
    for path in [
        format!("/v1/videos/{video}"),
        format!("/v1/programs/{program}"),
    ] {
        let hide = r#"{"enabled":false,"description":"the last words"}"#;
        let answer = world.ask("writer", &Method::PATCH, &path, hide).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let changed = answer.json();
        assert_eq!(
            (
                &changed["enabled"],
                &changed["published"],
                &changed["reason"]
            ),
            (&false.into(), &false.into(), &"disabled".into())
        );
        assert_eq!(
            world.ask("all", &Method::GET, &path, "").await.json(),
            changed
        );
        assert_eq!(
            world.ask("writer", &Method::GET, &path, "").await.status,
            404
        );
        let again = world
            .ask("writer", &Method::PATCH, &path, r#"{"enabled":true}"#)
            .await;
        assert_eq!(again.status, 404);
        assert_eq!(
            world.ask("all", &Method::GET, &path, "").await.json(),
            changed
        );
    }
    Ok(())
}
