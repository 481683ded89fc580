//! From an empty folder to an edit seen, with what the program itself prints.

use std::process::Command;

use crate::{
    client::eventually,
    line::{Line, On},
};

#[test]
fn one_command_loads_a_catalogue_serves_it_and_prints_requests_that_work() {
    let line = Line::new(On::Embedded).expect("needs no server");
    let mut program = line.start("sixplay-standalone", &["--listen", "127.0.0.1:0"]);
    let lines = eventually(300, "four requests to try", || {
        let output = program.output();
        let lines: Vec<String> = output
            .lines()
            .filter(|line| line.trim_start().starts_with("curl "))
            .map(str::to_owned)
            .collect();
        (lines.len() == 4).then_some(lines)
    });
    for host in [
        "pc.middleware.localhost",
        "android.middleware.localhost",
        "bo.api.localhost",
    ] {
        assert!(
            lines.iter().any(|line| line.contains(host)),
            "no request names {host}: {lines:?}"
        );
    }
    for request in &lines {
        let output = Command::new("sh")
            .args([
                "-c",
                &format!("{request} --fail --silent --show-error --max-time 10"),
            ])
            .output()
            .expect("sh runs");
        assert!(
            output.status.success(),
            "{request}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice::<serde_json::Value>(&output.stdout)
            .unwrap_or_else(|error| panic!("{request}: {error}"));
    }
    let count = |query: &str| line.values(query)[0].parse::<u64>().expect("a count");
    assert!(count("SELECT COUNT(*) AS value FROM programs") >= 300);
    assert!(count("SELECT COUNT(*) AS value FROM videos") >= 5_000);
    assert!(count("SELECT COUNT(DISTINCT service) AS value FROM publications") >= 2);
    let soon = "SELECT COUNT(*) AS value FROM publications WHERE MIN( \
                ABS(closes_at - unixepoch()*1000000), ABS(opens_at - unixepoch()*1000000) \
                ) < 1800000000";
    assert!(
        count(soon) >= 10,
        "windows open and close while one watches"
    );
    assert_eq!(program.stop(20), Some(0));

    let videos = count("SELECT COUNT(*) AS value FROM videos");
    let mut again = line.start("sixplay-standalone", &["--listen", "127.0.0.1:0"]);
    again.addr();
    assert_eq!(
        count("SELECT COUNT(*) AS value FROM videos"),
        videos,
        "the demo is loaded into an empty store only"
    );
    assert_eq!(again.stop(20), Some(0));
}

#[test]
fn the_requests_to_try_are_of_services_and_platforms_that_the_store_has() {
    let line = Line::new(On::Embedded).expect("needs no server");
    line.generate("3");
    line.sql("DELETE FROM publications WHERE platform <> 'chromecast'");
    line.sql("UPDATE services SET enabled = 0 WHERE code = '6play'");
    let mut program = line.start("sixplay-standalone", &["--listen", "127.0.0.1:0"]);
    let lines = eventually(60, "requests to try", || {
        let output = program.output();
        let lines = output.lines().filter(|line| line.contains("curl "));
        let lines: Vec<String> = lines.map(str::to_owned).collect();
        (lines.len() == 3).then_some(lines)
    });
    let read = lines.iter().filter(|line| !line.contains("PATCH"));
    for request in read {
        let place = "http://chromecast.middleware.localhost";
        assert!(request.contains(place), "{request}");
        let place = "/platforms/chromecast/services/m6replay/";
        assert!(request.contains(place), "{request}");
    }
    assert_eq!(program.stop(20), Some(0));
}
