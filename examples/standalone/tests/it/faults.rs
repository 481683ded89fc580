//! Servers and processes that fail: nothing is lost, and the index ends equal to the store.

use std::{
    path::PathBuf,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    audit,
    client::{WEB, eventually},
    line::{Five, Line, On, server},
};

#[test]
fn index_equals_store_after_twenty_rounds_of_kill_9_embedded() {
    kill_9(On::Embedded);
}

#[test]
fn index_equals_store_after_twenty_rounds_of_kill_9_on_mariadb_rabbitmq_elasticsearch() {
    kill_9(On::Mariadb);
}

fn kill_9(on: On) {
    let Some(line) = Line::new(on) else { return };
    let mut five = line.five("6");
    let mut random = Random::new();
    let videos = line.values("SELECT id AS value FROM videos");
    for round in 0..20 {
        for _ in 0..5 {
            edit(&line, &videos, &mut random, round);
        }
        sleep(Duration::from_millis(random.below(250)));
        if random.below(2) == 0 {
            five.detector.kill();
            edit(&line, &videos, &mut random, round);
            five.detector = line.start("sixplay-detector", &[]);
        } else {
            five.indexer.kill();
            edit(&line, &videos, &mut random, round);
            five.indexer = line.start("sixplay-indexer", &[]);
        }
    }
    agree(&line, 90);
}

/// One change of a random kind by plain SQL.
fn edit(line: &Line, videos: &[String], random: &mut Random, round: u64) {
    let video = &videos[random.below(videos.len() as u64) as usize];
    let statement = match random.below(4) {
        0 => format!("UPDATE videos SET enabled = 1 - enabled WHERE id = '{video}'"),
        1 => format!(
            "UPDATE programs SET title = 'Tour {round}' \
             WHERE id = (SELECT program_id FROM videos WHERE id = '{video}')"
        ),
        2 => format!("DELETE FROM publications WHERE video_id = '{video}'"),
        _ => format!(
            "UPDATE videos SET title = 'Vidéo {round} {}' WHERE id = '{video}'",
            random.below(1000)
        ),
    };
    line.sql(&statement);
}

#[test]
fn each_server_may_be_away_for_twenty_seconds_under_a_trickle_of_edits() {
    let names = ["mariadb", "rabbitmq", "elasticsearch8"];
    if names.iter().any(|name| server(name).is_none()) {
        return;
    }
    let servers = names.map(Private::start);
    let line = Line::on(
        tempfile::tempdir().expect("a folder"),
        Some(servers.each_ref().map(|server| server.url.clone())),
    );
    let five = line.five("6");
    let program =
        line.values("SELECT program_id AS value FROM videos WHERE type = 'vi' LIMIT 1")[0].clone();
    for server in &servers {
        server.stop();
        let until = Instant::now() + Duration::from_secs(20);
        let mut edits = 0;
        while Instant::now() < until {
            let title = format!("Pendant la panne de {} {edits}", server.name);
            let answer = five.back_office.patch(
                &format!("/v1/programs/{program}"),
                &json!({ "title": title }),
            );
            let (status, body) = answer.expect("the API answers");
            assert!(
                status == 200 || (server.name == "mariadb" && status == 503),
                "{status}: {body}"
            );
            edits += u32::from(status == 200);
            within_its_deadline(&five, server.name);
            sleep(Duration::from_millis(500));
        }
        server.restart();
        let title = format!("Après la panne de {}", server.name);
        eventually(60, "the API writes again", || {
            let answer = five.back_office.patch(
                &format!("/v1/programs/{program}"),
                &json!({ "title": title }),
            );
            answer.is_ok_and(|(status, _)| status == 200).then_some(())
        });
        eventually(90, &format!("the edit after {} shows", server.name), || {
            let (status, body) = five
                .web
                .try_get(&format!("{WEB}/programs/{program}"))
                .ok()?;
            (status == 200 && body["title"] == title).then_some(())
        });
        agree(&line, 60);
    }
}

/// While the index is away the middleware says so in time; while another server is away it answers
/// as always.
fn within_its_deadline(five: &Five, away: &str) {
    let asked = Instant::now();
    let (status, body) = five.web.get(&format!("{WEB}/programs?limit=5"));
    assert!(
        asked.elapsed() < Duration::from_secs(4),
        "{status} only after {:?}",
        asked.elapsed()
    );
    let expected = if away.starts_with("elasticsearch") {
        503
    } else {
        200
    };
    assert_eq!(status, expected, "while {away} is away: {body}");
}

fn agree(line: &Line, seconds: u64) {
    let mut last = Vec::new();
    eventually(seconds, "store and index agree", || {
        let differences = audit::differences(line);
        if differences != last {
            eprintln!(
                "{} differences, the first: {:?}",
                differences.len(),
                differences.first()
            );
            last.clone_from(&differences);
        }
        differences.is_empty().then_some(())
    });
}

/// A server of the test's own, so that others are not disturbed.
struct Private {
    name: &'static str,
    dir: tempfile::TempDir,
    url: String,
}

impl Private {
    fn start(name: &'static str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let output = services()
            .arg("private")
            .arg(name)
            .arg(dir.path())
            .output()
            .expect("dev/services runs");
        assert!(
            output.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Self {
            name,
            dir,
            url: String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        }
    }

    fn stop(&self) {
        self.run("private-stop");
    }

    fn restart(&self) {
        self.run("private-start");
    }

    fn run(&self, verb: &str) {
        let status = services()
            .arg(verb)
            .arg(self.name)
            .arg(self.dir.path())
            .stdout(std::process::Stdio::null())
            .status();
        assert!(
            status.expect("dev/services runs").success(),
            "{verb} {}",
            self.name
        );
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        let _ = services()
            .arg("private-stop")
            .arg(self.name)
            .arg(self.dir.path())
            .output();
    }
}

fn services() -> Command {
    Command::new(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../dev/services"))
}

/// A seeded sequence (splitmix64); SIXPLAY_TEST_SEED repeats one.
struct Random(u64);

impl Random {
    fn new() -> Self {
        let seed = std::env::var("SIXPLAY_TEST_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok())
            .unwrap_or(6_2015);
        eprintln!("seed {seed}");
        Self(seed)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}
