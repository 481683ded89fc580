//! An index that fails, and requests that make no sense.

use std::time::Duration;

use http::Method;
use sixplay_core::ErrorKind;
use sixplay_index::{Index, IndexConfig};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{World, default_users, embedded_index};
use crate::ask::ask;

const ROUTES: [&str; 8] = [
    "",
    "/services",
    "/folders",
    "/programs",
    "/programs/first-letters",
    "/programs/1",
    "/programs/1/videos",
    "/videos/clip_1",
];

#[tokio::test]
async fn an_index_that_is_not_built_is_503_in_the_historic_format() {
    let dir = TempDir::new().unwrap();
    require_unavailable(embedded_index(&dir).await).await;
}

#[tokio::test]
async fn an_index_that_is_too_slow_is_503_in_the_historic_format() {
    // the kernel takes the connection, nobody answers
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = IndexConfig::new(format!("http://{}", silent.local_addr().unwrap()));
    config.deadline = Duration::from_millis(20);
    let index = Index::open(&config).await.unwrap();
    let late = index.resolve("sixplay-video").await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Timeout);
    require_unavailable(index).await;
}

async fn require_unavailable(index: Index) {
    let service = sixplay_middleware::service(index, default_users()).unwrap();
    for path in ROUTES {
        let path = format!("/6play/v2/platforms/m6group_web/services/6play{path}");
        let answer = ask(&service, Method::GET, "pc.x.test", &path).await;
        let body = r#"{"error":{"code":503,"message":"Service Unavailable"}}"#;
        assert_eq!(
            (answer.status.as_u16(), answer.body.as_str()),
            (503, body),
            "{path}"
        );
        assert_eq!(answer.header("retry-after"), "1", "{path}");
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
        let status = answer.status;
        assert!(
            status.as_u16() < 500,
            "seed {seed}: {path}: {status} {}",
            answer.body
        );
        answer.json();
    }
}
