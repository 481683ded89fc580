//! The publication rules, case by case.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use sixplay_core::{Rendered, Visible};

use super::*;
use crate::{
    StoredBody,
    paris::parse_date,
    rows::{
        Broadcast, ClipRows, CountedVideo, FolderRows, PlatformAsset, ProgramRows,
        PublicationWindow, ServiceRows, VideoRows,
    },
};

const NOW: i64 = 1_000;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).expect("an instant of the calendar")
}

fn service() -> Arc<ServiceRows> {
    Arc::new(ServiceRows {
        code: "m6replay".into(),
        enabled: true,
        roots: vec!["6play".into()],
        ..ServiceRows::default()
    })
}

fn window(opens: i64, closes: Option<i64>) -> PublicationWindow {
    PublicationWindow {
        platform: "web".into(),
        platform_enabled: true,
        service: service(),
        visible: Visible::from_micros(opens, closes),
    }
}

fn video_with(windows: Vec<PublicationWindow>) -> VideoRows {
    let clip = Arc::new(ClipRows {
        enabled: true,
        ..ClipRows::default()
    });
    let program = Arc::new(ProgramRows {
        id: 7,
        enabled: true,
        ..ProgramRows::default()
    });
    VideoRows {
        id: "clip_1".into(),
        enabled: true,
        video_type: "vi".into(),
        program: Some(program),
        clips: vec![clip],
        windows,
        ..VideoRows::default()
    }
}

fn video_at(video: &VideoRows, now: i64) -> Rendered {
    render_video(video, at(now))
}

fn program_at(program: &ProgramRows, now: i64) -> Rendered {
    render_program(program, at(now))
}

fn expired_at(video: &VideoRows, now: i64) -> Rendered {
    render_expired(video, at(now))
}

