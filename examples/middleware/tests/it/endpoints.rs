//! Each endpoint with each of its parameters.

use http::Method;
use serde_json::json;

use super::{SECOND, WEB, World};
use crate::ask::ask;

#[tokio::test]
async fn a_service_is_found_by_code_on_its_platforms() {
    let world = World::filled().await;
    let answer = world.get("/m6replay?with=channels,unknown").await;
    assert_eq!(
        (answer.body.as_str(), answer.header("content-type")),
        (r#"{"code":"m6replay","channels":[]}"#, "application/json")
    );
    assert_eq!(answer.header("cache-control"), "public, max-age=3600");
    for path in ["/radio", "/nothing", "/m6replay%20"] {
        let answer = world.get(path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body.as_str()),
            (404, r#"{"error":{"code":404,"message":"Not Found"}}"#),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_services_of_a_root_come_by_priority() {
    let world = World::filled().await;
    assert_eq!(
        world
            .ids("/6play/services?sort=priority&with=channels,freemiumpacks")
            .await,
        ["w9replay", "m6replay"]
    );
    assert_eq!(
        world.ids("/6play/services?limit=1&offset=1").await,
        ["m6replay"]
    );
    assert_eq!(world.ids("/m6replay/services").await, [""; 0]);
    assert_eq!(
        world
            .get("/6play/services?limit=1&with=freemiumpacks")
            .await
            .body,
        r#"[{"code":"w9replay","freemium_packs":[]}]"#
    );
}

#[tokio::test]
async fn folders_come_in_their_order() {
    let world = World::filled().await;
    assert_eq!(
        world.ids("/m6replay/folders?limit=999&offset=0").await,
        ["8", "10"]
    );
    assert_eq!(world.ids("/6play/folders").await, ["58", "8", "10"]);
    assert_eq!(world.ids("/6play/folders?offset=2").await, ["10"]);
}

#[tokio::test]
async fn programs_of_a_folder_come_by_title_and_an_unknown_folder_is_404() {
    let world = World::filled().await;
    assert_eq!(
        world
            .ids("/6play/folders/10/programs?limit=999&offset=0&csa=6&with=parentcontext")
            .await,
        ["3", "1", "2"]
    );
    assert_eq!(
        world.ids("/6play/folders/10/programs?offset=3").await,
        [""; 0]
    );
    assert_eq!(world.ids("/6play/folders/8/programs").await, [""; 0]);
    assert_eq!(world.get("/6play/folders/9/programs").await.status, 404);
}

#[tokio::test]
async fn programs_take_letter_rating_and_order() {
    let world = World::filled().await;
    assert_eq!(world.ids("/6play/programs").await, ["3", "1", "2"]);
    assert_eq!(
        world
            .ids("/6play/programs?sort=last_video_publication&with=layout")
            .await,
        ["2", "3", "1"]
    );
    assert_eq!(
        world.ids("/6play/programs?sort=unknown").await,
        ["3", "1", "2"]
    );
    for (letter, expected) in [
        ("a", vec!["1"]),
        ("B", vec!["2"]),
        ("%C3%80", vec!["1"]),
        ("A%CC%81", vec!["1"]),
        ("%C3%86", vec!["1"]),
        ("@", vec!["3"]),
        ("%40", vec!["3"]),
        ("z", vec![]),
        ("", vec!["3", "1", "2"]),
    ] {
        assert_eq!(
            world
                .ids(&format!("/6play/programs?firstLetter={letter}"))
                .await,
            expected,
            "{letter}"
        );
    }
    for (csa, expected) in [
        ("4", vec!["3", "1"]),
        ("5", vec!["3", "1", "2"]),
        ("6", vec!["3", "1", "2"]),
    ] {
        assert_eq!(
            world.ids(&format!("/m6replay/programs?csa={csa}")).await,
            expected,
            "{csa}"
        );
    }
    for csa in ["0", "9", "-1", "tot_18_jaar", "%20", "99999999999999999999"] {
        assert_eq!(
            world.ids(&format!("/m6replay/programs?csa={csa}")).await,
            ["3", "1", "2"],
            "{csa}"
        );
    }
    assert_eq!(world.ids("/w9replay/programs").await, ["4"]);
    let first = world.get("/6play/programs?limit=1&with=unknown").await;
    assert_eq!(
        first.body,
        r#"[{"id":3,"images":[],"title":"24 heures","count":{"vi":1}}]"#
    );
}

#[tokio::test]
async fn limit_and_offset_are_clamped_or_refused() {
    let world = World::filled().await;
    for query in [
        "limit=1000",
        "limit=10000",
        "limit=99999999999999999999999",
        "limit=999&offset=0",
        "limit=",
        "offset=",
    ] {
        assert_eq!(
            world.ids(&format!("/6play/programs?{query}")).await.len(),
            3,
            "{query}"
        );
    }
    assert_eq!(world.ids("/6play/programs?limit=1&limit=2").await.len(), 2);
    for offset in ["9999", "10000", "10001", "99999999999999999999999"] {
        let query = format!("limit=999&offset={offset}");
        assert_eq!(
            world.ids(&format!("/6play/programs?{query}")).await,
            [""; 0],
            "a walk by pages ends in an empty one: {query}"
        );
    }
    for query in [
        "limit=-1",
        "limit=0",
        "limit=x",
        "limit=1.5",
        "offset=-1",
        "offset=1e9",
        "offset=x",
        "a=%zz",
        "a=%00",
        "with=%",
    ] {
        let answer = world.get(&format!("/6play/programs?{query}")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body.as_str()),
            (400, r#"{"error":{"code":400,"message":"Bad Request"}}"#),
            "{query}"
        );
    }
}

#[tokio::test]
async fn first_letters_are_those_that_published_programs_have() {
    let world = World::filled().await;
    assert_eq!(
        world.get("/6play/programs/first-letters?csa=6").await.body,
        r#"["@","a","b"]"#
    );
    assert_eq!(
        world.get("/6play/programs/first-letters?csa=1").await.body,
        r#"["@","a"]"#
    );
    assert_eq!(
        world.get("/nothing/programs/first-letters").await.body,
        "[]"
    );
}

#[tokio::test]
async fn a_program_has_its_detail_and_is_404_where_it_is_not_published() {
    let world = World::filled().await;
    let program = world
        .get("/6play/programs/1?with=links,subcats,rights")
        .await;
    let base = r#""id":1,"images":[],"title":"Alpha","count":{"vi":1}"#;
    let asked = r#""summary":"long","links":[],"program_subcats":[]"#;
    assert_eq!(program.body, format!("{{{base},{asked}}}"));
    for path in [
        "/6play/programs/4",
        "/6play/programs/5",
        "/6play/programs/6",
        "/w9replay/programs/1",
        "/6play/programs/%F0%9F%98%80",
    ] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
    }
    assert_eq!(
        world
            .get(&format!("/6play/programs/{}", "9".repeat(2000)))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn videos_of_a_program_take_type_subcategory_rating_and_order() {
    let world = World::filled().await;
    let ids = async |query: &str| {
        world
            .ids(&format!("/m6replay/programs/1/videos?{query}"))
            .await
    };
    assert_eq!(ids("").await, ["clip_2", "clip_1", "playlist_3", "clip_4"]);
    assert_eq!(ids("type=vi").await, ["clip_1", "clip_4"]);
    assert_eq!(ids("type=playlist%2Cvc").await, ["clip_2", "playlist_3"]);
    assert_eq!(ids("type=vi,other").await, ["clip_1", "clip_4"]);
    assert_eq!(ids("type=all").await.len(), 4);
    assert_eq!(ids("csa=4").await, ["clip_2", "clip_1", "playlist_3"]);
    assert_eq!(ids("subcat=6002").await, ["clip_2"]);
    assert_eq!(ids("subcat=none").await, [""; 0]);
    assert_eq!(
        ids("sort=subcat").await,
        ["clip_2", "clip_4", "clip_1", "playlist_3"]
    );
    assert_eq!(
        ids("sort=episode_asc").await,
        ["clip_2", "clip_1", "clip_4", "playlist_3"]
    );
    assert_eq!(ids("limit=2&offset=1").await, ["clip_1", "playlist_3"]);
    assert_eq!(ids("offset=50").await, [""; 0]);
    assert_eq!(world.ids("/m6replay/programs/2/videos").await, [""; 0]);
    assert_eq!(world.get("/m6replay/programs/99/videos").await.status, 404);
}

#[tokio::test]
async fn a_video_passes_byte_by_byte_with_the_parts_asked_for() {
    let world = World::filled().await;
    let bare = world.get("/m6replay/videos/clip_1").await;
    assert_eq!(bare.body, r#"{"freemium_products":[],"id":"clip_1"}"#);
    let whole = world
        .get("/m6replay/videos/clip_1?csa=6&with=freemiumpacks,clips,extra_data")
        .await;
    let clips = "[{\"float\":179.36,\"id\":1,\"title\":\"é\\\\/\u{1f600}\"}]";
    assert_eq!(
        whole.body,
        format!(r#"{{"freemium_products":[],"id":"clip_1","freemium_packs":[],"clips":{clips}}}"#)
    );
    let head = ask(
        &world.service,
        Method::HEAD,
        "pc.x.test",
        "/6play/v2/platforms/m6group_web/services/m6replay/videos/clip_1",
    )
    .await;
    assert_eq!(
        (head.body.as_str(), head.header("content-length")),
        ("", bare.body.len().to_string().as_str())
    );
}

#[tokio::test]
async fn a_video_is_gone_once_its_rights_have_ended_and_unknown_otherwise() {
    let world = World::filled().await;
    for (path, status) in [
        ("/m6replay/videos/clip_5", 410),
        ("/m6replay/videos/clip_7", 410),
        ("/6play/videos/clip_7", 404),
        ("/6play/videos/clip_5", 404),
        ("/m6replay/videos/clip_6", 404),
        ("/w9replay/videos/clip_1", 404),
        ("/m6replay/videos/clip_4?csa=4", 404),
        ("/m6replay/videos/clip_4?csa=5", 200),
        ("/m6replay/videos/clip_99", 404),
        ("/m6replay/videos/clip_8", 404),
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
    let gone = world.get("/m6replay/videos/clip_5").await;
    assert_eq!(
        (gone.body.as_str(), gone.header("cache-control")),
        (r#"{"error":{"code":410,"message":"Gone"}}"#, "no-store")
    );
}

#[tokio::test]
async fn no_answer_may_be_cached_beyond_the_next_change_of_what_it_shows() {
    let world = World::filled().await;
    assert_eq!(
        world
            .get("/m6replay/videos/clip_1")
            .await
            .header("cache-control"),
        "public, max-age=300"
    );
    let ends = json!([
        world.window(WEB, &["m6replay"], -60, Some(100)),
        world.window(WEB, &["w9replay"], -60, None)
    ]);
    world
        .put("video", &[world.video("clip_9", "vi", 50, ends)])
        .await;
    let mut program = world.program("9", "Suite", 1, 50, world.open());
    program["body"]["next_change"] = json!(world.now + 100 * SECOND);
    world.put("program", &[program]).await;
    for path in [
        "/m6replay/videos/clip_9",
        "/m6replay/programs/1/videos",
        "/m6replay/programs/9",
        "/m6replay/programs",
    ] {
        let answer = world.get(path).await;
        let age: u32 = answer
            .header("cache-control")
            .trim_start_matches("public, max-age=")
            .parse()
            .unwrap();
        assert!((60..=100).contains(&age), "{path}: {age}");
    }
    assert_eq!(
        world
            .get("/w9replay/videos/clip_9")
            .await
            .header("cache-control"),
        "public, max-age=300"
    );
    let mut stale = world.program("8", "Stale", 1, 50, world.open());
    stale["body"]["next_change"] = json!(world.now - SECOND);
    world.put("program", &[stale]).await;
    assert_eq!(
        world
            .get("/m6replay/programs/8")
            .await
            .header("cache-control"),
        "no-store"
    );
}

#[tokio::test]
async fn no_list_may_be_cached_beyond_the_next_opening_or_closing_of_its_scope() {
    let world = World::filled().await;
    // a program to come, and one whose next video opens then
    let later = json!([world.window(WEB, &["m6replay", "6play"], 100, None)]);
    let mut to_come = world.program("9", "Suite", 1, 50, later);
    to_come["visible_from"] = json!(world.now + 100 * SECOND);
    to_come["next_turn"] = json!(world.now + 100 * SECOND);
    let mut growing = world.program("7", "Grandit", 1, 50, world.open());
    growing["body"]["next_change"] = json!(world.now + 100 * SECOND);
    world.put("program", &[to_come, growing]).await;
    for path in [
        "/6play/programs?firstLetter=a",
        "/6play/programs?firstLetter=z",
        "/6play/programs?offset=10000",
        "/6play/programs/first-letters",
        "/nothing/programs/first-letters",
        "/6play/folders/10/programs",
        "/6play/folders/8/programs",
        "/m6replay/programs/7/videos",
    ] {
        let answer = world.get(path).await;
        let age = answer.header("cache-control");
        let age: u32 = age.trim_start_matches("public, max-age=").parse().unwrap();
        assert!((60..=100).contains(&age), "{path}: {age}");
    }
    for path in ["/6play/programs/9", "/6play/programs/9/videos"] {
        assert_eq!(world.get(path).await.status, 404, "{path} is to come");
    }
    // what is due, and not rendered again yet
    let mut due = world.program("6", "Due", 1, 50, world.open());
    due["next_turn"] = json!(world.now - SECOND);
    world.put("program", &[due]).await;
    let answer = world.get("/6play/programs").await;
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_client_asks_for_its_own_platform_and_reads_only() {
    let world = World::filled().await;
    let path = |platform: &str| format!("/6play/v2/platforms/{platform}/services/6play");
    for (host, platform, status) in [
        ("android.middleware.test", "m6group_androidmob", 200),
        ("android.middleware.test", WEB, 403),
        ("pc.middleware.test", "m6group_androidmob", 403),
        ("bo.middleware.test", WEB, 403),
        ("tv.middleware.test", WEB, 403),
    ] {
        assert_eq!(
            ask(&world.service, Method::GET, host, &path(platform))
                .await
                .status,
            status,
            "{host} {platform}"
        );
    }
    assert_eq!(
        ask(
            &world.service,
            Method::POST,
            "pc.middleware.test",
            &path(WEB)
        )
        .await
        .status,
        405
    );
    assert_eq!(world.get("/6play/").await.status, 404);
}
