//! A change in the database is in the middleware's answers at once, whoever wrote it; so is a
//! window that time opens or closes.

use serde_json::Value;

use crate::{
    audit,
    client::{Client, WEB, eventually},
    line::{Line, On},
};

#[test]
fn edits_show_at_once_embedded() {
    edits_show_at_once(On::Embedded);
}

#[test]
fn edits_show_at_once_on_mariadb_rabbitmq_elasticsearch() {
    edits_show_at_once(On::Mariadb);
}

#[test]
fn edits_show_at_once_on_postgresql_rabbitmq_opensearch() {
    edits_show_at_once(On::Postgres);
}

fn edits_show_at_once(on: On) {
    let Some(line) = Line::new(on) else { return };
    let mut five = line.five("12");
    let web = &five.web;
    let program = text(&web.ok(&format!("{WEB}/programs?limit=1"))[0]["id"]);
    let videos = line.values(&steady(&program));
    let video = |position: usize| videos[position].clone();

    five.back_office
        .retitle(&format!("/v1/programs/{program}"), "Le titre changé");
    shows_everywhere(web, &program, &video(0), "Le titre changé");
    line.sql(&format!(
        "UPDATE programs SET title = 'À la main' WHERE id = {program}"
    ));
    shows_everywhere(web, &program, &video(0), "À la main");

    five.back_office
        .retitle(&format!("/v1/videos/{}", video(0)), "L'épisode changé");
    let path = format!("{WEB}/videos/{}?with=clips", video(0));
    eventually(20, "the video's title", || {
        (web.ok(&path)["title"] == "L'épisode changé").then_some(())
    });

    line.sql(&format!(
        "UPDATE videos SET title = 'Abîmé', tags = '{{', extra = '[1]' WHERE id = '{}'",
        video(0)
    ));
    eventually(20, "the rest of a damaged row", || {
        (web.ok(&path)["title"] == "Abîmé").then_some(())
    });
    let warned = five.indexer.output();
    for column in ["tags", "extra"] {
        let named = |line: &str| {
            line.contains(&video(0)) && line.contains(column) && line.contains("videos")
        };
        assert!(
            warned.lines().any(named),
            "no warning names {column}: {warned}"
        );
    }

    unpublishing_shows(&line, web, &program, &video(1));
    closing_shows(&line, web, &program, &video(2));
    opening_shows(&line, web, &program, &video(3));
    withholding_shows_in_playlists(&line, web);
    eventually(20, "store and index agree", || {
        audit::differences(&line).is_empty().then_some(())
    });
}

fn shows_everywhere(web: &Client, program: &str, video: &str, title: &str) {
    let (alone, embedded) = (
        format!("{WEB}/programs/{program}"),
        format!("{WEB}/videos/{video}?with=clips"),
    );
    eventually(20, "the title alone", || {
        (web.ok(&alone)["title"] == title).then_some(())
    });
    eventually(20, "the title in a video and its clip", || {
        let body = web.ok(&embedded);
        (body["program"]["title"] == title && body["clips"][0]["program"]["title"] == title)
            .then_some(())
    });
    eventually(20, "the title in every video of the list", || {
        let list = web.ok(&format!("{WEB}/programs/{program}/videos?limit=999"));
        let list = list.as_array().expect("an array");
        (!list.is_empty() && list.iter().all(|video| video["program"]["title"] == title))
            .then_some(())
    });
}

fn unpublishing_shows(line: &Line, web: &Client, program: &str, video: &str) {
    line.sql(&format!(
        "UPDATE videos SET enabled = 0 WHERE id = '{video}'"
    ));
    eventually(20, "an unpublished video is unknown", || {
        (status(web, video) == 404).then_some(())
    });
    eventually(20, "it leaves the list", || {
        (!listed(web, program, video)).then_some(())
    });
    assert_eq!(
        audit::document(line, "video", video),
        None,
        "what is not publishable is not in the index"
    );
}