/// What matters of a rendering: the reason or the visible range, and the next change.
#[derive(Debug, PartialEq)]
enum Seen {
    No(&'static str, Option<i64>),
    Yes(i64, Option<i64>, Option<i64>),
}
use Seen::{No, Yes};

fn seen(rendered: &Rendered) -> Seen {
    let micros = |instant: Option<Timestamp>| instant.map(Timestamp::as_microsecond);
    match rendered {
        Rendered::Absent {
            reason,
            next_change_at,
        } => No(reason, micros(*next_change_at)),
        Rendered::Publishable(it) => Yes(
            it.visible.from_us(),
            it.visible.until_us(),
            micros(it.next_change_at),
        ),
    }
}

fn document(rendered: &Rendered) -> Value {
    match rendered {
        Rendered::Publishable(it) => serde_json::from_str(it.document.get()).unwrap_or_default(),
        Rendered::Absent { .. } => Value::Null,
    }
}

#[test]
fn a_row_that_is_not_there_has_no_document() {
    let rendered = [
        render_row(None, render_service),
        render_row(None, render_folder),
        render_row(None, |program| program_at(program, NOW)),
        render_row(None, |video| video_at(video, NOW)),
        render_row(None, |video| expired_at(video, NOW)),
    ];
    assert!(
        rendered
            .iter()
            .all(|rendered| seen(rendered) == No("no_row", None))
    );
}

#[test]
fn a_video_is_visible_within_its_half_open_windows() {
    let cases = [
        (vec![], No("no_window", None)),
        (vec![window(1_000, None)], Yes(1_000, None, None)),
        (vec![window(1_001, None)], No("not_yet", Some(1_001))),
        (vec![window(0, Some(1_000))], No("expired", None)),
        (
            vec![window(0, Some(1_001))],
            Yes(0, Some(1_001), Some(1_001)),
        ),
        (
            vec![window(999, Some(1_000)), window(1_000, Some(1_002))],
            Yes(1_000, Some(1_002), Some(1_002)),
        ),
        (
            vec![
                window(0, Some(1_500)),
                window(500, None),
                window(2_000, None),
            ],
            Yes(0, None, Some(1_500)),
        ),
        (
            vec![window(0, Some(10)), window(2_000, None)],
            No("not_yet", Some(2_000)),
        ),
        (vec![window(5, Some(5))], No("no_window", None)),
        (vec![window(2_000, Some(5))], No("no_window", None)),
        (
            vec![window(i64::MIN, Some(i64::MAX))],
            Yes(Timestamp::MIN.as_microsecond(), None, None),
        ),
    ];
    for (windows, expected) in cases {
        let video = video_with(windows);
        assert_eq!(
            seen(&video_at(&video, NOW)),
            expected,
            "{:?}",
            video.windows
        );
    }
}

#[test]
fn each_switch_hides_a_video_for_its_own_reason() {
    type Break = fn(&mut VideoRows);
    let hidden_program = |video: &mut VideoRows| video.program = Some(Arc::default());
    let cases: [(Break, Seen); 7] = [
        (|video| video.enabled = false, No("disabled", None)),
        (hidden_program, No("program_disabled", None)),
        (|video| video.program = None, Yes(0, None, None)),
        (|video| video.clips.clear(), No("no_clip", None)),
        (
            |video| video.clips = vec![Arc::default()],
            No("no_clip", None),
        ),
        (
            |video| video.windows[0].service = Arc::default(),
            No("service_disabled", None),
        ),
        (
            |video| video.windows[0].platform_enabled = false,
            No("platform_disabled", None),
        ),
    ];
    for (place, (broken, expected)) in cases.into_iter().enumerate() {
        let mut video = video_with(vec![window(0, None)]);
        broken(&mut video);
        assert_eq!(seen(&video_at(&video, NOW)), expected, "case {place}");
    }
}

#[test]
fn a_document_holds_the_open_windows_only() {
    let closed_service = PublicationWindow {
        service: Arc::default(),
        ..window(0, None)
    };
    let video = video_with(vec![
        window(0, Some(1_500)),
        window(10, Some(2_000)),
        window(3_000, None),
        window(0, Some(900)),
        closed_service,
    ]);
    let document = document(&video_at(&video, NOW));
    assert_eq!(
        document["windows"],
        json!([{"platform": "web", "services": ["m6replay", "6play"], "from": 0, "until": 2_000}])
    );
    assert_eq!(
        document["body"]["platforms"]["web"]["with"]["expiration"]["expiration"]["expiration_date"],
        "1970-01-01 01:00:00"
    );
    assert_eq!(document["body"]["next_change"], 1_500);
}

#[test]
fn assets_differ_by_platform_and_a_clip_without_has_an_empty_list() {
    let asset = |platform: &str| PlatformAsset {
        platform: platform.into(),
        json: format!("{{\"of\":\"{platform}\"}}"),
    };
    let clip = Arc::new(ClipRows {
        enabled: true,
        assets: vec![asset("web"), asset("tv")],
        ..ClipRows::default()
    });
    let tv = PublicationWindow {
        platform: "tv".into(),
        ..window(0, None)
    };
    let mut video = video_with(vec![window(0, None), tv]);
    let without = document(&video_at(&video, NOW));
    video.clips = vec![clip];
    let with = document(&video_at(&video, NOW));
    for platform in ["web", "tv"] {
        assert_eq!(assets(&without, platform), json!([]));
        assert_eq!(assets(&with, platform), json!([{"of": platform}]));
    }
}

/// The assets of the first clip as a platform's clients read them.
fn assets(document: &Value, platform: &str) -> Value {
    let body = serde_json::value::to_raw_value(&document["body"]).unwrap_or_default();
    let wire = StoredBody::read(&body)
        .and_then(|body| body.compose(platform, &["clips"]))
        .unwrap_or_default();
    serde_json::from_slice::<Value>(&wire).unwrap_or_default()["clips"][0]["assets"].take()
}

fn program_of(videos: Vec<CountedVideo>) -> ProgramRows {
    ProgramRows {
        id: 7,
        code: "p".into(),
        title: "Été".into(),
        enabled: true,
        videos,
        ..ProgramRows::default()
    }
}

fn counted(video_type: &str, windows: Vec<PublicationWindow>) -> CountedVideo {
    CountedVideo {
        video_type: video_type.into(),
        publication: None,
        windows,
    }
}

#[test]
fn a_program_is_visible_while_one_of_its_videos_is() {
    let cases = [
        (vec![], No("no_video", None)),
        (vec![counted("vi", vec![])], No("no_window", None)),
        (
            vec![counted("vi", vec![window(0, Some(10))])],
            No("expired", None),
        ),
        (
            vec![
                counted("vi", vec![window(0, Some(10))]),
                counted("vc", vec![window(1_500, None)]),
            ],
            No("not_yet", Some(1_500)),
        ),
        (
            vec![
                counted("vi", vec![window(5, Some(1_200))]),
                counted("vc", vec![window(1_100, None)]),
            ],
            Yes(5, Some(1_200), Some(1_100)),
        ),
    ];
    for (videos, expected) in cases {
        assert_eq!(seen(&program_at(&program_of(videos), NOW)), expected);
    }
    let disabled = ProgramRows {
        enabled: false,
        ..program_of(vec![counted("vi", vec![window(0, None)])])
    };
    assert_eq!(seen(&program_at(&disabled, NOW)), No("disabled", None));
}

#[test]
fn a_program_counts_its_visible_videos_and_merges_their_windows() {
    let videos = vec![
        counted(
            "vi",
            vec![
                window(10, Some(2_000)),
                PublicationWindow {
                    platform: "tv".into(),
                    ..window(0, None)
                },
            ],
        ),
        counted("vi", vec![window(20, None)]),
        counted("vc", vec![window(0, Some(1_000))]),
        counted("playlist", vec![window(30, Some(1_400))]),
    ];
    let broadcasts = [500, 1_300]
        .map(|start| Broadcast {
            start,
            json: format!("{{\"at\":{start}}}"),
        })
        .into();
    let program = ProgramRows {
        broadcasts,
        ..program_of(videos)
    };
    let rendered = program_at(&program, NOW);
    assert_eq!(seen(&rendered), Yes(0, None, Some(1_300)));
    let document = document(&rendered);
    let services = json!(["m6replay", "6play"]);
    let windows = json!([
        {"platform": "tv", "services": services, "from": 0},
        {"platform": "web", "services": services, "from": 10},
    ]);
    assert_eq!(document["windows"], windows);
    let count = |platform: &str| document["body"]["platforms"][platform]["base"]["count"].clone();
    assert_eq!(count("web"), json!({"vi": 2, "vc": 0, "playlist": 1}));
    assert_eq!(count("tv"), json!({"vi": 1, "vc": 0, "playlist": 0}));
    assert_eq!(
        document["body"]["with"]["detail"]["next_diffusions"],
        json!([{"at": 1_300}])
    );
    assert_eq!(
        (&document["initial"], &document["title_sort"]),
        (&json!("e"), &json!("ete"))
    );
}

#[test]
fn services_and_folders_are_visible_while_enabled() {
    let enabled = service();
    assert_eq!(seen(&render_service(&enabled)), Yes(0, None, None));
    assert_eq!(
        seen(&render_service(&ServiceRows::default())),
        No("disabled", None)
    );
    let folder = |enabled, service| FolderRows {
        enabled,
        service,
        ..FolderRows::default()
    };
    assert_eq!(
        seen(&render_folder(&folder(true, enabled.clone()))),
        Yes(0, None, None)
    );
    assert_eq!(
        seen(&render_folder(&folder(false, enabled))),
        No("disabled", None)
    );
    assert_eq!(
        seen(&render_folder(&folder(true, Arc::default()))),
        No("service_disabled", None)
    );
}

#[test]
fn a_video_is_expired_where_all_its_windows_have_ended() {
    let elsewhere = |opens, closes| PublicationWindow {
        service: Arc::new(ServiceRows {
            code: "w9".into(),
            ..(*service()).clone()
        }),
        ..window(opens, closes)
    };
    let cases = [
        (vec![], No("no_window", None)),
        (vec![window(0, Some(1_001))], No("not_expired", Some(1_001))),
        (vec![window(0, None)], No("not_expired", None)),
        (vec![window(0, Some(1_000))], Yes(1_000, None, None)),
        (
            vec![window(0, Some(900)), window(2_000, Some(3_000))],
            No("not_expired", Some(3_000)),
        ),
        (
            vec![window(0, Some(900)), elsewhere(0, Some(1_200))],
            Yes(900, None, Some(1_200)),
        ),
    ];
    for (windows, expected) in cases {
        let video = video_with(windows);
        assert_eq!(
            seen(&expired_at(&video, NOW)),
            expected,
            "{:?}",
            video.windows
        );
    }
    let video = video_with(vec![window(0, Some(900)), elsewhere(0, Some(1_200))]);
    // the root still lists the other service's window
    let places = |now| document(&expired_at(&video, now))["windows"].clone();
    assert_eq!(
        places(1_000),
        json!([{"platform": "web", "services": ["m6replay"]}])
    );
    assert_eq!(
        places(1_200),
        json!([{"platform": "web", "services": ["6play", "m6replay", "w9"]}])
    );
    let disabled = VideoRows {
        enabled: false,
        ..video
    };
    assert_eq!(seen(&expired_at(&disabled, NOW)), No("disabled", None));
}

#[test]
fn what_ends_at_midnight_of_paris_ends_at_another_utc_hour_in_summer() {
    let end = |date: &str| parse_date(date).unwrap_or_default();
    for (date, utc) in [
        ("2018-03-25 00:00:00", "2018-03-24T23:00:00Z"),
        ("2018-03-26 00:00:00", "2018-03-25T22:00:00Z"),
    ] {
        let video = video_with(vec![window(0, Some(end(date)))]);
        let ends = seen(&video_at(&video, end(date) - 1));
        let expected: Timestamp = utc.parse().unwrap_or_default();
        assert_eq!(
            ends,
            Yes(
                0,
                Some(expected.as_microsecond()),
                Some(expected.as_microsecond())
            )
        );
        assert_eq!(seen(&video_at(&video, end(date))), No("expired", None));
    }
}
