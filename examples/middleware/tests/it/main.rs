//! The middleware over an embedded index that each test fills by hand.

mod ask;
mod endpoints;
mod failures;
mod generated;
mod mounted;
mod users;

use std::{collections::BTreeMap, path::Path};

use http::Method;
use serde_json::{Map, Value, json};
use sixplay_catalogue::Catalogue;
use sixplay_core::{Source, Visible, jiff::Timestamp};
use sixplay_http::{DomainUserService, Routes, Users};
use sixplay_index::{Index, Operation, Outcome, RawValue};
use tempfile::TempDir;

use ask::{Answer, ask};

const SECOND: i64 = 1_000_000;
const WEB: &str = "m6group_web";

struct World {
    service: DomainUserService<Routes>,
    index: Index,
    now: i64,
    dir: TempDir,
}

/// The users that the programs begin with.
fn default_users() -> Users {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../startup/users");
    Users::load_with(&folder, Some("pc"), 300).unwrap()
}

async fn embedded_index(dir: &TempDir) -> Index {
    let file = dir.path().join("index.sqlite");
    let index = Index::connect(&format!("sqlite:{}", file.display())).await;
    index.unwrap()
}

fn take_visible(members: &mut Map<String, Value>) -> Visible {
    let mut take = |name| members.remove(name).and_then(|instant| instant.as_i64());
    let (from, until) = (take("visible_from"), take("visible_until"));
    Visible::from_micros(from.unwrap_or(0), until)
}

impl World {
    /// An index without documents.
    async fn empty() -> Self {
        let dir = TempDir::new().unwrap();
        let index = embedded_index(&dir).await;
        for kind in Catalogue::new().kinds() {
            let alias = index.alias(kind.name);
            let name = format!("{alias}-1");
            let created = index.create(&name, &kind.mapping, &BTreeMap::new()).await;
            created.unwrap();
            index.swap(&alias, None, &name).await.unwrap();
        }
        let service = sixplay_middleware::service(index.clone(), default_users()).unwrap();
        Self {
            service,
            index,
            now: Timestamp::now().as_microsecond(),
            dir,
        }
    }

    /// Writes documents, visible as their `visible_from` and `visible_until` say.
    async fn put(&self, kind: &str, documents: &[Value]) {
        let operations = documents.iter().map(|document| {
            let mut members = document.as_object().unwrap().clone();
            let visible = take_visible(&mut members);
            let id = members["id"].as_str().unwrap().to_owned();
            let document = RawValue::from_string(Value::from(members).to_string()).unwrap();
            Operation::put(id, 1, document).visible(visible)
        });
        let name = format!("{}-1", self.index.alias(kind));
        let outcomes = self.index.apply(&name, operations.collect()).await.unwrap();
        let done = outcomes.iter().all(|outcome| *outcome == Outcome::Done);
        assert!(done, "{outcomes:?}");
        self.index.refresh(&name).await.unwrap();
    }

    fn window(&self, platform: &str, services: &[&str], from: i64, until: Option<i64>) -> Value {
        let mut window =
            json!({"platform": platform, "services": services, "from": self.now + from * SECOND});
        if let Some(until) = until {
            window["until"] = json!(self.now + until * SECOND);
        }
        window
    }

    /// Open for the web, on m6replay and its root, since a minute and for an hour.
    fn open(&self) -> Value {
        json!([self.window(WEB, &["m6replay", "6play"], -60, Some(3600))])
    }

    fn program(&self, id: &str, title: &str, csa: i64, last: i64, windows: Value) -> Value {
        let sorted = title.to_lowercase().replace('ê', "e");
        let initial = sorted
            .chars()
            .next()
            .filter(char::is_ascii_lowercase)
            .map_or("@".to_owned(), String::from);
        json!({
            "id": id,
            "code": sorted,
            "title": title,
            "title_sort": sorted,
            "initial": initial,
            "folders": ["10"],
            "csa": csa,
            "last_publication": last,
            "windows": windows,
            "body": {
                "base": {"id": id.parse::<i64>().unwrap(), "title": title, "images": []},
                "with": {
                    "detail": {"summary": "long"},
                    "subcats": {"program_subcats": []},
                    "links": {"links": []},
                },
                "platforms": {WEB: {"base": {"count": {"vi": 1}}}},
            },
        })
    }

