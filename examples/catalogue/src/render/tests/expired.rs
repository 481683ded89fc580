//! When a video has expired.

use super::*;

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
