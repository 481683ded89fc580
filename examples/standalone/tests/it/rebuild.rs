//! A rebuild makes a new index beside the live one; readers notice nothing but the result.

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use sixplay_index::Index;

use crate::{
    client::WEB,
    line::{Line, On, block_on},
};

#[test]
fn readers_never_see_an_empty_index_embedded() {
    readers_never_see_an_empty_index(On::Embedded);
}

#[test]
fn readers_never_see_an_empty_index_on_elasticsearch() {
    readers_never_see_an_empty_index(On::Mariadb);
}

#[test]
fn readers_never_see_an_empty_index_on_opensearch() {
    readers_never_see_an_empty_index(On::Postgres);
}

fn readers_never_see_an_empty_index(on: On) {
    let Some(line) = Line::new(on) else { return };
    line.configure("rebuild: { retain: 0s }");
    let five = line.five("6");
    let whole = five
        .web
        .ok(&format!("{WEB}/programs?limit=999"))
        .as_array()
        .expect("an array")
        .len();
    let (rebuilt, answers) = (AtomicU32::new(0), AtomicU32::new(0));
    // the reader ends with the last rebuild, and after a failed one by itself
    let end = Instant::now() + Duration::from_secs(300);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while rebuilt.load(Ordering::Relaxed) < 3 && Instant::now() < end {
                let list = five.web.ok(&format!("{WEB}/programs?limit=999"));
                assert_eq!(
                    list.as_array().expect("an array").len(),
                    whole,
                    "a half-filled index shows"
                );
                answers.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        for _ in 0..3 {
            let (code, output) = line.run("sixplay-rebuild", &[]);
            assert_eq!(code, Some(0), "{output}");
            assert!(
                output.contains(r#"{"progress":"rebuild","#),
                "no progress as JSON lines: {output}"
            );
            rebuilt.fetch_add(1, Ordering::Relaxed);
        }
    });
    assert!(
        answers.load(Ordering::Relaxed) > 10,
        "the reader read too little to show anything"
    );
    assert!(
        indices(&line).len() <= 2,
        "old indices are removed later: {:?}",
        indices(&line)
    );
}

#[test]
fn a_terminal_that_can_shows_a_bar() {
    let line = Line::new(On::Embedded).expect("needs no server");
    line.generate("6");
    let binary =
        Path::new(env!("CARGO_BIN_EXE_sixplay-standalone")).with_file_name("sixplay-rebuild");
    let command = format!(
        "{} --config {} --data {}",
        binary.display(),
        line.config.display(),
        line.dir.path().display()
    );
    for (kind, bar) in [("xterm", true), ("dumb", false)] {
        let mut script = Command::new("script");
        let script = script
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .env("TERM", kind)
            .stdin(Stdio::null());
        let output = script
            .output()
            .expect("util-linux's script gives the program a terminal");
        let shown = String::from_utf8_lossy(&output.stdout);
        assert_eq!(
            (
                shown.contains("rebuild [███"),
                shown.contains(r#"{"progress""#)
            ),
            (bar, !bar),
            "{kind}: {shown}"
        );
        assert!(output.status.success(), "{kind}: {shown}");
    }
}

#[test]
fn a_failed_rebuild_leaves_the_old_index_serving() {
    let line = Line::new(On::Embedded).expect("needs no server");
    let mut five = line.five("12");
    let before = (
        five.web.ok(&format!("{WEB}/programs?limit=999")),
        indices(&line),
    );
    five.indexer.kill();
    line.sql("UPDATE videos SET duration = 'une heure'");
    let (code, output) = line.run("sixplay-rebuild", &[]);
    assert_eq!(code, Some(1), "{output}");
    assert!(output.contains("too many roots are refused"), "{output}");
    assert_eq!(
        (
            five.web.ok(&format!("{WEB}/programs?limit=999")),
            indices(&line)
        ),
        before,
        "the old index serves on, the new one is gone"
    );
}

pub(crate) fn indices(line: &Line) -> Vec<String> {
    block_on(async {
        let index = Index::connect(&line.index).await.expect("the index");
        index
            .list(&format!("{}-program-", line.prefix))
            .await
            .expect("a list")
            .into_iter()
            .map(|info| info.name)
            .collect()
    })
}
