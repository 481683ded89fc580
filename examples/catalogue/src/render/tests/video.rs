//! When a video is seen, and what its document holds.

use super::*;

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
        .and_then(|body| body.compose(&viewer(platform, "6play", NOW), &["clips"]))
        .unwrap_or_default();
    serde_json::from_slice::<Value>(&wire).unwrap_or_default()["clips"][0]["assets"].take()
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
