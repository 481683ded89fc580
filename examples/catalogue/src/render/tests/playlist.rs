//! When a playlist is seen, and which of its clips.

use super::*;

/// A playlist of m6replay, always open, of these clips.
fn playlist_of(clips: Vec<ClipRows>) -> VideoRows {
    VideoRows {
        id: "playlist_9".into(),
        video_type: "playlist".into(),
        clips: clips.into_iter().map(Arc::new).collect(),
        ..video_with(vec![window(0, None)])
    }
}

/// An enabled clip whose own video holds it and has these windows.
fn clip_with(id: i64, windows: Vec<PublicationWindow>) -> ClipRows {
    let clip = ClipRows {
        id,
        video: format!("clip_{id}"),
        enabled: true,
        members: format!("\"id\":{id}"),
        ..ClipRows::default()
    };
    let own = VideoRows {
        id: clip.video.clone(),
        clips: vec![Arc::new(clip.clone())],
        ..video_with(windows)
    };
    ClipRows {
        own: Some(Arc::new(own)),
        ..clip
    }
}

/// A window of a service that the same root lists.
fn w9_window(opens: i64, closes: Option<i64>) -> PublicationWindow {
    PublicationWindow {
        service: Arc::new(ServiceRows {
            code: "w9replay".into(),
            ..(*service()).clone()
        }),
        ..window(opens, closes)
    }
}

/// The ids of the clips that a service's clients are shown at an instant, by the document of `NOW`.
fn clips_seen(playlist: &VideoRows, service: &str, at_us: i64) -> Value {
    let document = document(&video_at(playlist, NOW));
    let body = serde_json::value::to_raw_value(&document["body"]).unwrap_or_default();
    let wire = StoredBody::read(&body)
        .and_then(|body| body.compose(&viewer("web", service, at_us), &["clips"]))
        .unwrap_or_default();
    let wire: Value = serde_json::from_slice(&wire).unwrap_or_default();
    let clips = wire["clips"].as_array().cloned().unwrap_or_default();
    clips.iter().map(|clip| clip["id"].clone()).collect()
}

#[test]
fn a_playlist_shows_a_clip_while_its_own_video_is_shown() {
    let playlist = playlist_of(vec![
        clip_with(1, vec![window(0, None)]),
        clip_with(2, vec![window(0, Some(1_000))]),
        clip_with(3, vec![window(1_700, None)]),
        clip_with(4, vec![window(5, Some(1_500))]),
    ]);
    assert_eq!(
        seen(&video_at(&playlist, NOW)),
        Yes(0, None, Some(1_500)),
        "the next of its clips' boundaries"
    );
    assert_eq!(clips_seen(&playlist, "m6replay", NOW), json!([1, 4]));
    assert_eq!(clips_seen(&playlist, "m6replay", 1_500), json!([1]));
}

#[test]
fn a_playlist_without_a_visible_clip_is_not_published() {
    type Hide = fn(&mut ClipRows, &mut VideoRows);
    let cases: [(Hide, Seen); 8] = [
        (|_, _| {}, Yes(0, None, None)),
        (|clip, _| clip.enabled = false, No("no_clip", None)),
        (|_, own| own.enabled = false, No("no_clip", None)),
        (|_, own| own.clips.clear(), No("no_clip", None)),
        (|_, own| own.windows.clear(), No("no_clip", None)),
        (
            |_, own| own.program = Some(Arc::default()),
            No("no_clip", None),
        ),
        (
            |_, own| own.windows = vec![window(0, Some(1_000))],
            No("no_clip", None),
        ),
        (
            |_, own| own.windows = vec![window(1_300, Some(1_400))],
            No("no_clip", Some(1_300)),
        ),
    ];
    for (place, (hide, expected)) in cases.into_iter().enumerate() {
        let mut clip = clip_with(1, vec![window(0, None)]);
        let mut own = (*clip.own.take().unwrap_or_default()).clone();
        hide(&mut clip, &mut own);
        clip.own = Some(Arc::new(own));
        let playlist = playlist_of(vec![clip]);
        assert_eq!(seen(&video_at(&playlist, NOW)), expected, "case {place}");
    }
    let nowhere = ClipRows {
        own: None,
        ..clip_with(1, vec![])
    };
    let playlist = playlist_of(vec![nowhere]);
    assert_eq!(seen(&video_at(&playlist, NOW)), No("no_clip", None));
}

#[test]
fn a_playlist_is_shown_while_one_of_its_clips_is() {
    let playlist = playlist_of(vec![
        clip_with(1, vec![window(100, Some(1_200))]),
        clip_with(2, vec![window(50, Some(1_400))]),
    ]);
    let rendered = video_at(&playlist, NOW);
    assert_eq!(seen(&rendered), Yes(50, Some(1_400), Some(1_200)));
    let services = json!(["m6replay", "6play"]);
    let window = json!({"platform": "web", "services": services, "from": 50, "until": 1_400});
    assert_eq!(document(&rendered)["windows"], json!([window]));
}

#[test]
fn a_clip_of_another_service_is_shown_under_the_root_of_both_alone() {
    let playlist = playlist_of(vec![
        clip_with(1, vec![window(0, None)]),
        clip_with(2, vec![w9_window(0, None)]),
    ]);
    assert_eq!(clips_seen(&playlist, "6play", NOW), json!([1, 2]));
    assert_eq!(clips_seen(&playlist, "m6replay", NOW), json!([1]));
    let foreign = playlist_of(vec![clip_with(2, vec![w9_window(0, None)])]);
    assert_eq!(
        document(&video_at(&foreign, NOW))["windows"],
        json!([{"platform": "web", "services": ["6play"], "from": 0}])
    );
}

#[test]
fn a_clip_of_another_platform_is_not_shown() {
    let tv = PublicationWindow {
        platform: "tv".into(),
        ..window(0, None)
    };
    let playlist = playlist_of(vec![
        clip_with(1, vec![window(0, None)]),
        clip_with(2, vec![tv]),
    ]);
    assert_eq!(clips_seen(&playlist, "m6replay", NOW), json!([1]));
}

#[test]
fn a_clip_that_names_the_playlist_itself_is_shown_with_it() {
    let clip = ClipRows {
        video: "playlist_9".into(),
        own: None,
        ..clip_with(1, vec![])
    };
    let playlist = playlist_of(vec![clip]);
    assert_eq!(clips_seen(&playlist, "m6replay", NOW), json!([1]));
}