fn closing_shows(line: &Line, web: &Client, program: &str, video: &str) {
    let closes = now() + 5_000_000;
    line.sql(&format!(
        "UPDATE publications SET closes_at = {closes} WHERE video_id = '{video}'"
    ));
    while now() < closes {
        let status = status(web, video);
        assert!(
            status == 200 || now() >= closes,
            "{status} before the window closes"
        );
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    eventually(20, "a closed window answers 410", || {
        (status(web, video) == 410).then_some(())
    });
    eventually(20, "it leaves the list", || {
        (!listed(web, program, video)).then_some(())
    });
    eventually(20, "it leaves the index", || {
        audit::document(line, "video", video)
            .is_none()
            .then_some(())
    });
    eventually(20, "and what is gone stays gone", || {
        (status(web, video) == 410).then_some(())
    });
}

fn opening_shows(line: &Line, web: &Client, program: &str, video: &str) {
    let opens = now() + 8_000_000;
    line.sql(&format!(
        "UPDATE publications SET opens_at = {opens}, closes_at = NULL WHERE video_id = '{video}'"
    ));
    eventually(7, "a video before its window is unknown", || {
        (status(web, video) == 404).then_some(())
    });
    assert_eq!(
        audit::document(line, "video", video),
        None,
        "nothing is in the index before its time"
    );
    while now() < opens {
        let status = status(web, video);
        assert!(
            status == 404 || now() >= opens,
            "{status} before the window opens"
        );
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    eventually(20, "the window opens without any write", || {
        (status(web, video) == 200).then_some(())
    });
    eventually(20, "it joins the list", || {
        listed(web, program, video).then_some(())
    });
}

/// A playlist loses the clips whose videos are withheld one by one, and ends with the last.
fn withholding_shows_in_playlists(line: &Line, web: &Client) {
    let playlists = line.values("SELECT id AS value FROM videos WHERE type = 'playlist'");
    let shown = playlists.iter().find(|id| clips(web, id).len() > 1);
    let playlist = shown.expect("a playlist with some clips");
    while let [first, others @ ..] = &*clips(web, playlist) {
        let alone = status(web, first);
        assert_eq!(alone, 200, "{first} is in {playlist}, and alone");
        line.sql(&format!(
            "UPDATE videos SET enabled = 0 WHERE id = '{first}'"
        ));
        eventually(20, "the clip leaves the playlist", || {
            let left = clips(web, playlist);
            (left.iter().all(|clip| others.contains(clip))).then_some(())
        });
    }
    eventually(20, "a playlist without clips is unknown", || {
        (status(web, playlist) == 404).then_some(())
    });
}

/// The own videos of the clips that a video shows, none when it is not shown.
fn clips(web: &Client, video: &str) -> Vec<String> {
    let (_, body) = web.get(&format!("{WEB}/videos/{video}?with=clips"));
    let clips = body["clips"].as_array().cloned().unwrap_or_default();
    clips.iter().map(|clip| text(&clip["video_id"])).collect()
}

/// The videos of a program whose windows neither open nor close during the test.
fn steady(program: &str) -> String {
    let (past, future) = (now() - 3_600_000_000, now() + 86_400_000_000);
    format!(
        "SELECT v.id AS value FROM videos v JOIN publications p ON p.video_id = v.id \
         WHERE v.program_id = {program} AND p.platform = 'm6group_web' GROUP BY v.id \
         HAVING COUNT(DISTINCT p.opens_at) = 1 AND MAX(p.opens_at) < {past} \
         AND MIN(COALESCE(p.closes_at, {future} + 1)) > {future} ORDER BY v.id"
    )
}

fn status(web: &Client, video: &str) -> u16 {
    web.get(&format!("{WEB}/videos/{video}?with=clips")).0
}

fn listed(web: &Client, program: &str, video: &str) -> bool {
    let list = web.ok(&format!("{WEB}/programs/{program}/videos?limit=999"));
    list.as_array()
        .expect("an array")
        .iter()
        .any(|item| item["id"] == video)
}

fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

fn text(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}
