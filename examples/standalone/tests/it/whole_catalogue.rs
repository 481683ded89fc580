//! The middleware's endpoints over a generated catalogue, asked as clients ask them.

use serde_json::Value;

use crate::{
    client::{Client, WEB},
    line::{Line, On},
};

#[test]
fn every_endpoint_answers_what_clients_read() {
    let line = Line::new(On::Embedded).expect("needs no server");
    line.generate("12");
    let mut program = line.start("sixplay-standalone", &["--listen", "127.0.0.1:0"]);
    let web = Client::new(program.addr(), "pc.middleware.localhost");
    let ok = |path: &str| web.ok(&format!("{WEB}{path}"));

    has(
        &ok(""),
        &[
            "id",
            "code",
            "code_url",
            "title",
            "service_template",
            "priority",
            "images",
            "freemium_products",
        ],
    );
    let services = list(&ok("/services?sort=priority&with=channels,freemiumpacks"));
    services.iter().for_each(|service| {
        has(
            service,
            &[
                "id",
                "code",
                "title",
                "images",
                "channels",
                "freemium_packs",
            ],
        )
    });
    assert!(services.len() >= 2, "two services");
    let folders = list(&ok("/folders?limit=999&offset=0"));
    folders
        .iter()
        .for_each(|folder| has(folder, &["id", "name"]));
    let in_folder = list(&ok(&format!(
        "/folders/{}/programs?limit=999&offset=0&csa=6&with=parentcontext",
        folders[0]["id"]
    )));
    let programs = list(&ok(
        "/programs?limit=999&offset=0&csa=9&with=rights,nonsense",
    ));
    for program in programs.iter().chain(&in_folder) {
        has(
            program,
            &[
                "id",
                "code",
                "title",
                "description",
                "images",
                "count",
                "service_display",
            ],
        );
    }
    assert!(
        programs
            .iter()
            .all(|program| program["functionality_right"].is_object()),
        "with=rights"
    );
    for letter in list(&ok("/programs/first-letters?csa=6")) {
        let letter = letter.as_str().expect("a letter");
        assert!(
            !list(&ok(&format!("/programs?limit=999&firstLetter={letter}"))).is_empty(),
            "no program under {letter}"
        );
    }

    let id = &programs[0]["id"];
    let detail = ok(&format!("/programs/{id}?with=links,subcats,rights"));
    has(
        &detail,
        &[
            "id",
            "title",
            "program_subcats",
            "links",
            "next_diffusions",
            "functionality_right",
            "csa",
            "services",
        ],
    );
    assert!(detail["program_subcats"].is_array() && detail["links"].is_array());
    let videos = list(&ok(&format!(
        "/programs/{id}/videos?csa=6&with=clips,freemiumpacks\
         &type=vi,vc,playlist&limit=999&offset=0"
    )));
    for video in &videos {
        has(
            video,
            &[
                "id",
                "code",
                "type",
                "title",
                "description",
                "duration",
                "images",
                "program",
                "services",
                "freemium_packs",
                "freemium_products",
            ],
        );
        let clips = list(&video["clips"]);
        clips.iter().for_each(|clip| {
            has(
                clip,
                &[
                    "id", "video_id", "title", "images", "product", "chapters", "areas", "assets",
                ],
            )
        });
        assert!(
            clips[0]["product"].get("episode").is_some(),
            "clients need the key product.episode"
        );
    }
    let pages: Vec<Value> = (0..)
        .map(|page| {
            list_or_empty(&ok(&format!(
                "/programs/{id}/videos?limit=5&offset={}",
                page * 5
            )))
        })
        .take_while(|page| !page.is_empty())
        .flatten()
        .collect();
    let whole = list(&ok(&format!("/programs/{id}/videos?limit=999")));
    assert_eq!(pages, whole, "pages join");
    assert_eq!(
        ok(&format!(
            "/videos/{}?csa=6&with=clips,freemiumpacks",
            text(&videos[0]["id"])
        )),
        videos[0],
        "one video as in the list"
    );

    assert_eq!(web.get(&format!("{WEB}/videos/clip_1")).0, 404);
    assert_eq!(web.get(&format!("{WEB}/programs/1")).0, 404);
    for path in [
        "/programs?limit=-1",
        "/programs?offset=1e9",
        "/programs?limit=%zz",
        "/videos/%ff",
    ] {
        let (status, body) = web.get(&format!("{WEB}{path}"));
        assert!(
            (400..500).contains(&status) && body["error"]["code"] == status,
            "{path}: {status} {body}"
        );
    }
}

#[test]
fn android_and_chromecast_get_a_dash_asset_they_can_play() {
    let line = Line::new(On::Embedded).expect("needs no server");
    line.generate("6");
    let mut program = line.start("sixplay-standalone", &["--listen", "127.0.0.1:0"]);
    let addr = program.addr();
    for (host, platform) in [
        ("android", "m6group_androidmob"),
        ("chromecast", "chromecast"),
    ] {
        let client = Client::new(addr, &format!("{host}.middleware.localhost"));
        let base = WEB.replace("m6group_web", platform);
        let program = &client.ok(&format!("{base}/programs?limit=1"))[0]["id"];
        let videos = list(&client.ok(&format!(
            "{base}/programs/{program}/videos?csa=6&with=clips&type=vi&limit=999"
        )));
        let assets = videos
            .iter()
            .flat_map(|video| list_or_empty(&video["clips"][0]["assets"]));
        let playable = assets
            .filter(|asset| asset["type"] == "usp_dashcenc_h264")
            .inspect(|asset| {
                assert!(
                    ["sd", "hd"].contains(&asset["video_quality"].as_str().expect("a quality")),
                    "{asset}"
                );
            });
        assert!(playable.count() > 0, "nothing to play on {platform}");
    }
}

fn has(object: &Value, keys: &[&str]) {
    for key in keys {
        assert!(object.get(key).is_some(), "{key} is missing in {object}");
    }
}

fn list(value: &Value) -> Vec<Value> {
    let list = list_or_empty(value);
    assert!(!list.is_empty(), "an empty list");
    list
}

fn list_or_empty(value: &Value) -> Vec<Value> {
    value
        .as_array()
        .unwrap_or_else(|| panic!("no array: {value}"))
        .clone()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}
