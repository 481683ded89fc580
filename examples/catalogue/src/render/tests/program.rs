//! When a program is seen, and what it counts.

use super::*;

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
            // in the index before, and hidden
            Yes(1_500, None, Some(1_500)),
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
fn a_program_says_when_it_next_comes_to_a_place_or_leaves_one() {
    let elsewhere = PublicationWindow {
        platform: "tv".into(),
        ..window(1_200, None)
    };
    let cases = [
        (vec![window(0, None)], None),
        (vec![window(0, Some(1_300))], Some(1_300)),
        (
            vec![window(0, Some(1_300)), window(5, Some(1_400))],
            Some(1_400),
        ),
        (vec![window(0, None), window(1_100, None)], None),
        (vec![window(0, None), elsewhere.clone()], Some(1_200)),
        (vec![window(1_600, None), elsewhere], Some(1_200)),
        (
            vec![window(1_600, None), window(1_500, Some(1_550))],
            Some(1_500),
        ),
    ];
    for (windows, expected) in cases {
        let program = program_of(vec![counted("vi", windows)]);
        let turn = document(&program_at(&program, NOW))["next_turn"].clone();
        assert_eq!(turn, json!(expected), "{:?}", program.videos);
    }
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
        (&json!("e"), &json!("ete\u{1}été"))
    );
}