    fn video(&self, id: &str, kind: &str, publication: i64, windows: Value) -> Value {
        let clips = json!([{"id": 1, "title": "é\\/\u{1f600}", "float": 179.360}]);
        json!({
            "id": id,
            "program": "1",
            "type": kind,
            "subcats": [],
            "publication": publication,
            "csa": 1,
            "title": id,
            "title_sort": id,
            "windows": windows,
            "body": {
                "base": {"id": id, "freemium_products": []},
                "with": {"freemiumpacks": {"freemium_packs": []}},
                "platforms": {WEB: {"with": {"clips": {"clips": clips}}}},
            },
        })
    }

    async fn filled() -> Self {
        let world = Self::empty().await;
        let service = |code: &str, roots: &[&str], priority: i64, platforms: &[&str]| {
            let body = json!({
                "base": {"code": code},
                "with": {
                    "channels": {"channels": []},
                    "freemiumpacks": {"freemium_packs": []},
                },
                "platforms": {},
            });
            json!({
                "id": code,
                "code": code,
                "roots": roots,
                "priority": priority,
                "platforms": platforms,
                "body": body,
            })
        };
        let android = "m6group_androidmob";
        let services = [
            service("6play", &[], 0, &[WEB, android]),
            service("m6replay", &["6play"], 2, &[WEB, android]),
            service("w9replay", &["6play"], 1, &[WEB]),
            service("radio", &["6play"], 3, &[android]),
        ];
        world.put("service", &services).await;
        let folder = |id: &str, services: &[&str], sort_index: i64| {
            let base = json!({"id": id.parse::<i64>().unwrap(), "name": "Séries"});
            json!({
                "id": id,
                "services": services,
                "sort_index": sort_index,
                "name": id,
                "platforms": [WEB],
                "body": {"base": base, "with": {}, "platforms": {}},
            })
        };
        let folders = [
            folder("10", &["m6replay", "6play"], 2),
            folder("8", &["m6replay", "6play"], 1),
            folder("58", &["w9replay", "6play"], 0),
        ];
        world.put("folder", &folders).await;
        let elsewhere = json!([
            world.window(android, &["m6replay", "6play"], -60, None),
            world.window(WEB, &["w9replay"], -60, None)
        ]);
        let programs = [
            world.program("1", "Alpha", 1, 100, world.open()),
            world.program("2", "bêta", 5, 300, world.open()),
            world.program("3", "24 heures", 0, 200, world.open()),
            world.program("4", "Zorro", 1, 400, elsewhere),
            world.program(
                "5",
                "Ancien",
                1,
                500,
                json!([world.window(WEB, &["m6replay", "6play"], -60, Some(-1))]),
            ),
        ];
        world.put("program", &programs).await;
        let video = |id: &str, kind: &str, publication: i64| {
            world.video(id, kind, publication, world.open())
        };
        let with = |mut video: Value, members: Value| {
            video
                .as_object_mut()
                .unwrap()
                .extend(members.as_object().unwrap().clone());
            video
        };
        let videos = [
            with(
                video("clip_1", "vi", 300),
                json!({"subcats": ["6001"], "subcat_sort": 2, "season": 1, "episode": 2}),
            ),
            with(
                video("clip_2", "vc", 400),
                json!({"subcats": ["6001", "6002"], "subcat_sort": 1, "season": 1, "episode": 1}),
            ),
            with(
                video("clip_4", "vi", 100),
                json!({"csa": 5, "season": 2, "episode": 1, "subcat_sort": 1}),
            ),
            with(video("playlist_3", "playlist", 200), json!({})),
            world.video(
                "clip_5",
                "vi",
                500,
                json!([world.window(WEB, &["m6replay"], -60, Some(-1))]),
            ),
            world.video(
                "clip_6",
                "vi",
                600,
                json!([world.window(WEB, &["m6replay"], 60, None)]),
            ),
            with(
                video("clip_8", "vi", 700),
                json!({"visible_until": world.now - SECOND}),
            ),
        ];
        world.put("video", &videos).await;
        let expired =
            json!({"id": "clip_7", "windows": [{"platform": WEB, "services": ["m6replay"]}]});
        world.put("expired", &[expired]).await;
        world
    }

    async fn get(&self, path: &str) -> Answer {
        ask(
            &self.service,
            Method::GET,
            "pc.middleware.localhost",
            &format!("/6play/v2/platforms/m6group_web/services{path}"),
        )
        .await
    }

    /// The ids (or codes) of a list.
    async fn ids(&self, path: &str) -> Vec<String> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let name = |item: &Value| {
            item.get("id")
                .or(item.get("code"))
                .unwrap_or(item)
                .to_string()
                .replace('"', "")
        };
        answer.json().as_array().unwrap().iter().map(name).collect()
    }
}
