//! Bodies of the v2 middleware come back as they went in.

use std::{fs, path::Path, sync::Arc};

use serde_json::{Value, json};
use sixplay_catalogue::{
    Catalogue, ImportOptions, Imported, Input, StoredBody,
    documents::VIDEO,
    fields::{self, parts},
    import, is_empty, prepare,
};
use sixplay_core::{
    Detector, DetectorConfig, ErrorKind, Rendered, Result, Store,
    conformance::{Backend, Collector},
};

use super::{empty, exported, folder, generated, now, viewer};

sixplay_core::on_every_database! {
    invented_bodies_of_every_kind_come_back
    an_export_imports_into_an_empty_store_and_exports_equally
    a_second_import_updates_what_is_there
    a_reference_to_nothing_is_named_by_table_and_key
    a_playlist_imported_alone_brings_the_videos_of_its_clips
}

fn options() -> ImportOptions {
    let mut options = ImportOptions::default();
    options.at = now();
    options
}

/// The bodies in a folder, in no helpful order.
fn bodies(folder: &Path) -> Result<Vec<Input>> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    paths.sort_by(|one, other| other.cmp(one));
    paths.iter().map(|path| Input::file(path)).collect()
}

pub(crate) async fn load(store: &Store, inputs: Vec<Input>) -> Result<Imported> {
    import(store, inputs, &options()).await
}

async fn invented_bodies_of_every_kind_come_back(backend: Backend) -> Result<()> {
    let Some(scratch) = empty(backend).await? else {
        return Ok(());
    };
    let inputs = bodies(&folder("tests/bodies"))?;
    assert_eq!(inputs.len(), 9);
    let imported = load(scratch.store(), inputs).await?;
    assert_eq!(imported.differences, []);
    assert_eq!(imported.records, 18);
    Ok(())
}

#[tokio::test]
async fn videos_that_their_dates_hide_are_told() -> Result<()> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    let mut clip = read("tests/bodies/video_clip.json");
    let id = clip["id"].as_str().expect("an id").to_owned();
    assert!(
        load(scratch.store(), vec![Input::text("clip", clip.to_string())])
            .await?
            .hidden
            .is_empty()
    );
    clip["expiration"] = json!({"expiration_date": "2999-01-01 00:00:00"});
    clip["publication_date"] = json!("2998-01-01 00:00:00");
    let imported = load(scratch.store(), vec![Input::text("clip", clip.to_string())]).await?;
    assert_eq!((imported.hidden, imported.differences), (vec![id], vec![]));
    Ok(())
}

#[tokio::test]
async fn the_real_samples_come_back() -> Result<()> {
    let samples = folder("../../../shared/wire-samples");
    if !samples.exists() {
        eprintln!("no samples at {}", samples.display());
        return Ok(());
    }
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    let imported = load(scratch.store(), bodies(&samples)?).await?;
    assert_eq!(imported.differences, []);
    assert_eq!(imported.records, 1);
    Ok(())
}

async fn an_export_imports_into_an_empty_store_and_exports_equally(backend: Backend) -> Result<()> {
    let (Some(one), Some(two)) = (empty(backend).await?, empty(Backend::Sqlite).await?) else {
        return Ok(());
    };
    generated(one.store(), 2, 5).await?;
    load(one.store(), bodies(&folder("tests/bodies"))?).await?;
    let lines = exported(one.store()).await?;
    let imported = load(two.store(), vec![Input::text("export", lines.clone())]).await?;
    assert_eq!(imported.records, lines.lines().count() as u64);
    // the order of texts is the database's
    let sorted = |lines: &str| {
        let mut lines: Vec<String> = lines.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&exported(two.store()).await?), sorted(&lines));
    Ok(())
}

async fn a_second_import_updates_what_is_there(backend: Backend) -> Result<()> {
    let Some(scratch) = empty(backend).await? else {
        return Ok(());
    };
    load(scratch.store(), bodies(&folder("tests/bodies"))?).await?;
    let mut body = read("tests/bodies/video_clip.json");
    body["title"] = json!("Un autre titre");
    body["clips"][0]["chapters"]
        .as_array_mut()
        .expect("chapters")
        .pop();
    body["clips"][0]["assets"] = json!([]);
    body["program_subcats"] = json!([]);
    body["images"].as_array_mut().expect("images").reverse();
    let again = load(
        scratch.store(),
        vec![Input::text("again", body.to_string())],
    )
    .await?;
    assert_eq!(again.differences, []);
    Ok(())
}

pub(crate) fn read(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder(path)).expect("a body of this repository"))
        .expect("JSON")
}

