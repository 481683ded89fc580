//! The publication rules, case by case.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::catalogue::{
    StoredBody,
    rows::{Asset, Clip, Diffusion, Folder, Member, Program, Service, Video},
};

const NOW: i64 = 1_000;

fn service() -> Arc<Service> {
    Arc::new(Service {
        code: "m6replay".into(),
        enabled: true,
        roots: vec!["6play".into()],
        ..Service::default()
    })
}

fn window(opens: i64, closes: Option<i64>) -> Window {
    Window {
        platform: "web".into(),
        platform_enabled: true,
        service: service(),
        opens,
        closes,
    }
}

fn sample(windows: Vec<Window>) -> Video {
    let clip = Arc::new(Clip {
        enabled: true,
        ..Clip::default()
    });
    let program = Arc::new(Program {
        id: 7,
        enabled: true,
        ..Program::default()
    });
    Video {
        id: "clip_1".into(),
        enabled: true,
        kind: "vi".into(),
        program: Some(program),
        clips: vec![clip],
        windows,
        ..Video::default()
    }
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
            it.visible_from.as_microsecond(),
            micros(it.visible_until),
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
        let video = sample(windows);
        assert_eq!(
            seen(&super::video(Some(&video), NOW)),
            expected,
            "{:?}",
            video.windows
        );
    }
    assert_eq!(seen(&super::video(None, NOW)), No("no_row", None));
}

#[test]
fn each_switch_hides_a_video_for_its_own_reason() {
    type Break = fn(&mut Video);
    let hidden_program = |video: &mut Video| video.program = Some(Arc::default());
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
        let mut video = sample(vec![window(0, None)]);
        broken(&mut video);
        assert_eq!(
            seen(&super::video(Some(&video), NOW)),
            expected,
            "case {place}"
        );
    }
}

