//! Forms that other programs give to input: byte order marks, other encodings, PHP's lists and
//! objects.

use std::fs;

use serde_json::{Value, json};
use sixplay_catalogue::Input;
use sixplay_core::{Result, conformance::Backend};

use super::{
    bodies::{load, read},
    empty, exported, folder,
};

#[tokio::test]
async fn byte_order_marks_and_empty_lines_say_nothing() -> Result<()> {
    let text = fs::read_to_string(folder("tests/bodies/video_clip.json")).expect("a body");
    let expected = exported_of(&[serde_json::from_str(&text).expect("JSON")]).await?;
    let rows = expected.lines().count() as u64;
    let marked = format!("\u{feff}{text}\r\n");
    let joined = format!("\u{feff}{expected}\n\r\n\u{feff}{expected}\n  \n");
    let windows = expected.replace('\n', "\r\n");
    for (text, records) in [
        (marked, 1),
        (joined, 2 * rows),
        (format!("\n{windows}"), rows),
    ] {
        let scratch = empty(Backend::Sqlite)
            .await?
            .expect("SQLite is never skipped");
        let imported = load(scratch.store(), vec![Input::text("marked", text)]).await?;
        assert_eq!(imported.records, records);
        assert_eq!(exported(scratch.store()).await?, expected);
    }
    Ok(())
}

#[tokio::test]
async fn another_encoding_is_refused_by_its_name() -> Result<()> {
    let scratch = empty(Backend::Sqlite)
        .await?
        .expect("SQLite is never skipped");
    let wide = |text: &str, little: bool| -> Vec<u8> {
        let bytes = |unit: u16| {
            if little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        };
        text.encode_utf16().flat_map(bytes).collect()
    };
    let line = r#"{"table":"platforms","row":{"code":"a","name":"a"}}"#;
    for (bytes, encoding) in [
        (wide("\u{feff}[]", true), "UTF-16LE"),
        (wide("[]", true), "UTF-16LE"),
        (wide("\u{feff}[]", false), "UTF-16BE"),
        (wide(line, false), "UTF-16BE"),
        (vec![0xff, 0xfe, 0, 0, b'[', 0, 0, 0], "UTF-32LE"),
        (vec![0, 0, 0, b'['], "UTF-32BE"),
    ] {
        let inputs = vec![Input::text("wide", bytes)];
        let error = load(scratch.store(), inputs).await.expect_err(encoding);
        let context: Vec<_> = error.context().collect();
        assert_eq!(
            context,
            [("encoding", encoding), ("file", "wide")],
            "{error}"
        );
    }
    Ok(())
}

/// Lists that bodies of every kind hold, at whatever depth.
const LISTS: [&str; 13] = [
    "images",
    "clips",
    "assets",
    "chapters",
    "areas",
    "services",
    "links",
    "channels",
    "freemium_packs",
    "freemium_products",
    "program_subcats",
    "next_diffusions",
    "countries",
];

/// Writes the lists of a body as PHP does when an item was taken out: as objects.
fn with_gaps(value: &mut Value) {
    let Some(members) = value.as_object_mut() else {
        return;
    };
    for (_, list) in members
        .iter_mut()
        .filter(|(key, _)| LISTS.contains(&key.as_str()))
    {
        let items = list.as_array().cloned().unwrap_or_default();
        if items.iter().any(Value::is_object) {
            let places = (101..).step_by(2).map(|place: u32| place.to_string());
            *list = places.zip(items).collect();
        }
    }
    members.values_mut().for_each(with_gaps);
}

/// What the catalogue holds after an import of these bodies.
async fn exported_of(bodies: &[Value]) -> Result<String> {
    let scratch = empty(Backend::Sqlite)
        .await?
        .expect("SQLite is never skipped");
    let text = |body: &Value| Input::text("body", body.to_string());
    load(scratch.store(), bodies.iter().map(text).collect()).await?;
    exported(scratch.store()).await
}

#[tokio::test]
async fn lists_with_gaps_are_read_as_lists() -> Result<()> {
    let mut bodies: Vec<Value> = Vec::new();
    for entry in fs::read_dir(folder("tests/bodies")).expect("bodies") {
        let path = entry.expect("a body").path();
        bodies.push(serde_json::from_slice(&fs::read(path).expect("a body")).expect("JSON"));
    }
    let expected = exported_of(&bodies).await?;
    for body in &mut bodies {
        let places = ["2", "4"].into_iter().map(str::to_owned);
        match body.as_array_mut() {
            Some(items) => items.iter_mut().for_each(with_gaps),
            None => with_gaps(body),
        }
        if let Some(items) = body.as_array().filter(|items| items.len() == 2) {
            *body = places.zip(items.iter().cloned()).collect();
        }
    }
    assert!(
        bodies
            .iter()
            .any(|body| body.pointer("/clips/101/assets/101").is_some())
    );
    assert_eq!(exported_of(&bodies).await?, expected);
    Ok(())
}

#[tokio::test]
async fn an_empty_object_written_as_a_list_refers_to_nothing() -> Result<()> {
    let video = read("tests/bodies/video_clip.json");
    let program = read("tests/bodies/program.json");
    let places = [
        (&video, "/product"),
        (&video, "/csa"),
        (&video, "/program"),
        (&video, "/expiration"),
        (&video, "/service_display"),
        (&video, "/clips/0/product"),
        (&video, "/clips/0/program"),
        (&video, "/clips/0/csa"),
        (&program, "/service_display"),
        (&program, "/csa"),
        (&program, "/program_type_wording"),
    ];
    let mut tried = 0;
    for (body, place) in places {
        let with = |value: Value| {
            let mut body = body.clone();
            *body.pointer_mut(place)? = value;
            Some(body)
        };
        let Some(expected) = with(Value::Null) else {
            continue;
        };
        let expected = exported_of(&[expected]).await?;
        for void in [json!([]), json!({})] {
            let body = with(void).expect("the same place");
            assert_eq!(exported_of(&[body]).await?, expected, "{place}");
        }
        tried += 1;
    }
    assert!(tried >= 8, "{tried}");
    for list in ["clips", "images", "program_subcats", "services"] {
        let with = |value: Value| {
            let mut body = video.clone();
            body[list] = value;
            [body]
        };
        let expected = exported_of(&with(json!([]))).await?;
        assert_eq!(exported_of(&with(json!({}))).await?, expected, "{list}");
    }
    Ok(())
}
