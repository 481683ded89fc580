//! The middleware over an embedded index that each test fills by hand.

mod endpoints;
mod failures;
mod generated;

use std::{collections::BTreeMap, path::Path};

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json, value::RawValue};
use sixplay_core::{catalogue::Catalogue, source::Source};
use sixplay_http::{DomainUserService, Routes, Users, middleware, middleware::MiddlewareConfig};
use sixplay_index::{Index, Operation, Outcome};
use tempfile::TempDir;

use crate::ask::{Answer, ask};

const SECOND: i64 = 1_000_000;
const WEB: &str = "m6group_web";

struct World {
    service: DomainUserService<Routes>,
    index: Index,
    now: i64,
    dir: TempDir,
}

fn users() -> Users {
    Users::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/shell/users")).unwrap()
}

impl World {
    /// An index without documents.
    async fn empty() -> Self {
        let dir = TempDir::new().unwrap();
        let index = Index::connect(&format!(
            "sqlite:{}",
            dir.path().join("index.sqlite").display()
        ))
        .await
        .unwrap();
        for kind in Catalogue::new().kinds() {
            let (name, alias) = (
                format!("sixplay-{}-1", kind.name),
                format!("sixplay-{}", kind.name),
            );
            index
                .create(&name, &kind.mapping, &BTreeMap::new())
                .await
                .unwrap();
            index.swap(&alias, None, &name).await.unwrap();
        }
        let service =
            middleware::service(index.clone(), users(), MiddlewareConfig::default()).unwrap();
        Self {
            service,
            index,
            now: Timestamp::now().as_microsecond(),
            dir,
        }
    }

    async fn put(&self, kind: &str, documents: &[Value]) {
        let operations = documents.iter().map(|document| {
            let mut document = document.clone();
            let members = document.as_object_mut().unwrap();
            members.entry("visible_from").or_insert(json!(0));
            let id = members["id"].as_str().unwrap().to_owned();
            Operation::Put {
                id,
                version: 1,
                document: RawValue::from_string(document.to_string()).unwrap(),
            }
        });
        let name = format!("sixplay-{kind}-1");
        let outcomes = self.index.apply(&name, operations.collect()).await.unwrap();
        assert!(
            outcomes.iter().all(|outcome| *outcome == Outcome::Done),
            "{outcomes:?}"
        );
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
        json!({"id": id, "code": sorted, "title": title, "title_sort": sorted, "initial": initial, "folders": ["10"], "csa": csa,
            "last_publication": last, "windows": windows, "body": {
                "base": {"id": id.parse::<i64>().unwrap(), "title": title, "images": []},
                "with": {"detail": {"summary": "long"}, "subcats": {"program_subcats": []}, "links": {"links": []}},
                "platforms": {WEB: {"base": {"count": {"vi": 1}}}}}})
    }

    fn video(&self, id: &str, kind: &str, publication: i64, windows: Value) -> Value {
        json!({"id": id, "program": "1", "type": kind, "subcats": [], "publication": publication, "csa": 1, "title": id, "title_sort": id,
            "windows": windows, "body": {
                "base": {"id": id, "freemium_products": []},
                "with": {"freemiumpacks": {"freemium_packs": []}},
                "platforms": {WEB: {"with": {"clips": {"clips": [{"id": 1, "title": "é\\/\u{1f600}", "float": 179.360}]}}}}}})
    }

    async fn filled() -> Self {
        let world = Self::empty().await;
        let service = |code: &str, roots: &[&str], priority: i64, platforms: &[&str]| {
            json!({"id": code, "code": code, "roots": roots, "priority": priority, "platforms": platforms, "body": {
                "base": {"code": code}, "with": {"channels": {"channels": []}, "freemiumpacks": {"freemium_packs": []}}, "platforms": {}}})
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
            json!({"id": id, "services": services, "sort_index": sort_index, "name": id, "platforms": [WEB], "body": {
                "base": {"id": id.parse::<i64>().unwrap(), "name": "Séries"}, "with": {}, "platforms": {}}})
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