#[test]
fn a_document_holds_the_open_windows_only() {
    let closed_service = Window {
        service: Arc::default(),
        ..window(0, None)
    };
    let video = sample(vec![
        window(0, Some(1_500)),
        window(10, Some(2_000)),
        window(3_000, None),
        window(0, Some(900)),
        closed_service,
    ]);
    let document = document(&super::video(Some(&video), NOW));
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
    let asset = |platform: &str| Asset {
        platform: platform.into(),
        json: format!("{{\"of\":\"{platform}\"}}"),
    };
    let clip = Arc::new(Clip {
        enabled: true,
        assets: vec![asset("web"), asset("tv")],
        ..Clip::default()
    });
    let tv = Window {
        platform: "tv".into(),
        ..window(0, None)
    };
    let mut video = sample(vec![window(0, None), tv]);
    let without = document(&super::video(Some(&video), NOW));
    video.clips = vec![clip];
    let with = document(&super::video(Some(&video), NOW));
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

fn program_of(videos: Vec<Member>) -> Program {
    Program {
        id: 7,
        code: "p".into(),
        title: "Été".into(),
        enabled: true,
        videos,
        ..Program::default()
    }
}

fn member(kind: &str, windows: Vec<Window>) -> Member {
    Member {
        kind: kind.into(),
        publication: None,
        windows,
    }
}

#[test]
fn a_program_is_visible_while_one_of_its_videos_is() {
    let cases = [
        (vec![], No("no_video", None)),
        (vec![member("vi", vec![])], No("no_window", None)),
        (
            vec![member("vi", vec![window(0, Some(10))])],
            No("expired", None),
        ),
        (
            vec![
                member("vi", vec![window(0, Some(10))]),
                member("vc", vec![window(1_500, None)]),
            ],
            No("not_yet", Some(1_500)),
        ),
        (
            vec![
                member("vi", vec![window(5, Some(1_200))]),
                member("vc", vec![window(1_100, None)]),
            ],
            Yes(5, Some(1_200), Some(1_100)),
        ),
    ];
    for (videos, expected) in cases {
        assert_eq!(
            seen(&super::program(Some(&program_of(videos)), NOW)),
            expected
        );
    }
    let disabled = Program {
        enabled: false,
        ..program_of(vec![member("vi", vec![window(0, None)])])
    };
    assert_eq!(
        seen(&super::program(Some(&disabled), NOW)),
        No("disabled", None)
    );
    assert_eq!(seen(&super::program(None, NOW)), No("no_row", None));
}

#[test]
fn a_program_counts_its_visible_videos_and_merges_their_windows() {
    let videos = vec![
        member(
            "vi",
            vec![
                window(10, Some(2_000)),
                Window {
                    platform: "tv".into(),
                    ..window(0, None)
                },
            ],
        ),
        member("vi", vec![window(20, None)]),
        member("vc", vec![window(0, Some(1_000))]),
        member("playlist", vec![window(30, Some(1_400))]),
    ];
    let diffusions = [500, 1_300]
        .map(|start| Diffusion {
            start,
            json: format!("{{\"at\":{start}}}"),
        })
        .into();
    let rendered = super::program(
        Some(&Program {
            diffusions,
            ..program_of(videos)
        }),
        NOW,
    );
    assert_eq!(seen(&rendered), Yes(0, None, Some(1_300)));
    let document = document(&rendered);
    let services = json!(["m6replay", "6play"]);
    let windows = json!([{"platform": "tv", "services": services, "from": 0}, {"platform": "web", "services": services, "from": 10}]);
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
fn titles_that_begin_with_no_letter_have_the_initial_at() {
    for (title, expected) in [
        ("48 marches", "\"@\""),
        ("", "\"@\""),
        ("Œillets", "\"o\""),
        ("« Zut »", "\"@\""),
    ] {
        assert_eq!(initial(&crate::catalogue::wire::folded(title)), expected);
    }
}

#[test]
fn services_and_folders_are_visible_while_enabled() {
    let enabled = service();
    assert_eq!(seen(&super::service(Some(&enabled))), Yes(0, None, None));
    assert_eq!(
        seen(&super::service(Some(&Service::default()))),
        No("disabled", None)
    );
    assert_eq!(seen(&super::service(None)), No("no_row", None));
    let folder = |enabled, service| Folder {
        enabled,
        service,
        ..Folder::default()
    };
    assert_eq!(
        seen(&super::folder(Some(&folder(true, enabled.clone())))),
        Yes(0, None, None)
    );
    assert_eq!(
        seen(&super::folder(Some(&folder(false, enabled)))),
        No("disabled", None)
    );
    assert_eq!(
        seen(&super::folder(Some(&folder(true, Arc::default())))),
        No("service_disabled", None)
    );
    assert_eq!(seen(&super::folder(None)), No("no_row", None));
}

#[test]
fn a_video_is_expired_where_all_its_windows_have_ended() {
    let elsewhere = |opens, closes| Window {
        service: Arc::new(Service {
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
        let video = sample(windows);
        assert_eq!(
            seen(&super::expired(Some(&video), NOW)),
            expected,
            "{:?}",
            video.windows
        );
    }
    let video = sample(vec![window(0, Some(900)), elsewhere(0, Some(1_200))]);
    // the root still lists the other service's window
    let places = |now| document(&super::expired(Some(&video), now))["windows"].clone();
    assert_eq!(
        places(1_000),
        json!([{"platform": "web", "services": ["m6replay"]}])
    );
    assert_eq!(
        places(1_200),
        json!([{"platform": "web", "services": ["6play", "m6replay", "w9"]}])
    );
    assert_eq!(
        seen(&super::expired(
            Some(&Video {
                enabled: false,
                ..video.clone()
            }),
            NOW
        )),
        No("disabled", None)
    );
    assert_eq!(seen(&super::expired(None, NOW)), No("no_row", None));
}

#[test]
fn what_ends_at_midnight_of_paris_ends_at_another_utc_hour_in_summer() {
    let end = |date: &str| crate::catalogue::wire::instant(date).unwrap_or_default();
    for (date, utc) in [
        ("2018-03-25 00:00:00", "2018-03-24T23:00:00Z"),
        ("2018-03-26 00:00:00", "2018-03-25T22:00:00Z"),
    ] {
        let video = sample(vec![window(0, Some(end(date)))]);
        let ends = seen(&super::video(Some(&video), end(date) - 1));
        let expected: Timestamp = utc.parse().unwrap_or_default();
        assert_eq!(
            ends,
            Yes(
                0,
                Some(expected.as_microsecond()),
                Some(expected.as_microsecond())
            )
        );
        assert_eq!(
            seen(&super::video(Some(&video), end(date))),
            No("expired", None)
        );
    }
}
