//! An index that fails, and requests that make no sense.

use std::{collections::BTreeMap, future::pending, sync::Arc, time::Duration};

use async_trait::async_trait;
use http::Method;
use serde_json::value::RawValue;
use sixplay_core::{Result, mapping::Mapping};
use sixplay_http::{middleware, middleware::MiddlewareConfig};
use sixplay_index::{Backend, Filter, Index, IndexInfo, Operation, Outcome, Page, Query, Swap};
use tempfile::TempDir;

use super::{World, users};
use crate::ask::ask;

#[tokio::test]
async fn an_index_that_is_not_built_or_too_slow_is_503_in_the_historic_format() {
    let dir = TempDir::new().unwrap();
    let index = Index::connect(&format!(
        "sqlite:{}",
        dir.path().join("index.sqlite").display()
    ))
    .await
    .unwrap();
    let unbuilt = middleware::service(index, users(), MiddlewareConfig::default()).unwrap();
    let config = MiddlewareConfig {
        deadline: Duration::from_millis(20),
        ..MiddlewareConfig::default()
    };
    let late =
        middleware::service(Index::with_backend(Arc::new(Stalled)), users(), config).unwrap();
    for service in [unbuilt, late] {
        for path in [
            "",
            "/services",
            "/folders",
            "/programs",
            "/programs/first-letters",
            "/programs/1",
            "/programs/1/videos",
            "/videos/clip_1",
        ] {
            let answer = ask(
                &service,
                Method::GET,
                "pc.x.test",
                &format!("/6play/v2/platforms/m6group_web/services/6play{path}"),
            )
            .await;
            let body = r#"{"error":{"code":503,"message":"Service Unavailable"}}"#;
            assert_eq!(
                (
                    answer.status.as_u16(),
                    answer.body.as_str(),
                    answer.header("retry-after")
                ),
                (503, body, "1"),
                "{path}"
            );
        }
    }
}

/// An index that never answers.
struct Stalled;

#[async_trait]
impl Backend for Stalled {
    async fn create(&self, _: &str, _: &Mapping, _: &BTreeMap<String, String>) -> Result<()> {
        pending().await
    }
    async fn remove(&self, _: &str) -> Result<()> {
        pending().await
    }
    async fn list(&self, _: &str) -> Result<Vec<IndexInfo>> {
        pending().await
    }
    async fn resolve(&self, _: &str) -> Result<Option<String>> {
        pending().await
    }
    async fn swap(&self, _: &[Swap]) -> Result<()> {
        pending().await
    }
    async fn refresh(&self, _: &str) -> Result<()> {
        pending().await
    }
    async fn count(&self, _: &str) -> Result<u64> {
        pending().await
    }
    async fn apply(&self, _: &str, _: &[Operation]) -> Result<Vec<Outcome>> {
        pending().await
    }
    async fn get(&self, _: &str, _: &[&str]) -> Result<Vec<Option<Box<RawValue>>>> {
        pending().await
    }
    async fn search(&self, _: &str, _: &Query) -> Result<Page> {
        pending().await
    }
    async fn values(&self, _: &str, _: &str, _: &[Filter], _: u64) -> Result<Vec<String>> {
        pending().await
    }
    async fn analyze(&self, _: &str) -> Result<Vec<String>> {
        pending().await
    }
}

/// A small generator of numbers; the seed is printed, and `SIXPLAY_TEST_SEED` sets it.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.roll(words.len())]
    }
}

const WORDS: [&str; 36] = [
    "",
    "0",
    "1",
    "-1",
    "6",
    "999",
    "1000",
    "9999",
    "10000",
    "1e9",
    "18446744073709551616",
    "null",
    "true",
    "*",
    "a*",
    "?",
    "%00",
    "%zz",
    "%",
    "%ff",
    "%C3%A9",
    "+",
    "%22",
    "%27%20OR%201=1--",
    "{}",
    "[]",
    "a,b,,",
    "%2C",
    "%F0%9F%98%80",
    "..%2F..",
    "clip_1",
    "vi",
    "playlist,vi",
    "@",
    "title_sort",
    "%0d%0aX:1",
];
const NAMES: [&str; 12] = [
    "limit",
    "offset",
    "csa",
    "with",
    "type",
    "subcat",
    "sort",
    "firstLetter",
    "%zz",
    "x[]",
    "",
    "LIMIT",
];
const PATHS: [&str; 9] = [
    "/{}",
    "/{}/services",
    "/{}/folders",
    "/6play/folders/{}/programs",
    "/{}/programs",
    "/{}/programs/first-letters",
    "/m6replay/programs/{}",
    "/m6replay/programs/{}/videos",
    "/m6replay/videos/{}",
];

#[tokio::test]
async fn no_request_however_odd_gives_5xx() {
    let world = World::filled().await;
    let time = u64::try_from(world.now).unwrap();
    let seed = std::env::var("SIXPLAY_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(time);
    println!("seed {seed}");
    let mut dice = Dice(seed | 1);
    for _ in 0..1500 {
        let segment = [
            dice.pick(&WORDS),
            dice.pick(&["6play", "m6replay", "1", "10", "clip_5"]),
        ][dice.roll(2)]
        .replace(['?', '#'], "");
        let mut path = dice.pick(&PATHS).replace("{}", &segment);
        for place in 0..dice.roll(5) {
            path.push(if place == 0 { '?' } else { '&' });
            path.push_str(&format!("{}={}", dice.pick(&NAMES), dice.pick(&WORDS)));
        }
        let path = path.replace(['"', '{', '}', '\''], "");
        let answer = world.get(&path).await;
        assert!(
            answer.status.as_u16() < 500,
            "seed {seed}: {path}: {} {}",
            answer.status,
            answer.body
        );
        answer.json();
    }
}