#[tokio::test]
async fn a_bad_record_is_named_and_nothing_is_loaded() -> Result<()> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    let cases: [(&str, Value, &str, &str); 8] = [
        (
            "/clips/0/assets/2/id",
            json!("x"),
            "[1].clips[0].assets[2].id",
            "\"x\"",
        ),
        (
            "/publication_date",
            json!("19/09/2018"),
            "[1].publication_date",
            "\"19/09/2018\"",
        ),
        ("/images", json!(null), "[1].images", "null"),
        (
            "/clips/0/product/episode",
            json!(1.5),
            "[1].clips[0].product.episode",
            "1.5",
        ),
        ("/type", json!("film"), "[1].type", "\"film\""),
        ("/title", json!("a\u{0}b"), "[1].title", "\"a\\u0000b\""),
        ("/csa", json!(3), "[1].csa", "3"),
        (
            "/expiration",
            json!({"expiration_date": "2001-01-01 00:00:00"}),
            "[1].expiration.expiration_date",
            "\"2001-01-01 00:00:00\"",
        ),
    ];
    for (pointer, value, path, shown) in cases {
        let (good, mut bad) = (
            read("tests/bodies/video_playlist.json"),
            read("tests/bodies/video_clip.json"),
        );
        *bad.pointer_mut(pointer).expect("a key of the body") = value;
        let text = Value::Array(vec![good, bad]).to_string();
        let error = load(scratch.store(), vec![Input::text("bodies.json", text)])
            .await
            .expect_err(path);
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        let context: Vec<_> = error.context().collect();
        assert_eq!(
            context,
            [("path", path), ("value", shown), ("file", "bodies.json")],
            "{error}"
        );
    }
    assert!(is_empty(scratch.store()).await?);
    Ok(())
}

