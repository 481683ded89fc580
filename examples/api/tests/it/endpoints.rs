//! Each endpoint as the back office and as other clients see it.

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use serde_json::Value;
use sixplay_core::conformance::{Backend, Scratch};
use sixplay_http::{DomainUserService, Routes};

use super::{generated, service};
use crate::ask::{Answer, ask, send};

const HOST: &str = "bo.api.localhost";

struct World {
    service: DomainUserService<Routes>,
    program: i64,
    video: String,
    _scratch: Scratch,
}

impl World {
    async fn new() -> Self {
        let scratch = generated(Backend::Sqlite, 6, 6).await.unwrap().unwrap();
        let service = service(scratch.store());
        let get = async |path: &str| ask(&service, Method::GET, HOST, path).await.json();
        let first = get("/v1/programs?limit=1").await;
        let program = first["items"][0]["id"].as_i64().unwrap();
        let videos = get(&format!("/v1/programs/{program}/videos?limit=100")).await;
        let mut items = videos["items"].as_array().unwrap().iter();
        let published = items.find(|video| video["published"] == true);
        let video = published.unwrap_or(&videos["items"][0])["id"].as_str();
        Self {
            program,
            video: video.unwrap().to_owned(),
            service,
            _scratch: scratch,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        ask(&self.service, Method::GET, HOST, path).await
    }

    async fn patch(&self, path: &str, body: &str) -> Answer {
        let request = Request::patch(path)
            .header("host", HOST)
            .header("content-type", "application/json");
        send(
            &self.service,
            request
                .body(Full::from(Bytes::from(body.to_owned())))
                .unwrap(),
        )
        .await
    }
}

fn pointer(answer: &Answer) -> Value {
    answer.json()["errors"][0]["source"]["pointer"].clone()
}

#[tokio::test]
async fn programs_and_their_videos_are_listed_in_pages() {
    let world = World::new().await;
    let all = world.get("/v1/programs").await;
    assert_eq!(
        (
            all.status.as_u16(),
            all.header("content-type"),
            all.header("cache-control")
        ),
        (200, "application/json", "private, max-age=300")
    );
    assert_eq!(all.json()["items"].as_array().unwrap().len(), 6);
    let page = world.get("/v1/programs?limit=2&offset=3").await.json();
    assert_eq!(
        page["items"],
        Value::from(all.json()["items"].as_array().unwrap()[3..5].to_vec())
    );
    assert_eq!((&page["limit"], &page["offset"]), (&2.into(), &3.into()));
    let videos = world
        .get(&format!("/v1/programs/{}/videos?limit=1", world.program))
        .await
        .json();
    assert_eq!(
        (
            &videos["items"][0]["program"],
            videos["items"].as_array().unwrap().len()
        ),
        (&world.program.into(), 1)
    );
    for path in [
        "/v1/programs?limit=0",
        "/v1/programs?limit=101",
        "/v1/programs?offset=-1",
        "/v1/programs?limit=%zz",
        "/v1/programs?limt=5",
        "/v1/programs?fields=id",
        "/v1/programs?order[title]=asc",
        "/v1/videos/clip_0?with=clips",
        "/v1/videos/%00",
        "/v1/videos/a%00b",
    ] {
        assert_eq!(world.get(path).await.status, 400, "{path}");
    }
    for path in [
        "/v1/programs/0/videos",
        "/v1/programs/x",
        "/v1/programs/01",
        "/v1/programs/0820",
        "/v1/programs/%2B820",
        "/v1/programs/99999999999999999999",
        "/v1/videos/clip_0",
        "/v1",
    ] {
        let answer = world.get(path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (404, "application/problem+json"),
            "{path}: {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_answers_the_new_representation() {
    let world = World::new().await;
    let path = format!("/v1/programs/{}", world.program);
    let before = world.get(&path).await.json();
    let after = world
        .patch(&path, r#"{"title":"Été \"42\"","enabled":false}"#)
        .await;
    assert_eq!(after.status, 200, "{}", after.body);
    assert_eq!(
        (&after.json()["title"], &after.json()["enabled"]),
        (&"Été \"42\"".into(), &false.into())
    );
    assert_eq!(
        (&after.json()["description"], &after.json()["reason"]),
        (&before["description"], &"disabled".into())
    );
    assert_eq!(world.get(&path).await.json(), after.json());
    let path = format!("/v1/videos/{}", world.video);
    assert_eq!(
        world.patch(&path, r#"{"description":"neuf"}"#).await.json()["description"],
        "neuf"
    );
    assert_eq!(world.get(&path).await.json()["description"], "neuf");
    assert_eq!(world.patch(&path, "{}").await.status, 200);
}

#[tokio::test]
async fn a_merge_patch_is_taken_and_told_of() {
    let world = World::new().await;
    let path = format!("/v1/programs/{}", world.program);
    let patch = async |media: &str| {
        let request = Request::patch(&path).header("host", HOST);
        let request = request.header("content-type", media);
        let body = Full::from(r#"{"summary":"merged"}"#);
        send(&world.service, request.body(body).unwrap()).await
    };
    let told = "application/merge-patch+json, application/json";
    let merged = patch("application/merge-patch+json").await;
    assert_eq!(
        (merged.status.as_u16(), &merged.json()["summary"]),
        (200, &"merged".into())
    );
    let refused = patch("text/plain").await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("accept-patch")),
        (415, told)
    );
    let options = ask(&world.service, Method::OPTIONS, HOST, &path).await;
    assert_eq!(options.header("accept-patch"), told);
}

#[tokio::test]
async fn a_wrong_patch_is_refused_with_a_pointer_and_changes_nothing() {
    let world = World::new().await;
    let path = format!("/v1/programs/{}", world.program);
    let before = world.get(&path).await.json();
    let long = format!(r#"{{"title":"{}"}}"#, "x".repeat(300));
    for (body, at) in [
        (r#"{"titel":"x"}"#, "/titel"),
        (r#"{"title":7}"#, "/title"),
        (r#"{"title":"x","enabled":"no"}"#, "/enabled"),
        (r#"{"title":" "}"#, "/title"),
        (long.as_str(), "/title"),
        (r#"{"title":"#, ""),
        (r#"{"title":"a","title":"b"}"#, "/title"),
        (r#"{"title":"\u200b"}"#, "/title"),
        (r#"{"description":"\u202e"}"#, "/description"),
        ("", ""),
        ("[]", ""),
        (r#"{"title":null}"#, "/title"),
        (r#"{"enabled":null}"#, "/enabled"),
    ] {
        let answer = world.patch(&path, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (400, "application/problem+json"),
            "{body}: {}",
            answer.body
        );
        assert_eq!(pointer(&answer), at, "{body}: {}", answer.body);
    }
    let wrong = r#"{"title":"","enabled":3,"nosuch":1,"summary":"\u0001","description":"x"}"#;
    let problem = world.patch(&path, wrong).await.json();
    let faults = problem["errors"].as_array().unwrap().iter();
    let pointers: Vec<&Value> = faults.map(|fault| &fault["source"]["pointer"]).collect();
    assert_eq!(pointers, ["/enabled", "/nosuch", "/title", "/summary"]);
    assert_eq!(world.get(&path).await.json(), before);
    assert_eq!(world.patch("/v1/programs/0", "{}").await.status, 404);
    assert_eq!(
        world
            .patch("/v1/videos/clip_0", r#"{"enabled":true}"#)
            .await
            .status,
        404
    );
    let form = Request::patch(&path)
        .header("host", HOST)
        .header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(
        send(&world.service, form.body(Full::from("title=x")).unwrap())
            .await
            .status,
        415
    );
}

#[tokio::test]
async fn clients_do_what_their_files_allow_and_see_what_viewers_see_when_told() {
    let world = World::new().await;
    let path = format!("/v1/videos/{}", world.video);
    let host = |host: &str| format!("{host}.api.localhost");
    assert_eq!(
        ask(&world.service, Method::GET, &host("tv"), &path)
            .await
            .status,
        403
    );
    assert_eq!(
        ask(&world.service, Method::PATCH, &host("pc"), &path)
            .await
            .status,
        403
    );
    assert_eq!(
        world.patch(&path, r#"{"enabled":false}"#).await.json()["published"],
        false
    );
    assert_eq!(
        ask(&world.service, Method::GET, &host("pc"), &path)
            .await
            .status,
        404
    );
    let seen = ask(
        &world.service,
        Method::GET,
        &host("pc"),
        &format!("/v1/programs/{}/videos?limit=100", world.program),
    )
    .await;
    assert!(
        !seen.body.contains(&format!("\"{}\"", world.video)),
        "{}",
        seen.body
    );
    assert_eq!(world.get(&path).await.status, 200);
}
