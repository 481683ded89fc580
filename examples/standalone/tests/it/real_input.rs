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
fn bodies_come_back_as_they_were_imported() {
    comes_back(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalogue/tests/bodies"));
}

#[test]
fn recorded_bodies_come_back_as_they_were_imported() {
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
    let (code, output) = line.run("sixplay-standalone", &args);
    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("no differences"), "{output}");

    let mut program = line.start("sixplay-standalone", &["--listen", "127.0.0.1:0"]);
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
        // integers and fractions are different numbers here: `0` is not `0.0`
        assert_eq!(served, body, "{} differs", file.display());
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

#[test]
fn a_bad_record_is_named_and_nothing_is_loaded() {
    let line = Line::new(On::Embedded).expect("needs no server");
    let clip = json!({"id": 1, "video_id": "clip_1", "title": "Bon", "type": "vi", "assets": []});
    let good = json!({
        "id": "clip_1", "code": "bon", "type": "vi", "title": "Bon", "description": "",
        "duration": 60, "images": [], "clips": [clip],
    });
    let mut bad = good.clone();
    bad["id"] = json!("clip_2");
    bad["duration"] = json!("une heure");
    let file = line.dir.path().join("liste.json");
    std::fs::write(&file, json!([good, bad]).to_string()).expect("a file");
    let args = ["catalogue", "import", file.to_str().expect("UTF-8")];
    let (code, output) = line.run("sixplay-standalone", &args);
    assert_eq!(code, Some(1), "{output}");
    for part in ["liste.json", "duration", "une heure"] {
        assert!(output.contains(part), "{part} is not named: {output}");
    }
    assert_eq!(line.values("SELECT COUNT(*) AS value FROM videos"), ["0"]);
}

#[test]
fn yt_dlp_and_youtube_dl_extract_what_the_catalogue_holds() {
    let line = Line::new(On::Embedded).expect("needs no server");
    line.generate("12");
    let with_asset = |asset: &str| open_clip(&line, &format!("EXISTS ({WEB_ASSET} AND {asset})"));
    let mp4 = with_asset("a.video_container = 'mp4'");
    let hls = with_asset(&format!("a.protocol = 'usp' AND {HLS}"));
    let bare = open_clip(&line, &format!("NOT EXISTS ({WEB_ASSET})"));
    let cases = json!([
        extracted(&line, mp4),
        extracted(&line, hls),
        {"id": bare, "expect": "no-formats"},
        {"id": 1, "expect": 404},
        {"id": first_id(&line, CLOSED_CLIP), "expect": 410},
    ]);
    let expected = line.dir.path().join("expected.json");
    std::fs::write(&expected, cases.to_string()).expect("a file");

    let mut program = line.start("sixplay-standalone", &["--listen", "127.0.0.1:0"]);
    let base = format!("http://{}", program.addr());
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dev/clients/run");
    let output = Command::new(run).arg(base).arg(&expected).output();
    let output = output.expect("dev/clients/run runs");
    let [out, err] = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said));
    assert!(output.status.success(), "{cases:#}\n{out}{err}");
    assert!(out.contains("10 passed, 0 failed"), "{out}{err}");
}

/// An asset of the clip `c` for the web.
const WEB_ASSET: &str =
    "SELECT 1 FROM assets a WHERE a.clip_id = c.id AND a.platform = 'm6group_web'";

const HLS: &str = "a.full_physical_path LIKE '%m3u8?%token=%'";

/// A clip whose video has no window any more, and had one.
const CLOSED_CLIP: &str = "SELECT c.id AS value FROM clips c \
     JOIN videos v ON v.id = c.video_id WHERE v.enabled = 1 \
     AND EXISTS (SELECT 1 FROM publications p WHERE p.video_id = v.id) \
     AND NOT EXISTS (SELECT 1 FROM publications p WHERE p.video_id = v.id \
     AND (p.closes_at IS NULL OR p.closes_at > unixepoch()*1000000)) LIMIT 1";

/// A clip for which `condition` holds, and whose video the web may see for two hours.
fn open_clip(line: &Line, condition: &str) -> i64 {
    let open = "SELECT 1 FROM publications p WHERE p.video_id = c.video_id \
                AND p.platform = 'm6group_web' AND p.opens_at < unixepoch()*1000000 \
                AND (p.closes_at IS NULL OR p.closes_at > (unixepoch()+7200)*1000000)";
    let clips = format!("SELECT c.id AS value FROM clips c WHERE EXISTS ({open})");
    first_id(line, &format!("{clips} AND {condition} LIMIT 1"))
}

fn first_id(line: &Line, query: &str) -> i64 {
    let found = line.values(query);
    let id = found.first().unwrap_or_else(|| panic!("none: {query}"));
    id.parse().expect("an id")
}

/// What the clients must extract of a clip.
fn extracted(line: &Line, id: i64) -> Value {
    let of_clip = |column: &str| {
        let query = format!("SELECT {column} AS value FROM clips WHERE id = {id}");
        line.values(&query)[0].clone()
    };
    let series = format!(
        "SELECT p.title AS value FROM programs p JOIN clips c ON c.program_id = p.id \
         WHERE c.id = {id}"
    );
    let has = |asset: &str| {
        let clip = format!("SELECT c.id AS value FROM clips c WHERE c.id = {id}");
        !line
            .values(&format!("{clip} AND EXISTS ({WEB_ASSET} AND {asset})"))
            .is_empty()
    };
    let formats = [("hls", has(HLS)), ("mp4", has("a.video_container = 'mp4'"))];
    let formats = formats
        .into_iter()
        .filter_map(|(name, has)| has.then_some(name));
    json!({
        "id": id,
        "expect": "formats",
        "formats": formats.collect::<Vec<_>>(),
        "title": of_clip("title"),
        "series": line.values(&series)[0],
        "duration": of_clip("duration").parse::<i64>().expect("seconds"),
    })
}
