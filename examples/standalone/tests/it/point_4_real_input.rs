//! Bodies of the real middleware import and come back equal; real clients read the answers.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::{
    client::{Client, WEB},
    line::{Line, On},
};

#[test]
fn point_4_bodies_come_back_as_they_were_imported() {
    comes_back(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sixplay-core/tests/bodies"));
}

#[test]
fn point_4_recorded_bodies_come_back_as_they_were_imported() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/wire-samples");
    if samples.exists() {
        comes_back(&samples)
    } else {
        eprintln!("no recorded bodies at {}", samples.display())
    }
}

/// Imports every body of a video below `dir` and asks the middleware for it.
fn comes_back(dir: &Path) {
    let line = Line::new(On::Embedded).expect("needs no server");
    let files: Vec<PathBuf> = std::fs::read_dir(dir)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    let files: Vec<PathBuf> = files
        .into_iter()
        .filter(|file| file.extension().is_some_and(|end| end == "json"))
        .collect();
    assert!(!files.is_empty(), "no body in {}", dir.display());
    let mut args = vec!["catalogue", "import"];
    args.extend(files.iter().map(|file| file.to_str().expect("UTF-8")));
    let (code, output) = line.run("standalone", &args);
    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("no differences"), "{output}");

    let mut program = line.start("standalone", &["--listen", "127.0.0.1:0"]);
    let web = Client::new(program.addr(), "pc.middleware.localhost");
    let mut asked = 0;
    for file in &files {
        let body: Value =
            serde_json::from_slice(&std::fs::read(file).expect("a file")).expect("JSON");
        let Some(id) = body["id"].as_str().filter(|_| body["clips"].is_array()) else {
            continue;
        };
        let served = web.ok(&format!(
            "{WEB}/videos/{id}?with={}&csa=6",
            asked_with(&body)
        ));
        assert!(
            same(&served, &body),
            "{} differs:\n{served:#}\n{body:#}",
            file.display()
        );
        asked += 1;
    }
    assert!(asked > 0, "no body of a video in {}", dir.display());
}

/// The `with` of the request that a body answers, as its keys tell.
fn asked_with(body: &Value) -> String {
    let names = [
        ("clips", "/clips"),
        ("freemiumpacks", "/freemium_packs"),
        ("expiration", "/expiration"),
        ("tags", "/tags"),
        ("extra_data", "/extra_datas"),
        ("program_subcats", "/program_subcats"),
        ("program_images", "/program/images"),
        ("service_display_images", "/service_display/images"),
    ];
    let present: Vec<&str> = names
        .iter()
        .filter(|(_, key)| body.pointer(key).is_some())
        .map(|(name, _)| *name)
        .collect();
    present.join(",")
}

/// Equal as JSON values, numbers by their value.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, left)| right.get(key).is_some_and(|right| same(left, right)))
        }
        _ => left == right,
    }
}

#[test]
fn point_4_a_bad_record_is_named_and_nothing_is_loaded() {
    let line = Line::new(On::Embedded).expect("needs no server");
    let good = json!({"id": "clip_1", "code": "bon", "type": "vi", "title": "Bon", "description": "", "duration": 60, "images": [],
        "clips": [{"id": 1, "video_id": "clip_1", "title": "Bon", "type": "vi", "assets": []}]});
    let mut bad = good.clone();
    bad["id"] = json!("clip_2");
    bad["duration"] = json!("une heure");
    let file = line.dir.path().join("liste.json");
    std::fs::write(&file, json!([good, bad]).to_string()).expect("a file");
    let (code, output) = line.run(
        "standalone",
        &["catalogue", "import", file.to_str().expect("UTF-8")],
    );
    assert_eq!(code, Some(1), "{output}");
    for part in ["liste.json", "duration", "une heure"] {
        assert!(output.contains(part), "{part} is not named: {output}");
    }
    assert_eq!(line.values("SELECT COUNT(*) AS value FROM videos"), ["0"]);
}

#[test]
fn point_4_yt_dlp_and_youtube_dl_extract_what_the_catalogue_holds() {
    let line = Line::new(On::Embedded).expect("needs no server");
    line.generate("12");
    let playable = |container: &str| {
        let open = "SELECT 1 FROM publications p WHERE p.video_id = c.video_id AND p.platform = 'm6group_web' AND p.opens_at < unixepoch()*1000000 AND (p.closes_at IS NULL OR p.closes_at > (unixepoch()+7200)*1000000)";
        let asset = format!(
            "SELECT 1 FROM assets a WHERE a.clip_id = c.id AND a.platform = 'm6group_web' AND {container}"
        );
        format!(
            "SELECT c.id AS value FROM clips c WHERE EXISTS ({open}) AND EXISTS ({asset}) LIMIT 1"
        )
    };
    let one = |query: &str| {
        line.values(query)
            .first()
            .unwrap_or_else(|| panic!("none: {query}"))
            .parse::<i64>()
            .expect("an id")
    };
    let mp4 = one(&playable("a.video_container = 'mp4'"));
    let hls = one(&playable(
        "a.protocol = 'usp' AND a.full_physical_path LIKE '%m3u8?%token=%'",
    ));
    let bare = one(&playable("1 = 1").replace(
        "AND EXISTS (SELECT 1 FROM assets",
        "AND NOT EXISTS (SELECT 1 FROM assets",
    ));
    let gone = "SELECT c.id AS value FROM clips c JOIN videos v ON v.id = c.video_id WHERE v.enabled = 1 AND EXISTS (SELECT 1 FROM publications p WHERE p.video_id = v.id) AND NOT EXISTS (SELECT 1 FROM publications p WHERE p.video_id = v.id AND (p.closes_at IS NULL OR p.closes_at > unixepoch()*1000000)) LIMIT 1";
    let formats = |id: i64| {
        let some = |what: &str| {
            !line
                .values(&format!("SELECT id AS value FROM assets a WHERE clip_id = {id} AND platform = 'm6group_web' AND {what}"))
                .is_empty()
        };
        let found = [
            ("hls", some("a.full_physical_path LIKE '%m3u8?%token=%'")),
            ("mp4", some("a.video_container = 'mp4'")),
        ];
        found
            .into_iter()
            .filter(|(_, some)| *some)
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
    };
    let case = |id: i64| {
        let text = |query: String| line.values(&query)[0].clone();
        let program = format!(
            "SELECT p.title AS value FROM programs p JOIN clips c ON c.program_id = p.id WHERE c.id = {id}"
        );
        json!({"id": id, "expect": "formats", "formats": formats(id), "title": text(format!("SELECT title AS value FROM clips WHERE id = {id}")),
            "series": text(program), "duration": text(format!("SELECT duration AS value FROM clips WHERE id = {id}")).parse::<i64>().expect("seconds")})
    };
    let cases = json!([case(mp4), case(hls), {"id": bare, "expect": "no-formats"}, {"id": 1, "expect": 404}, {"id": one(gone), "expect": 410}]);
    let expected = line.dir.path().join("expected.json");
    std::fs::write(&expected, cases.to_string()).expect("a file");

    let mut program = line.start("standalone", &["--listen", "127.0.0.1:0"]);
    let base = format!("http://{}", program.addr());
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dev/clients/run");
    let output = Command::new(run)
        .arg(base)
        .arg(&expected)
        .output()
        .expect("dev/clients/run runs");
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{cases:#}\n{said}");
    assert!(said.contains("10 passed, 0 failed"), "{said}");
}