#[tokio::test]
async fn input_that_is_no_body_is_refused_without_panic() -> Result<()> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    let deep = "[".repeat(100_000);
    let line = r#"{"table":"videos","row":{"id":5}}"#;
    let table = r#"{"table":"nothing","row":{}}"#;
    let column = r#"{"table":"platforms","row":{"code":"a","name":"a","sixth":1}}"#;
    for text in [
        "",
        "{",
        "[1]",
        "[{}]",
        "null",
        r#"{"id":"clip_1"}"#,
        &deep,
        "{}",
        "\u{feff}\u{feff}[]",
        line,
        table,
        column,
        r#"{"table":"#,
    ] {
        let error = load(scratch.store(), vec![Input::text("input", text)])
            .await
            .expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    let long = format!(r#"{{"table":"{}"#, "x".repeat(2 << 20));
    let error = load(scratch.store(), vec![Input::text("input", long)])
        .await
        .expect_err("a long line");
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let row = r#"{"video_id":"clip_1","platform":"web","service":"a","opens_at":0}"#;
    let orphan = format!(r#"{{"table":"publications","row":{row}}}"#);
    let error = load(scratch.store(), vec![Input::text("input", orphan)])
        .await
        .expect_err("an orphan");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    Ok(())
}

async fn a_playlist_imported_alone_brings_the_videos_of_its_clips(backend: Backend) -> Result<()> {
    let Some(scratch) = empty(backend).await? else {
        return Ok(());
    };
    let store = scratch.store();
    let playlist = read("tests/bodies/video_playlist.json").to_string();
    let input = || vec![Input::text("playlist.json", playlist.clone())];
    let imported = load(store, input()).await?;
    assert_eq!(imported.derived, ["clip_93", "clip_91"]);
    assert_eq!((imported.missing, imported.differences), (vec![], vec![]));
    assert!(shown_videos(store).await?.contains(&"clip_93".to_owned()));
    assert_eq!(load(store, input()).await?.derived, [""; 0]);
    // on another platform the clips are nobody's yet
    let mut elsewhere = options();
    elsewhere.platform = "chromecast".into();
    let imported = import(store, input(), &elsewhere).await?;
    assert_eq!(imported.derived, ["clip_93", "clip_91"]);
    assert_eq!(imported.differences, []);
    Ok(())
}

/// The ids of the videos that are shown now.
async fn shown_videos(store: &Store) -> Result<Vec<String>> {
    let rendered = super::generator::rendered(store, VIDEO).await?;
    let is_shown = |rendered: &Rendered| matches!(rendered, Rendered::Publishable(_));
    let shown = rendered
        .into_iter()
        .filter(|(_, rendered)| is_shown(rendered));
    Ok(shown.map(|(id, _)| id).collect())
}

#[tokio::test]
async fn a_clip_of_a_playlist_whose_video_is_nowhere_is_named() -> Result<()> {
    let (Some(one), Some(two)) = (empty(Backend::Sqlite).await?, empty(Backend::Sqlite).await?)
    else {
        return Ok(());
    };
    samples(one.store()).await?;
    let lines = exported(one.store()).await?;
    let without = lines.lines().filter(|line| {
        let names = line.contains(r#""clip_93""#);
        !names || line.starts_with(r#"{"table":"clips""#)
    });
    let without = without.collect::<Vec<_>>().join("\n");
    let imported = load(two.store(), vec![Input::text("lines", without)]).await?;
    assert_eq!(imported.missing, ["clip_93"]);
    assert_eq!(imported.derived, [""; 0], "rows are taken as they are");
    assert!(
        shown_videos(two.store())
            .await?
            .contains(&"playlist_5".to_owned())
    );
    Ok(())
}

async fn a_reference_to_nothing_is_named_by_table_and_key(backend: Backend) -> Result<()> {
    let Some(scratch) = empty(backend).await? else {
        return Ok(());
    };
    // a line of rows begins with its table
    let line = |table: &str, row: Value| format!(r#"{{"table":"{table}","row":{row}}}"#);
    let folder = |id: i64, service: &str| {
        let row = json!({
            "id": id, "service": service, "name": "x", "code": "x", "sort_index": 0, "enabled": 1,
        });
        line("folders", row)
    };
    let platform = json!({"code": "web", "name": "x", "enabled": 1});
    let service = json!({"code": "a", "id": 1, "code_url": "a", "priority": 0, "enabled": 1});
    let lines = [
        line("platforms", platform),
        line("services", service),
        folder(1, "a"),
        folder(2, "b"),
        folder(3, "a"),
    ]
    .join("\n");
    let error = load(scratch.store(), vec![Input::text("lines", lines)])
        .await
        .expect_err("an orphan");
    let context: Vec<_> = error
        .context()
        .filter(|(key, _)| ["table", "key", "file"].contains(key))
        .collect();
    assert_eq!(
        (error.kind(), context),
        (
            ErrorKind::Conflict,
            vec![("table", "folders"), ("key", "2"), ("file", "lines")]
        ),
        "{error}"
    );
    assert!(is_empty(scratch.store()).await?, "nothing is loaded");
    Ok(())
}

#[tokio::test]
async fn differences_are_told_by_file_and_path() -> Result<()> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    let mut program = read("tests/bodies/program.json");
    program["count"]["vi"] = json!(7);
    let mut inputs = bodies(&folder("tests/bodies"))?;
    inputs.push(Input::text("counted.json", program.to_string()));
    let differences = load(scratch.store(), inputs).await?.differences;
    let told: Vec<_> = differences
        .iter()
        .map(|it| {
            (
                it.file.as_str(),
                it.path.as_str(),
                it.expected.as_deref(),
                it.found.as_deref(),
            )
        })
        .collect();
    assert_eq!(told, [("counted.json", "count.vi", Some("7"), Some("2"))]);
    Ok(())
}

#[tokio::test]
async fn lists_are_never_null_and_every_body_composes_on_every_platform() -> Result<()> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    load(scratch.store(), bodies(&folder("tests/bodies"))?).await?;
    let mut snapshot = scratch.store().read().await?;
    let ids = ["clip_92".into(), "clip_7".into()];
    let source = Catalogue::new();
    let rendered = source.render_at(&mut snapshot, VIDEO, &ids, now()).await?;
    let Some(Rendered::Publishable(video)) = rendered.first() else {
        panic!("not visible: {rendered:?}")
    };
    assert!(matches!(
        rendered[1],
        Rendered::Absent {
            reason: "no_row",
            next_change_at: None
        }
    ));
    let document: Value = serde_json::from_str(video.document.get()).expect("JSON");
    assert_eq!(
        document[fields::WINDOWS][0][fields::windows::SERVICES],
        json!(["m6replay", "6play"])
    );
    let body = serde_json::value::to_raw_value(&document[fields::BODY]).expect("JSON");
    let asked = [
        parts::CLIPS,
        parts::FREEMIUMPACKS,
        parts::TAGS,
        parts::PROGRAM_SUBCATS,
    ];
    let wire = StoredBody::read(&body)?.compose(&viewer("m6group_web"), &asked)?;
    let wire: Value = serde_json::from_slice(&wire).expect("JSON");
    for list in [
        "/clips/0/assets",
        "/clips/0/chapters",
        "/clips/0/areas",
        "/freemium_packs",
        "/freemium_products",
        "/tags",
        "/program_subcats",
    ] {
        assert!(wire.pointer(list).is_some_and(Value::is_array), "{list}");
    }
    Ok(())
}

/// What is there already and did not change is not written: its dependents would all be rendered
/// again.
#[tokio::test]
async fn importing_again_does_not_touch_what_others_refer_to() -> Result<()> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    samples(scratch.store()).await?;
    prepare(scratch.store()).await?;
    let source = Arc::new(Catalogue::new());
    let body = fs::read_to_string(folder("tests/bodies/video_playlist.json"))
        .expect("a body of this repository");
    load(scratch.store(), vec![Input::text("again", body)]).await?;
    let (sink, detector) = (
        Collector::default(),
        Detector::new(scratch.store().clone(), source, DetectorConfig::default()),
    );
    while detector.step(&sink).await? > 0 {}
    let videos: Vec<String> = sink
        .roots()
        .into_iter()
        .filter(|root| !root.contains("clip_91") && !root.contains("clip_93"))
        .collect();
    assert_eq!(
        videos,
        ["expired:playlist_5", "program:7001", "video:playlist_5"]
    );
    Ok(())
}

/// Loads the invented bodies.
pub(super) async fn samples(store: &Store) -> Result<()> {
    load(store, bodies(&folder("tests/bodies"))?)
        .await
        .map(drop)
}
